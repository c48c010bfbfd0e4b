"""How the records and links of the ledger stand, counted by the database itself, beside a running worker."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, or_, select

from connector.ledger.links import LinkState
from connector.ledger.state import Fate, Life
from connector.ledger.tables import errors, links, objects, records
from connector.sync_error import ErrorState

EQUAL: Final = "equal"
REFUSED: Final = "refused"
DELETED: Final = "deleted"
NOT_ALIVE: Final = "not_alive"
WAITING: Final = "waiting"
DUE: Final = "due"
IN_FLIGHT: Final = "in_flight"
TAKEN: Final = "taken"
STANDINGS: Final = (EQUAL, REFUSED, DELETED, NOT_ALIVE, WAITING, TAKEN, DUE, IN_FLIGHT)
"""Each record is exactly one of these. DELETED: by HubSpot's users, left so. WAITING: its own row, or a line's deal,
was never seen. TAKEN: another record has its match value. NOT_ALIVE: its row was deleted or filtered out, and that is
done."""

ON_CHILD: Final = "parked_on_child"
"""A wanted link whose child has no HubSpot record itself; a part of `parked`."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Counts by object type and standing, by link kind and state, and what is under way.

    `due_since` is the wall-clock time in seconds since when the oldest due record waits, by object type.
    """

    records: Mapping[str, Mapping[str, int]]
    links: Mapping[str, Mapping[str, int]]
    due_since: Mapping[str, float]
    links_due: int = 0
    links_in_flight: int = 0
    rechecks: int = 0
    refused_without_error: int = 0
    open_errors: Mapping[str, int] = field(default_factory=dict)

    def records_that(self, standing: str) -> int:
        return sum(each.get(standing, 0) for each in self.records.values())

    def links_that(self, state: str) -> int:
        return sum(each.get(state, 0) for each in self.links.values())

    @property
    def waiting_for_parents(self) -> int:
        """Links whose child is in HubSpot, or waits for its deal, and whose parent is not there."""
        return self.links_that(LinkState.PARKED) - self.links_that(ON_CHILD)


NOTHING: Final = Stock({}, {}, {})


def take_stock(tx: Connection) -> Stock:
    """Count everything in one read transaction."""
    by_standing, rechecks, refused_without_error = _records(tx)
    return Stock(
        records=by_standing,
        links=_links(tx),
        due_since=_due_since(tx),
        links_due=_count(tx, links, links.c.due.is_not(None)),
        links_in_flight=_count(tx, links, links.c.in_flight.is_not(None)),
        rechecks=rechecks + _count(tx, links, links.c.unsure.is_not(None)),
        refused_without_error=refused_without_error,
        open_errors=_open_errors(tx),
    )


def _records(tx: Connection) -> tuple[dict[str, dict[str, int]], int, int]:
    """By type and standing; those to be looked at again; refused ones without an open error. One pass: it is large."""
    standing = record_standing()
    unexplained = case((and_(_is_refused(), ~_has_open_error()), 1), else_=0)
    query = select(records.c.type, standing, func.count(), func.count(records.c.recheck), func.sum(unexplained))
    found = tx.execute(query.group_by(records.c.type, standing)).all()
    return _nested(row[:3] for row in found), sum(row[3] for row in found), sum(row[4] for row in found)


def record_standing() -> ColumnElement[str]:
    """One of STANDINGS for a row of the record table."""
    gone_by_design = records.c.fate.in_([Fate.ARCHIVE, Fate.LEAVE, Fate.CLEAR])
    return case(
        (records.c.in_flight.is_not(None), literal(IN_FLIGHT)),
        (_is_refused(), literal(REFUSED)),
        (records.c.due, literal(DUE)),
        (records.c.fate == Fate.WAIT, literal(WAITING)),
        (gone_by_design, literal(NOT_ALIVE)),
        (records.c.missing, literal(DELETED)),
        (records.c.taken_by.is_not(None), literal(TAKEN)),
        else_=literal(EQUAL),
    )


def _is_refused() -> ColumnElement[bool]:
    return records.c.refused_generation == records.c.generation


def _has_open_error() -> ColumnElement[bool]:
    """An error of any of the objects that share the record."""
    subject = objects.c.store + ":" + objects.c.type + ":" + objects.c.external_id
    return exists().where(
        objects.c.record == records.c.number, errors.c.subject == subject, errors.c.state == ErrorState.OPEN
    )


def _links(tx: Connection) -> dict[str, dict[str, int]]:
    child, parent_object, parent = records.alias("child"), objects.alias("parent_object"), records.alias("parent")
    child_is_there = and_(child.c.hubspot_id.is_not(None), child.c.fate != Fate.ARCHIVE)
    pair = child.c.hubspot_id + ":" + parent.c.hubspot_id
    parent_is_there = and_(parent_object.c.life == Life.LIVE, parent.c.hubspot_id.is_not(None))
    state = case(
        (links.c.failed.is_not(None), literal(str(LinkState.FAILED))),
        (parent_object.c.life.in_([Life.ENDED, Life.HIDDEN]), literal(str(LinkState.WAIVED))),
        (and_(parent_is_there, ~child_is_there), literal(ON_CHILD)),
        (or_(~parent_is_there, ~child_is_there), literal(str(LinkState.PARKED))),
        (links.c.made == pair, literal(str(LinkState.MADE))),
        else_=literal(str(LinkState.DUE)),
    )
    joined = (
        links.join(child, child.c.number == links.c.child)
        .join(parent_object, parent_object.c.number == links.c.parent)
        .join(parent, parent.c.number == parent_object.c.record)
    )
    query = select(links.c.kind, state, func.count()).select_from(joined).where(links.c.wanted)
    found = _nested(tx.execute(query.group_by(links.c.kind, state)))
    for each in found.values():
        each[str(LinkState.PARKED)] = each.get(LinkState.PARKED, 0) + each.get(ON_CHILD, 0)
    return found


def _due_since(tx: Connection) -> dict[str, float]:
    query = select(records.c.type, func.min(records.c.due_since)).where(records.c.due).group_by(records.c.type)
    return {kind: since for kind, since in tx.execute(query) if since is not None}


def _open_errors(tx: Connection) -> dict[str, int]:
    query = select(errors.c.type, func.count()).where(errors.c.state == ErrorState.OPEN).group_by(errors.c.type)
    return dict(Counter({row[0]: row[1] for row in tx.execute(query)}).most_common())


def _nested(rows: Any) -> dict[str, dict[str, int]]:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for first, second, count in rows:
        found[first][second] = count
    return dict(found)


def _count(tx: Connection, table: Any, condition: ColumnElement[bool]) -> int:
    return int(tx.execute(select(func.count()).select_from(table).where(condition)).scalar_one())
