"""One object, as the eCommerce Bridge's sync status told it: HubSpot's id, last processed, links, errors, attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from connector.errors import ShopbridgeError
from connector.ledger.links import LinkRow, LinkState, state
from connector.ledger.rows import contribution_from_row, record_from_row
from connector.ledger.shelf_rows import link_from_row
from connector.ledger.state import Fate, Life, Parent, Record
from connector.ledger.tables import contributions, errors, links, objects, records
from connector.message import ObjectRef, ObjectType
from connector.operations.ledger_file import reading
from connector.operations.parked import why_absent
from connector.operations.row_keys import key_values
from connector.operations.stock import (
    DELETED,
    DUE,
    EQUAL,
    IN_FLIGHT,
    NOT_ALIVE,
    REFUSED,
    TAKEN,
    WAITING,
    record_standing,
)
from connector.settings import Settings
from connector.sync_error import ErrorState

_LANDED: Final = frozenset({"Written", "Archived", "Found"})


class UnknownObjectError(ShopbridgeError):
    """The ledger knows no such object, or several."""


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """An association that is wanted: how it stands, what it waits for, if it does, and why that is not there."""

    kind: str
    parent: str
    state: str
    parent_hubspot_id: str | None
    waits_for: str | None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class RowStatus:
    """A row of the shop that speaks in the object, and the change that it last spoke by."""

    topic: str
    row_key: str
    partition: int
    offset: int
    standing: str
    table_mapping: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """An error of the object, or of a row that speaks in it; `note` and `who` are of the operator who closed it."""

    id: str
    state: str
    stage: str
    type: str
    details: str
    at: datetime
    note: str | None = None
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that carried the object: when (ISO 8601), which, what became of it.

    `status`: the HTTP status of a refusal; of calls that failed otherwise it stands in `details`.
    """

    at: str
    act: str | None
    outcome: str
    category: str | None
    correlation_id: str | None
    details: str | None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """What is known of one object. `state`: equal, due, in_flight, refused, waiting, taken, deleted or not_alive."""

    object: str
    object_type: str
    external_id: str
    store: str
    hubspot_id: str | None
    key: str
    life: str
    state: str
    headline: str
    is_well: bool
    last_processed_at: str | None
    generation: int
    sent_generation: int
    links: tuple[LinkStatus, ...]
    rows: tuple[RowStatus, ...]
    errors: tuple[ErrorStatus, ...]
    attempts: tuple[Attempt, ...]


def object_status(settings: Settings, kind: ObjectType, external_id: str, store: str | None = None) -> ObjectStatus:
    """Raises UnknownObjectError for an object that the ledger does not know, or that several stores have."""
    with reading(settings.ledger) as tx:
        return describe(tx, find_object(tx, kind, external_id, store))


def find_object(tx: Connection, kind: ObjectType, external_id: str, store: str | None) -> Row[Any]:
    query = select(objects).where(objects.c.type == str(kind), objects.c.external_id == external_id)
    found = tx.execute(query if store is None else query.where(objects.c.store == store)).all()
    if not found:
        raise UnknownObjectError(why_unknown(tx, kind, external_id))
    if len(found) > 1:
        stores = ", ".join(sorted(each.store for each in found))
        raise UnknownObjectError(f"{len(found)} stores have a {kind} {external_id}: add --store with one of {stores}")
    return found[0]


def why_unknown(tx: Connection, kind: ObjectType, external_id: str) -> str:
    """What to say of an object that is not in the ledger: its row may have been refused by the mapping."""
    lines = [
        f"{each.state} {each.type} of {each.topic} {each.row_key}: {each.details}\n    shopbridge errors show {each.id}"
        for each in errors_of_unknown(tx, kind, external_id)
    ]
    text = f"The ledger knows no {kind} {external_id}: no change of such a row was applied."
    return "\n".join([text, "These errors are of such rows:", *lines]) if lines else text


def errors_of_unknown(tx: Connection, kind: ObjectType, external_id: str) -> list[Row[Any]]:
    """Errors that name an object which is not in the ledger, or whose row's key may be its id; the newest first."""
    named = errors.c.subject.endswith(f":{kind}:{external_id}", autoescape=True)
    found = tx.execute(select(errors).where(named | errors.c.subject.is_(None)).order_by(errors.c.at.desc()))
    return [each for each in found if each.subject is not None or external_id in key_values(each.row_key)]


