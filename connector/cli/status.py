"""`shopbridge status`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import TYPE
from connector.cli.output import console, print_json, print_table
from connector.cli.worker import ROLES
from connector.message import TYPE_NAMES

if TYPE_CHECKING:
    from connector.operations.objects import ObjectStatus
    from connector.operations.overall import Status


@click.command(cls=Command)
@click.argument("object_type", required=False, type=TYPE, metavar="[TYPE")
@click.argument("external_id", required=False, metavar="ID]")
@option("--store", metavar="STORE", help="The store of the object, where several have one of this id.")
@option("--exit-code", is_flag=True, help="Exit with 1 unless all is well.")
@option(
    "--watch",
    type=click.FloatRange(min=0.1),
    is_flag=False,
    flag_value=2.0,
    metavar="[SECONDS]",
    help="Look again every so often (2 s) until interrupted: one screen, or without a terminal one line a time.",
)
@pass_context
def status(
    context: Context,
    object_type: str | None,
    external_id: str | None,
    store: str | None,
    *,
    exit_code: bool,
    watch: float | None,
) -> int:
    """Is all well, and if not, what is to be done? Or, with TYPE and ID: what is known of one object.

    First one line that says whether all is well, or the most important thing to do; then what is under way in each
    stage, who waits for which parent, how the sender, the connectors and their logs fare, whether every record shows up
    in the accounts, and the open errors by cause. TYPE is contact, deal, product or line-item, ID the shop's own id
    (`shopbridge trace` shows more of it). Reads beside a running worker and never writes.
    """
    if object_type is None:
        return _overall(context, watch, exit_code=exit_code)
    if external_id is None:
        raise click.UsageError(f"Which {object_type}? Give the shop's own id, as: shopbridge status {object_type} 17")
    from connector.operations.objects import object_status

    found = object_status(context.settings(), TYPE_NAMES[object_type], external_id, store)
    if context.json:
        print_json(found)
    else:
        print_object(found)
    return int(exit_code and not found.is_well)


def _overall(context: Context, watch: float | None, *, exit_code: bool) -> int:
    if not context.json:
        click.echo("Looking at the ledger, Kafka, Kafka Connect and the databases ...", err=True)
    look = _look(context)
    if watch is not None:
        from connector.cli.watching import watch as watching

        watching(look, watch, as_json=context.json)
        return 0
    found = look()
    if context.json:
        print_json(found)
    else:
        from connector.cli.status_page import whole_page

        console().print(whole_page(found))
    return int(exit_code and not found.well)


def _look(context: Context) -> Callable[[], Status]:
    """What looks once; settings and shop files are read before."""
    from connector.agents.locks import lock_path
    from connector.operations.status import read_status

    settings = context.settings()
    shops = context.shops_if_any()
    locks = {role: lock_path(settings.ledger, role) for role in ROLES}
    return lambda: read_status(settings, shops, locks)


def print_object(found: ObjectStatus) -> None:
    """What is known of one object."""
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
        attempts = [
            (each.at, each.act, each.outcome, each.status, each.category, each.correlation_id)
            for each in found.attempts
        ]
        print_table("Last attempts", ("at", "call", "outcome", "status", "category", "correlation id"), attempts)
