"""Capture set up, looked at and removed: what the command line and the worker call.

Setting up, in this order, each step harmless when repeated:
1. the database's part (publication, role, tables), by an address that may; 2. Connect judges the configuration;
3. the topics; 4. the connector, waited for until its task streams from the slot; 5. the first load, once per slot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, TypeVar

from connector.capture import catalogue, postgres, signals
from connector.capture.catalogue import Connection
from connector.capture.config import connector_config, topics
from connector.capture.connect import Connect, ConnectorStatus
from connector.capture.errors import CaptureError
from connector.capture.log_status import LOST, LogStatus
from connector.capture.plan import CapturePlan, TableFacts
from connector.kafka.admin import NewTopic
from connector.settings import Settings

T = TypeVar("T")

ENDURANCE_S: Final = 1.0
"""How long a stream must last to count: longer than a broken one, shorter than Debezium's wait between tries."""


class TopicMaker(Protocol):
    """Makes topics; those that exist already stay as they are."""

    def create_topics(self, topics: Sequence[NewTopic]) -> None: ...


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
    slot: LogStatus
    heartbeat: datetime | None

    @property
    def healthy(self) -> bool:
        return self.connector is not None and self.connector.runs and bool(self.slot.active)


@dataclass(frozen=True, slots=True)
class Removed:
    """What removing did; nothing the second time."""

    connector: bool
    statements: tuple[str, ...]


def read_facts(url: str, schema: str, tables: Sequence[str]) -> Mapping[str, TableFacts]:
    """The catalogue's facts about tables, for `plan_capture` and for the decoder's `full_before`."""
    return _with(url, lambda connection: catalogue.table_facts(connection, schema, tables))


async def apply(plan: CapturePlan, settings: Settings, url: str, connect: Connect, topic_maker: TopicMaker) -> Applied:
    """Set capture up and wait until it streams. `url` is the database by a role that may prepare it.

    Raises CaptureError saying what stands in the way, RetriableError when Connect or the database is away.
    """
    before = await connect.config(plan.connector)
    plan = _with_known_password(plan, before)
    statements = await asyncio.to_thread(postgres.apply, plan, url)
    config = connector_config(plan, settings)
    await connect.validate(plan.connector, config)
    await asyncio.to_thread(topic_maker.create_topics, topics(plan, settings))
    await _require_continuity(plan, url, connect, known=before is not None)
    configured = await _configure(connect, plan.connector, before, config)
    await connect.wait_running(plan.connector, _Endurance(url, plan).holds)
    signal = await asyncio.to_thread(_with, url, lambda connection: signals.initial_load(connection, plan))
    return Applied(tuple(statements), configured, signal)


async def status(plan: CapturePlan, url: str, connect: Connect) -> CaptureStatus:
    """How the connector, its tasks, the slot and the heartbeat stand."""
    connector = await connect.status(plan.connector)
    slot, heartbeat = await asyncio.to_thread(
        _with, url, lambda c: (catalogue.slot_status(c, plan.slot), catalogue.last_beat(c, plan))
    )
    return CaptureStatus(connector, slot, heartbeat)


async def remove(plan: CapturePlan, url: str, connect: Connect) -> Removed:
    """Delete the connector with its offsets, then slot, publication, our tables and role. Change topics stay.

    Raises CaptureError with the SQL to run when the role may not do it.
    """
    had_connector = await connect.delete(plan.connector)
    await connect.until(lambda: _is_free(url, plan), f"the slot {plan.slot} is still in use")
    return Removed(had_connector, tuple(await asyncio.to_thread(postgres.remove, plan, url)))


async def _configure(connect: Connect, name: str, before: Mapping[str, str] | None, config: Mapping[str, str]) -> bool:
    """Stopping first makes sure that a task seen running runs by the new configuration."""
    wanted = {**config, "name": name}
    status = None if before is None else await connect.status(name)
    if before == wanted and status is not None and status.runs:
        return False
    if before is not None:
        await connect.stop(name)
    await connect.put(name, config)
    await connect.resume(name)
    return before != wanted


def _with_known_password(plan: CapturePlan, before: Mapping[str, str] | None) -> CapturePlan:
    """Keep the password of our role that the connector already uses."""
    known = before or {}
    password = known.get("database.password", "")
    if not plan.owns_role or known.get("database.user") != plan.address.user or not password:
        return plan
    return replace(plan, address=replace(plan.address, password=password), sets_password=False)


async def _require_continuity(plan: CapturePlan, url: str, connect: Connect, *, known: bool) -> None:
    """Without a slot there is a gap: what was loaded before does not count, nor where the connector had been.

    Raises CaptureError for a slot whose log the database has dropped.
    """
    slot = await asyncio.to_thread(_with, url, lambda connection: catalogue.slot_status(connection, plan.slot))
    if slot.state == LOST:
        raise CaptureError(
            f"the database dropped log that the slot {plan.slot} still needed, so changes are lost. {postgres.ANEW}"
        )
    if not slot.exists:
        await asyncio.to_thread(_with, url, lambda connection: signals.forget_initial_load(connection, plan))
        if known:
            await connect.forget(plan.connector)


class _Endurance:
    """Whether one server process has served the slot for a while.

    A stream that cannot be read breaks off at once, and Debezium tries again for ever while its task says RUNNING.
    """

    def __init__(self, url: str, plan: CapturePlan) -> None:
        self._url = url
        self._slot = plan.slot
        self._server: int | None = None
        self._since = 0.0

    async def holds(self) -> bool:
        server = await asyncio.to_thread(
            _with, self._url, lambda connection: catalogue.server_of(connection, self._slot)
        )
        if server != self._server:
            self._server, self._since = server, time.monotonic()
        return server is not None and time.monotonic() - self._since >= ENDURANCE_S


async def _is_free(url: str, plan: CapturePlan) -> bool:
    return await asyncio.to_thread(_with, url, lambda connection: catalogue.server_of(connection, plan.slot)) is None


def _with(url: str, work: Callable[[Connection], T]) -> T:
    with catalogue.connect(url) as connection:
        return work(connection)
