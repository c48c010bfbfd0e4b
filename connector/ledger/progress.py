"""How far each agent has read, and what became of the records: the only truth about positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from connector.errors import StalePositionError
from connector.ledger.numbering import known_topics
from connector.ledger.tables import progress


@dataclass(frozen=True, slots=True)
class Progress:
    """An agent's way through one partition: `next - start` records ended as one of `counts` each."""

    agent: str
    topic: str
    topic_id: str
    partition: int
    start: int
    next: int
    counts: Mapping[str, int]


def everything(tx: Connection) -> list[Progress]:
    """Every agent's progress."""
    return [Progress(**row) for row in tx.execute(select(progress)).mappings()]


def current(tx: Connection) -> list[Progress]:
    """Every agent's progress, less that in earlier epochs of a topic."""
    newest = {name: epochs[-1].id for name, epochs in known_topics(tx).items()}
    return [each for each in everything(tx) if newest.get(each.topic, each.topic_id) == each.topic_id]


def positions(tx: Connection, agent: str) -> dict[tuple[str, str, int], int]:
    """(topic, topic id, partition) → next offset of the agent."""
    rows = tx.execute(select(progress).where(progress.c.agent == agent))
    return {(row.topic, row.topic_id, row.partition): row.next for row in rows}


def begin(tx: Connection, agent: str, topic: str, topic_id: str, partition: int, start: int) -> None:
    """Note where an agent begins a partition that it never read."""
    row = {"agent": agent, "topic": topic, "topic_id": topic_id, "partition": partition}
    tx.execute(insert(progress).values(**row, start=start, next=start, counts={}))


def advance(
    tx: Connection,
    agent: str,
    topic: str,
    topic_id: str,
    partition: int,
    start: int,
    next: int,  # noqa: A002 - the word of the design
    counts: Mapping[str, int],
) -> None:
    """Move from `start` to `next`; raises StalePositionError unless the stored position is `start`."""
    here = (
        (progress.c.agent == agent)
        & (progress.c.topic == topic)
        & (progress.c.topic_id == topic_id)
        & (progress.c.partition == partition)
    )
    stored = tx.execute(select(progress.c.next, progress.c.counts).where(here)).first()
    if stored is None or stored.next != start:
        at = "nowhere" if stored is None else stored.next
        raise StalePositionError(f"{agent} is at {at} of {topic}[{partition}], not at {start}")
    total = Counter(stored.counts)
    total.update(counts)
    tx.execute(update(progress).where(here).values(next=next, counts=dict(total)))
