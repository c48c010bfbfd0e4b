"""How far each connector has come, by its heartbeats and its notifications: what waiting for parents goes by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from connector.errors import RetriableError, RowError
from connector.kafka import Admin, Tail
from connector.record import Record
from connector.registry import Registry
from connector.wire import parse_writer, read_payload, schema_id

log = structlog.get_logger(__name__)

INTERVAL_S: Final = 1.0
REFRESH_EVERY: Final = 10
NOTIFICATIONS_BACK: Final = 200

_OVER: Final = frozenset({"COMPLETED", "ABORTED", "SKIPPED"})

Ends = Mapping[tuple[str, int], int]
"""(topic, partition) → end offset."""


def heartbeat_topic(prefix: str) -> str:
    """Where Debezium writes a connector's heartbeats."""
    return f"__debezium-heartbeat.{prefix}"


def notification_topic(prefix: str) -> str:
    """Where the connector writes how its snapshots go (its setting `notification.sink.topic.name`)."""
    return f"{prefix}_notifications"


@dataclass(frozen=True, slots=True)
class CaptureClock:
    """The newest heartbeat of a connector, and the kinds of snapshot that it has under way."""

    heartbeat_at: datetime | None = None
    snapshots: frozenset[str] = field(default_factory=frozenset)

    @property
    def snapshot_running(self) -> bool:
        return bool(self.snapshots)


class Observer(Protocol):
    """Takes in what was seen of one connector: the ledger's parent watch."""

    def __call__(
        self, prefix: str, heartbeat_at: datetime | None, *, snapshot_running: bool, change_ends: Ends, sync_ends: Ends
    ) -> Awaitable[None]: ...


class CaptureWatch:
    """Looks every second. `change_topics` by connector prefix; `sync_topics` are ours."""

    def __init__(
        self,
        bootstrap: str,
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
        self._admin = Admin(bootstrap)
        self._tails = [
            Tail(bootstrap, map(heartbeat_topic, change_topics), back=1),
            Tail(bootstrap, map(notification_topic, change_topics), back=NOTIFICATIONS_BACK),
        ]
        self._prefixes = {
            topic(prefix): prefix for prefix in change_topics for topic in (heartbeat_topic, notification_topic)
        }

    async def run(self) -> None:
        """Look for ever; while Kafka is away nothing is seen, and so no deadline runs."""
        turn = 0
        try:
            while True:
                try:
                    await self.look(refresh=turn % REFRESH_EVERY == 0)
                except RetriableError as error:
                    log.warning("capture cannot be watched", reason=str(error))
                turn += 1
                await asyncio.sleep(INTERVAL_S)
        finally:
            for tail in self._tails:
                tail.close()

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
                snapshot_running=clock.snapshot_running,
                change_ends={place: end for place, end in ends.items() if place[0] in self._change_topics[prefix]},
                sync_ends={place: end for place, end in ends.items() if place[0] in self._sync_topics},
            )

    def _read(self, refresh: bool) -> list[Record]:  # noqa: FBT001 - called by `to_thread`
        records = []
        for tail in self._tails:
            if refresh:
                tail.refresh()
            while came := tail.poll(0.05):
                records += came
        return records

    async def _take_in(self, record: Record) -> None:
        prefix = self._prefixes[record.topic]
        clock = self.clocks[prefix]
        if record.topic == heartbeat_topic(prefix):
            at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
            self.clocks[prefix] = replace(clock, heartbeat_at=at)
        elif (news := await self._notification(record)) is not None:
            self.clocks[prefix] = replace(clock, snapshots=after(clock.snapshots, *news))

    async def _notification(self, record: Record) -> tuple[str, str] | None:
        """Whose and what news it is, None for what cannot be read."""
        value = record.value or b""
        try:
            number = schema_id(value)
            await self._registry.load([number])
            schema = self._registry.schema(number)
            found = read_payload(value, parse_writer(schema.text if schema else ""))
            return str(found["aggregate_type"]), str(found["type"])
        except (RowError, KeyError, TypeError) as error:
            log.warning("notification that cannot be read", topic=record.topic, offset=record.offset, reason=str(error))
            return None


def after(snapshots: frozenset[str], kind: str, news: str) -> frozenset[str]:
    """The snapshots under way after a notification, as ("Incremental Snapshot", "STARTED")."""
    if "snapshot" not in kind.lower():
        return snapshots
    return snapshots - {kind} if news in _OVER else snapshots | {kind}
