"""Numbers for what versions compare: incarnations of change topics and loaded mappings, in the order they were met."""

from __future__ import annotations

import time

from sqlalchemy import Connection, func, insert, select

from connector.ledger.tables import mappings, topics
from connector.message import SyncMessage
from connector.version import Version


def meet_topic(tx: Connection, topic: str, topic_id: str, partitions: int = 0) -> int:
    """The epoch of a topic's incarnation; a new one is later than all before."""
    known = select(topics.c.number).where(topics.c.topic == topic, topics.c.topic_id == topic_id)
    number = tx.execute(known).scalar()
    if number is not None:
        return int(number)
    number = (tx.execute(select(func.max(topics.c.number))).scalar() or 0) + 1
    row = {"number": number, "topic": topic, "topic_id": topic_id, "partitions": partitions, "met_at": time.time()}
    tx.execute(insert(topics).values(row))
    return int(number)


def known_topics(tx: Connection) -> dict[str, list[tuple[str, int]]]:
    """Per topic name its incarnations as (topic id, partitions), oldest first."""
    known: dict[str, list[tuple[str, int]]] = {}
    rows = tx.execute(select(topics.c.topic, topics.c.topic_id, topics.c.partitions).order_by(topics.c.number))
    for topic, topic_id, partitions in rows:
        known.setdefault(topic, []).append((topic_id, partitions))
    return known


def meet_mapping(tx: Connection, mapping_hash: str) -> int:
    """The generation of a mapping; going back to an earlier one is a new generation too."""
    last = tx.execute(select(mappings.c.number, mappings.c.hash).order_by(mappings.c.number.desc()).limit(1)).first()
    if last is not None and last.hash == mapping_hash:
        return int(last.number)
    number = (last.number if last is not None else 0) + 1
    tx.execute(insert(mappings).values(number=number, hash=mapping_hash, met_at=time.time()))
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
