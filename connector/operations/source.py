"""How far a shop's database has been captured: its log, its heartbeat, and its snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from connector import wire
from connector.capture import reading, signals
from connector.capture.connect import ConnectorStatus
from connector.capture.log_status import LOST, LogStatus
from connector.capture.plan import CapturePlan, plan_capture
from connector.capture.signals import SnapshotState
from connector.errors import RowError, ShopbridgeError
from connector.kafka import TopicInfo, read_range
from connector.mapping import Shop
from connector.operations import external
from connector.operations.asking import Asked, Silence
from connector.operations.capturing import connect_of
from connector.operations.contracts import registry_of
from connector.operations.problems import Problem, Urgency
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings

T = TypeVar("T")

UNRESERVED: Final = "unreserved"
"""The state of a slot whose log PostgreSQL drops at the next checkpoint (PostgreSQL docs, pg_replication_slots)."""
NEARLY: Final = 0.1
"""The share of the log kept below which what may still be written is too little."""
HEARTBEAT_LATE_S: Final = 60.0
LOOK_S: Final = 1.0
"""A Connect that is busy for a moment is asked again for so long."""
NOTIFICATIONS_BACK: Final = 300
"""So many of the newest notifications are read: a snapshot makes a few for each table and chunk."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a shop's database is captured.

    `captured_until`: what was committed before is in the change topics, by the newest heartbeat that got there.
    `seconds` is its age. `connector` None: Connect has none, or could not be asked. `log` None: the database could not
    be asked. `unseen`: what could not be looked at.
    """

    store: str
    prefix: str
    log: LogStatus | None
    captured_until: datetime | None
    seconds: float | None
    snapshot: SnapshotState
    problems: tuple[Problem, ...] = ()
    connector: ConnectorStatus | None = None
    unseen: tuple[str, ...] = ()


def watch_topics(shop: Shop) -> tuple[str, ...]:
    """The topics by which a connector tells of itself; another's has none for us."""
    if shop.capture.external:
        return ()
    plan = plan_capture(shop)
    return (plan.heartbeat_topic, plan.notifications_topic)


class SourceLook:
    """One shop's source, looked at: Connect and database are asked at once, the topics when they are known."""

    def __init__(self, shop: Shop, settings: Settings) -> None:
        self._shop = shop
        self._settings = settings
        self._connector: Asked[ConnectorStatus | None] | None = None
        self._log: Asked[LogStatus] | None = None
        if shop.capture.external is None:
            plan, url = plan_capture(shop), shop.database.url
            name = f"Kafka Connect ({shop.store.id})"
            self._connector = Asked(name, lambda: asyncio.run(_connector_status(plan, settings)))
            database = f"the database of {shop.store.id}"
            self._log = Asked(database, lambda: asyncio.run(_log_status(plan, url, settings)))

    def state(self, topics: Mapping[str, TopicInfo], until: float) -> SourceState:
        """All of it, at the latest at `until` on the monotonic clock; what is wrong is told, never raised."""
        watched = Asked(f"the topics of {self._shop.store.id}", lambda: _watched(self._shop, self._settings, topics))
        unseen: list[str] = []
        seen = _heard(watched.answer(until), unseen) or Watched()
        unseen += seen.unseen
        connector = None if self._connector is None else self._connector.answer(until)
        log = None if self._log is None else self._log.answer(until)
        state = SourceState(
            store=self._shop.store.id,
            prefix=self._shop.capture.prefix,
            log=None if log is None else _heard(log, unseen),
            captured_until=seen.captured_until,
            seconds=None if seen.captured_until is None else _age(seen.captured_until),
            snapshot=seen.snapshot,
            connector=None if connector is None else _heard(connector, unseen),
            unseen=tuple(unseen),
        )
        if self._shop.capture.external is not None:
            return state
        asked = connector is not None and not isinstance(connector, Silence)
        return replace(state, problems=source_problems(plan_capture(self._shop), state, connect_answered=asked))


def _heard(answer: T | Silence, unseen: list[str]) -> T | None:
    if isinstance(answer, Silence):
        unseen.append(str(answer))
        return None
    return answer


def _age(moment: datetime) -> float:
    return max((datetime.now(UTC) - moment).total_seconds(), 0.0)


async def _connector_status(plan: CapturePlan, settings: Settings) -> ConnectorStatus | None:
    async with connect_of(settings, patience_s=LOOK_S) as connect:
        return await connect.status(plan.connector)


async def _log_status(plan: CapturePlan, url: str, settings: Settings) -> LogStatus:
    async with connect_of(settings, patience_s=LOOK_S) as connect:
        return await reading.log_status(plan, url, connect)


