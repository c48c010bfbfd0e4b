"""Sync topics as a test reads and writes them: messages said again, or made up after others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from connector.http import Http
from connector.kafka import Admin, read_range
from connector.message import ObjectType, SyncMessage
from connector.record import Outgoing
from connector.registry import Registry
from connector.settings import Settings
from connector.wire import Codec, schema_id
from tests.support.small_shop import SmallShop


def messages(shop: SmallShop, kind: ObjectType) -> list[SyncMessage]:
    """What lies in a sync topic, partition by partition."""
    return asyncio.run(_read(shop.settings, shop.settings.sync_topic(kind)))


def say(shop: SmallShop, spoken: Sequence[SyncMessage]) -> None:
    """Write messages to their topics, as a map agent would."""
    shop.produce(asyncio.run(encoded(shop.settings, spoken)))


async def _read(settings: Settings, topic: str) -> list[SyncMessage]:
    info = Admin(settings.kafka).topic_ids([topic])[topic]
    records = [
        record
        for number, end in info.end_offsets.items()
        for record in read_range(settings.kafka, topic, number, info.start_offsets[number], end)
    ]
    async with _registry(settings) as registry:
        codec = await Codec.open(registry, settings)
        await registry.load({schema_id(record.value or b"") for record in records})
        return [codec.decode_message(record.value or b"") for record in records]


async def encoded(settings: Settings, spoken: Sequence[SyncMessage]) -> list[Outgoing]:
    """Messages as records of their topics."""
    async with _registry(settings) as registry:
        codec = await Codec.open(registry, settings)
        return [
            Outgoing(settings.sync_topic(it.object_type), str(it.ref).encode(), codec.encode_message(it))
            for it in spoken
        ]


@asynccontextmanager
async def _registry(settings: Settings) -> AsyncIterator[Registry]:
    http = Http(settings.registry)
    try:
        yield Registry(http, patience_s=30)
    finally:
        await http.aclose()
