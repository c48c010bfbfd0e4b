"""Which errors a command is about: the options by which they are chosen."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.cli.context import option
from connector.cli.options import Since, object_of

if TYPE_CHECKING:
    from connector.operations.letters import Filter
    from connector.operations.mending.choosing import Asked
    from connector.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

STATES = ("open", "resolved", "ignored", "all")


def filters(command: F) -> F:
    """The options that choose errors by what they have in common."""
    for each in reversed(
        (
            option("--type", "--cause", "type", metavar="CAUSE", help="Only this cause, as UNMAPPED_VALUE."),
            option("--object", metavar="TYPE[:ID]", help="Only of this type, or this object, as deal:1042."),
            option("--store", metavar="STORE", help="Only of this shop, by its id."),
            option("--text", metavar="TEXT", help="Only with this text in details, notes, HubSpot's answer, or row."),
            option(
                "--since", type=Since(), metavar="TIME", help="Only with news since 2026-11-24T10:00, or 90m, 2h, 7d."
            ),
        )
    ):
        command = each(command)
    return command


def states(command: F) -> F:
    """The option that chooses errors by their state, open ones unless it says otherwise."""
    text = "Only errors in this state."
    return option("--state", type=click.Choice(STATES), default="open", show_default=True, help=text)(command)


def wanted(asked: Mapping[str, Any]) -> Filter:
    """The filter that the options tell of."""
    from connector.operations.letters import Filter
    from connector.sync_error import ErrorState

    state = asked.get("state", "open")
    kind, external_id = object_of(asked["object"])
    return Filter(
        state=None if state == "all" else ErrorState(state.upper()),
        type=asked["type"],
        object_type=kind,
        external_id=external_id,
        since=asked["since"],
        store=asked["store"],
        text=asked["text"],
    )


def chosen(ids: tuple[str, ...], asked: Mapping[str, Any]) -> Asked:
    """Errors by their ids, or by the options, never both."""
    from connector.operations.mending.choosing import Asked

    given = [name for name in ("type", "object", "store", "text", "since") if asked[name] is not None]
    if ids and (given or asked["all"]):
        raise click.UsageError("name errors by their ids, or choose them by options, not both")
    return Asked(ids, wanted(asked), every=asked["all"])


def say_reading(settings: Settings) -> None:
    """The first line: what is done, and where."""
    click.echo(f"Reading {settings.dead_letter_topic} at {settings.kafka_bootstrap} ...", err=True)
