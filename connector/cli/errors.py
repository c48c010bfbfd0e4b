"""`shopbridge errors`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context import Context, Group, option, pass_context
from connector.cli.output import moment, print_json, print_table

if TYPE_CHECKING:
    from connector.message import ObjectType
    from connector.operations.letters import Cause, Filter, Letter
    from connector.operations.originals import Original

STATES = ("open", "resolved", "ignored", "all")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Since(click.ParamType):
    """A moment, or how long ago: 2026-11-24T10:00, 90m, 2h, 7d."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        text = str(value)
        if text[-1:] in UNITS and text[:-1].isdigit():
            return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * UNITS[text[-1]])
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no time; write it like 2026-11-24T10:00 or 90m, 2h, 7d", param, ctx)
        return found if found.tzinfo else found.astimezone()


@click.group(cls=Group)
def errors() -> None:
    """What could not be kept right, why, and what to do: read from the dead-letter topic alone."""


@errors.command(name="list")
@option("--type", metavar="CAUSE", help="Only this cause, as UNMAPPED_VALUE.")
@option("--object", metavar="TYPE[:ID]", help="Only of this type, or this object, as deal:1042.")
@option("--since", type=Since(), metavar="TIME", help="Only with news since: 2026-11-24T10:00, or 90m, 2h, 7d ago.")
@option("--state", type=click.Choice(STATES), default="open", show_default=True, help="Only errors in this state.")
@option("--open", is_flag=True, help="The same as --state open.")
@option("--each", is_flag=True, help="A line for each error instead of one for each cause.")
@option("--exit-code", is_flag=True, help="Exit with 1 if any is listed.")
@pass_context
def list_errors(context: Context, /, *, each: bool, exit_code: bool, **asked: Any) -> int:
    """List errors, grouped by cause: how many, since when, an example, and what to do.

    Needs a broker and a registry, no ledger. With --json each error is a line. A row that could not be mapped names no
    object; it is found by --object where its key is the ID.
    """
    from connector.operations.letters import as_line, by_cause, choose, read_letters

    wanted = _filter(asked)
    letters = read_letters(context.settings())
    found = choose(letters, wanted)
    if context.json:
        for letter in found:
            print_json(as_line(letter), indent=None)
    elif each:
        _print_each(found)
    else:
        _print_causes(by_cause(found), is_all=wanted.state is None)
    if letters.unreadable:
        click.echo(f"{letters.unreadable} records of the dead-letter topic cannot be read and are left out.", err=True)
    return int(exit_code and bool(found))


def _filter(asked: Mapping[str, Any]) -> Filter:
    from connector.operations.letters import Filter
    from connector.sync_error import ErrorState

    state = "open" if asked["open"] else asked["state"]
    kind, external_id = _object(asked["object"])
    return Filter(
        state=None if state == "all" else ErrorState(state.upper()),
        type=asked["type"],
        object_type=kind,
        external_id=external_id,
        since=asked["since"],
    )


def _object(text: str | None) -> tuple[ObjectType | None, str | None]:
    """The type and id of `deal:1042`."""
    from connector.operations.objects import TYPES

    if text is None:
        return None, None
    name, _, external_id = text.partition(":")
    kind = TYPES.get(name.lower().replace("_", "-"))
    if kind is None:
        raise click.BadParameter(f"there is no type {name!r}; there are {', '.join(TYPES)}", param_hint="--object")
    return kind, external_id or None


def _print_causes(causes: list[Cause], *, is_all: bool) -> None:
    if not causes:
        click.secho("There are no such errors." if is_all else "No such errors are open.", fg="green")
        return
    total = sum(cause.count for cause in causes)
    click.secho(f"{_count(total, 'error')}, {_count(len(causes), 'cause')}", bold=True)
    for cause in causes:
        click.echo()
        click.secho(f"{cause.type}: {cause.count:,}", bold=True, nl=False)
        click.echo(f"  ({', '.join(cause.object_types)}; {moment(cause.first_seen)} to {moment(cause.last_seen)})")
        click.echo(f"    {cause.meaning}")
        click.echo(f"    What to do: {cause.remedy}")
        click.echo(f"    Example: {cause.example}")
        click.echo(f"             shopbridge errors show {cause.example_id[:12]}")


def _print_each(found: list[Letter]) -> None:
    from connector.operations.letters import subject

    errors = [letter.error for letter in found]
    rows = [(each.id[:12], each.state, each.type, subject(each), moment(each.at), each.details) for each in errors]
    print_table(None, ("id", "state", "cause", "of", "at", "details"), rows)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@errors.command()
@click.argument("error_id", metavar="ID")
@pass_context
def show(context: Context, error_id: str) -> None:
    """Show one error whole: cause, what to do, HubSpot's answer, where it came from, and the original record decoded.

    ID may be shortened as long as it names one error.
    """
    from connector.operations.letters import as_line, find, read_letters
    from connector.operations.originals import original

    settings = context.settings()
    letter = find(read_letters(settings), error_id)
    record = original(settings, letter.error)
    if context.json:
        print_json({**as_line(letter), "answer": letter.error.answer, "original": record})
    else:
        _print_one(letter, record)


def _print_one(letter: Letter, record: Original) -> None:
    from connector.catalogue import entry
    from connector.operations.letters import subject

    error, known = letter.error, entry(letter.error.type)
    click.secho(f"{error.type}: {subject(error)}", bold=True)
    click.echo(f"{known.cause}\nWhat to do: {known.remedy}\n")
    facts = {
        "id": error.id,
        "state": error.state,
        "found while": f"{error.stage} ({error.attempts} attempts)" if error.attempts else error.stage,
        "details": error.details,
        "property": error.property_name,
        "HubSpot's category": error.category,
        "correlation id": error.correlation_id,
        "answer": error.answer,
        "first seen": moment(letter.first_at),
        "newest news": moment(error.at),
        "row": f"{error.row.topic} {error.row.row_key}",
        "record": f"partition {error.partition}, offset {error.offset}",
        "database position": error.database_position,
        "note": error.note,
        "who": error.who,
    }
    print_table(None, ("", ""), [(name, value) for name, value in facts.items() if value])
    click.echo(f"The record that it is about ({record.found}):")
    if record.value is not None:
        print_json(record.value)
