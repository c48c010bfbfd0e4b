"""How far connectors of other people have come: what waiting for parents goes by where no heartbeat is written for us.

A change that was seen says that all commits before its own have been read from the database's log. So the newest commit
time in any of a connector's topics is its clock. It stands still while the shop rests, and then nobody's time runs out;
a table that is written all the time (`clock_topic`) moves it. Rows of a snapshot carry the time of their reading and
count for nothing; while they come, and for a while after the last, a snapshot is taken to be running.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from connector.agents.capture_watch import Ends, Observer
from connector.capture.decode import schema_ids
from connector.capture.external import Decoder
from connector.errors import RetriableError, RowError
from connector.kafka import Admin, Broker, Tail
from connector.record import Partition, Record
from connector.registry import Registry

log = structlog.get_logger(__name__)

INTERVAL_S: Final = 5.0
POLL_S: Final = 0.2
READ_S: Final = 10.0
QUIET_S: Final = 60.0
"""A snapshot counts as over when none of its rows came for so long."""


@dataclass(slots=True)
class Watched:
    """One shop: its `topics`, the one that only tells the time, how records are read, and what was seen so far."""

    topics: tuple[str, ...]
    clock_topic: str | None
    decoder: Decoder
    committed_at: datetime | None = None
    snapshot_seen: float | None = None

    @property
    def all_topics(self) -> tuple[str, ...]:
        return (*self.topics, *([self.clock_topic] if self.clock_topic else []))

    def prefixes(self) -> set[str]:
        """First parts of its topics' names: by these the ledger knows whose time it asks for."""
        return {topic.split(".", 1)[0] for topic in self.topics}


class ExternalWatch:
    """Looks every few seconds at the newest record of each partition. `clock` counts monotonic seconds."""

    def __init__(
        self,
        broker: Broker,
        registry: Registry,
        shops: Sequence[Watched],
        sync_topics: tuple[str, ...],
        observe: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._registry = registry
        self._shops = shops
        self._sync_topics = sync_topics
        self._observe = observe
        self._clock = clock
        self._admin = Admin(broker)
        self._seen: dict[Partition, int] = {}

    async def run(self) -> None:
        """Look for ever; while Kafka is away nothing is seen, and so no deadline runs."""
        while True:
            try:
                await self.look()
            except RetriableError as error:
                log.warning("capture cannot be watched", reason=str(error))
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        """Take in the newest records, then the ends as they are now: what they speak of lies before them."""
        for shop in self._shops:
            for record in await asyncio.to_thread(self._newest, shop.all_topics):
                await self._take_in(shop, record)
        names = {topic for shop in self._shops for topic in shop.topics} | set(self._sync_topics)
        found = await asyncio.to_thread(self._admin.topic_ids, names)
        ends = {(name, number): end for name, info in found.items() for number, end in info.end_offsets.items()}
        for prefix in sorted({prefix for shop in self._shops for prefix in shop.prefixes()}):
            await self._tell(prefix, [shop for shop in self._shops if prefix in shop.prefixes()], ends)

    async def _tell(self, prefix: str, shops: Sequence[Watched], ends: Ends) -> None:
        """Of several shops whose topics begin alike, the one that is furthest behind counts."""
        clocks = [shop.committed_at for shop in shops]
        known = [clock for clock in clocks if clock is not None]
        topics = {topic for shop in shops for topic in shop.topics}
        await self._observe(
            prefix,
            min(known) if len(known) == len(clocks) else None,
            snapshot_running=any(self._is_in_snapshot(shop) for shop in shops),
            change_ends={place: end for place, end in ends.items() if place[0] in topics},
            sync_ends={place: end for place, end in ends.items() if place[0] in self._sync_topics},
        )

    def _is_in_snapshot(self, shop: Watched) -> bool:
        return shop.snapshot_seen is not None and self._clock() - shop.snapshot_seen < QUIET_S

    def _newest(self, topics: Sequence[str]) -> list[Record]:
        """The last record of each partition that has grown since the last look."""
        tail = Tail(self._broker, topics, back=1)
        try:
            tail.refresh()
            newest: dict[Partition, Record] = {}
            deadline = time.monotonic() + READ_S
            while not tail.caught_up and time.monotonic() < deadline:
                newest |= {record.place: record for record in tail.poll(POLL_S)}
        finally:
            tail.close()
        grown = [record for place, record in newest.items() if record.offset > self._seen.get(place, -1)]
        self._seen |= {record.place: record.offset for record in grown}
        return grown

    async def _take_in(self, shop: Watched, record: Record) -> None:
        await self._registry.load(schema_ids(record))
        try:
            change = shop.decoder.decode(record)
        except RowError as error:
            log.debug("says nothing of the time", place=str(record.place), offset=record.offset, reason=str(error))
            return
        if change is None:
            return
        if change.snapshot:
            shop.snapshot_seen = self._clock()
        elif shop.committed_at is None or change.committed_at > shop.committed_at:
            shop.committed_at = change.committed_at
