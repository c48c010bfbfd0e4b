"""What a replay would do, and what it left, as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.output import count_of, print_table

if TYPE_CHECKING:
    from connector.operations.replaying.leftovers import Leftover
    from connector.operations.replaying.looking import Look
    from connector.operations.replaying.rest import Rest
    from connector.operations.replaying.scope import Scope

FEW: Final = 10


def look_as_json(seen: Look) -> dict[str, Any]:
    """For programs."""
    counts = {"messages": seen.messages, "changes": seen.changes}
    joined = {
        name: None if counted is None else {" ".join(kind): count for kind, count in counted.items()}
        for name, counted in counts.items()
    }
    first = [{"object": str(each.ref), "action": each.action, "properties": each.changed} for each in seen.first]
    said = {name: getattr(seen, name) for name in ("records", "objects", "errors", "outcomes", "blind")}
    return {**said, **joined, "first": first}


def print_look(scope: Scope, seen: Look) -> None:
    """What would be said, and what it would change."""
    click.secho(
        f"{count_of(seen.records, 'record')} give {count_of(sum(seen.messages.values()), 'message')} "
        f"about {count_of(seen.objects, 'object')}",
        bold=True,
    )
    if scope.sync:
        click.echo("Of the messages about one object only the newest is sent again.")
    if seen.messages:
        rows = [(kind, action, count) for (kind, action), count in sorted(seen.messages.items())]
        print_table(None, ("type", "says", "messages"), rows)
    if seen.errors:
        click.echo(f"{count_of(seen.errors, 'record')} cannot be mapped: each becomes (or stays) an error.")
    if seen.blind is not None:
        click.echo(f"What would change cannot be told: {seen.blind}.")
    elif scope.sync:
        click.echo("HubSpot is told again what each of these objects should hold; older messages change no value.")
    else:
        _print_changes(seen)


def _print_changes(seen: Look) -> None:
    outcomes, changes = seen.outcomes or {}, seen.changes or {}
    quiet = outcomes.get("repeat", 0) + outcomes.get("unchanged", 0)
    older = outcomes.get("superseded", 0)
    click.echo(f"{quiet:,} would change nothing, {older:,} are older than what is known.")
    if not changes:
        click.secho("No object would change.", fg="green")
        return
    click.secho(f"{count_of(sum(changes.values()), 'object')} would change:", bold=True)
    print_table(None, ("type", "action", "objects"), [(*kind, count) for kind, count in sorted(changes.items())])
    for each in seen.first:
        said = ", ".join((*each.changed, *each.links_added, *(f"no {link}" for link in each.links_removed)))
        click.echo(f"  {each.action} {each.ref}: {said}")
    _print_more(sum(changes.values()) - len(seen.first))


def print_rests(rests: Sequence[Rest]) -> None:
    """What no topic holds any more."""
    for each in rests:
        rows = count_of(len(each.row_keys), "row")
        if each.is_external:
            click.echo(f"{each.table}: the newest change of {rows} is on no topic any more; ask your own connector for "
                       f"an incremental snapshot of the table.")  # fmt: skip
        else:
            click.echo(f"{each.table}: the newest change of {rows} is on no topic any more: read from the database.")


def print_unreached(unreached: Sequence[str], error: str) -> None:
    """Errors of which a replay cannot find the change."""
    if unreached:
        again = f"shopbridge errors retry {_retried(error)}"
        click.echo(f"{count_of(len(unreached), 'error')} cannot be reached so: the change is on no topic any more. "
                   f"What the error keeps of it is mapped again by `{again}`.")  # fmt: skip


def _retried(error: str) -> str:
    return f"--cause {error}" if error.isupper() else error


def leftovers_as_json(found: Sequence[Leftover]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "object": str(each.ref),
            "hubspot_id": each.hubspot_id,
            "table_mapping": each.table_mapping,
            "topic": each.topic,
            "row_key": each.row_key,
        }
        for each in found
    ]


def print_leftovers(found: Sequence[Leftover], *, most: int | None = None) -> None:
    """Objects that the shop file makes no more, with the command that deletes them."""
    if not found:
        return
    shown = found[:most]
    rows = [(str(each.ref), each.hubspot_id, each.table_mapping, each.row_key) for each in shown]
    title = f"{count_of(len(found), 'object')} that the shop file makes no more"
    print_table(title, ("object", "HubSpot id", "mapped as", "row"), rows)
    _print_more(len(found) - len(shown))
    click.echo("shopbridge leftovers --delete ends them.")


def _print_more(count: int) -> None:
    if count > 0:
        click.echo(f"  ... and {count:,} more")
