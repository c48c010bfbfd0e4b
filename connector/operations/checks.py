"""Is everything in place? Check after check, each a line: what was found, and what to do where it is not right."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from pathlib import Path

from connector import contracts
from connector.errors import ShopbridgeError
from connector.kafka import Admin, ensure_change_topics, ensure_topics, own_topics
from connector.mapping import Shop, load_shop
from connector.operations import acls, connectors, database, external, hubspot
from connector.operations.broker import admin_of
from connector.operations.contracts import check_contracts
from connector.operations.environment import read_settings
from connector.operations.portal import Finding
from connector.settings import Settings

Findings = Sequence[Finding]


async def run_checks(files: Sequence[Path]) -> AsyncIterator[Finding]:
    """All findings, as they are made; one that cannot be made because something is away is a finding too."""
    settings, finding = _settings()
    yield finding
    if settings is None:
        return
    shops: list[Shop] = []
    for file in files:
        shop, finding = _shop(file)
        yield finding
        shops += [shop] if shop is not None else []
    for name, work in _works(settings, shops):
        for finding in await guarded(name, work):
            yield finding


def _works(settings: Settings, shops: Sequence[Shop]) -> list[tuple[str, Callable[[], Awaitable[Findings]]]]:
    looks = [(shop, external.look if shop.capture.external else _database(settings)) for shop in shops]
    databases = [(f"database of {shop.store.id}", _in_thread(look, shop)) for shop, look in looks]
    captures = [("connect", _of_connector(settings, shop)) for shop in shops]
    return [
        ("ledger", _in_thread(ledger, settings)),
        *databases,
        ("kafka", _in_thread(_kafka, settings, shops)),
        ("kafka", _in_thread(acls.look, settings, shops)),
        ("registry", lambda: _registry(settings)),
        *captures,
        *([("hubspot", lambda: _hubspot(settings, shops))] if shops else []),
    ]


def _database(settings: Settings) -> Callable[[Shop], Findings]:
    return lambda shop: database.look(shop, settings.change_retention_days)


def _in_thread(work: Callable[..., Findings], *arguments: object) -> Callable[[], Awaitable[Findings]]:
    return lambda: asyncio.to_thread(work, *arguments)


async def guarded(name: str, work: Callable[[], Awaitable[Findings]]) -> Findings:
    """What the work finds; what it raises on purpose is a finding itself."""
    try:
        return await work()
    except ShopbridgeError as error:
        return [_from_error(name, error)]


def _from_error(name: str, error: ShopbridgeError, remedy: str = "") -> Finding:
    """The first line says what is wrong, the others what to do."""
    first, _, rest = str(error).partition("\n")
    return Finding(ok=False, what=f"{name}: {first}", remedy=rest.strip() or remedy)


def _settings() -> tuple[Settings | None, Finding]:
    try:
        settings = read_settings()
    except ShopbridgeError as error:
        return None, _from_error("settings", error)
    what = f"settings: portal {settings.portal}, topics {settings.topic_prefix}.*, group {settings.group}"
    return settings, Finding(ok=True, what=what)


def _shop(file: Path) -> tuple[Shop | None, Finding]:
    try:
        shop = load_shop(file, os.environ)
    except ShopbridgeError as error:
        return None, _from_error("shop file", error, "Name it with --shop or SHOPBRIDGE_SHOP.")
    tables = ", ".join(shop.tables())
    return shop, Finding(ok=True, what=f"shop file: {file}, store {shop.store.id}, tables {tables}")


def ledger(settings: Settings) -> Findings:
    """Whether the ledger is there or can be made."""
    path = settings.ledger
    if path.exists():
        return [Finding(ok=True, what=f"ledger: {path}, {path.stat().st_size:,} bytes")]
    if path.parent.is_dir() and os.access(path.parent, os.W_OK):
        return [Finding(ok=True, what=f"ledger: {path} is not there yet; a worker makes it")]
    remedy = f"Make the folder {path.parent} and let this user write to it, or set SHOPBRIDGE_LEDGER."
    return [Finding(ok=False, what=f"ledger: {path} cannot be made", remedy=remedy)]


def _kafka(settings: Settings, shops: Sequence[Shop]) -> Findings:
    admin = admin_of(settings)
    changes = [shop.topic(table) for shop in shops if not shop.capture.external for table in shop.tables()]
    there = admin.topic_ids([*own_topics(settings), *changes]).keys()
    answers = Finding(ok=True, what=f"kafka: {settings.kafka_bootstrap} answers")
    return [answers, _own_topics(settings, admin, there), *_change_topics(settings, admin, there, changes)]


def _own_topics(settings: Settings, admin: Admin, there: Collection[str]) -> Finding:
    own = own_topics(settings)
    if missing := [name for name in own if name not in there]:
        return Finding(ok=True, what=f"own topics: {', '.join(missing)} not there yet; a worker makes them")
    try:
        ensure_topics(settings, admin)  # where none is missing it only looks
    except ShopbridgeError as error:
        return _from_error("own topics", error)
    return Finding(ok=True, what=f"own topics: {', '.join(own)}")


def _change_topics(settings: Settings, admin: Admin, there: Collection[str], changes: Sequence[str]) -> Findings:
    if missing := [name for name in changes if name not in there]:
        what = f"change topics: {', '.join(missing)} not there"
        return [Finding(ok=False, what=what, remedy="Run `shopbridge capture apply`.")]
    if not changes:
        return []
    try:
        ensure_change_topics(settings, changes, admin)  # as above
    except ShopbridgeError as error:
        return [_from_error("change topics", error)]
    return [Finding(ok=True, what=f"change topics: {', '.join(changes)}")]


async def _registry(settings: Settings) -> Findings:
    found = await check_contracts(settings)
    if not found:
        what = f"registry: {settings.registry_url} answers and understands {', '.join(contracts.CONTRACTS)}"
        return [Finding(ok=True, what=what)]
    remedy = "Compare with the release that registered it: `shopbridge schemas check`."
    return [Finding(ok=False, what=f"registry: {each.where}: {each.wrong}", remedy=remedy) for each in found]


def _of_connector(settings: Settings, shop: Shop) -> Callable[[], Awaitable[Findings]]:
    return lambda: _connector(settings, shop)


async def _connector(settings: Settings, shop: Shop) -> Findings:
    if shop.capture.external:
        return await external.topics(settings, shop)
    return await connectors.look(settings, shop)


async def _hubspot(settings: Settings, shops: Sequence[Shop]) -> Findings:
    findings = await hubspot.look(shops, settings)
    wrong = [Finding(ok=False, what=f"hubspot: {each.what}", remedy=each.remedy) for each in findings if not each.ok]
    right = len(findings) - len(wrong)
    if not right:
        return [*wrong, Finding(ok=False, what=f"hubspot: the credential needs the scopes {hubspot.SCOPES}")]
    what = f"hubspot: {settings.hubspot_url} takes our credential; {right} properties, stages and pipelines are right"
    return [Finding(ok=True, what=what), *wrong]
