"""Capture set up, looked at and removed: what the command line and the worker call.

Setting up, in this order, each step harmless when repeated:
1. the database's part (publication, role, tables), by an address that may; 2. Connect judges the configuration;
3. the topics; 4. the connector, waited for until its task streams from the slot; 5. the first load, once per slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from connector.capture import catalogue, postgres, signals
from connector.capture.catalogue import Connection, SlotStatus
from connector.capture.config import connector_config, topics
from connector.capture.connect import Connect, ConnectorStatus
from connector.capture.plan import CapturePlan, TableFacts
from connector.kafka.admin import NewTopic
from connector.settings import Settings

T = TypeVar("T")


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
    slot: SlotStatus
    heartbeat: datetime | None

    @property
    def healthy(self) -> bool:
        return self.connector is not None and self.connector.runs and self.slot.active


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
    await asyncio.to_thread(_with, url, lambda connection: _forget_without_slot(connection, plan))
    configured = await _configure(connect, plan.connector, before, config)
    await connect.wait_running(plan.connector, lambda: _streams(url, plan))
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
    await connect.until(lambda: _rests(url, plan), f"the slot {plan.slot} is still in use")
    return Removed(had_connector, tuple(await asyncio.to_thread(postgres.remove, plan, url)))


async def _configure(connect: Connect, name: str, before: Mapping[str, str] | None, config: Mapping[str, str]) -> bool:
    """Stopping first makes sure that a task seen running runs by the new configuration."""
    wanted = {**config, "name": name}
    if before == wanted:
        status = await connect.status(name)
        if status is None or not status.runs:
            await connect.resume(name)
            await connect.restart(name)
        return False
    if before is not None:
        await connect.stop(name)
    await connect.put(name, config)
    await connect.resume(name)
    return True


def _with_known_password(plan: CapturePlan, before: Mapping[str, str] | None) -> CapturePlan:
    """Keep the password of our role that the connector already uses."""
    known = before or {}
    password = known.get("database.password", "")
    if not plan.owns_role or known.get("database.user") != plan.address.user or not password:
        return plan
    return replace(plan, address=replace(plan.address, password=password), sets_password=False)


async def _streams(url: str, plan: CapturePlan) -> bool:
    slot = await asyncio.to_thread(_with, url, lambda connection: catalogue.slot_status(connection, plan.slot))
    return slot.active


async def _rests(url: str, plan: CapturePlan) -> bool:
    return not await _streams(url, plan)


def _forget_without_slot(connection: Connection, plan: CapturePlan) -> None:
    if not catalogue.slot_status(connection, plan.slot).exists:
        signals.forget_initial_load(connection, plan)


def _with(url: str, work: Callable[[Connection], T]) -> T:
    with catalogue.connect(url) as connection:
        return work(connection)
