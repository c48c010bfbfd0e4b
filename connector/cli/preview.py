"""`shopbridge preview`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import object_of, shows
from connector.cli.output import count_of, plain, print_json, print_table, shortened
from connector.cli.progress import Advance, bar

if TYPE_CHECKING:
    from connector.mapping import Shop
    from connector.operations.previewing.changes import FileChange
    from connector.operations.previewing.file import FilePreview
    from connector.operations.previewing.rows import MessageShown, RowShown, RowsPreview
    from connector.operations.tracing.nouns import Request

SECTIONS: Final = ("customers", "orders", "products", "line_items")
SHOWN: Final = 20


@click.command(cls=Command)
@click.argument("section", required=False, type=click.Choice(SECTIONS))
@option(
    "--limit", type=click.IntRange(min=1, max=500), default=20, show_default=True, metavar="N", help="So many rows."
)
@option("--where", metavar="SQL", help="Only rows of the section's first table that meet this, as: status = 'paid'")
@option("--object", metavar="TYPE:ID", help="The rows that make this object, as contact:17.")
@option("--from-topic", is_flag=True, help="The newest changes on the topic instead of rows of the database.")
@option("--store", metavar="STORE", help="Of which shop, by its id, where several are given.")
@option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
        help="Try another shop file over all rows: which objects would change, and how.")  # fmt: skip
@shows
@pass_context
def preview(context: Context, /, section: str | None, *, file: Path | None, **asked: Any) -> int:
    """Show what would happen: row, message, the request to HubSpot, and what HubSpot holds instead. Nothing is written.

    With --file a changed shop file is tried over whole tables: the objects that a restart of the worker with it and
    `shopbridge replay` would change, counted and named. What cannot be previewed is said, with its reason. Long texts
    are cut; --json has all of them.
    """
    if file is not None:
        if section or any(asked[name] for name in ("where", "object", "from_topic", "store")):
            raise click.UsageError("--file is tried over all tables; leave the other options out")
        return _file(context, file, show=asked["show"])
    if section is None and asked["object"] is None:
        raise click.UsageError(f"say of what: {', '.join(SECTIONS)}, --object TYPE:ID, or --file FILE")
    return _rows(context, section, asked)


def _shop(context: Context, store: str | None) -> Shop:
    shops = context.shops()
    found = [shop for shop in shops if store in {None, shop.store.id}]
    if len(found) != 1:
        names = ", ".join(shop.store.id for shop in shops)
        raise click.UsageError(f"say of which shop: --store with one of {names}")
    return found[0]


def _rows(context: Context, section: str | None, asked: dict[str, Any]) -> int:
    from connector.mapping.shop import SECTIONS as TYPE_OF
    from connector.message import ObjectRef
    from connector.operations.masking import masking_of
    from connector.operations.previewing.choosing import Asked
    from connector.operations.previewing.newest import newest_changes
    from connector.operations.previewing.rows import preview_rows

    settings, shop = context.settings(), _shop(context, asked["store"])
    kind, external_id = object_of(asked["object"])
    if kind is not None and external_id is None:
        raise click.UsageError("--object takes a type and an id, as contact:17")
    if sum(bool(asked[name]) for name in ("where", "object", "from_topic")) > 1:
        raise click.UsageError("rows are chosen by one of --where, --object and --from-topic")
    if section is not None and kind not in {None, TYPE_OF[section]}:
        raise click.UsageError(f"{asked['object']} is none of the {section}; leave {section} out")
    ref = None if kind is None else ObjectRef(shop.store.id, kind, external_id or "")
    name = section or next(each for each, of in TYPE_OF.items() if of is kind)
    click.echo(f"Reading {name} of {shop.store.id} ...", err=True)
    changes, unread = None, list[str]()
    if asked["from_topic"]:
        changes, unread = newest_changes(settings, shop, name, asked["limit"])
    wanted = Asked(name, asked["where"], ref, asked["limit"])
    found = preview_rows(settings, shop, wanted, masking_of(settings, show=asked["show"]), changes)
    found = replace(found, unseen=(*unread, *found.unseen))
    if context.json:
        print_json(found)
    else:
        _print_rows(found)
    return 0


def _print_rows(found: RowsPreview) -> None:
    for row in found.rows:
        _print_row(row)
    if not found.rows:
        click.echo("No row is so.")
    for each in found.unseen:
        click.secho(f"Not seen: {each}", fg="yellow")


def _print_row(row: RowShown) -> None:
    click.secho(f"\n{row.table} {row.row_key}", bold=True)
    if row.gone:
        click.echo("  row      not in the database any more; its delete is not applied yet, or was missed")
    else:
        click.echo(f"  row      {'deleted: ' if row.deleted else ''}{_line(row.columns)}")
    for each in row.unmapped:
        where = f"{each.section}, {each.property_name}" if each.property_name else each.section
        click.secho(f"  error    {where}: {each.type}: {each.details}", fg="red")
    if not row.messages and not row.unmapped:
        click.echo("  message  none: no section maps the row")
    for message in row.messages:
        _print_message(message)


def _print_message(message: MessageShown) -> None:
    click.echo(f"  message  {message.ref} {message.reason} {_line(message.properties)}")
    for link in message.links:
        click.echo(f"           linked: {link}")
    if message.unavailable:
        click.echo(f"           not in the change, so it stays as it is: {', '.join(message.unavailable)}")
    if message.request is None:
        click.echo(f"  request  none: {message.why}")
    else:
        click.echo(f"  request  {_sent(message.request)}")
    if message.followed_by is not None:
        click.echo(f"  then     if nobody is found: {_sent(message.followed_by)}")
    _print_held(message)


def _sent(request: Request) -> str:
    return f"{request.method} {request.path}\n           {_line(request.body)}"


def _print_held(message: MessageShown) -> None:
    from connector.operations.previewing.held import InHubspot

    match message.in_hubspot:
        case InHubspot.NOT_ASKED:
            said = "was not asked"
        case InHubspot.NO_RECORD if message.hubspot_id:
            said = f"has no record {message.hubspot_id} any more"
        case InHubspot.NO_RECORD:
            said = "has no such record"
        case InHubspot.THERE:
            said = f"{message.hubspot_id} is there"
        case _:
            said = f"{message.hubspot_id} holds just that"
    for name, mine, theirs in message.differences or ():
        click.echo(f"  HubSpot  {message.hubspot_id} {name}: {_line(theirs)} instead of {_line(mine)}")
    if not message.differences:
        click.echo(f"  HubSpot  {said}")


def _line(values: Any) -> str:
    return json.dumps(shortened(plain(values)), ensure_ascii=False)


def _file(context: Context, file: Path, *, show: bool) -> int:
    from connector.mapping import load_shop
    from connector.operations.masking import masking_of
    from connector.operations.previewing.file import preview_file

    settings = context.settings()
    click.echo(f"Reading {file} ...", err=True)
    shop = load_shop(file, os.environ)
    with bar("rows", silent=context.json) as advance:
        tell = _adding_up(advance)
        found = preview_file(settings, shop, tell, masking_of(settings, show=show))
    if context.json:
        print_json(_file_as_json(found))
    else:
        _print_file(found, shop)
    return 0


def _adding_up(advance: Advance) -> Callable[[str, int, int], None]:
    """Rows of all tables met so far, of as many as these have."""
    tables: dict[str, tuple[int, int]] = {}

    def tell(table: str, done: int, total: int) -> None:
        tables[table] = done, total
        advance(sum(done for done, _ in tables.values()), sum(total for _, total in tables.values()))

    return tell


def _file_as_json(found: FilePreview) -> dict[str, Any]:
    changes = [
        {
            "object": str(each.ref),
            "record": each.key,
            "action": each.action,
            "hubspot_id": each.hubspot_id,
            "properties": {name: {"before": was, "after": now} for name, (was, now) in each.properties.items()},
            "links_added": each.links_added,
            "links_removed": each.links_removed,
            "was_refused": each.was_refused,
            "row_is_gone": each.row_is_gone,
        }
        for each in found.changes
    ]
    left = [{"object": str(each.ref), "topic": each.topic, "row_key": each.row_key} for each in found.left]
    seen = {"rows": found.rows, "changes": changes, "quiet": found.quiet, "left": left}
    return {**seen, "unmapped": found.unmapped, "blind": found.blind}


def _print_file(found: FilePreview, shop: Shop) -> None:
    click.echo(", ".join(f"{table}: {count_of(rows, 'row')}" for table, rows in found.rows.items()))
    if found.changes:
        _print_changes(found)
    elif not found.blind:
        click.secho("No object would change.", fg="green")
    if found.quiet:
        click.echo(
            f"{count_of(found.quiet, 'object')} more would be known otherwise, and HubSpot told nothing: no record is "
            f"there, or none is to be made yet."
        )
    if found.left:
        click.secho(f"{count_of(len(found.left), 'object')} would be made no more, and stay as they are:", bold=True)
        _names([str(each.ref) for each in found.left])
        click.echo("After the replay `shopbridge leftovers` lists them, and --delete ends them.")
    _print_unmapped(found)
    for text in found.blind:
        click.secho(f"Not seen: {text}", fg="yellow")
    if found.changes or found.left:
        click.echo(f"To do it: start the worker anew with this file, then shopbridge --shop {shop.file} replay")


def _print_changes(found: FilePreview) -> None:
    click.secho(f"{count_of(len(found.changes), 'object')} would change", bold=True)
    print_table(None, ("type", "action", "objects"), [(*kind, n) for kind, n in sorted(found.counts.items())])
    if found.properties:
        print_table(None, ("type", "property", "objects"), [(*kind, n) for kind, n in sorted(found.properties.items())])
    for each in found.changes[:SHOWN]:
        click.echo(f"  {each.action} {each.ref}{_how(each)}")
    _more(len(found.changes))
    if refused := sum(each.was_refused for each in found.changes):
        click.echo(f"{count_of(refused, 'object')} of these were refused by HubSpot before, and may be again.")
    if gone := [each for each in found.changes if each.row_is_gone]:
        click.echo(
            f"{count_of(len(gone), 'object')} of these have no row in the database any more: they go as soon as the "
            f"deletes are read, with any file. Where nothing is behind, they were missed: `shopbridge verify --repair`"
        )


def _how(change: FileChange) -> str:
    values = [
        f"{name}: {_line(now)}" if change.action == "create" else f"{name}: {_line(was)} → {_line(now)}"
        for name, (was, now) in change.properties.items()
    ]
    links = [*change.links_added, *(f"no {link}" for link in change.links_removed)]
    said = [*values, *links, *(["its row is gone"] if change.row_is_gone else [])]
    return f": {', '.join(said)}" if said else ""


def _print_unmapped(found: FilePreview) -> None:
    for (kind, section), count in Counter((each.type, each.section) for each in found.unmapped).most_common():
        example = next(each for each in found.unmapped if (each.type, each.section) == (kind, section))
        click.secho(
            f"{section}: {count_of(count, 'row')} cannot be mapped: {kind}, as {example.row_key}: {example.details}",
            fg="red",
        )


def _names(names: Sequence[str]) -> None:
    for name in names[:SHOWN]:
        click.echo(f"  {name}")
    _more(len(names))


def _more(count: int) -> None:
    if count > SHOWN:
        click.echo(f"  ... and {count - SHOWN:,} more (--json names all)")
