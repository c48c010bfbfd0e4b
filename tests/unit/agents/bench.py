"""A log, a ledger's positions and a consumer in memory: enough for a loop to run on, and to go wrong on purpose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection

from connector.agents.loop import Loop
from connector.agents.work import Advance, Arrival, Counts, Effect, Place
from connector.errors import StalePositionError
from connector.record import Outgoing, Partition, Record

HERE = Partition("changes", 0)
THERE = Partition("changes", 1)
NO_CONNECTION = cast("Connection", None)


def record(offset: int, place: Partition = HERE, value: bytes = b"v") -> Record:
    return Record(place.topic, place.number, offset, b"k", value)


@dataclass
class Keeper:
    """Positions and effects; an effect stays only if its position was the stored one."""

    stored: dict[tuple[str, Partition], int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    async def positions(self, agent: str) -> Mapping[tuple[str, str, int], int]:
        return {
            (place.topic, "id", place.number): following
            for (name, place), following in self.stored.items()
            if name == agent
        }

    async def begin(self, starts: Sequence[Advance]) -> None:
        self.stored.update({(start.agent, start.partition): start.start for start in starts})

    async def commit(self, advance: Advance, effect: Effect, extra: Counts) -> None:
        if self.stored[advance.agent, advance.partition] != advance.start:
            raise StalePositionError(f"not at {advance.start}")
        self.counts.update(effect.write(NO_CONNECTION))
        self.counts.update(extra)
        self.stored[advance.agent, advance.partition] = advance.next


@dataclass
class Site:
    """A consumer: the generation and partitions it has, what the log really holds, and how often it was rewound."""

    generation: int = 1
    held: set[Partition] = field(default_factory=lambda: {HERE, THERE})
    log: set[tuple[Partition, int]] = field(default_factory=set)
    rewinds: int = 0
    on_rewind: Callable[[], Any] = lambda: None

    def current(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        return [it for it in arrivals if it.generation == self.generation and it.record.place in self.held]

    async def rewind(self) -> None:
        self.rewinds += 1
        self.on_rewind()

    async def is_empty(self, advance: Advance) -> bool:
        return not any((advance.partition, offset) in self.log for offset in range(advance.start, advance.next))


@dataclass
class Work:
    """Keeps what it did, in order; `outgoing` goes with each step."""

    name: str = "map:x"
    topics: tuple[str, ...] = ("changes",)
    tolerates_holes: bool = True
    done: list[Record] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    error: Exception | None = None

    async def prepare(self, records: Sequence[Record]) -> None:
        assert records

    def step(self, records: Sequence[Record]) -> Effect:
        if self.error is not None:
            raise self.error

        def write(_: Connection) -> Counts:
            self.done += records
            return {"kept": len(records)}

        return Effect(write, self.outgoing)

    def poison(self, record: Record) -> Effect:
        return Effect(lambda _: {"poisoned": record.offset - record.offset + 1})


@dataclass
class Sender:
    """Confirms everything, after raising what it was told to."""

    sent: list[Outgoing] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    before: Callable[[], Any] = lambda: None

    async def send(self, records: Sequence[Outgoing]) -> None:
        self.before()
        if self.errors:
            raise self.errors.pop()
        self.sent += records


class Bench:
    """A loop on all of these, standing at 0 of two partitions."""

    def __init__(self, *, tolerates_holes: bool = True) -> None:
        self.keeper, self.site, self.sender = Keeper(), Site(), Sender()
        self.work = Work(tolerates_holes=tolerates_holes)
        self.loop = Loop(self.work, self.keeper, self.site, self.sender)
        self.acked: defaultdict[Partition, list[int]] = defaultdict(list)
        self.site.on_rewind = self.take_up
        for place in (HERE, THERE):
            self.keeper.stored[self.work.name, place] = 0
        self.take_up()

    def take_up(self) -> None:
        """What an assignment does: the loop stands where the ledger says."""
        self.loop.places = {place: Place("id", following) for (_, place), following in self.keeper.stored.items()}

    def arrival(self, offset: int, place: Partition = HERE, generation: int = 1) -> Arrival:
        return Arrival(record(offset, place), generation, lambda: self.acked[place].append(offset))

    async def take(self, *offsets: int, place: Partition = HERE) -> None:
        await self.loop.take([self.arrival(offset, place) for offset in offsets])

    def at(self, place: Partition = HERE) -> int:
        """The stored position."""
        return self.keeper.stored[self.work.name, place]

    @property
    def done(self) -> list[tuple[int, int]]:
        """(partition, offset) of what the work did."""
        return [(it.partition, it.offset) for it in self.work.done]
