"""`shopbridge leftovers`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import click

from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import rate, yes
from connector.cli.output import count_of, print_json
from connector.cli.progress import bar, stopping
from connector.cli.replay import RATE
from connector.cli.replay_words import leftovers_as_json, print_leftovers
from connector.errors import RetriableError


@click.command(cls=Command)
@option("--delete", is_flag=True, help="End what their rows say of them: their records go as `on_delete` says.")
@rate(RATE)
@yes
@pass_context
def leftovers(context: Context, /, *, delete: bool, rate: float, yes: bool) -> int:
    """List objects that today's shop file makes no more, though their rows were replayed; --delete ends them.

    After a changed id, filter or section the objects of before stay as they were: what a replay does not name, it does
    not touch. Exits with 1 if there are any and nothing was deleted.
    """
    from connector.operations.replaying.following import ends_now, wait_taken
    from connector.operations.replaying.leftovers import delete_leftovers, find_leftovers

    settings, shops = context.settings(), context.shops()
    click.echo(f"Looking through {settings.ledger} for objects that were not replayed ...", err=True)
    if settings.ledger.exists() and not wait_taken(settings, ends_now(settings), lambda *_: None):
        raise RetriableError("the worker has not merged all messages yet, so what is left cannot be told: start it")
    found = find_leftovers(settings, shops)
    if context.json:
        print_json(leftovers_as_json(found))
    elif found:
        print_leftovers(found)
    else:
        click.secho("There are none.", fg="green")
    if not found or not delete:
        return int(bool(found))
    consent(f"End {count_of(len(found), 'object')}?", yes=yes)
    with stopping() as stop, bar("said", silent=context.json) as advance:
        done = delete_leftovers(settings, found, rate=rate, tell=lambda now: advance(now.done, now.total), stop=stop)
    click.echo(f"{count_of(done.done, 'object')} ended (act {done.id}).", err=context.json)
    return 0
