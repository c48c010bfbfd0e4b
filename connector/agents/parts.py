"""What the roles of a worker share, opened in order and closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from connector.agents.epochs import Accepted, read_accepted
from connector.agents.metrics import Instruments
from connector.agents.patience import patiently
from connector.errors import ConfigurationError
from connector.http import Http
from connector.kafka import Admin, Producer, TopicInfo, ensure_change_topics, ensure_topics, find_change_topics
from connector.ledger import progress
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import Ledger
from connector.mapping import Shop
from connector.message import ObjectType
from connector.registry import Registry
from connector.settings import Settings
from connector.wire import Codec


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a role is built of. `own` and `changes` are topics as they stood at the start."""

    shops: tuple[Shop, ...]
    settings: Settings
    ledger: Ledger
    registry: Registry
    codec: Codec
    producer: Producer
    own: Mapping[str, TopicInfo]
    changes: Mapping[str, TopicInfo]
    accepted: Accepted
    full_before: Callable[[str], bool]
    instruments: Instruments

    @property
    def post(self) -> ErrorPost:
        codec = self.codec
        return ErrorPost(self.settings.portal, self.settings.errors_topic, codec.encode_error, codec.encode_message)

    @property
    def sync_topics(self) -> tuple[str, ...]:
        return tuple(map(self.settings.sync_topic, ObjectType))


async def open_parts(
    shops: Sequence[Shop],
    settings: Settings,
    closing: AsyncExitStack,
    *,
    accepted: Collection[str],
    full_before: Callable[[str], bool],
    instruments: Instruments,
) -> Parts:
    """Open all, waiting for a Kafka or a registry that is away.

    Raises ConfigurationError for topics, schemas or a ledger that are not as they must be. `accepted` as on the command
    line: TOPIC or TOPIC@end.
    """
    admin = Admin(settings.kafka)
    own = await patiently(lambda: asyncio.to_thread(ensure_topics, settings, admin))
    changes = await patiently(lambda: asyncio.to_thread(change_topics, shops, settings, admin))
    wanted = read_accepted(accepted, [*own, *changes])
    ledger = Ledger.open(settings.ledger)
    closing.push_async_callback(ledger.close)
    await refuse_foreign_topics(ledger, settings, own)
    http = Http(settings.registry)
    closing.push_async_callback(http.aclose)
    registry = Registry(http)
    codec = await Codec.open(registry, settings)
    producer = Producer(settings.kafka)
    closing.push_async_callback(producer.aclose)
    return Parts(
        tuple(shops), settings, ledger, registry, codec, producer, own, changes, wanted, full_before, instruments
    )


def change_topics(shops: Sequence[Shop], settings: Settings, admin: Admin) -> dict[str, TopicInfo]:
    """All change topics as they stand: ours are made where they are missing, those of others must be there."""
    ours = [shop.topic(table) for shop in shops if shop.capture.external is None for table in shop.tables()]
    theirs = [shop.topic(table) for shop in shops if shop.capture.external is not None for table in shop.tables()]
    return {**ensure_change_topics(settings, ours, admin), **find_change_topics(theirs, admin)}


async def refuse_foreign_topics(ledger: Ledger, settings: Settings, own: Mapping[str, TopicInfo]) -> None:
    """Raise ConfigurationError if an empty ledger stands beside sync topics that hold records: it is the wrong one."""
    if await ledger.read(progress.everything):
        return
    filled = [
        name
        for name, topic in own.items()
        if any(end > topic.start_offsets[number] for number, end in topic.end_offsets.items())
    ]
    if filled:
        raise ConfigurationError(
            f"the ledger {settings.ledger} is empty, but {', '.join(filled)} are not: it was lost, or this is another "
            f"one. Put the right file back or point SHOPBRIDGE_LEDGER to it; if this installation really begins anew, "
            f"give it other topics by SHOPBRIDGE_TOPIC_PREFIX, or delete these."
        )
