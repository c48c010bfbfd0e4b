"""A record of a change topic, decoded and mapped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from connector.change import Change
from connector.errors import RowError
from connector.kafka.limits import LARGEST_RECORD
from connector.mapping import SectionMapper
from connector.message import ObjectRef, SyncMessage
from connector.record import Outgoing, Record
from connector.settings import Settings
from connector.translate.numbers import Numbers
from connector.translate.rejects import Rejects, place_name
from connector.version import SourceRow
from connector.wire import Codec


class Decoder(Protocol):
    """Records of change topics to changes."""

    def decode(self, record: Record) -> Change | None:
        """The change, None for what is none (a tombstone, a heartbeat); raises RowError."""

    def row_key(self, record: Record) -> str | None:
        """The row's name by the record's key alone, None if it cannot be read."""


class Translator:
    """Records of one section's change topics into messages. `mappers` by change topic: several shops may have it."""

    def __init__(
        self, section: str, mappers: Mapping[str, SectionMapper], decoder: Decoder, rejects: Rejects, numbers: Numbers
    ) -> None:
        self.section = section
        self.topics = tuple(mappers)
        self._mappers = mappers
        self._decoder = decoder
        self._rejects = rejects
        self._numbers = numbers

    def decode(self, record: Record) -> Change | None:
        """The change, under the epoch of its topic; None for what is none. Raises RowError."""
        change = self._decoder.decode(record)
        if change is None or not self._numbers.is_divided(record.topic):
            return change
        epoch = self._numbers.epoch(record)
        return replace(change, position=replace(change.position, topic_id=epoch.id))

    def map(self, topic: str, change: Change) -> list[SyncMessage]:
        """What the change says; empty where the section does not map it. Raises RowError."""
        return self._mappers[topic].map(change)

    def row_key(self, record: Record) -> str | None:
        """The name of the row that the record tells of, None if its key cannot be read."""
        return self._decoder.row_key(record)

    def ref(self, topic: str, change: Change) -> ObjectRef | None:
        """The object that the change would tell of, None where the row does not say."""
        return self._mappers[topic].ref(change)

    def reject(self, record: Record, change: Change | None, error: RowError) -> Outgoing:
        """The sync error of a record that could not be decoded or mapped."""
        key = self._decoder.row_key(record) if change is None else change.row_key
        mapper = self._mappers[record.topic]
        mapping = None if change is None else mapper.table_mapping(change.table)
        return self._rejects.reject(
            record,
            error,
            row=SourceRow(record.topic, key or place_name(record)),
            subject=mapping or mapper.section,
            version=self._numbers.version(record),
            ref=None if change is None else self.ref(record.topic, change),
        )


def encoded(message: SyncMessage, settings: Settings, codec: Codec) -> Outgoing:
    """The message as a record of its sync topic; raises RowError if the topics do not take one so large."""
    value = codec.encode_message(message)
    if len(value) > LARGEST_RECORD - 64 * 1024:
        raise RowError(
            "VALUE_TOO_LONG",
            f"the sync message has {len(value)} bytes, at most {LARGEST_RECORD} can be sent: "
            f"shorten its long texts in the shop file",
        )
    return Outgoing(settings.sync_topic(message.object_type), str(message.ref).encode(), value)
