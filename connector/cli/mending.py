"""`shopbridge errors retry | resolve | ignore`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.error_filters import chosen, filters, say_reading
from connector.cli.mending_acts import Asking, act_options, carry_out_and_wait
from connector.cli.output import count_of, print_json, print_table

if TYPE_CHECKING:
    from connector.operations.mending.desk import Prepared
    from connector.operations.mending.retrying import Plan
    from connector.sync_error import ErrorState

F = TypeVar("F", bound=Callable[..., Any])

SHOWN = 5


def choice(command: F) -> F:
    """The arguments and options that choose errors to be mended."""
    command = filters(command)
    command = option("--all", is_flag=True, help="All that are open.")(command)
    return click.argument("ids", nargs=-1, metavar="[ID]...")(command)


@click.command(cls=Command)
@choice
@option("--resume", metavar="ACT", help="Go on with a retry that was stopped or killed, by the id of its act.")
@act_options
@pass_context
def retry(context: Context, /, *, ids: tuple[str, ...], resume: str | None, **asked: Any) -> int:
    """Send the records of errors again: by ID, by --cause, --object or another filter, or --all that are open.

    What HubSpot refused is sent as it stands, whatever was told before. What could not be mapped is mapped again with
    the shop file as it is today, which has to be here. Nothing newer is undone. First it is shown what would be said.
    """
    asking = Asking.of(asked)
    settings, shops = context.settings(), context.shops_if_any
    what = chosen(ids, asked)
    if resume is not None and not what.is_nothing:
        raise click.UsageError("--resume goes on with what was chosen then; choose nothing beside it")
    say_reading(settings)
    from connector.operations.acts import find_act, who
    from connector.operations.mending import desk

    act = None if resume is None else find_act(settings, resume)
    if act is not None:
        prepared = desk.prepare_again(settings, act, shops)
    else:
        prepared = desk.prepare_retry(settings, what, shops, who(), datetime.now(UTC))
    _print_plan(prepared, say=not context.json)
    _require_shop(prepared.plan)
    left_out = len(prepared.plan.unmapped) + len(prepared.plan.unsendable)
    if not prepared.plan.resends:
        click.echo("There is nothing to be sent.", err=True)
        return int(bool(left_out))
    if asking.dry_run:
        if context.json:
            print_json(prepared.plan.summary())
        return 0
    consent(f"Send {count_of(prepared.total, 'record')} again?", yes=asking.yes)
    act = act or desk.begin_act(settings, desk.RETRY, prepared.task.asked.text, prepared)
    return max(carry_out_and_wait(context, act, prepared, asking), int(bool(left_out)))


def _require_shop(plan: Plan) -> None:
    """Refuse where everything that was asked for takes a shop file."""
    from connector.errors import ConfigurationError

    if plan.unmapped and not plan.resends:
        raise ConfigurationError(
            f"{count_of(len(plan.unmapped), 'error')} of rows that could not be mapped: they are mapped again, which "
            f"takes the shop file that maps their tables. Name it by --shop FILE, or run this where it is."
        )


def _print_plan(prepared: Prepared, *, say: bool) -> None:
    plan = prepared.plan
    if not say:
        return
    click.secho(f"{count_of(len(prepared.chosen), 'error')} chosen", bold=True)
    counts = [(how, what, count) for (how, what), count in sorted(plan.counts().items())]
    if counts:
        print_table(None, ("", "what", "records"), counts)
    for each in plan.resends[:SHOWN]:
        click.echo(f"  {each.how}: {each.about}  ({each.ids[0][:12]})")
    if len(plan.resends) > SHOWN:
        click.echo(f"  ... and {len(plan.resends) - SHOWN:,} more")
    if plan.superseded:
        click.echo(
            f"Left out: {count_of(len(plan.superseded), 'error')} of changes that newer ones of their rows passed."
        )
    if plan.unmapped and plan.resends:
        click.echo(f"Left out: {count_of(len(plan.unmapped), 'error')} whose rows no shop file given here maps.")
    for hint in plan.hints:
        click.echo(hint)
    for each_left in plan.unsendable[:SHOWN]:
        click.echo(f"Left out: {each_left.about}: {each_left.why}  ({each_left.id[:12]})")
    if len(plan.unsendable) > SHOWN:
        click.echo(f"Left out: {len(plan.unsendable) - SHOWN:,} more that cannot be sent.")


@click.command(cls=Command)
@choice
@option("--note", required=True, metavar="TEXT", help="Why: what was done about it.")
@act_options
@pass_context
def resolve(context: Context, /, *, ids: tuple[str, ...], note: str, **asked: Any) -> int:
    """Close errors as resolved, with a note, by whom and when. A later refusal opens them again."""
    from connector.sync_error import ErrorState

    return _close(context, ErrorState.RESOLVED, ids, note, asked)


@click.command(cls=Command)
@choice
@option("--note", required=True, metavar="TEXT", help="Why it may stay as it is.")
@act_options
@pass_context
def ignore(context: Context, /, *, ids: tuple[str, ...], note: str, **asked: Any) -> int:
    """Close errors as ignored, with a note, by whom and when, until a newer version of their row is refused."""
    from connector.sync_error import ErrorState

    return _close(context, ErrorState.IGNORED, ids, note, asked)


def _close(context: Context, state: ErrorState, ids: tuple[str, ...], text: str, asked: dict[str, Any]) -> int:
    asking, settings, what = Asking.of(asked), context.settings(), chosen(ids, asked)
    say_reading(settings)
    from connector.operations.acts import who
    from connector.operations.mending import desk
    from connector.operations.mending.noting import Note

    note = Note(state, text, who(), datetime.now(UTC))
    prepared = desk.prepare_note(settings, what, note)
    stand_so = len(prepared.chosen) - prepared.total
    if not context.json:
        click.secho(f"{count_of(prepared.total, 'error')} to be marked {state}: {text}", bold=True)
        for each in prepared.plan.resends[:SHOWN]:
            click.echo(f"  {each.about}  ({each.ids[0][:12]})")
        if stand_so:
            click.echo(f"{count_of(stand_so, 'error')} already {state}.")
    if not prepared.plan.resends or asking.dry_run:
        if context.json:
            print_json(prepared.plan.summary())
        return 0
    consent(f"Mark {count_of(prepared.total, 'error')} as {state}?", yes=asking.yes)
    act = desk.begin_act(settings, desk.CLOSE, f"{state}: {what.text}", prepared)
    return carry_out_and_wait(context, act, prepared, asking)
