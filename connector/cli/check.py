"""`shopbridge check`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.output import print_json

if TYPE_CHECKING:
    from connector.operations.portal import Finding


@click.command(cls=Command)
@option("--acls", is_flag=True, help="Only print, as kafka-acls commands, the rights that are needed in Kafka.")
@pass_context
def check(context: Context, *, acls: bool) -> int:
    """Is everything in place? A line for each thing: ok, or what to do.

    Looks at the settings, the shop files, the database and its rights, what its log says of old rows, Kafka and its
    topics, the schema registry, Kafka Connect and its connector, HubSpot's credential and properties. Changes nothing.
    Exits with 1 if anything is not as it must be.
    """
    if acls:
        return _print_acls(context)
    findings = asyncio.run(_findings(context))
    wrong = sum(not each.ok for each in findings)
    if context.json:
        print_json({"ok": not wrong, "checks": findings})
    elif wrong:
        click.secho(f"{wrong} of {len(findings)} things are not as they must be.", fg="red", bold=True)
    else:
        click.secho("All is in place.", fg="green", bold=True)
    return int(bool(wrong))


def _print_acls(context: Context) -> int:
    from connector.operations.acls import commands

    found = commands(context.settings(), context.shops())
    if context.json:
        print_json(found)
    for command in [] if context.json else found:
        click.echo(command)
    return 0


async def _findings(context: Context) -> list[Finding]:
    """All findings, each printed as soon as it is made."""
    from connector.operations.checks import run_checks

    findings = []
    async for finding in run_checks(context.shop_files_or_default()):
        findings.append(finding)
        if not context.json:
            print_finding(finding)
    return findings


def print_finding(finding: Finding) -> None:
    """`ok` or `NOT OK`, what was found, and what to do."""
    click.secho("ok     " if finding.ok else "NOT OK ", fg="green" if finding.ok else "red", nl=False)
    click.echo(finding.what)
    for line in finding.remedy.splitlines():
        click.echo(f"           {line}")
