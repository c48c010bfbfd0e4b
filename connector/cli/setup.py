"""`shopbridge setup`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.output import print_json


@click.command(cls=Command)
@option("--dry-run", is_flag=True, help="Make nothing; only say what is not as it must be.")
@pass_context
def setup(context: Context, *, dry_run: bool) -> int:
    """Make in HubSpot what the shop files need: the unique key property, missing properties, the deal pipeline.

    What is there stays as it is, but enumerations that setup made get the options that they lack; running it again is
    harmless. It tries whether contacts can be written by our key, with a contact of its own that it removes, and tells
    what they are written by. Exits with 1 if something remains that only a person can mend, and says what.
    """
    from connector.operations import hubspot

    settings, shops = context.settings(), context.shops()
    click.echo(f"HubSpot at {settings.hubspot_url} ...", err=True)
    if dry_run:
        done: list[str] = []
        findings = [each for each in asyncio.run(hubspot.look(shops, settings)) if not each.ok]
    else:
        done, findings = asyncio.run(hubspot.set_up(shops, settings))
    if context.json:
        print_json({"ok": not findings, "done": done, "findings": findings})
        return int(bool(findings))
    for line in done:
        click.echo(line)
    for finding in findings:
        click.secho("NOT OK ", fg="red", nl=False)
        click.echo(f"{finding.what}\n           {finding.remedy}")
    if not findings:
        click.secho("HubSpot has all that the shop files need.", fg="green")
    return int(bool(findings))
