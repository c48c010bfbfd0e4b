"""What the loop passes around, and what an agent must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from connector.ledger import outbox
from connector.record import Outgoing, Partition, Record

Counts = Mapping[str, int]
"""How many records of a span ended in which way."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record as the consumer delivered it, in which of the group's generations, and how to acknowledge it."""

    record: Record
    generation: int
    ack: Callable[[], object]


@dataclass(slots=True)
class Place:
    """Where an agent stands in a partition: everything before `next` is done."""

    topic_id: str
    next: int


@dataclass(frozen=True, slots=True)
class Advance:
    """A step of an agent through a partition, from `start` to `next`."""

    agent: str
    partition: Partition
    topic_id: str
    start: int
    next: int

    @property
    def partition_parts(self) -> tuple[str, str, int]:
        """Topic, topic id, partition number: how progress names a partition."""
        return (self.partition.topic, self.topic_id, self.partition.number)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a span of records does: `outgoing` is confirmed by the broker before `write` runs in the commit.

    `write` returns the counts of the span; it runs on the ledger's thread, in the transaction that moves the position.
    """

    write: Callable[[Connection], Counts]
    outgoing: Sequence[Outgoing] = ()


def rejected(record: Outgoing) -> Effect:
    """The effect of refusing one record: `record` is what says so."""

    def write(tx: Connection) -> Counts:
        post(tx, [record])
        return {"rejected": 1}

    return Effect(write)


def post(tx: Connection, records: Sequence[Outgoing]) -> None:
    """Put records into the outbox, in the transaction of what they tell of."""
    for record in records:
        outbox.put(tx, record.topic, record.key or b"", record.value or b"")


class Work(Protocol):
    """The part of an agent that differs from the others."""

    @property
    def name(self) -> str:
        """The agent's name in the ledger's progress."""

    @property
    def topics(self) -> tuple[str, ...]:
        """What it reads."""

    @property
    def tolerates_holes(self) -> bool:
        """Whether missing offsets may be passed: transactions of the writer leave some in change topics."""

    async def prepare(self, records: Sequence[Record]) -> None:
        """Fetch what the step needs and may wait for, as schemas; raises nothing but what should stop the worker."""

    def step(self, records: Sequence[Record]) -> Effect:
        """What these records of one partition, in order, do. A bad record is part of the effect, never an exception."""

    def poison(self, record: Record) -> Effect:
        """Reject a record that ended several processes, without looking into its value."""


class Keeper(Protocol):
    """Where positions are kept."""

    async def positions(self, agent: str) -> Mapping[tuple[str, str, int], int]:
        """(topic, topic id, partition) → next offset."""

    async def begin(self, starts: Sequence[Advance]) -> None:
        """Note where agents begin partitions that they never read (`start` equals `next`)."""

    async def commit(self, advance: Advance, effect: Effect, extra: Counts) -> None:
        """Run the effect's write and move the position in one transaction.

        Raises StalePositionError, with nothing done, unless the stored position is `advance.start`.
        """


class Site(Protocol):
    """What the loop asks of the consumer that feeds it."""

    def current(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """The arrivals of the present generation and of partitions still held."""

    async def rewind(self) -> None:
        """Read again from the ledger's positions, for every partition held."""

    async def is_empty(self, advance: Advance) -> bool:
        """Whether the log holds nothing in the step's range; raises GapError if it no longer reaches back to it."""


class Hops(Protocol):
    """Told of records that came through a part of their way; this must be quick."""

    def passed(self, agent: str, records: Sequence[Record]) -> None:
        """An agent's step over these records is committed."""


class Sender(Protocol):
    """Confirms records by the broker."""

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Raises RetriableError or FatalError unless all are confirmed."""
