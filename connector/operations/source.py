"""How far a shop's database has been captured: its log, its heartbeat, and its snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector import wire
from connector.capture import reading, signals
from connector.capture.log_status import LOST, LogStatus
from connector.capture.plan import CapturePlan, plan_capture
from connector.capture.signals import SnapshotState
from connector.errors import RowError, ShopbridgeError
from connector.kafka import TopicInfo, read_range
from connector.mapping import Shop
from connector.operations import external
from connector.operations.capturing import LOOK_PATIENCE_S, connect_of
from connector.operations.contracts import registry_of
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings

HEARTBEAT_LATE_S: Final = 60.0
NOTIFICATIONS_BACK: Final = 300
"""So many of the newest notifications are read: a snapshot makes a few for each table and chunk."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """`captured_until`: what was committed before is in the change topics, by the newest heartbeat that got there.

    `seconds` is its age. `log` None: the database could not be asked.
    """

    store: str
    prefix: str
    log: LogStatus | None
    captured_until: datetime | None
    seconds: float | None
    snapshot: SnapshotState
    problems: tuple[str, ...]


def watch_topics(shop: Shop) -> tuple[str, ...]:
    """The topics by which a connector tells of itself; another's has none for us."""
    if shop.capture.external:
        return ()
    plan = plan_capture(shop)
    return (plan.heartbeat_topic, plan.notifications_topic)


def source_state(shop: Shop, settings: Settings, topics: Mapping[str, TopicInfo]) -> SourceState:
    """Look at one shop's database and watch topics; what is wrong is said in `problems`, never raised."""
    problems: list[str] = []
    if shop.capture.external:
        return _of_others(shop, settings, topics)
    plan = plan_capture(shop)
    log = _log(shop, plan, settings, problems)
    captured_until = _captured_until(settings, topics.get(plan.heartbeat_topic), problems)
    seconds = None if captured_until is None else max((datetime.now(UTC) - captured_until).total_seconds(), 0.0)
    if seconds is not None and seconds > HEARTBEAT_LATE_S:
        problems.append(f"the heartbeat of {plan.prefix} is {seconds:.0f} s old: see `shopbridge capture status`")
    snapshot = _snapshot(settings, topics.get(plan.notifications_topic), problems)
    problems += [f"a snapshot of {plan.prefix} failed: {failure}" for failure in snapshot.failures]
    return SourceState(shop.store.id, plan.prefix, log, captured_until, seconds, snapshot, tuple(problems))


def _of_others(shop: Shop, settings: Settings, topics: Mapping[str, TopicInfo]) -> SourceState:
    """Of a connector that is not ours only its topics are known: a shop at rest looks like one that is not captured."""
    until, problems = None, []
    try:
        until = external.written_last(settings, shop, topics)
    except ShopbridgeError as error:
        problems.append(str(error))
    seconds = None if until is None else max((datetime.now(UTC) - until).total_seconds(), 0.0)
    return SourceState(shop.store.id, shop.capture.prefix, None, until, seconds, SnapshotState(), tuple(problems))


def _log(shop: Shop, plan: CapturePlan, settings: Settings, problems: list[str]) -> LogStatus | None:
    try:
        log = asyncio.run(_log_status(plan, shop.database.url, settings))
    except ShopbridgeError as error:
        problems.append(str(error))
        return None
    where = f"binlog position of {plan.connector}" if plan.reads_binlog else f"replication slot {plan.slot}"
    if not log.exists:
        problems.append(f"there is no {where}: run `shopbridge capture apply`")
    if log.state == LOST:
        problems.append(f"the database dropped log that the {where} still needed: load again by a snapshot")
    return log


async def _log_status(plan: CapturePlan, url: str, settings: Settings) -> LogStatus:
    async with connect_of(settings, patience_s=LOOK_PATIENCE_S) as connect:
        return await reading.log_status(plan, url, connect)


def _captured_until(settings: Settings, topic: TopicInfo | None, problems: list[str]) -> datetime | None:
    newest = _newest(settings, topic, 1, problems)
    return datetime.fromtimestamp(newest[-1].timestamp_ms / 1000, UTC) if newest else None


def _newest(settings: Settings, topic: TopicInfo | None, count: int, problems: list[str]) -> list[Record]:
    """The last records of a topic with one partition; none where it is not there or cannot be read."""
    if topic is None:
        return []
    start, end = topic.start_offsets[0], topic.end_offsets[0]
    try:
        return list(read_range(settings.kafka, topic.name, 0, max(start, end - count), end))
    except ShopbridgeError as error:
        problems.append(str(error))
        return []


def _snapshot(settings: Settings, topic: TopicInfo | None, problems: list[str]) -> SnapshotState:
    records = _newest(settings, topic, NOTIFICATIONS_BACK, problems)
    if not records:
        return SnapshotState()
    try:
        return asyncio.run(_told(settings, records))
    except ShopbridgeError as error:
        problems.append(f"how the snapshot goes cannot be told: {error}")
        return SnapshotState()


async def _told(settings: Settings, records: Sequence[Record]) -> SnapshotState:
    async with registry_of(settings) as registry:
        return await follow(registry, records)


async def follow(registry: Registry, records: Sequence[Record]) -> SnapshotState:
    """What the notifications say of the newest snapshot; records that say nothing of one are passed over."""
    state = SnapshotState()
    for record in records:
        try:
            await registry.load([wire.schema_id(record.value or b"")])
            seen = signals.notification(record, registry)
        except RowError:
            continue
        if seen is not None:
            state = signals.observe(state, seen)
    return state