def source_problems(plan: CapturePlan, state: SourceState, *, connect_answered: bool) -> tuple[Problem, ...]:
    """What is wrong with connector, log, heartbeat and snapshot, each with its remedy."""
    found: list[Problem | None] = [*_log_problems(plan, state.log)] if state.log is not None else []
    found += [_connector_problem(plan, state.connector)] if connect_answered else []
    if state.seconds is None or state.seconds > HEARTBEAT_LATE_S:
        found += [Problem(Urgency.UNSEEN, each, "is it running, and its address right?") for each in state.unseen]
    if state.seconds is not None and state.seconds > HEARTBEAT_LATE_S:
        what = f"the heartbeat of {plan.prefix} is {state.seconds:.0f} s old"
        found.append(Problem(Urgency.LATE, what, "see `shopbridge capture status`"))
    for failure in state.snapshot.failures:
        again = f"ask for it again: `shopbridge capture snapshot {failure.partition(':')[0].rpartition('.')[2]}`"
        found.append(Problem(Urgency.LATE, f"a snapshot of {plan.prefix} failed: {failure}", again))
    return tuple(each for each in found if each is not None)


def _connector_problem(plan: CapturePlan, connector: ConnectorStatus | None) -> Problem | None:
    """None while connector and task run, and while Connect is moving them."""
    name, apply = plan.connector, "run `shopbridge capture apply`"
    if connector is None:
        return Problem(Urgency.STOPPED, f"Kafka Connect has no connector {name}, so no change is captured", apply)
    if connector.failed is not None:
        cause = connector.failed.cause.splitlines()[0] if connector.failed.cause else "it does not say why"
        what = f"the task of the connector {name} failed ({cause})"
        return Problem(
            Urgency.STOPPED, what, f"mend the cause (`shopbridge capture status` shows all of it), then {apply}"
        )
    if connector.state in {"STOPPED", "PAUSED", "FAILED"}:
        return Problem(Urgency.STOPPED, f"the connector {name} is {connector.state}, so no change is captured", apply)
    if not connector.tasks and connector.state == "RUNNING":
        return Problem(Urgency.STOPPED, f"the connector {name} has no task", f"wait a moment; if it stays so, {apply}")
    return None


def _log_problems(plan: CapturePlan, log: LogStatus) -> Iterator[Problem]:
    where = f"binlog position of {plan.connector}" if plan.reads_binlog else f"replication slot {plan.slot}"
    if not log.exists:
        yield Problem(Urgency.LOSS, f"there is no {where}", "run `shopbridge capture apply`")
    elif log.state == LOST:
        what = f"the database dropped log that the {where} still needed, so changes are lost"
        anew = "run `shopbridge capture remove`, then `shopbridge capture apply`, which loads all rows again"
        yield Problem(Urgency.LOSS, what, anew)
    elif log.state == UNRESERVED or (
        log.safe_bytes is not None and log.safe_bytes < NEARLY * (log.retained_bytes or 0)
    ):
        what = f"the database is about to drop log that the {where} still needs ({_mebibytes(log.retained_bytes)} kept)"
        yield Problem(Urgency.LOSS, what, "get the connector going at once, or raise max_slot_wal_keep_size")


def _mebibytes(count: int | None) -> str:
    return "?" if count is None else f"{count / 2**20:,.0f} MiB"


@dataclass(frozen=True, slots=True)
class Watched:
    """What the connector's own topics tell; of a connector that is not ours, how far its change topics go."""

    captured_until: datetime | None = None
    snapshot: SnapshotState = field(default_factory=SnapshotState)
    unseen: tuple[str, ...] = ()


def _watched(shop: Shop, settings: Settings, topics: Mapping[str, TopicInfo]) -> Watched:
    """Of a connector that is not ours only its topics are known: a shop at rest looks like one that is not captured."""
    if shop.capture.external is not None:
        return Watched(external.written_last(settings, shop, topics))
    plan = plan_capture(shop)
    until = _captured_until(settings, topics.get(plan.heartbeat_topic))
    try:
        return Watched(until, _snapshot(settings, topics.get(plan.notifications_topic)))
    except ShopbridgeError as error:
        return Watched(until, unseen=(f"how the snapshot of {plan.prefix} goes: {error}",))


def _captured_until(settings: Settings, topic: TopicInfo | None) -> datetime | None:
    newest = _newest(settings, topic, 1)
    return datetime.fromtimestamp(newest[-1].timestamp_ms / 1000, UTC) if newest else None


def _newest(settings: Settings, topic: TopicInfo | None, count: int) -> list[Record]:
    """The last records of a topic with one partition; none where it is not there."""
    if topic is None:
        return []
    start, end = topic.start_offsets[0], topic.end_offsets[0]
    return list(read_range(settings.kafka, topic.name, 0, max(start, end - count), end))


def _snapshot(settings: Settings, topic: TopicInfo | None) -> SnapshotState:
    records = _newest(settings, topic, NOTIFICATIONS_BACK)
    return asyncio.run(_told(settings, records)) if records else SnapshotState()


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
