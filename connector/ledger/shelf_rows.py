"""What the shelf keeps beside the nouns, and its rows."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from typing import Any

from connector.ledger.links import LinkDue, LinkFlight, LinkRow
from connector.ledger.rows import record_from_row, record_to_row
from connector.ledger.state import Life, Place, Record
from connector.message import LinkKind, ObjectRef, ObjectType


class Lane(enum.IntEnum):
    """Which due record goes first."""

    LIVE = 0
    BACKFILL = 1


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object, the record it shares or has to itself, and its life as its children see it."""

    number: int
    ref: ObjectRef
    record: int
    life: Life
    ended_at: Place | None = None


@dataclass(slots=True)
class Stored:
    """A record and how it queues for the sender."""

    record: Record
    lane: Lane
    is_due: bool
    due_since: float | None
    attempts: list[dict[str, Any]]


def object_from_row(row: Any) -> ObjectRow:
    ref = ObjectRef(row.store, ObjectType(row.type), row.external_id)
    ended_at = None if row.ended_at is None else Place(*row.ended_at)
    return ObjectRow(row.number, ref, row.record, Life(row.life), ended_at)


def object_to_row(subject: ObjectRow) -> dict[str, Any]:
    ended_at = None if subject.ended_at is None else [subject.ended_at.server, subject.ended_at.position]
    return {
        "number": subject.number,
        "store": subject.ref.store,
        "type": str(subject.ref.type),
        "external_id": subject.ref.external_id,
        "record": subject.record,
        "life": str(subject.life),
        "ended_at": ended_at,
    }


def stored_to_row(stored: Stored) -> dict[str, Any]:
    queue = {"due": stored.is_due, "lane": int(stored.lane), "due_since": stored.due_since}
    return {**record_to_row(stored.record), **queue, "attempts": stored.attempts}


def stored_from_row(row: Any) -> Stored:
    return Stored(record_from_row(row), Lane(row.lane), row.due, row.due_since, list(row.attempts))


def link_from_row(row: Any) -> LinkRow:
    """A row of the link table as a noun."""
    fields = {name: getattr(row, name) for name in LinkRow.__dataclass_fields__}
    flight = fields["in_flight"]
    if flight is not None:
        what, between = flight.split(" ", 1)
        fields["in_flight"] = LinkFlight(LinkDue(what), between)
    return LinkRow(**{**fields, "kind": LinkKind(row.kind)})


def link_to_row(link: LinkRow, due: LinkDue | None) -> dict[str, Any]:
    """A link as a row of its table, with what is due for it."""
    flight = None if link.in_flight is None else f"{link.in_flight.due} {link.in_flight.between}"
    return {**asdict(link), "kind": str(link.kind), "in_flight": flight, "due": due}
