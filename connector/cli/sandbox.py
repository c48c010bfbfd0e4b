"""`shopbridge sandbox`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.context import Command, option

PLANS = ("free", "professional", "enterprise", "unlimited")


@click.command(cls=Command)
@option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@option("--port", default=8580, show_default=True, type=click.IntRange(0, 65_535), help="Port to listen on.")
@option(
    "--database",
    default=Path("shopbridge-sandbox.db"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="SQLite file that holds the records.",
)
@option("--token", metavar="TOKEN", help="The one bearer token that is accepted; any, if not given.")
@option("--plan", default="professional", show_default=True, type=click.Choice(PLANS), help="Whose limits hold.")
@option("--time-zone", default="America/New_York", show_default=True, help="Time zone of the account.")
@option("--portal-id", default=24_601_337, show_default=True, type=int, help="Id of the account.")
@option("--seed", type=int, help="Makes ids and shuffling repeatable.")
@option(
    "--switches", default="{}", metavar="JSON", help="Switches as PUT /sandbox/switches takes them; GET lists them all."
)
def sandbox(**options: object) -> None:
    """Serve a stand-in for HubSpot until it is stopped.

    Point SHOPBRIDGE_HUBSPOT_URL at it and rehearse: it keeps the refusals, limits and faults of HubSpot's CRM API,
    and shows the records on a page of its own.
    """
    click.echo(f"shopbridge sandbox: http://{options['host']}:{options['port']}/", err=True)
    from connector.sandbox.__main__ import main

    assert main.callback is not None, "a click command has a function"
    main.callback(**options)
