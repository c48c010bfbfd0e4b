"""Starts the sandbox: `python -m connector.sandbox --port 8080 --database sandbox.db`."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from pydantic import ValidationError

from connector.sandbox.app import create_app
from connector.sandbox.server import configured
from connector.sandbox.settings import PLANS, SandboxSettings, Switches
from connector.sandbox.switchboard import as_help


@click.command(context_settings={"show_default": True}, epilog=f"\b\nSwitches, by open question:\n{as_help()}")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8580, type=click.IntRange(0, 65_535), help="Port to listen on.")
@click.option("--database", required=True, type=click.Path(dir_okay=False, path_type=Path), help="SQLite file.")
@click.option("--token", default=None, help="The one bearer token that is accepted; any, if not given.")
@click.option("--plan", default="professional", type=click.Choice(list(PLANS)), help="Whose limits hold.")
@click.option("--time-zone", default="America/New_York", help="Time zone of the account.")
@click.option("--portal-id", default=24_601_337, type=int, help="Id of the account.")
@click.option("--seed", default=None, type=int, help="Makes ids and shuffling repeatable.")
@click.option("--switches", default="{}", help="Switches as JSON, as PUT /sandbox/switches takes them.")
def main(  # noqa: PLR0913 - one argument per option
    *,
    host: str,
    port: int,
    database: Path,
    token: str | None,
    plan: str,
    time_zone: str,
    portal_id: int,
    seed: int | None,
    switches: str,
) -> None:
    """Serve a stand-in for HubSpot's CRM API until interrupted."""
    try:
        flipped = Switches.model_validate_json(switches)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise click.BadParameter(wrong, param_hint="--switches") from error
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"no such time zone: {time_zone}", param_hint="--time-zone") from error
    try:
        app = create_app(SandboxSettings(database, token, plan, portal_id, time_zone, seed, flipped))
    except sqlite3.Error as error:
        raise click.BadParameter(f"{database} cannot be used: {error}", param_hint="--database") from error
    configured(app, host, port).run()


if __name__ == "__main__":
    main()
