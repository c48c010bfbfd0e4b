"""`shopbridge status`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.output import print_json, print_table, seconds
from connector.cli.worker import ROLES

if TYPE_CHECKING:
    from connector.operations.objects import ObjectStatus
    from connector.operations.source import SourceState
    from connector.operations.status import Status

TYPES = ("contact", "deal", "product", "line-item")


@click.command(cls=Command)
@click.argument("object_type", required=False, type=click.Choice(TYPES), metavar="[TYPE")
@click.argument("external_id", required=False, metavar="ID]")
@option("--store", metavar="STORE", help="The store of the object, where several have one of this id.")
@option("--exit-code", is_flag=True, help="Exit with 1 unless all is well.")
@pass_context
def status(
    context: Context, object_type: str | None, external_id: str | None, store: str | None, *, exit_code: bool
) -> int:
    """Is all well? Or, with TYPE and ID: what is known of one object.

    First one line that says whether all is well, then what is under way in each stage, whether every record shows up
    in the accounts, the open errors by cause, and how the sender fares. TYPE is contact, deal, product or line-item,
    ID the shop's own id. Reads the ledger beside a running worker and never writes.
    """
    if object_type is None:
        return _overall(context, exit_code=exit_code)
    if external_id is None:
        raise click.UsageError(f"Which {object_type}? Give the shop's own id, as: shopbridge status {object_type} 17")
    from connector.operations.objects import object_status

    found = object_status(context.settings(), object_type, external_id, store)
    if context.json:
        print_json(found)
    else:
        _print_object(found)
    return int(exit_code and not found.is_well)


def _overall(context: Context, *, exit_code: bool) -> int:
    from connector.agents.locks import lock_path
    from connector.operations.status import read_status

    settings = context.settings()
    locks = {role: lock_path(settings.ledger, role) for role in ROLES}
    found = read_status(settings, context.shops_if_any(), locks)
    if context.json:
        print_json(found)
    else:
        _print_status(found)
    return int(exit_code and not found.well)


def _print_status(found: Status) -> None:
    click.secho(found.headline, bold=True, fg="green" if found.well else "yellow")
    for problem in found.problems[1:]:
        click.echo(f"  {problem}")
    lag = found.lag
    behind = [
        *((f"database {each.store} → change topics", _bytes(each), seconds(each.seconds)) for each in found.sources),
        ("change topics → messages", lag.map.records, seconds(lag.map.seconds)),
        ("messages → ledger", lag.apply.records, seconds(lag.apply.seconds)),
        ("errors → dead letters", lag.report.records + lag.outbox, seconds(lag.report.seconds)),
        ("ledger → HubSpot, records", lag.send.records, seconds(lag.send.seconds)),
        ("ledger → HubSpot, associations", lag.links, "-"),
        ("in flight", lag.in_flight, "-"),
        ("to look at again after an unclear answer", lag.rechecks, "-"),
        ("children waiting for a parent", lag.waiting_for_parents, "-"),
        *((f"snapshot of {each.store}", "running", "-") for each in found.sources if each.snapshot.running),
    ]
    print_table("Under way", ("stage", "waiting", "oldest"), behind)
    _print_accounting(found)
    _print_counts("Records", found.records)
    _print_counts("Associations", found.links)
    if found.open_errors:
        print_table("Open errors (see `shopbridge errors list`)", ("cause", "open"), found.open_errors.items())
    held_up = {kind: state for kind, state in found.sender.items() if state.is_paused or state.is_waiting}
    if held_up:
        rows = [(kind, state.outcome, state.at, state.details) for kind, state in held_up.items()]
        print_table("Held up", ("type", "last attempt", "at", "details"), rows)


def _bytes(source: SourceState) -> str:
    log = source.log
    return "-" if log is None or log.behind_bytes is None else f"{log.behind_bytes / 1024:,.0f} KiB"


def _print_accounting(found: Status) -> None:
    verdict = "every record is accounted for" if found.accounting.balanced else "NOT every record is accounted for"
    totals = found.accounting.totals
    rows = [
        (kind, counts["read"], ", ".join(f"{name} {n:,}" for name, n in counts.items() if n and name != "read"))
        for kind, counts in totals.items()
    ]
    print_table(f"Accounting: {verdict}", ("topics", "read", "of these"), rows)


def _print_counts(title: str, counts: Mapping[str, Mapping[str, int]]) -> None:
    names = sorted({name for each in counts.values() for name in each})
    if names:
        rows = [(kind, *(each.get(name, 0) for name in names)) for kind, each in counts.items()]
        print_table(title, ("", *(name.replace("_", " ") for name in names)), rows)


def _print_object(found: ObjectStatus) -> None:
    click.secho(f"{found.object}: {found.headline}", bold=True, fg="green" if found.is_well else "yellow")
    facts = {
        "HubSpot id": found.hubspot_id,
        "key": found.key,
        "in the shop": found.life,
        "last processed": found.last_processed_at,
        "state desired / in HubSpot": f"{found.generation} / {found.sent_generation}",
    }
    print_table(None, ("", ""), facts.items())
    if found.links:
        links = [(each.kind, each.parent, each.state, each.parent_hubspot_id, each.waits_for) for each in found.links]
        print_table("Associations", ("kind", "parent", "state", "its HubSpot id", "waits for"), links)
    if found.rows:
        rows = [(each.topic, each.row_key, each.offset, each.standing, each.committed_at) for each in found.rows]
        print_table("Rows", ("topic", "key", "offset", "standing", "committed"), rows)
    if found.errors:
        errors = [(each.state, each.type, each.at, each.details, each.id) for each in found.errors]
        print_table("Errors", ("state", "cause", "at", "details", "id"), errors)
    if found.attempts:
        attempts = [(each.at, each.act, each.outcome, each.category, each.correlation_id) for each in found.attempts]
        print_table("Last attempts", ("at", "call", "outcome", "category", "correlation id"), attempts)
