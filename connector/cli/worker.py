"""`shopbridge worker`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import click

from connector.cli.context import Command, Context, option, pass_context

ROLES = ("map", "apply", "report", "send")


def _roles(_ctx: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := [name for name in names if name not in ROLES]:
        raise click.BadParameter(f"there is no role {', '.join(unknown)}; there are {', '.join(ROLES)}")
    if not names:
        raise click.BadParameter(f"name at least one of {', '.join(ROLES)}")
    return names


@click.command(cls=Command)
@option(
    "--roles",
    default=",".join(ROLES),
    show_default=True,
    metavar="ROLE,...",
    callback=_roles,
    help="What this process does: map changes, apply messages, report errors, send to HubSpot.",
)
@option(
    "--accept-new-topic",
    "accepted",
    multiple=True,
    metavar="TOPIC[@end]",
    help="Go on, once, with a topic that is not what it was: made anew (it is read from its start, as newer than all "
    "before), with more partitions, or with records missing (they are passed over). With @end all that it holds by now "
    "is passed over, as when it was filled from a copy. May be given several times.",
)
@pass_context
def worker(context: Context, roles: tuple[str, ...], accepted: tuple[str, ...]) -> int:
    """Keep HubSpot in step with the shop, until it is stopped.

    SIGTERM and SIGINT end it with 0. It ends with 70 when going on would lose or corrupt something, and says what to
    do. Several processes may share the roles of one ledger; each role is held by one of them.

    With a changed shop file it tells at its start what has changed, and which command applies that to old rows.
    """
    click.echo(f"shopbridge worker: {', '.join(roles)}", err=True)
    shops, settings = context.shops(), context.settings()
    from connector.agents.worker import run_worker
    from connector.operations.figures import FigureReader
    from connector.operations.old_rows import whole_old_rows

    return run_worker(
        shops,
        settings,
        roles,
        accepted=accepted,
        full_before=whole_old_rows(shops).__contains__,
        figures=lambda: FigureReader(settings, shops),
    )
