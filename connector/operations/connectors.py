"""Whether Kafka Connect does its part for one shop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from connector.capture.config import STRIP_DEFAULTS
from connector.capture.connect import ConnectorStatus
from connector.capture.control import read_facts
from connector.capture.plan import CapturePlan, TableFacts, plan_capture
from connector.errors import ShopbridgeError
from connector.mapping import Shop
from connector.operations.capturing import LOOK_PATIENCE_S, connect_of
from connector.operations.portal import Finding
from connector.settings import Settings

SERVER_ID = "database.server.id"


async def look(settings: Settings, shop: Shop) -> Sequence[Finding]:
    """Connector and task, other connectors in its way, and NULLs that would not come through.

    Raises RetriableError or ConfigurationError where Connect cannot be asked.
    """
    plan = plan_capture(shop)
    async with connect_of(settings, patience_s=LOOK_PATIENCE_S) as connect:
        status = await connect.status(plan.connector)
        others = await connect.configs()
        plugins = await connect.plugins()
    findings = [_state(settings, plan, status), *clashes(plan, others)]
    facts = await asyncio.to_thread(_facts, shop)
    findings += garbled_texts(shop, facts)
    if STRIP_DEFAULTS in plugins:
        return [*findings, *_strips(plan, others.get(plan.connector))]
    return [*findings, *hidden_nulls(shop, facts)]


def _state(settings: Settings, plan: CapturePlan, status: ConnectorStatus | None) -> Finding:
    name = plan.connector
    if status is None:
        what = f"connector: {settings.connect_url} answers, and has no connector {name}"
        return Finding(ok=False, what=what, remedy="Run `shopbridge capture apply`.")
    if status.runs:
        return Finding(ok=True, what=f"connector: {name} runs, and so does its task")
    cause = status.failed.cause if status.failed else f"it is {status.state}"
    return Finding(ok=False, what=f"connector: {name}: {cause}", remedy="Then run `shopbridge capture apply`.")


def clashes(plan: CapturePlan, configs: Mapping[str, Mapping[str, str]]) -> list[Finding]:
    """Other connectors that come to MariaDB or MySQL under the same server id: the server lets in one of them."""
    same = [
        name
        for name, config in configs.items()
        if name != plan.connector and plan.reads_binlog and config.get(SERVER_ID) == str(plan.server_id)
    ]
    remedy = "Choose another by `capture: {server_id: ...}` in the shop file, then run `shopbridge capture apply`."
    return [
        Finding(ok=False, what=f"connector: {name} has the server id {plan.server_id} too", remedy=remedy)
        for name in same
    ]


def _strips(plan: CapturePlan, config: Mapping[str, str] | None) -> list[Finding]:
    """A connector that was set up before Connect had the transform does not use it yet."""
    if config is None or STRIP_DEFAULTS in config.values():
        return []
    what = f"connector: {plan.connector} does not use our transform: NULL in a column with a default comes as that"
    return [Finding(ok=False, what=what, remedy="Run `shopbridge capture apply`.")]


def _facts(shop: Shop) -> Mapping[str, TableFacts]:
    """None where the database is away: another check says so."""
    try:
        return read_facts(shop.database.kind, shop.database.url, shop.database.schema, shop.tables())
    except ShopbridgeError:
        return {}


def garbled_texts(shop: Shop, facts: Mapping[str, TableFacts]) -> list[Finding]:
    """Mapped columns in character sets that Debezium does not know."""
    garbled = _mapped(shop, facts, lambda table: table.garbled)
    if not garbled:
        return []
    what = f"connector: texts of {garbled} come garbled: Debezium does not know their character set"
    return [
        Finding(ok=False, what=what, remedy="ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4, or do not map them.")
    ]


def _mapped(shop: Shop, facts: Mapping[str, TableFacts], which: Callable[[TableFacts], tuple[str, ...]]) -> str:
    """Those of the mapped columns, each with its table."""
    found = [
        f"{mapping.table}.{column}"
        for mapping in shop.mappings()
        if mapping.table in facts
        for column in mapping.columns()
        if column in which(facts[mapping.table])
    ]
    return ", ".join(dict.fromkeys(found))


def hidden_nulls(shop: Shop, facts: Mapping[str, TableFacts]) -> list[Finding]:
    """Mapped columns whose NULL the Avro converter replaces by the column's default, as Connect lacks our transform."""
    hidden = _mapped(shop, facts, lambda table: table.hidden_nulls)
    if not hidden:
        return []
    what = f"connector: NULL in {hidden} comes as the column's default"
    remedy = (
        f"Put the transform {STRIP_DEFAULTS} (deploy/transform) onto Connect's plugin.path, restart it, and run "
        f"`shopbridge capture apply`; or drop the columns' defaults."
    )
    return [Finding(ok=False, what=what, remedy=remedy)]
