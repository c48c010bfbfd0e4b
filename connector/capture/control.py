"""Capture set up, looked at and removed: what the command line and the worker call.

Setting up, in this order, each step harmless when repeated:
1. the database's part (rights, role, our tables; PostgreSQL's publication), by an address that may; 2. Connect judges
the configuration; 3. the topics; 4. the connector, waited for until its task streams from the database's log; 5. the
first load, once for each log that was read without a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.capture import binlog_config, reading, signals
from connector.capture.config import STRIP_DEFAULTS, connector_config, topics
from connector.capture.connect import Connect, ConnectorStatus
from connector.capture.databases import database_of
from connector.capture.log_status import LogStatus
from connector.capture.plan import CapturePlan, TableFacts
from connector.capture.reading import Streams, Topics
from connector.capture.session import session_of
from connector.kafka.admin import NewTopic
from connector.settings import Settings


@dataclass(frozen=True, slots=True)
class Applied:
    """What setting up did: the SQL that ran, whether the connector's configuration changed, the first load's signal."""

    statements: tuple[str, ...]
    configured: bool
    signal: str | None


@dataclass(frozen=True, slots=True)
class CaptureStatus:
    """How capture does. `connector` None: Connect has none of the name. `heartbeat`: the database's clock."""

    connector: ConnectorStatus | None
    log: LogStatus
    heartbeat: datetime | None

    @property
    def healthy(self) -> bool:
        """Whether changes stream, as far as can be seen."""
        return self.connector is not None and self.connector.runs and self.log.active is not False and self.log.exists


@dataclass(frozen=True, slots=True)
class Removed:
    """What removing did; nothing the second time."""

    connector: bool
    statements: tuple[str, ...]


def read_facts(kind: str, url: str, schema: str, tables: Sequence[str]) -> Mapping[str, TableFacts]:
    """The catalogue's facts about tables, for `plan_capture` and for the decoder's `full_before`."""
    return database_of(kind).facts(url, schema, tables)


async def apply(plan: CapturePlan, settings: Settings, url: str, connect: Connect, topic_maker: Topics) -> Applied:
    """Set capture up and wait until it streams. `url` is the database by a role that may prepare it.

    Raises CaptureError saying what stands in the way, RetriableError when Connect or the database is away.
    """
    before = await connect.config(plan.connector)
    plan = _with_known_password(plan, before)
    statements = await asyncio.to_thread(database_of(plan.kind).apply, plan, url)
    strips = STRIP_DEFAULTS in await connect.plugins()
    config = connector_config(plan, settings, strips_defaults=strips)
    await connect.validate(plan.connector, config)
    await asyncio.to_thread(topic_maker.create_topics, topics(plan, settings))
    start = _Start(plan, url, connect, topic_maker, config, binlog_config.history_topic(plan, settings))
    await (start.require_binlog(before) if plan.reads_binlog else start.require_slot(before))
    configured = await start.configure(before, config)
    return Applied(tuple(statements), configured, await asyncio.to_thread(_initial_load, plan, url))


async def status(plan: CapturePlan, url: str, connect: Connect) -> CaptureStatus:
    """How the connector, its tasks, the log and the heartbeat stand."""
    connector = await connect.status(plan.connector)
    log = await reading.log_status(plan, url, connect)
    heartbeat = await asyncio.to_thread(database_of(plan.kind).last_beat, plan, url)
    return CaptureStatus(connector, log, heartbeat)


async def remove(plan: CapturePlan, url: str, connect: Connect, topic_maker: Topics) -> Removed:
    """Delete the connector with its offsets, then what was made for it in the database. Change topics stay.

    Raises CaptureError with the SQL to run when the role may not do it.
    """
    had_connector = await connect.delete(plan.connector)
    await reading.wait_released(plan, url, connect)
    statements = await asyncio.to_thread(database_of(plan.kind).remove, plan, url)
    if plan.reads_binlog:
        await reading.delete(topic_maker, plan.history_topic, connect)
    return Removed(had_connector, tuple(statements))


def _initial_load(plan: CapturePlan, url: str) -> str | None:
    with session_of(plan.kind, url) as session:
        return signals.initial_load(session, plan)


def _with_known_password(plan: CapturePlan, before: Mapping[str, str] | None) -> CapturePlan:
    """Keep the password of our role that the connector already uses."""
    known = before or {}
    password = known.get("database.password", "")
    if not plan.owns_role or known.get("database.user") != plan.address.user or not password:
        return plan
    return replace(plan, address=replace(plan.address, password=password), sets_password=False)


@dataclass(frozen=True, slots=True)
class _Start:
    """A connector on its way from one configuration (`before`, None without one) to another (`config`)."""

    plan: CapturePlan
    url: str
    connect: Connect
    topics: Topics
    config: Mapping[str, str]
    history: NewTopic

    async def require_slot(self, before: Mapping[str, str] | None) -> None:
        await reading.require_slot(self.plan, self.url, self.connect, known=before is not None)

    async def require_binlog(self, before: Mapping[str, str] | None) -> None:
        """Make sure that the connector can go on, with the definitions of all tables of its new configuration."""
        name = self.plan.connector
        if before is None:
            await self.connect.create_stopped(name, self.config)  # so that a position of an earlier one is seen
        await reading.require_binlog(self.plan, self.url, self.connect, self.topics, self.history)
        if before is not None and _tables(self.config) - _tables(before):
            await self._learn_tables()

    async def _learn_tables(self) -> None:
        """Have all definitions read anew, at the position that was reached."""
        await self.connect.stop(self.plan.connector)
        if reading.binlog_position(await self.connect.offsets(self.plan.connector)) is None:
            return  # nothing was read yet, so the first start reads them
        await reading.renew(self.topics, self.history, self.connect)
        await self.configure({}, {**self.config, "snapshot.mode": "recovery"})

    async def configure(self, before: Mapping[str, str] | None, config: Mapping[str, str]) -> bool:
        """Stopping first makes sure that a task seen running runs by the new configuration."""
        name, stream = self.plan.connector, Streams(self.plan, self.url, self.topics)
        wanted = {**config, "name": name}
        status = None if before is None else await self.connect.status(name)
        is_right = before == wanted and status is not None and status.runs
        if not is_right:
            if before is not None:
                await self.connect.stop(name)
            await self.connect.put(name, config)
            await self.connect.resume(name)
        await self.connect.wait_running(name, stream.holds)
        if self.plan.reads_binlog:
            await reading.settle_position(self.plan, self.connect)
        return not is_right and before != wanted


def _tables(config: Mapping[str, str]) -> set[str]:
    return set(config.get("table.include.list", "").split(","))
