"""Which object is meant: by the shop's own id, by a contact's e-mail address, or by HubSpot's id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from connector.ledger.fold import normal
from connector.ledger.tables import claims, objects, records
from connector.mapping.external_id import external_id as as_external_id
from connector.message import EMAIL, ObjectType
from connector.operations.objects import UnknownObjectError, find_object


@dataclass(frozen=True, slots=True)
class Wanted:
    """The object that is asked for: `name` is the shop's id or an e-mail address, or `hubspot_id` is given."""

    type: ObjectType
    name: str | None = None
    hubspot_id: str | None = None
    store: str | None = None


def search(tx: Connection, wanted: Wanted) -> Row[Any]:
    """The object's row. Raises UnknownObjectError for none, and for several, which are named then."""
    if wanted.hubspot_id is not None:
        found = _of_records(tx, wanted, records.c.hubspot_id == wanted.hubspot_id)
        return _one(found, f"The ledger knows no {wanted.type} with HubSpot's id {wanted.hubspot_id}.")
    name = wanted.name or ""
    if wanted.type is ObjectType.CONTACT and "@" in name and (found := _by_address(tx, wanted, name)):
        return _one(found, "")
    return find_object(tx, wanted.type, _as_kept(tx, wanted, name), wanted.store)


def _as_kept(tx: Connection, wanted: Wanted, name: str) -> str:
    """The id as it is kept: as it was given, or made fit for keys as the mapping does it."""
    query = select(objects.c.number).where(objects.c.type == str(wanted.type), objects.c.external_id == name)
    is_there = tx.execute(query.limit(1)).first() is not None
    return name if is_there or not name else as_external_id(name)


def _by_address(tx: Connection, wanted: Wanted, address: str) -> Sequence[Row[Any]]:
    """Objects whose id it is, and those whose records want it or may hold it."""
    value = normal(EMAIL, address)
    claiming = select(claims.c.record).where(claims.c.type == str(wanted.type), claims.c.value == value)
    named = objects.c.external_id.in_({address, as_external_id(address)})
    by_claim = records.c.number.in_(claiming) | named
    found = _of_records(tx, wanted, by_claim)
    return found or _of_records(tx, wanted, records.c.desired["properties"]["email"].as_string() == address)


def _of_records(tx: Connection, wanted: Wanted, condition: Any) -> Sequence[Row[Any]]:
    query = (
        select(objects)
        .join(records, records.c.number == objects.c.record)
        .where(objects.c.type == str(wanted.type), condition)
        .order_by(objects.c.number)
    )
    return tx.execute(query if wanted.store is None else query.where(objects.c.store == wanted.store)).all()


def _one(found: Sequence[Row[Any]], unknown: str) -> Row[Any]:
    if not found:
        raise UnknownObjectError(unknown)
    if len({row.record for row in found}) > 1:
        names = ", ".join(f"{row.store}:{row.external_id}" for row in found)
        raise UnknownObjectError(f"{len(found)} objects have it: {names}. Give the id of one of them, and --store.")
    return found[0]
