"""Tables read once more beside the stream: asked for, and followed by what the connector notifies until it is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connector import wire
from connector.capture import signals
from connector.capture.config import regex_of
from connector.capture.connect import Connect
from connector.capture.errors import CaptureError
from connector.capture.plan import CapturePlan, plan_capture
from connector.capture.signals import ENDED, GOOD_SCANS, Notification
from connector.errors import RetriableError, RowError
from connector.kafka import read_range
from connector.mapping import Shop
from connector.operations.broker import admin_of
from connector.operations.capturing import connect_of, snapshot
from connector.operations.contracts import registry_of
from connector.registry import Registry
from connector.settings import Settings

LOOK_EVERY_S: Final = 0.5
CONNECTOR_EVERY: Final = 10
"""So many looks at the notifications to one at the connector."""
TAKEN_UP_S: Final = 60.0
"""So long may the connector leave a signal unanswered: it reads them from the database's log, in order."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a snapshot goes. `rows` by table that is done, `failed` by table that could not be read (its status).

    `heard`: the connector has taken it up. `current`: the table that is being read. `ended`: COMPLETED, or how else.
    """

    signal: str
    tables: tuple[str, ...]
    heard: bool = False
    current: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    ended: str | None = None

    @property
    def is_good(self) -> bool:
        """Over, with every table read."""
        return self.ended == "COMPLETED" and self.rows.keys() == set(self.tables)

    @property
    def problems(self) -> list[str]:
        """What went wrong, once it is over."""
        lost = [table for table in self.tables if table not in self.rows and table not in self.failed]
        return [
            *(f"{table} could not be read: {status}" for table, status in self.failed.items()),
            *(f"{table} was not read: the snapshot ended as {self.ended}" for table in lost),
        ]


Tell = Callable[[Course], None]


def observe(course: Course, seen: Notification) -> Course:
    """The course after one more notification.

    A snapshot that is asked for while another runs joins it, and from then on both go by the newer name.
    """
    if seen.signal == course.signal:
        course = replace(course, heard=True)
    if not course.heard:
        return course
    if seen.kind in ENDED:
        return replace(course, ended=seen.kind, current=None)
    if seen.kind == "IN_PROGRESS":
        return replace(course, current=_table(seen.data.get("current_collection_in_progress", "")))
    if seen.kind != "TABLE_SCAN_COMPLETED":
        return course
    table, status = _table(seen.data.get("scanned_collection", "")), seen.data.get("status", "")
    if table not in course.tables:
        return course
    if status not in GOOD_SCANS:
        return replace(course, failed={**course.failed, table: status})
    return replace(course, rows={**course.rows, table: int(seen.data.get("total_rows_scanned", "0"))})


def _table(collection: str) -> str:
    return collection.rpartition(".")[2]


def in_order(shop: Shop, tables: Sequence[str]) -> tuple[str, ...]:
    """The tables, parents first; all mapped ones where none is named. Raises CaptureError for one not mapped."""
    if shop.capture.external is not None:
        raise CaptureError(
            f"{shop.file}: the tables are captured by somebody else's connector: ask it for an incremental snapshot"
        )
    if strangers := [table for table in tables if table not in shop.tables()]:
        raise CaptureError(f"{', '.join(strangers)} is not captured; there are {', '.join(shop.tables())}")
    return tuple(table for table in shop.tables() if table in tables or not tables)


async def take(
    shop: Shop, settings: Settings, tables: Sequence[str], where: str | None, tell: Tell, *, wait: bool
) -> Course:
    """Ask for a snapshot and, if asked to `wait`, follow it to its end; `tell` hears of every step.

    Raises CaptureError for tables that are not captured and for a connector that fails, RetriableError when database,
    Kafka, registry or Connect do not answer, or the connector does not take the snapshot up.
    """
    chosen = in_order(shop, tables)
    plan = plan_capture(shop)
    async with connect_of(settings) as connect, registry_of(settings) as registry:
        await _require_captured(plan, connect, chosen)
        tail = _Notifications(settings, registry, plan.notifications_topic)
        signal = await asyncio.to_thread(snapshot, shop, shop.database.url, chosen, where)
        course = Course(signal, chosen)
        tell(course)
        return await _follow(course, tail, plan, connect, tell) if wait else course


async def _require_captured(plan: CapturePlan, connect: Connect, tables: Sequence[str]) -> None:
    """Debezium passes over a table that its configuration does not include, with a line in its own log."""
    config = await connect.config(plan.connector)
    if config is None:
        raise CaptureError(f"there is no connector {plan.connector}: run `shopbridge capture apply`")
    included = config.get("table.include.list", "").split(",")
    if missing := [table for table in tables if regex_of(plan.schema, table) not in included]:
        raise CaptureError(
            f"{', '.join(missing)} is in the shop file but not captured yet: run `shopbridge capture apply` first"
        )


async def _follow(course: Course, tail: _Notifications, plan: CapturePlan, connect: Connect, tell: Tell) -> Course:
    asked_at = time.monotonic()
    turn = 0
    while course.ended is None:
        await asyncio.sleep(LOOK_EVERY_S)
        before = course
        for seen in await tail.new():
            course = observe(course, seen) if course.ended is None else course
        if course != before:
            tell(course)
        turn += 1
        if turn % CONNECTOR_EVERY == 0 and course.ended is None:
            await _require_running(plan, connect)
        if not course.heard and time.monotonic() - asked_at > TAKEN_UP_S:
            raise RetriableError(
                f"the connector {plan.connector} has not taken the snapshot up for {TAKEN_UP_S:.0f} s; it will when it "
                f"gets there in the database's log: see `shopbridge capture status` and `shopbridge status`"
            )
    return course


async def _require_running(plan: CapturePlan, connect: Connect) -> None:
    status = await connect.status(plan.connector)
    if status is None or status.failed is not None:
        cause = "it is gone" if status is None or status.failed is None else status.failed.cause
        raise CaptureError(
            f"the connector {plan.connector} does not run, so the snapshot waits: {cause}\n"
            f"Then run `shopbridge capture apply`: it goes on where it was."
        )


class _Notifications:
    """What the connector tells from now on."""

    def __init__(self, settings: Settings, registry: Registry, topic: str) -> None:
        self._settings = settings
        self._registry = registry
        self._topic = topic
        self._next = self._end()

    def _end(self) -> int:
        found = admin_of(self._settings).topic_ids([self._topic]).get(self._topic)
        return 0 if found is None else found.end_offsets[0]

    async def new(self) -> list[Notification]:
        """What came since the last look; records that tell of nothing we know are passed over."""
        end = await asyncio.to_thread(self._end)
        range_ = (self._settings.kafka, self._topic, 0, self._next, end)
        records = await asyncio.to_thread(lambda: list(read_range(*range_))) if end > self._next else []
        self._next = end
        found = []
        for record in records:
            try:
                await self._registry.load([wire.schema_id(record.value or b"")])
                found.append(signals.notification(record, self._registry))
            except RowError:
                continue
        return [seen for seen in found if seen is not None]
