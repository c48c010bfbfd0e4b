"""Where the connector stands in the database's log, and whether it can go on from there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from connector.capture import binlog_catalogue, catalogue, postgres, signals
from connector.capture.binlog_catalogue import NotAllowedError
from connector.capture.config import heartbeat_query
from connector.capture.connect import Connect
from connector.capture.databases import database_of
from connector.capture.errors import CaptureError
from connector.capture.log_status import LOST, LogStatus
from connector.capture.plan import CapturePlan
from connector.capture.session import session_of
from connector.errors import RetriableError
from connector.kafka.admin import NewTopic, TopicInfo

ENDURANCE_S: Final = 1.0
"""How long a stream must last to count: longer than a broken one, shorter than Debezium's wait between tries."""


OFFSETS_S: Final = 90.0
"""Longer than a Connect of usual settings (offset.flush.interval.ms 60,000) keeps a connector's offset to itself."""


class Topics(Protocol):
    """Makes topics (those that exist already stay as they are), looks at them, deletes them."""

    def create_topics(self, topics: Sequence[NewTopic]) -> None: ...

    def topic_ids(self, names: Sequence[str]) -> Mapping[str, TopicInfo]: ...

    def delete_topics(self, names: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class BinlogPosition:
    """A file of the binlog, and a byte in it."""

    file: str
    byte: int

    def __str__(self) -> str:
        return f"{self.file}:{self.byte}"


async def log_status(plan: CapturePlan, url: str, connect: Connect) -> LogStatus:
    """How the log stands. Raises RetriableError when database or Connect is away."""
    if not plan.reads_binlog:
        return await asyncio.to_thread(_slot_status, plan, url)
    position = binlog_position(await connect.offsets(plan.connector))
    return await asyncio.to_thread(_binlog_status, plan, url, position)


def _slot_status(plan: CapturePlan, url: str) -> LogStatus:
    with catalogue.connect(url) as connection:
        return catalogue.slot_status(connection, plan.slot)


def _binlog_status(plan: CapturePlan, url: str, position: BinlogPosition | None) -> LogStatus:
    with binlog_catalogue.session(url) as session:
        files = binlog_catalogue.binlogs(session)
        try:
            active: bool | None = binlog_catalogue.reader(session, plan) is not None
        except NotAllowedError:
            active = None
    return kept_for(files, position, active=active)


def kept_for(files: Mapping[str, int] | None, position: BinlogPosition | None, *, active: bool | None) -> LogStatus:
    """What the binlog's files (with their sizes, oldest first; None: unknown) hold for a reader at a position."""
    if position is None:
        return LogStatus(exists=False)
    if files is None:
        return LogStatus(exists=True, active=active, state="unknown", confirmed=str(position))
    names = list(files)
    current = f"{names[-1]}:{files[names[-1]]}" if names else None
    if position.file not in files:
        return LogStatus(True, active, LOST, sum(files.values()), None, str(position), current)
    later = [files[name] for name in names[names.index(position.file) :]]
    behind = max(sum(later) - position.byte, 0)
    return LogStatus(True, active, "reserved", sum(files.values()), behind, str(position), current)


def binlog_position(offsets: Sequence[Mapping[str, Any]]) -> BinlogPosition | None:
    """The position in the connector's offsets; None where it has none, as after a start that failed."""
    for each in offsets:
        offset = each.get("offset") or {}
        if "file" in offset:
            return BinlogPosition(str(offset["file"]), int(offset.get("pos", 0)))
    return None


async def require_slot(plan: CapturePlan, url: str, connect: Connect, *, known: bool) -> None:
    """Without a slot there is a gap: what was loaded before does not count, nor where the connector had been.

    Raises CaptureError for a slot whose log the database has dropped.
    """
    slot = await asyncio.to_thread(_slot_status, plan, url)
    if slot.state == LOST:
        raise CaptureError(
            f"the database dropped log that the slot {plan.slot} still needed, so changes are lost. {postgres.ANEW}"
        )
    if not slot.exists:
        await asyncio.to_thread(forget_initial_load, plan, url)
        if known:
            await connect.forget(plan.connector)


async def require_binlog(plan: CapturePlan, url: str, connect: Connect, topics: Topics, history: NewTopic) -> None:
    """Without a position there is a gap, and the tables' definitions are read anew. The connector is there, or stopped.

    Raises CaptureError for a position whose binlog is gone, and for one without definitions.
    """
    await settle_position(plan, connect)
    status = await log_status(plan, url, connect)
    if status.state == LOST:
        raise CaptureError(
            f"the database deleted the binlog that the connector still needed (it was at {status.confirmed}), so "
            f"changes are lost. {postgres.ANEW}. Let the server keep its binlog for longer: "
            f"SET GLOBAL binlog_expire_logs_seconds"
        )
    if not status.exists:
        await asyncio.to_thread(forget_initial_load, plan, url)
        await connect.forget(plan.connector)
        await renew(topics, history, connect)
    elif not await asyncio.to_thread(_holds_something, topics, history.name):
        raise CaptureError(
            f"the topic {history.name} is empty, in which the connector kept the tables' definitions: it cannot read "
            f"the binlog without them. {postgres.ANEW}"
        )


async def settle_position(plan: CapturePlan, connect: Connect) -> None:
    """Return once Connect knows how far a connector that runs has come: it is told in intervals, by default of 60 s.

    What it does not know by then, it never will.
    """

    async def is_known() -> bool:
        state = await connect.status(plan.connector)
        runs = state is not None and state.runs
        return not runs or binlog_position(await connect.offsets(plan.connector)) is not None

    with suppress(RetriableError):  # the question that follows says whether Connect is away
        await connect.until(is_known, f"how far {plan.connector} has come is not known", patience_s=OFFSETS_S)


async def wait_released(plan: CapturePlan, url: str, connect: Connect) -> None:
    """Return once the slot of a connector that was deleted is free. A binlog is nobody's: there is nothing to wait for.

    Its server notices that a reader has gone only when it writes the next event.
    """
    if plan.reads_binlog:
        return

    async def is_free() -> bool:
        return await asyncio.to_thread(database_of(plan.kind).reader, plan, url) is None

    await connect.until(is_free, f"the slot {plan.slot} is still in use")


async def renew(topics: Topics, topic: NewTopic, connect: Connect) -> None:
    """Empty the topic by making it anew."""
    if not await asyncio.to_thread(_holds_something, topics, topic.name):
        await asyncio.to_thread(topics.create_topics, [topic])
        return
    await delete(topics, topic.name, connect)
    await asyncio.to_thread(topics.create_topics, [topic])


async def delete(topics: Topics, name: str, connect: Connect) -> None:
    """Delete a topic, if it is there, and wait until the brokers have forgotten it."""
    if not await asyncio.to_thread(topics.topic_ids, [name]):
        return
    await asyncio.to_thread(topics.delete_topics, [name])

    async def is_gone() -> bool:
        return not await asyncio.to_thread(topics.topic_ids, [name])

    await connect.until(is_gone, f"the topic {name} is still there")


def _holds_something(topics: Topics, name: str) -> bool:
    found = topics.topic_ids([name])
    return name in found and any(found[name].end_offsets.values())


def forget_initial_load(plan: CapturePlan, url: str) -> None:
    """After a gap, what was loaded before does not count."""
    with session_of(plan.kind, url) as session:
        signals.forget_initial_load(session, plan)


class Streams:
    """Whether a connector that says that it runs does read the log. `holds` is asked again until it is so."""

    def __init__(self, plan: CapturePlan, url: str, topics: Topics) -> None:
        self._plan = plan
        self._url = url
        self._topics = topics
        self._reader: int | None = None
        self._since = 0.0
        self._end: int | None = None

    async def holds(self) -> bool:
        """Raises RetriableError when database or Kafka is away."""
        if self._plan.reads_binlog:
            return await asyncio.to_thread(self._beat_arrives)
        return await self._slot_is_served()

    async def _slot_is_served(self) -> bool:
        """Whether one process of the server has served the slot for a while.

        A stream that cannot be read breaks off at once, and Debezium tries again for ever.
        """
        reader = await asyncio.to_thread(database_of(self._plan.kind).reader, self._plan, self._url)
        if reader != self._reader:
            self._reader, self._since = reader, time.monotonic()
        return reader is not None and time.monotonic() - self._since >= ENDURANCE_S

    def _beat_arrives(self) -> bool:
        """Whether a heartbeat that we write ourselves has come to its topic."""
        topic = self._plan.heartbeat_topic
        end = sum(self._topics.topic_ids([topic])[topic].end_offsets.values())
        self._end = end if self._end is None else self._end
        if end > self._end:
            return True
        if time.monotonic() - self._since >= ENDURANCE_S:
            self._since = time.monotonic()
            with session_of(self._plan.kind, self._url) as session:
                session.execute(heartbeat_query(self._plan))
                session.commit()
        return False
