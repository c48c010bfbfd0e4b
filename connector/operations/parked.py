"""Children that wait for a parent, by the parent: which, how many, since when, and why it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, case, exists, func, literal, or_, select

from connector.ledger.state import Life
from connector.ledger.tables import contributions, errors, links, objects, records
from connector.sync_error import ErrorState

MOST: Final = 10
"""So many parents are named, those for which most children wait."""

NEVER_SEEN: Final = "never seen"
REFUSED: Final = "refused"
ON_ITS_WAY: Final = "on its way"

REMEDIES: Final[Mapping[str, str]] = {
    NEVER_SEEN: "no row of the shop makes it: is it deleted, filtered out, or not captured yet?",
    REFUSED: "mend its own error",
    ON_ITS_WAY: "it waits to be sent itself",
}


@dataclass(frozen=True, slots=True)
class Awaited:
    """A parent that is not in HubSpot, and the children that wait for it.

    `why`: never seen, refused, or on its way. `failed`: of so many children an error is open already. `since`: when the
    change of the child that waits longest was committed.
    """

    parent: str
    why: str
    children: int
    failed: int
    since: datetime | None


def why_absent(parent: FromClause, record: FromClause) -> ColumnElement[str]:
    """NEVER_SEEN, REFUSED or ON_ITS_WAY, of a row of the object table and that of its record."""
    subject = parent.c.store + ":" + parent.c.type + ":" + parent.c.external_id
    in_error = exists().where(errors.c.subject == subject, errors.c.state == ErrorState.OPEN)
    return case(
        (or_(record.c.refused_generation == record.c.generation, in_error), literal(REFUSED)),
        (parent.c.life == Life.UNSEEN, literal(NEVER_SEEN)),
        else_=literal(ON_ITS_WAY),
    )


def awaited(tx: Connection, most: int = MOST) -> tuple[Awaited, ...]:
    """The parents for which most children wait."""
    parent, record = objects.alias("parent_object"), records.alias("parent")
    subject = parent.c.store + ":" + parent.c.type + ":" + parent.c.external_id
    why = why_absent(parent, record)
    is_absent = or_(parent.c.life == Life.UNSEEN, and_(parent.c.life == Life.LIVE, record.c.hubspot_id.is_(None)))
    query = (
        select(parent.c.number, subject.label("subject"), why.label("why"), func.count().label("children"))
        .add_columns(func.count(links.c.failed).label("failed"))
        .select_from(links.join(parent, parent.c.number == links.c.parent))
        .join(record, record.c.number == parent.c.record)
        .where(links.c.wanted, is_absent)
        .group_by(parent.c.number)
        .order_by(func.count().desc(), parent.c.number)
        .limit(most)
    )
    return tuple(_awaited(tx, row) for row in tx.execute(query))


def _awaited(tx: Connection, row: Row[Any]) -> Awaited:
    committed = func.min(contributions.c.said["committed_at"].as_string())
    query = (
        select(committed)
        .select_from(links.join(objects, objects.c.record == links.c.child))
        .join(contributions, contributions.c.object == objects.c.number)
        .where(links.c.parent == row.number, links.c.wanted)
    )
    since = tx.execute(query).scalar()
    return Awaited(row.subject, row.why, row.children, row.failed, None if since is None else _moment(since))


def children_of(tx: Connection, parent: int, most: int = MOST) -> tuple[str, ...]:
    """The objects whose records want a link to the object of this number, the first few."""
    subject = objects.c.store + ":" + objects.c.type + ":" + objects.c.external_id
    query = (
        select(subject)
        .select_from(links.join(objects, objects.c.record == links.c.child))
        .where(links.c.parent == parent, links.c.wanted)
        .order_by(objects.c.number)
        .limit(most)
    )
    return tuple(tx.execute(query).scalars())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
