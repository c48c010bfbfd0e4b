"""What the ledger's copy knows of a shop's rows: which speak, by which mapping, and how one of them would end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, tuple_

from connector.ledger.messages import message_of
from connector.ledger.numbering import known_topics, last_mapping
from connector.ledger.rows import contribution_from_row
from connector.ledger.state import Standing
from connector.ledger.tables import contributions, objects
from connector.message import ObjectRef, ObjectType, Origin, SyncMessage


@dataclass(frozen=True, slots=True)
class Known:
    """One row's part in one object. `is_todays`: said by the newest mapping. `is_edited`: an operator's word stands."""

    ref: ObjectRef
    topic: str
    row_key: str
    is_todays: bool
    is_edited: bool

    @property
    def row(self) -> tuple[str, str]:
        return self.topic, self.row_key


def rows_of(tx: Connection, store: str) -> list[Known]:
    """All rows of a store that were not deleted, for all that the ledger knows."""
    last = last_mapping(tx, store)
    newest = 0 if last is None else last.number
    query = (
        select(
            contributions.c.topic,
            contributions.c.row_key,
            contributions.c.generation,
            contributions.c.revision,
            objects.c.type,
            objects.c.external_id,
        )
        .join(objects, objects.c.number == contributions.c.object)
        .where(objects.c.store == store, contributions.c.standing != str(Standing.ENDED))
        .order_by(objects.c.type, objects.c.external_id)
    )
    return [
        Known(
            ObjectRef(store, ObjectType(row.type), row.external_id),
            row.topic,
            row.row_key,
            row.generation == newest,
            row.revision > 0,
        )
        for row in tx.execute(query)
    ]


def row_keys(tx: Connection, store: str, kind: ObjectType, topic: str, limit: int) -> list[str]:
    """Rows of a topic that live in objects of one type."""
    query = (
        select(contributions.c.row_key)
        .join(objects, objects.c.number == contributions.c.object)
        .where(contributions.c.topic == topic, contributions.c.standing == str(Standing.LIVE))
        .where(objects.c.type == str(kind), objects.c.store == store)
        .order_by(contributions.c.row_key)
        .distinct()
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def rows_of_object(tx: Connection, ref: ObjectRef) -> list[tuple[str, str]]:
    """(topic, row key) of the rows that speak in an object, or did."""
    query = (
        select(contributions.c.topic, contributions.c.row_key)
        .join(objects, objects.c.number == contributions.c.object)
        .where(objects.c.store == ref.store, objects.c.type == str(ref.type), objects.c.external_id == ref.external_id)
    )
    return [(row.topic, row.row_key) for row in tx.execute(query)]


def met_topics(tx: Connection) -> frozenset[str]:
    """Topics that were ever read."""
    return frozenset(known_topics(tx))


def ends_of(tx: Connection, store: str, rows: Sequence[tuple[str, str]], revision: int) -> list[SyncMessage]:
    """The ends of all that these rows, (topic, row key), say: what their deletion would be mapped to."""
    query = (
        select(contributions, objects.c.type, objects.c.external_id)
        .join(objects, objects.c.number == contributions.c.object)
        .where(objects.c.store == store, contributions.c.standing != str(Standing.ENDED))
        .where(tuple_(contributions.c.topic, contributions.c.row_key).in_(list(rows)))
    )
    said = [
        contribution_from_row(ObjectRef(store, ObjectType(row.type), row.external_id), row)
        for row in tx.execute(query).all()
    ]
    return [
        replace(message_of(tx, each).ended(), origin=Origin.REPLAY, forced=True, revision=revision) for each in said
    ]
