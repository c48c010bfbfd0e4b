"""A shop that somebody else's Debezium captures, for `check` and `status`: its tables, its topics, what they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from connector.capture.decode import schema_ids
from connector.capture.external import Decoder, decoder_of
from connector.capture.structure import Structure, read_structure
from connector.errors import RowError, ShopbridgeError
from connector.kafka import TopicInfo, find_change_topics, read_range
from connector.mapping import Shop
from connector.operations.broker import admin_of
from connector.operations.contracts import registry_of
from connector.operations.portal import Finding
from connector.record import Record
from connector.settings import Settings

BACK: Final = 3
"""So many of a partition's newest records are looked at: the very last may be a tombstone."""


def look(shop: Shop) -> list[Finding]:
    """Whether the database has what the shop file maps. Raises RetriableError or ConfigurationError."""
    where = f"database of {shop.store.id}"
    structure = read_structure(shop.database.kind, shop.database.url, shop.database.schema)
    wrong = [finding for table in shop.tables() for finding in _table(shop, structure, table, where)]
    return wrong or [Finding(ok=True, what=f"{where}: answers; tables {', '.join(shop.tables())} can be mapped")]


def _table(shop: Shop, structure: Structure, name: str, where: str) -> Iterator[Finding]:
    table = structure.table(name)
    if table is None:
        remedy = f"Correct the table's name in {shop.file}, or make it."
        yield Finding(ok=False, what=f"{where}: there is no table {shop.database.schema}.{name}", remedy=remedy)
        return
    for mapping in shop.mappings():
        for column, place in mapping.columns().items() if mapping.table == name else ():
            if table.column(column) is None:
                remedy = f"{place}: name one of {', '.join(each.name for each in table.columns)}."
                yield Finding(ok=False, what=f"{where}: {name} has no column {column}", remedy=remedy)
    if not table.key:
        remedy = "Give it one, or have the columns that identify a row named in the connector's message.key.columns."
        yield Finding(ok=False, what=f"{where}: {name} has no primary key", remedy=remedy)
    for reason in shop.needs_newest_by(name, table.key):
        yield Finding(ok=False, what=f"{where}: rows of {name} do not say enough", remedy=reason)


async def topics(settings: Settings, shop: Shop) -> list[Finding]:
    """Whether the change topics are there, and whether their newest records can be read as the shop file says."""
    where = f"change topics of {shop.store.id}"
    names = {shop.topic(table): table for table in shop.tables()}
    try:
        found = await asyncio.to_thread(lambda: find_change_topics(names, admin_of(settings)))
    except ShopbridgeError as error:
        first, _, rest = str(error).partition("\n")
        return [Finding(ok=False, what=f"{where}: {first}", remedy=rest)]
    async with registry_of(settings) as registry:
        decoder = await asyncio.to_thread(decoder_of, shop, registry, lambda _: "", lambda _: False)
        findings = []
        for topic in found.values():
            records = await asyncio.to_thread(newest, settings, topic)
            await registry.load({number for record in records for number in schema_ids(record)})
            findings.append(_judged(where, topic, names[topic.name], records, decoder))
    return findings


def _judged(where: str, topic: TopicInfo, table: str, records: list[Record], decoder: Decoder) -> Finding:
    """By the newest records: all changes of the right table, or what is odd about them."""
    what = f"{where}: {topic.name}, {topic.partitions} partitions"
    tables = set()
    for record in records:
        try:
            change = decoder.decode(record)
        except RowError as error:
            remedy = "Compare `format` under `capture: external` with the connector's converters."
            return Finding(ok=False, what=f"{what}: {error.details}", remedy=remedy)
        tables |= {change.table} if change is not None else set()
    if tables - {table}:
        remedy = "Say under `capture: {external: {topics: ...}}` which topic is of which table."
        return Finding(ok=False, what=f"{what}: it holds changes of {', '.join(sorted(tables))}", remedy=remedy)
    if not records:
        return Finding(ok=True, what=f"{what}, empty")
    latest = max(record.timestamp_ms for record in records)
    return Finding(
        ok=True, what=f"{what}, written last at {datetime.fromtimestamp(latest / 1000, UTC):%Y-%m-%d %H:%M}Z"
    )


def newest(settings: Settings, topic: TopicInfo) -> list[Record]:
    """The last records of each partition."""
    return [
        record
        for number, end in topic.end_offsets.items()
        for record in read_range(settings.kafka, topic.name, number, max(topic.start_offsets[number], end - BACK), end)
    ]


def written_last(settings: Settings, shop: Shop, found: Mapping[str, TopicInfo]) -> datetime | None:
    """When the newest record of the shop's change topics was written; None where there is none."""
    records = [
        record
        for table in shop.tables()
        if (topic := found.get(shop.topic(table))) is not None
        for record in newest(settings, topic)
    ]
    return datetime.fromtimestamp(max(it.timestamp_ms for it in records) / 1000, UTC) if records else None
