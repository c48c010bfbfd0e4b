"""Capture by the shop file: what `connector.capture` does, with everything that it needs opened around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from connector.capture import control, signals
from connector.capture.connect import Connect
from connector.capture.control import Applied, CaptureStatus, Removed
from connector.capture.databases import database_of
from connector.capture.plan import CapturePlan, plan_capture
from connector.capture.session import session_of
from connector.http import Http
from connector.mapping import Shop
from connector.operations.broker import admin_of
from connector.settings import Settings

CONNECT_TIMEOUT_S: Final = 30.0
LOOK_PATIENCE_S: Final = 5.0


@asynccontextmanager
async def connect_of(settings: Settings, *, patience_s: float = 60.0) -> AsyncIterator[Connect]:
    """Kafka Connect; RetriableError after `patience_s` seconds without an answer."""
    http = Http(settings.connect, timeout_s=CONNECT_TIMEOUT_S)
    try:
        yield Connect(http, patience_s=patience_s)
    finally:
        await http.aclose()


def plan_for(shop: Shop, url: str) -> CapturePlan:
    """The plan with the catalogue's facts; `url` is the database by a role that may read them."""
    return plan_capture(shop, control.read_facts(shop.database.kind, url, shop.database.schema, shop.tables()))


async def apply(shop: Shop, settings: Settings, url: str) -> Applied:
    """Set capture up and wait until it streams; `url` is the database by a role that may prepare it."""
    plan = await asyncio.to_thread(plan_for, shop, url)
    async with connect_of(settings) as connect:
        return await control.apply(plan, settings, url, connect, admin_of(settings))


async def status(shop: Shop, settings: Settings, url: str) -> CaptureStatus:
    """How connector, log and heartbeat stand."""
    async with connect_of(settings, patience_s=LOOK_PATIENCE_S) as connect:
        return await control.status(plan_capture(shop), url, connect)


async def remove(shop: Shop, settings: Settings, url: str) -> Removed:
    """Take away the connector and what was made for it in the database; change topics stay."""
    async with connect_of(settings) as connect:
        return await control.remove(plan_capture(shop), url, connect, admin_of(settings))


def sql(shop: Shop, url: str) -> str:
    """What an administrator has to run, of that only what is missing."""
    plan = replace(plan_for(shop, url), sets_password=False)
    return database_of(plan.kind).script(plan, url)


def snapshot(shop: Shop, url: str, tables: Sequence[str], where: str | None) -> str:
    """Ask for an incremental snapshot; the id of the signal."""
    with session_of(shop.database.kind, url) as session:
        return signals.snapshot(session, plan_capture(shop), tables, where)
