"""Changes that could not be mapped, mapped again with the shop file as it is today."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connector.capture.decode import schema_ids
from connector.capture.external import Decoder, decoders_of
from connector.change import Change
from connector.kafka import TopicInfo, read_range
from connector.ledger.numbering import known_topics, last_mapping
from connector.mapping import SectionMapper, Shop, mapper
from connector.message import SyncMessage
from connector.operations.broker import admin_of
from connector.operations.ledger_file import reading
from connector.operations.old_rows import whole_old_rows
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import Stage, SyncError, error_id

Named = tuple[str, int]
"""A change topic and the number that the ledger gave to an epoch of it."""


class Remapper:
    """Maps the changes of letters again.

    `epochs`: what a ledger knows of change topics, by topic and number. `hints`: what an operator should know first.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        decoders: Mapping[str, Decoder],
        mappers: Mapping[str, Sequence[SectionMapper]],
        topics: Mapping[str, TopicInfo],
        epochs: Mapping[Named, str],
        hints: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._decoders = decoders
        self._mappers = mappers
        self._topics = topics
        self._epochs = dict(epochs)
        self.hints = hints

    def takes(self, error: SyncError) -> bool:
        """Whether a shop file maps the topic of the row."""
        return error.row.topic in self._mappers

    async def change(self, record: Record) -> Change | None:
        """The change that the record tells of, None for one that tells of none. Raises RowError."""
        await self._registry.load(schema_ids(record))
        return self._decoders[record.topic].decode(record)

    def map(self, error: SyncError, change: Change) -> list[SyncMessage]:
        """The messages that the change gives today. Raises RowError where it still cannot be mapped."""
        placed = replace(change, position=replace(change.position, topic_id=self._epoch(error)))
        return [message for each in self._mappers_of(error, change) for message in each.map(placed)]

    def _mappers_of(self, error: SyncError, change: Change) -> list[SectionMapper]:
        """The mapper that failed; all of the topic where the shop file has it no more under that name."""
        every = list(self._mappers[error.row.topic])
        return [each for each in every if self._id(error, each, change) == error.id] or every

    def _id(self, error: SyncError, section: SectionMapper, change: Change) -> str:
        name = section.table_mapping(change.table) or section.section
        return error_id(error.portal, name, error.row, Stage.MAP)

    def _epoch(self, error: SyncError) -> str:
        """The name of the epoch that the change belongs to; empty, and so older than all, where it is not known.

        Without a ledger it is known of a record that is still in its topic: a topic made anew has another there.
        """
        named = error.row.topic, error.version.epoch
        topic = self._topics.get(error.row.topic)
        if named not in self._epochs and topic is not None and self._is_there(error, topic):
            self._epochs[named] = topic.topic_id
        return self._epochs.get(named, "")

    def _is_there(self, error: SyncError, topic: TopicInfo) -> bool:
        start = topic.start_offsets.get(error.partition)
        if start is None or not start <= error.offset < topic.end_offsets[error.partition]:
            return False
        found = list(read_range(self._settings.kafka, topic.name, error.partition, error.offset, error.offset + 1))
        kept = (error.original_key, error.original_value)
        return any((each.key, each.value) == kept or error.original_value is None for each in found)


async def open_remapper(shops: Sequence[Shop], settings: Settings, registry: Registry) -> Remapper:
    """The remapper of these shop files.

    Raises RetriableError when Kafka or a shop's database does not answer, ConfigurationError when one refuses us.
    """
    whole, topics, (epochs, hints) = await asyncio.gather(
        asyncio.to_thread(whole_old_rows, shops),
        asyncio.to_thread(_topics, shops, settings),
        asyncio.to_thread(_by_ledger, shops, settings),
    )
    decoders = await asyncio.to_thread(
        decoders_of, shops, registry, lambda name: topics[name].topic_id if name in topics else "", whole.__contains__
    )
    mappers: dict[str, list[SectionMapper]] = {}
    for shop in shops:
        for section in shop.sections:
            section_mapper = mapper(shop, section)
            for name in section_mapper.topics:
                mappers.setdefault(name, []).append(section_mapper)
    return Remapper(settings, registry, decoders, mappers, topics, epochs, hints)


def _topics(shops: Sequence[Shop], settings: Settings) -> dict[str, TopicInfo]:
    return admin_of(settings).topic_ids([shop.topic(table) for shop in shops for table in shop.tables()])


def _by_ledger(shops: Sequence[Shop], settings: Settings) -> tuple[dict[Named, str], tuple[str, ...]]:
    """Names of epochs by topic and number, and shop files that no worker has loaded: nothing without a ledger."""
    if not settings.ledger.exists():
        return {}, ()
    with reading(settings.ledger) as tx:
        known = known_topics(tx)
        loaded = {shop.store.id: last_mapping(tx, shop.store.id) for shop in shops}
    epochs = {(each.topic, each.number): each.id for epochs in known.values() for each in epochs}
    hints = (
        f"The worker has not loaded {shop.file} as it is now: start it anew first, or what is mapped counts for older."
        for shop in shops
        if (last := loaded[shop.store.id]) is None or last.hash != shop.hash
    )
    return epochs, tuple(hints)
