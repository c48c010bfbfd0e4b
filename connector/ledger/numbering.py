"""Numbers for what versions compare: epochs of change topics and loaded mappings, in the order they were met."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from connector.ledger.tables import mappings, topics
from connector.message import SyncMessage
from connector.version import Version

LATER: Final = "@"
"""Marks the second and later epochs of one topic; the broker's ids, base64, do not hold the character."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One stretch of a topic's life, newer than all before.

    `id` is the broker's id of the topic, with a mark if the topic had an epoch before. `partitions` as they were then
    (0: unknown). `starts` says where it begins in partitions that already held records: an earlier epoch's records lie
    below, and in partitions that it does not name there are none.
    """

    number: int
    topic: str
    id: str
    partitions: int
    starts: Mapping[int, int] = field(default_factory=dict)

    @property
    def broker_id(self) -> str:
        """The topic's id as the broker has it."""
        return self.id.partition(LATER)[0]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A mapping that was loaded. `description` None: an earlier release, which kept none, loaded it."""

    number: int
    hash: str
    description: Mapping[str, Any] | None


def meet_topic(
    tx: Connection, topic: str, topic_id: str, partitions: int = 0, starts: Mapping[int, int] | None = None
) -> int:
    """The number of a topic's epoch; a new one is later than all before."""
    known = select(topics.c.number).where(topics.c.topic == topic, topics.c.topic_id == topic_id)
    number = tx.execute(known).scalar()
    if number is not None:
        return int(number)
    number = (tx.execute(select(func.max(topics.c.number))).scalar() or 0) + 1
    row = {"number": number, "topic": topic, "topic_id": topic_id, "partitions": partitions, "met_at": time.time()}
    as_json = {str(partition): offset for partition, offset in (starts or {}).items()}
    tx.execute(insert(topics).values(**row, starts=as_json or None))
    return int(number)


def known_topics(tx: Connection) -> dict[str, list[Epoch]]:
    """Per topic name its epochs, oldest first."""
    known: dict[str, list[Epoch]] = {}
    for row in tx.execute(select(topics).order_by(topics.c.number)):
        starts = {int(partition): offset for partition, offset in (row.starts or {}).items()}
        known.setdefault(row.topic, []).append(Epoch(row.number, row.topic, row.topic_id, row.partitions, starts))
    return known


def last_mapping(tx: Connection, store: str) -> Loaded | None:
    """The mapping that was loaded last for a store; one of which an earlier release did not note the store counts."""
    mine = mappings.c.store.is_(None) | (mappings.c.store == store)
    row = tx.execute(select(mappings).where(mine).order_by(mappings.c.number.desc()).limit(1)).first()
    return None if row is None else Loaded(row.number, row.hash, row.description)


def meet_mapping(
    tx: Connection, mapping_hash: str, store: str | None = None, description: Mapping[str, Any] | None = None
) -> int:
    """The generation of a store's mapping; going back to an earlier one is a new generation too."""
    last = last_mapping(tx, store or "")
    if last is not None and last.hash == mapping_hash:
        if last.description is None and description is not None:
            here = mappings.c.number == last.number
            tx.execute(update(mappings).where(here).values(store=store, description=dict(description)))
        return last.number
    number = (tx.execute(select(func.max(mappings.c.number))).scalar() or 0) + 1
    row = {"number": number, "hash": mapping_hash, "met_at": time.time(), "store": store}
    tx.execute(insert(mappings).values(**row, description=None if description is None else dict(description)))
    return int(number)


class Numbering:
    """Versions for messages, by the numbers known in this transaction; what is not known is older than all that is."""

    def __init__(self, tx: Connection) -> None:
        self._epochs: dict[tuple[str, str], int] = {
            (row.topic, row.topic_id): row.number for row in tx.execute(select(topics))
        }
        by_number = select(mappings.c.hash, mappings.c.number).order_by(mappings.c.number)
        self._generations: dict[str, int] = {row.hash: row.number for row in tx.execute(by_number)}

    def version(self, message: SyncMessage) -> Version:
        epoch = self._epochs.get((message.source.topic, message.source.topic_id), 0)
        generation = self._generations.get(message.mapping, 0)
        return Version(epoch, message.source.offset, generation, message.revision)
