"""The one loop that serves every agent: batch, work, effect and progress in one transaction, acks in order.

It owes nothing to the consumer's bookkeeping. What counts is the position in the ledger: a record below it is a
repeat, one above it betrays a hole, and a commit that finds another position drops its batch and reads again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog

from connector.agents.gaps import remedy
from connector.agents.inbox import Inbox
from connector.agents.patience import patiently
from connector.agents.span import Span, cut
from connector.agents.work import Advance, Arrival, Effect, Hops, Keeper, Place, Sender, Site, Work
from connector.errors import FatalError, GapError, StalePositionError
from connector.record import Partition, Record

log = structlog.get_logger(__name__)

MOST_REWINDS: Final = 20
"""So many times in a row is a partition read again without getting on; then something is wrong that we do not know."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One partition's share of a batch: which step it makes, and with which records."""

    advance: Advance
    span: Span


class Loop:
    """Runs one work. `places` is filled at each assignment; only partitions in it are worked on.

    `waiting` says what it waits for when it stands still on purpose; `repeats` counts records seen again.
    """

    def __init__(self, work: Work, keeper: Keeper, site: Site, sender: Sender, hops: Hops | None = None) -> None:
        self.work = work
        self.places: dict[Partition, Place] = {}
        self.waiting: str | None = None
        self.repeats = 0
        self._keeper = keeper
        self._site = site
        self._sender = sender
        self._hops = hops
        self._inbox = Inbox()
        self._rewinds: Counter[Partition] = Counter()

    async def put(self, arrival: Arrival) -> None:
        """Take an arrival; waits while too much waits already."""
        await self._inbox.put(arrival)

    def forget(self) -> None:
        """Drop what waits, because the consumer is about to read it again."""
        self._inbox.clear()

    async def run(self) -> None:
        """Serve for ever; whatever it raises should stop the worker."""
        while True:
            await self.take(await self._inbox.batch())

    async def take(self, batch: Sequence[Arrival]) -> None:
        """Work off one batch; arrivals of an older generation or of a partition no longer held count for nothing."""
        current = [arrival for arrival in self._site.current(batch) if arrival.record.place in self.places]
        legs = list(self._legs(arrival.record for arrival in current))
        whole = [leg for leg in legs if await self._holes_pass(leg)]
        stale = await self._work_off([leg for leg in whole if leg.span.records])
        lost = {leg.advance.partition for leg in legs if leg not in whole} | stale
        for arrival in current:
            if arrival.record.place not in lost:
                arrival.ack()
        if lost:
            await self._rewind(lost)

    def _legs(self, records: Iterable[Record]) -> Iterator[Leg]:
        by_partition: defaultdict[Partition, list[Record]] = defaultdict(list)
        for record in records:
            by_partition[record.place].append(record)
        for partition, arrived in by_partition.items():
            place = self.places[partition]
            span = cut(place.next, arrived)
            self.repeats += span.repeats
            yield Leg(Advance(self.work.name, partition, place.topic_id, span.start, span.next), span)

    async def _holes_pass(self, leg: Leg) -> bool:
        """Whether nothing is missing; False if the log does hold what did not arrive; GapError if that may not be."""
        for start, end in leg.span.holes:
            hole = replace(leg.advance, start=start, next=end)
            with self._waiting_for(f"Kafka, to look for {leg.advance.partition} {start} to {end - 1}"):
                is_empty = await patiently(lambda hole=hole: self._site.is_empty(hole))  # type: ignore[misc]
            if not is_empty:
                log.warning("records skipped by the consumer", partition=str(leg.advance.partition), at=start, to=end)
                return False
            if not self.work.tolerates_holes:
                raise missing(hole)
        return True

    async def _work_off(self, legs: Sequence[Leg]) -> set[Partition]:
        """Do the work and move on; the partitions whose stored position was another one."""
        if not legs:
            return set()
        with self._waiting_for("the schema registry"):
            await self.work.prepare([record for leg in legs for record in leg.span.records])
        effects = [self.work.step(leg.span.records) for leg in legs]
        outgoing = [record for effect in effects for record in effect.outgoing]
        with self._waiting_for("Kafka, to confirm records"):
            await patiently(lambda: self._sender.send(outgoing))
        moved = await asyncio.gather(*map(self._commit, legs, effects))
        return {leg.advance.partition for leg, did in zip(legs, moved, strict=True) if not did}

    async def _commit(self, leg: Leg, effect: Effect) -> bool:
        absent = sum(end - start for start, end in leg.span.holes)
        extra = {name: n for name, n in (("absent", absent), ("repeat", leg.span.repeats)) if n}
        try:
            await self._keeper.commit(leg.advance, effect, extra)
        except StalePositionError as error:
            log.warning("position moved by someone else", reason=str(error))
            return False
        if (place := self.places.get(leg.advance.partition)) is not None:
            place.next = leg.advance.next
        self._rewinds.pop(leg.advance.partition, None)
        if self._hops is not None:
            self._hops.passed(self.work.name, leg.span.records)
        return True

    async def pass_tail(self, partition: Partition, end: int) -> None:
        """Move on to `end` if the log holds nothing before it: the markers that end a transaction are no records."""
        if (place := self.places.get(partition)) is None or place.next >= end:
            return
        tail = Advance(self.work.name, partition, place.topic_id, place.next, end)
        if await self._site.is_empty(tail):
            if not self.work.tolerates_holes:
                raise missing(tail)
            await self._commit(Leg(tail, Span(tail.start, end, (), ((tail.start, end),), 0)), Effect(lambda _: {}))

    async def _rewind(self, lost: set[Partition]) -> None:
        self._rewinds.update(lost)
        if stuck := [partition for partition in lost if self._rewinds[partition] > MOST_REWINDS]:
            raise FatalError(
                f"{self.work.name} read {', '.join(map(str, stuck))} again {MOST_REWINDS} times without getting on: "
                f"does another worker use this ledger?"
            )
        await self._site.rewind()

    @contextmanager
    def _waiting_for(self, what: str) -> Iterator[None]:
        self.waiting = what
        try:
            yield
        finally:
            self.waiting = None


def missing(hole: Advance) -> GapError:
    """The error for records that a topic of our own should hold and does not."""
    return GapError(
        f"{hole.agent}: {hole.partition} holds nothing from offset {hole.start} to {hole.next - 1}, but only this "
        f"product writes there and nothing may be removed. Restore the topic. If that cannot be: "
        f"{remedy(hole.partition.topic)}."
    )
