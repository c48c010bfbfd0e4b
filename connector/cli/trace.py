"""`shopbridge trace`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import TYPE, shows
from connector.cli.output import plain, print_json, print_table, seconds
from connector.message import TYPE_NAMES

if TYPE_CHECKING:
    from datetime import datetime

    from connector.operations.tracing.nouns import Request, Trace


@click.command(cls=Command)
@click.argument("object_type", type=TYPE, metavar="TYPE")
@click.argument("name", required=False, metavar="[ID]")
@option("--hubspot-id", metavar="ID", help="HubSpot's id of the record, in place of the shop's.")
@option("--store", metavar="STORE", help="The store of the object, where several have one of this id.")
@shows
@option("--exit-code", is_flag=True, help="Exit with 1 unless the object is well.")
@pass_context
def trace(
    context: Context,
    object_type: str,
    name: str | None,
    hubspot_id: str | None,
    store: str | None,
    *,
    show: bool,
    exit_code: bool,
) -> int:
    """Tell the way of one object, from its row's change in the database to HubSpot's answer.

    When its row was changed, captured, mapped and sent, with the times between; the last attempts with HubSpot's
    category and correlation id; the request, made again of what the ledger has; which parents it waits for and why;
    its errors, and the operators' acts that touched it. TYPE is contact (or customer), deal (or order), product or
    line-item; ID the shop's own id, or a contact's e-mail address. Personal data is masked unless --show. Reads ledger
    and topics and writes nothing; what could not be looked at is said at the end.
    """
    if (name is None) == (hubspot_id is None):
        raise click.UsageError(f"Give the shop's own id, as: shopbridge trace {object_type} 17; or --hubspot-id.")
    if not context.json:
        click.echo(f"Looking for {object_type} {name or hubspot_id} in the ledger and its topics ...", err=True)
    from connector.operations.masking import masking_of
    from connector.operations.trace import trace as trace_object
    from connector.operations.tracing.searching import Wanted

    settings = context.settings()
    wanted = Wanted(TYPE_NAMES[object_type], name, hubspot_id, store)
    found = trace_object(settings, wanted, masking_of(settings, show=show))
    if context.json:
        print_json(found)
    else:
        _print(found)
    return int(exit_code and not found.is_well)


def _print(found: Trace) -> None:
    click.secho(f"{found.object}: {found.headline}", bold=True, fg="green" if found.is_well else "yellow")
    click.echo(f"Newest change: {found.in_short}")
    _print_facts(found)
    rows = [
        (
            _instant(step.at),
            "" if step.after_s is None else f"+{_after(step.after_s)}",
            step.stage,
            step.what,
            step.where,
        )
        for step in found.steps
    ]
    if rows:
        print_table("What happened", ("at", "after", "", "what", "where"), rows)
    _print_message(found)
    _print_links(found)
    _print_errors(found)
    if found.request is not None:
        _print_request(found.request)
    if found.unseen:
        click.secho("\nNot seen", bold=True)
        for each in found.unseen:
            click.echo(f"  {' '.join(each.split())}")


def _after(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else seconds(value)


def _instant(at: datetime) -> str:
    """To the millisecond: the hops are that close."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _print_facts(found: Trace) -> None:
    status = found.status
    if status is None:
        return
    facts = {
        "HubSpot id": status.hubspot_id,
        "key": status.key,
        "in the shop": status.life,
        "state desired / in HubSpot": f"{status.generation} / {status.sent_generation}",
        "shares its record with": ", ".join(found.shared_with) or None,
        "is waited for by": ", ".join(found.awaited_by) or None,
    }
    print_table(None, ("", ""), [each for each in facts.items() if each[1] is not None])


def _print_message(found: Trace) -> None:
    if found.messages:
        newest = max(found.messages, key=lambda message: (message.at, message.place.offset))
        rows = [(name, "(empty)" if value is None else str(value)) for name, value in newest.properties.items()]
        print_table("What its newest message says", ("property", "value"), rows)


def _print_links(found: Trace) -> None:
    from connector.operations.parked import REMEDIES

    if found.status is not None and found.status.links:
        rows = [
            (
                e.kind,
                e.parent,
                e.state,
                e.parent_hubspot_id,
                e.waits_for,
                None if e.why is None else f"{e.why}: {REMEDIES[e.why]}",
            )
            for e in found.status.links
        ]
        print_table("Associations", ("kind", "parent", "state", "its HubSpot id", "waits for", "which is"), rows)


def _print_errors(found: Trace) -> None:
    """Open ones, with the command that says what to do; closed ones stand in the timeline."""
    opened = [step for step in found.steps if step.stage == "error" and " opened" in step.what]
    for step in opened:
        click.echo(f"\nOpen: {step.what}\n    shopbridge errors show {step.where.removeprefix('error ')}")


def _print_request(request: Request) -> None:
    click.secho(f"\nRequest, made again of the ledger ({request.which})", bold=True)
    click.echo(f"{request.method} {request.path}")
    if request.body is not None:
        click.echo(json.dumps(plain(request.body), indent=2, ensure_ascii=False))
    elif request.properties:
        click.echo(f"  properties: {', '.join(request.properties)}")
    if request.answer is not None:
        click.secho("HubSpot's answer", bold=True)
        click.echo(str(request.answer))
