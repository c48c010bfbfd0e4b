"""The records that letters are about: kept with them, or still in their topics."""

from __future__ import annotations

from connector.errors import RetriableError, RowError
from connector.kafka import read_range
from connector.message import SyncMessage
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import Stage, SyncError
from connector.wire import Codec, schema_id


def record_of(settings: Settings, error: SyncError) -> Record:
    """The change or message that was refused, in its place. Blocks where it has to be read from its topic.

    Raises RowError where it is not to be had any more.
    """
    if error.original_value == b"":
        raise RowError("UNDECODABLE", "its record was taken out of the error on purpose")
    if error.original_value is not None:
        return Record(error.row.topic, error.partition, error.offset, error.original_key, error.original_value)
    if error.stage not in {Stage.MAP, Stage.APPLY} or not error.row.topic:
        raise RowError("UNDECODABLE", "it carries no record: the row was not known when it was raised")
    place = f"{error.row.topic}[{error.partition}] at offset {error.offset}"
    try:
        for record in read_range(settings.kafka, error.row.topic, error.partition, error.offset, error.offset + 1):
            return record
    except RetriableError as gone:
        raise RowError("UNDECODABLE", f"{place} cannot be read any more: {gone}") from gone
    raise RowError("UNDECODABLE", f"{place} is not in the log any more")


async def message_of(registry: Registry, codec: Codec, record: Record) -> SyncMessage:
    """The sync message in a record; raises RowError."""
    value = record.value or b""
    await registry.load([schema_id(value)])
    return codec.decode_message(value)
