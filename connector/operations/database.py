"""What the shop's database says about being captured: its server, its tables, what is prepared and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connector.capture.databases import database_of
from connector.capture.plan import CapturePlan, TableFacts, plan_capture
from connector.capture.structure import read_structure
from connector.errors import ShopbridgeError
from connector.mapping import Shop
from connector.operations.cascades import cascade_findings
from connector.operations.portal import Finding

_LOG_IS_RIGHT: Final = {
    "postgres": "wal_level is logical, and a slot is free",
    "mariadb": "the binlog is on, with whole rows",
    "mysql": "the binlog is on, with whole rows",
}


def look(shop: Shop, kept_days: float) -> list[Finding]:
    """Every finding about one shop's database. Raises RetriableError or ConfigurationError where it cannot be asked.

    `kept_days`: for how long change topics can be replayed.
    """
    where, kind, url = f"database of {shop.store.id}", shop.database.kind, shop.database.url
    bare, database = plan_capture(shop), database_of(kind)
    facts = database.facts(url, shop.database.schema, shop.tables())
    findings = [Finding(ok=True, what=f"{where}: {bare.address.host}:{bare.address.port} answers")]
    plan = replace(plan_capture(shop, facts), sets_password=False)
    findings.append(_server(plan, url, where))
    findings += _kept(plan, url, where, kept_days)
    tables = list(table_findings(shop, facts, where))
    if facts:
        tables += cascade_findings(shop, read_structure(kind, url, shop.database.schema), where)
    findings += tables or [Finding(ok=True, what=f"{where}: tables {', '.join(facts)} can be mapped")]
    findings.append(_prepared(plan, url, where))
    return findings


def _server(plan: CapturePlan, url: str, where: str) -> Finding:
    try:
        database_of(plan.kind).require_log(plan, url)
    except ShopbridgeError as error:
        first, _, rest = str(error).partition("\n")
        return Finding(ok=False, what=f"{where}: {first}", remedy=rest.strip())
    return Finding(ok=True, what=f"{where}: {_LOG_IS_RIGHT[plan.kind]}")


def _kept(plan: CapturePlan, url: str, where: str, kept_days: float) -> list[Finding]:
    """A log that is deleted after a time must be kept for as long as the connector may be away."""
    seconds = database_of(plan.kind).kept_seconds(url)
    if seconds is None:
        return []
    days, wanted = seconds / _DAY_S, min(kept_days, SHORTEST_DAYS)
    what = f"{where}: the binlog is kept for {days:g} days"
    if days >= wanted:
        return [Finding(ok=True, what=what)]
    remedy = (
        f"A connector that is away for longer loses changes. SET GLOBAL binlog_expire_logs_seconds = "
        f"{wanted * _DAY_S:.0f}; write it under [mysqld] too."
    )
    return [Finding(ok=False, what=what, remedy=remedy)]


SHORTEST_DAYS: Final = 3.0
"""A connector may be away over a long week-end."""
_DAY_S: Final = 24 * 60 * 60


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
    for column in fact.unreadable:
        remedy = "Make it a text, or keep such columns in a table that is not mapped."
        what = f"{where}: Debezium cannot read a table with a column like {table}.{column}"
        yield Finding(ok=False, what=what, remedy=remedy)


def _prepared(plan: CapturePlan, url: str, where: str) -> Finding:
    missing: Sequence[str] = database_of(plan.kind).missing(plan, url)
    if not missing:
        role = "user" if plan.reads_binlog else f"publication {plan.publication}, role"
        return Finding(ok=True, what=f"{where}: {role}, rights and our tables are there")
    heads = ", ".join(dict.fromkeys(" ".join(statement.split()[:2]).strip(",") for statement in missing))
    remedy = "Run `shopbridge capture apply`, or let an administrator run what `shopbridge capture sql` prints."
    return Finding(ok=False, what=f"{where}: not all is prepared for capture ({heads})", remedy=remedy)
