"""`shopbridge ledger`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.context import Context, Group, option, pass_context
from connector.cli.output import print_json


@click.group(cls=Group)
def ledger() -> None:
    """The ledger: what is known of every object, and how far everything was read."""


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@option("--force", is_flag=True, help="Write over FILE if it is there.")
@pass_context
def backup(context: Context, file: Path, *, force: bool) -> None:
    """Write a whole and sound copy of the ledger to FILE, while a worker runs or not.

    FILE appears only when the copy is complete and checked.
    """
    from connector.operations.backup import back_up

    made = back_up(context.settings().ledger, file, replace=force)
    if context.json:
        print_json(made)
    else:
        click.echo(f"{made.file}: {made.bytes:,} bytes, {made.records:,} records, {made.seconds:.1f} s")
