"""`shopbridge forget`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import yes
from connector.cli.output import count_of, moment, print_json, print_table
from connector.cli.progress import stopping

if TYPE_CHECKING:
    from connector.operations.forgetting import Person, Remains


@click.command(cls=Command)
@click.argument("kind", type=click.Choice(["contact"]), metavar="contact")
@click.argument("external_id", metavar="ID")
@option("--store", metavar="STORE", help="Of which shop, by its id, where several are given.")
@option("--gdpr", is_flag=True, help="Have HubSpot erase the contact for good, and block its addresses for ever.")
@option("--note", default="", metavar="TEXT", help="Why; it is kept with the emptied errors.")
@option("--dry-run", is_flag=True, help="Only show what would be done, and what would remain.")
@yes
@pass_context
def forget(
    context: Context,
    /,
    kind: str,
    external_id: str,
    *,
    store: str | None,
    gdpr: bool,
    note: str,
    dry_run: bool,
    yes: bool,
) -> int:
    """Forget a person: end what its rows say, keep no value of it, empty its errors, skip what still waits on topics.

    Delete or anonymise the rows in the shop first: a later change of a row that still stands speaks again. The HubSpot
    record goes as the shop file's delete policy says; only --gdpr erases it there. What remains elsewhere is listed.
    """
    from connector.operations import forgetting

    settings, shops = context.settings(), context.shops()
    click.echo(f"Looking for {kind} {external_id} on the topics and in the ledger ...", err=True)
    person = forgetting.find_person(settings, shops, external_id, store)
    left = forgetting.remains(settings, person, erased=gdpr)
    if context.json:
        print_json(_as_json(person, left))
    else:
        _print(person, left, gdpr=gdpr)
    if not person.is_known:
        click.echo(f"Nothing is known of {person.ref}.", err=True)
        return 1
    if dry_run:
        return 0
    consent(f"Forget {person.ref}{', in HubSpot for good' if gdpr else ''}?", yes=yes)
    _forget(context, person, note, gdpr=gdpr)
    return 0


def _forget(context: Context, person: Person, note: str, *, gdpr: bool) -> None:
    from connector.operations import forgetting

    settings = context.settings()
    if gdpr:
        erased = asyncio.run(forgetting.erase_in_hubspot(settings, person))
        forgetting.note_erasure(settings, person, erased)
        said = "HubSpot has no such record." if erased is None else f"HubSpot has erased {erased}."
        click.echo(said, err=context.json)
    with stopping() as stop:
        act = forgetting.forget(settings, person, note, stop)
    click.echo(f"Said (act {act.id}); a worker does the rest: `shopbridge status`.", err=context.json)


def _as_json(person: Person, left: list[Remains]) -> dict[str, object]:
    rows = [{"topic": each.source.topic, "row_key": each.source.row_key} for each in person.said]
    return {
        "object": str(person.ref),
        "hubspot_id": person.hubspot_id,
        "rows": rows,
        "errors": [letter.id for letter in person.letters],
        "still_in_database": person.living,
        "not_asked": person.unread,
        "remains": left,
    }


def _print(person: Person, left: list[Remains], *, gdpr: bool) -> None:
    click.secho(
        f"{person.ref}: {count_of(len(person.said), 'row')}, {count_of(len(person.letters), 'error')}", bold=True
    )
    for each in person.said:
        click.echo(f"  {each.source.topic} {each.source.row_key}: its values go, what waits of it is skipped")
    for letter in person.letters:
        click.echo(f"  error {letter.id[:12]} {letter.error.type}: is emptied")
    for table in person.living:
        click.secho(
            f"  {table} still holds the row: delete or anonymise it, or its next change speaks again", fg="yellow"
        )
    for table in person.unread:
        click.secho(f"  whether {table} still holds the row could not be asked", fg="yellow")
    there = person.hubspot_id or "no record"
    click.echo(f"  HubSpot ({there}): {'erased for good' if gdpr else 'goes as the delete policy says'}")
    rows = [(each.place, "-" if each.until is None else moment(each.until), each.remedy) for each in left]
    print_table("What remains", ("where", "until", "what ends it"), rows)
