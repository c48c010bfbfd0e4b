"""The newest changes of a table's topic, instead of rows of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connector.capture.decode import schema_ids
from connector.capture.external import Decoder, decoder_of
from connector.change import Change
from connector.errors import ConfigurationError, RowError
from connector.kafka import read_range
from connector.mapping import Shop
from connector.operations.broker import admin_of
from connector.operations.contracts import registry_of
from connector.operations.old_rows import whole_old_rows
from connector.operations.previewing.choosing import tables_of
from connector.record import Record
from connector.settings import Settings


def newest_changes(settings: Settings, shop: Shop, section: str, limit: int) -> tuple[list[Change], list[str]]:
    """The newest `limit` changes of the section's topics by Kafka's time, oldest first, and what could not be read.

    Raises ConfigurationError for a section or topics that are not there, RetriableError when a server does not answer.
    """
    topics = [shop.topic(table) for table in tables_of(shop, section)]
    found = admin_of(settings).topic_ids(topics)
    if not found:
        raise ConfigurationError(f"There is no topic {', '.join(topics)} yet: run `shopbridge capture apply`.")
    records = [
        record
        for topic in found.values()
        for number, end in topic.end_offsets.items()
        for record in read_range(settings.kafka, topic.name, number, max(topic.start_offsets[number], end - limit), end)
    ]
    newest = sorted(records, key=lambda record: record.timestamp_ms)[-limit:]
    ids = {name: topic.topic_id for name, topic in found.items()}
    changes, unread = asyncio.run(_decoded(settings, shop, newest, ids))
    return changes, [*unread, *(f"{topic}: there is no such topic yet" for topic in topics if topic not in found)]


async def _decoded(
    settings: Settings, shop: Shop, records: Sequence[Record], ids: dict[str, str]
) -> tuple[list[Change], list[str]]:
    whole = await asyncio.to_thread(whole_old_rows, [shop])
    changes: list[Change] = []
    unread: list[str] = []
    async with registry_of(settings) as registry:
        decoder: Decoder = decoder_of(shop, registry, lambda topic: ids[topic], whole.__contains__)
        await registry.load({number for record in records for number in schema_ids(record)})
        for record in records:
            try:
                change = decoder.decode(record)
            except RowError as error:
                unread.append(f"{record.place} at offset {record.offset}: {error}")
            else:
                changes += [] if change is None else [change]
    return changes, unread