def describe(tx: Connection, row: Row[Any]) -> ObjectStatus:
    """Everything about the object in this row of the object table."""
    ref = ObjectRef(row.store, ObjectType(row.type), row.external_id)
    query = select(records, record_standing().label("standing")).where(records.c.number == row.record)
    stored = tx.execute(query).one()
    record = record_from_row(stored)
    attempts = tuple(_attempt(each) for each in reversed(stored.attempts))
    wanted = tuple(_links(tx, record))
    spoken = tuple(_rows(tx, ref, row.number))
    open_first = sorted(_errors(tx, ref, spoken), key=lambda each: each.state != ErrorState.OPEN)
    standing: str = stored.standing
    is_well = standing in {EQUAL, NOT_ALIVE} and not any(each.state == ErrorState.OPEN for each in open_first)
    return ObjectStatus(
        object=str(ref),
        object_type=str(ref.type),
        external_id=ref.external_id,
        store=ref.store,
        hubspot_id=record.hubspot_id,
        key=record.key,
        life=row.life,
        state=standing,
        headline=_HEADLINES[standing] + ("" if is_well or standing != EQUAL else ", but an error is open"),
        is_well=is_well,
        last_processed_at=next((each.at for each in attempts if each.outcome in _LANDED), None),
        generation=record.generation,
        sent_generation=record.sent_generation,
        links=wanted,
        rows=spoken,
        errors=tuple(open_first),
        attempts=attempts,
    )


_HEADLINES: Final[Mapping[str, str]] = {
    EQUAL: "HubSpot holds it as the shop has it",
    REFUSED: "HubSpot refused it as it is; it rests until it changes",
    DUE: "it waits to be sent",
    IN_FLIGHT: "it is being sent",
    WAITING: "it waits: its own row, or the deal of a line, was never seen",
    TAKEN: "another record has its e-mail address or other match value; it has all else",
    DELETED: "HubSpot's users deleted it, and it is left so",
    NOT_ALIVE: "its row is gone or filtered out, and HubSpot knows",
}


def _links(tx: Connection, record: Record) -> list[LinkStatus]:
    """The wanted links of a record; why a parent is not there is told as `parked` tells it."""
    query = (
        select(links, objects.c.store, objects.c.type, objects.c.external_id, objects.c.life, records.c.hubspot_id)
        .add_columns(why_absent(objects, records).label("why"))
        .join(objects, objects.c.number == links.c.parent)
        .join(records, records.c.number == objects.c.record)
        .where(links.c.child == record.number, links.c.wanted)
        .order_by(links.c.kind, links.c.number)
    )
    child_id = None if record.desired.fate is Fate.ARCHIVE else record.hubspot_id
    return [_link(child_id, row) for row in tx.execute(query)]


def _link(child_id: str | None, row: Row[Any]) -> LinkStatus:
    link, parent = link_from_row(row), Parent(Life(row.life), row.hubspot_id)
    standing = state(link, child_id, parent)
    name = str(ObjectRef(row.store, ObjectType(row.type), row.external_id))
    waits_for = _waits_for(link, standing, parent, name)
    why = row.why if parent.hubspot_id is None and waits_for is not None else None
    return LinkStatus(str(link.kind), name, str(standing), parent.hubspot_id, waits_for, why)


def _waits_for(link: LinkRow, standing: LinkState, parent: Parent, name: str) -> str | None:
    match standing:
        case LinkState.PARKED:
            return name if parent.hubspot_id is None or parent.life is not Life.LIVE else "itself"
        case LinkState.FAILED:
            return f"{name} ({link.failed})"
        case LinkState.DUE:
            return "the sender"
        case LinkState.MADE | LinkState.WAIVED:
            return None


def _rows(tx: Connection, ref: ObjectRef, number: int) -> list[RowStatus]:
    found = tx.execute(select(contributions).where(contributions.c.object == number))
    every = [contribution_from_row(ref, row) for row in found]
    return [
        RowStatus(
            topic=said.row.topic,
            row_key=said.row.row_key,
            partition=said.partition,
            offset=said.version.offset,
            standing=str(said.standing),
            table_mapping=said.table_mapping,
            committed_at=said.committed_at,
        )
        for said in every
    ]


def _errors(tx: Connection, ref: ObjectRef, rows: tuple[RowStatus, ...]) -> list[ErrorStatus]:
    """Errors that name the object, and those of its rows that could not even be mapped."""
    condition = errors.c.subject == str(ref)
    for row in rows:
        condition |= (errors.c.topic == row.topic) & (errors.c.row_key == row.row_key) & errors.c.subject.is_(None)
    found = tx.execute(select(errors).where(condition).order_by(errors.c.at.desc()))
    return [error_status(each) for each in found]


def error_status(row: Row[Any]) -> ErrorStatus:
    """A row of the error table."""
    return ErrorStatus(row.id, row.state, row.stage, row.type, row.details, _moment(row.at), row.note, row.who)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _attempt(stored: Mapping[str, Any]) -> Attempt:
    return Attempt(
        stored["at"],
        stored.get("act"),
        stored["outcome"],
        stored.get("category"),
        stored.get("correlation_id"),
        stored.get("details"),
        stored.get("status"),
    )
