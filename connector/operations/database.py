"""What the shop's database says about being captured: its server, its tables, what is prepared and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connector.capture import catalogue, postgres
from connector.capture.catalogue import Connection
from connector.capture.plan import CapturePlan, TableFacts, plan_capture
from connector.errors import ShopbridgeError
from connector.mapping import Shop
from connector.operations.portal import Finding


def look(shop: Shop) -> list[Finding]:
    """Every finding about one shop's database. Raises RetriableError or ConfigurationError where it cannot be asked."""
    where = f"database of {shop.store.id}"
    bare = plan_capture(shop)
    with catalogue.connect(shop.database.url) as connection:
        findings = [Finding(ok=True, what=f"{where}: {bare.address.host}:{bare.address.port} answers")]
        facts = catalogue.table_facts(connection, shop.database.schema, shop.tables())
        plan = replace(plan_capture(shop, facts), sets_password=False)
        findings.append(_server(connection, plan, where))
        tables = list(table_findings(shop, facts, where))
        findings += tables or [Finding(ok=True, what=f"{where}: tables {', '.join(facts)} can be mapped")]
        findings.append(_prepared(connection, plan, where))
    return findings


def _server(connection: Connection, plan: CapturePlan, where: str) -> Finding:
    try:
        catalogue.require_logical(connection, plan)
    except ShopbridgeError as error:
        first, _, rest = str(error).partition("\n")
        return Finding(ok=False, what=f"{where}: {first}", remedy=rest.strip())
    return Finding(ok=True, what=f"{where}: wal_level is logical, and a slot is free")


def table_findings(shop: Shop, facts: Mapping[str, TableFacts], where: str) -> Iterator[Finding]:
    """What stands in the way, table by table."""
    for table in shop.tables():
        fact = facts.get(table)
        if fact is None:
            remedy = f"Correct the table's name in {shop.file}, or make it."
            yield Finding(ok=False, what=f"{where}: there is no table {shop.database.schema}.{table}", remedy=remedy)
            continue
        yield from _columns(shop, table, fact, where)
        yield from _rows(shop, table, fact, where)


def _columns(shop: Shop, table: str, fact: TableFacts, where: str) -> Iterator[Finding]:
    named = {
        column: place
        for mapping in shop.mappings()
        if mapping.table == table
        for column, place in mapping.columns().items()
    }
    for column, place in named.items():
        if column not in fact.columns:
            remedy = f"{place}: name one of {', '.join(fact.columns)}."
            yield Finding(ok=False, what=f"{where}: {table} has no column {column}", remedy=remedy)


def _rows(shop: Shop, table: str, fact: TableFacts, where: str) -> Iterator[Finding]:
    """Whether rows can be told apart, and whether old rows carry what the ids need."""
    if not fact.key and table not in shop.capture.config.get("message.key.columns", ""):
        remedy = "Give it a primary key, or name the columns that identify a row under capture: message.key.columns."
        yield Finding(ok=False, what=f"{where}: {table} has no primary key", remedy=remedy)
    reasons = [] if fact.full_rows else shop.needs_full_rows(table, fact.key)
    for reason in [*reasons, *shop.needs_newest_by(table, fact.key)]:
        yield Finding(ok=False, what=f"{where}: rows of {table} do not say enough", remedy=reason)


def _prepared(connection: Connection, plan: CapturePlan, where: str) -> Finding:
    there = catalogue.read(connection, plan, postgres.grants(plan))
    missing: Sequence[str] = postgres.statements(plan, there)
    if not missing:
        return Finding(ok=True, what=f"{where}: publication {plan.publication}, role, rights and our tables are there")
    heads = ", ".join(dict.fromkeys(" ".join(statement.split()[:2]).strip(",") for statement in missing))
    remedy = "Run `shopbridge capture apply`, or let an administrator run what `shopbridge capture sql` prints."
    return Finding(ok=False, what=f"{where}: not all is prepared for capture ({heads})", remedy=remedy)
