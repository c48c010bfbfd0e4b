"""`shopbridge acts`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.output import moment, print_json, print_table


@click.command(cls=Command)
@click.argument("act", required=False)
@option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="The newest N.")
@pass_context
def acts(context: Context, /, act: str | None, *, limit: int) -> int:
    """List what operators did: who, when, what, and how it ended; or show one ACT with all that is kept of it.

    Replays, retried and edited errors, repairs. Needs a broker alone.
    """
    from connector.operations.acts import find_act, read_acts

    settings = context.settings()
    click.echo(f"Reading {settings.acts_topic} at {settings.kafka_bootstrap} ...", err=True)
    if act is not None:
        print_json(find_act(settings, act).to_json())
        return 0
    found = read_acts(settings)[:limit]
    if context.json:
        print_json([each.to_json() for each in found])
    elif not found:
        click.echo("Nobody has acted yet.")
    else:
        columns = ("act", "when", "who", "what", "state", "done", "of", "note")
        rows = [
            (
                each.id,
                moment(each.at),
                each.who,
                f"{each.kind}: {each.text}",
                each.state,
                each.done,
                each.total,
                each.note,
            )
            for each in found
        ]
        print_table(None, columns, rows)
    return 0
