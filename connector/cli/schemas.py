"""`shopbridge schemas`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio

import click

from connector.cli.context import Context, Group, pass_context
from connector.cli.output import print_json, print_table


@click.group(cls=Group)
def schemas() -> None:
    """The contracts on the topics: sync messages, sync errors, dead letters."""


@schemas.command()
@pass_context
def check(context: Context) -> int:
    """Say whether the schemas are sound and understood by every reader and writer there was.

    Each is parsed, must say of each field what it is for, and is compared both ways with every version that the
    registry holds. Ends with 1 where something is found.
    """
    from connector import contracts
    from connector.operations.contracts import check_contracts

    findings = asyncio.run(check_contracts(context.settings()))
    if context.json:
        print_json({"ok": not findings, "findings": findings})
    elif findings:
        for finding in findings:
            click.echo(f"{finding.where}: {finding.wrong}")
    else:
        click.echo(f"{', '.join(contracts.CONTRACTS)}: ok")
    return int(bool(findings))


@schemas.command()
@pass_context
def register(context: Context) -> None:
    """Register the schemas, FULL_TRANSITIVE. A worker does so by itself when it starts."""
    from connector.operations.contracts import register_contracts

    ids = asyncio.run(register_contracts(context.settings()))
    if context.json:
        print_json(ids)
    else:
        print_table(None, ("subject", "id"), ids.items())
