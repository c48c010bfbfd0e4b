"""How far each connector has come, by its heartbeats and its notifications: what waiting for parents goes by."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from connector.capture import signals
from connector.capture.decode import ChangeDecoder, schema_ids
from connector.capture.plan import heartbeat_topic, notifications_topic
from connector.capture.signals import SnapshotState
from connector.errors import RetriableError, RowError
from connector.kafka import Admin, Broker, Tail
from connector.record import Record
from connector.registry import Registry

log = structlog.get_logger(__name__)

INTERVAL_S: Final = 1.0
REFRESH_EVERY: Final = 10
POLL_S: Final = 0.05
NOTIFICATIONS_BACK: Final = 200

Ends = Mapping[tuple[str, int], int]
"""(topic, partition) → end offset."""


@dataclass(frozen=True, slots=True)
class CaptureClock:
    """The database's time up to which a connector has read all commits, and how its newest snapshot goes."""

    heartbeat_at: datetime | None = None
    snapshot: SnapshotState = field(default_factory=SnapshotState)


class Observer(Protocol):
    """Takes in what was seen of one connector: the ledger's parent watch."""

    def __call__(
        self, prefix: str, heartbeat_at: datetime | None, *, snapshot_running: bool, change_ends: Ends, sync_ends: Ends
    ) -> Awaitable[None]: ...


class CaptureWatch:
    """Looks every second. `change_topics` by connector prefix; `sync_topics` are ours."""

    def __init__(
        self,
        broker: Broker,
        registry: Registry,
        change_topics: Mapping[str, tuple[str, ...]],
        sync_topics: tuple[str, ...],
        observe: Observer,
    ) -> None:
        self.clocks = dict.fromkeys(change_topics, CaptureClock())
        self._registry = registry
        self._change_topics = change_topics
        self._sync_topics = sync_topics
        self._observe = observe
        self._admin = Admin(broker)
        self._broker = broker
        self._tails: list[Tail] = []
        self._reading = threading.Lock()
        self._prefixes = {
            topic(prefix): prefix for prefix in change_topics for topic in (heartbeat_topic, notifications_topic)
        }
        self._decoder = ChangeDecoder(registry, lambda _topic: "")

    async def run(self) -> None:
        """Look for ever; while Kafka is away nothing is seen, and so no deadline runs."""
        turn = 0
        try:
            while True:
                try:
                    await self.look(refresh=turn % REFRESH_EVERY == 0)
                    turn += 1
                except RetriableError as error:
                    log.warning("capture cannot be watched", reason=str(error))
                    await self.close()  # a topic made anew is read from its own end
                    turn = 0
                await asyncio.sleep(INTERVAL_S)
        finally:
            await self.close()

    async def look(self, *, refresh: bool) -> None:
        """Take in what came, then the ends as they are now: what a heartbeat speaks of lies before them."""
        for record in await asyncio.to_thread(self._read, refresh):
            await self._take_in(record)
        topics = {topic for names in self._change_topics.values() for topic in names} | set(self._sync_topics)
        found = await asyncio.to_thread(self._admin.topic_ids, topics)
        ends = {(name, number): end for name, info in found.items() for number, end in info.end_offsets.items()}
        for prefix, clock in self.clocks.items():
            await self._observe(
                prefix,
                clock.heartbeat_at,
                snapshot_running=clock.snapshot.running,
                change_ends={place: end for place, end in ends.items() if place[0] in self._change_topics[prefix]},
                sync_ends={place: end for place, end in ends.items() if place[0] in self._sync_topics},
            )

    def _read(self, refresh: bool) -> list[Record]:  # noqa: FBT001 - called by `to_thread`
        records = []
        with self._reading:
            for tail in self._open():
                if refresh:
                    tail.refresh()
                while came := tail.poll(POLL_S):
                    records += came
        return records

    def _open(self) -> list[Tail]:
        if not self._tails:
            watched = {heartbeat_topic: 1, notifications_topic: NOTIFICATIONS_BACK}
            self._tails = [
                Tail(self._broker, map(topic, self._change_topics), back=back) for topic, back in watched.items()
            ]
        return self._tails

    async def close(self) -> None:
        """Stop following; the next look begins anew at the topics' ends."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        """Close the tails, but not under the hands of a thread that still reads."""
        with self._reading:
            while self._tails:
                self._tails.pop().close()

    async def _take_in(self, record: Record) -> None:
        prefix = self._prefixes[record.topic]
        await self._registry.load(schema_ids(record))
        try:
            self.clocks[prefix] = self._moved(self.clocks[prefix], record, prefix)
        except RowError as error:
            log.warning("cannot be read", topic=record.topic, offset=record.offset, reason=str(error))

    def _moved(self, clock: CaptureClock, record: Record, prefix: str) -> CaptureClock:
        """The clock after one more record; raises RowError for one that cannot be read."""
        if record.topic == heartbeat_topic(prefix):
            at = signals.heartbeat(record, self._decoder)
            return clock if at is None else replace(clock, heartbeat_at=at)
        seen = signals.notification(record, self._registry)
        return clock if seen is None else replace(clock, snapshot=signals.observe(clock.snapshot, seen))
