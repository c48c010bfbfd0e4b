"""The record that an error is about: kept with the error, or still in its topic; decoded as far as it can be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connector.capture.decode import database_position
from connector.errors import RetriableError, RowError
from connector.kafka import read_range
from connector.operations.contracts import registry_of
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import Stage, SyncError
from connector.wire import parse_writer, read_payload, schema_id

BYTES_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class Whence:
    """Where a change came from: its record in Kafka, and the place in the database's log."""

    topic: str
    partition: int
    offset: int
    database_position: str
    committed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """`found` says where the record is from, or why there is none; `key` and `value` are JSON's types.

    `whence` is the change that it tells of.
    """

    found: str
    key: Any = None
    value: Any = None
    whence: Whence | None = None


def original(settings: Settings, error: SyncError) -> Original:
    """The record; raises RetriableError when the registry does not answer."""
    return asyncio.run(_original(settings, error))


async def _original(settings: Settings, error: SyncError) -> Original:
    key, value, found = error.original_key, error.original_value, "kept with the error"
    if value == b"":
        return Original("it was taken out of the error on purpose")
    if value is None:
        key, value, found = await asyncio.to_thread(_from_topic, settings, error)
    if value is None:
        return Original(found)
    async with registry_of(settings) as registry:
        shown = await readable(registry, value)
        name = _utf8(key) if error.stage in {Stage.SEND, Stage.LINK} else None
        return Original(found, name or await readable(registry, key), shown, whence(error, shown))


def whence(error: SyncError, shown: Any) -> Whence | None:
    """Where the change came from, by what the record itself says; None for a record that is neither of ours."""
    source = shown.get("source") if isinstance(shown, dict) else None
    if not isinstance(source, dict):
        return None
    if "rowKey" in source:
        position, at = source["databasePosition"], source["committedAt"]
        return Whence(source["topic"], source["partition"], source["offset"], position, at)
    try:
        position = database_position(source, shown.get("transaction"))
    except (ValueError, KeyError, TypeError):
        position = ""  # somebody else's record, which only looks like Debezium's
    return Whence(error.row.topic, error.partition, error.offset, position)


def _utf8(key: bytes | None) -> str | None:
    """Keys of our own topics are plain text."""
    try:
        return None if key is None else key.decode()
    except UnicodeDecodeError:
        return None


def _from_topic(settings: Settings, error: SyncError) -> tuple[bytes | None, bytes | None, str]:
    """Key, value, and where it is from or why it is not there."""
    place = f"{error.row.topic}[{error.partition}] at offset {error.offset}"
    if not error.row.topic:
        return None, None, "the error names no record"
    if error.stage is Stage.LINK:
        return None, None, "it was not kept with the error"
    try:
        records = read_range(settings.kafka, error.row.topic, error.partition, error.offset, error.offset + 1)
        for record in records:
            return record.key, record.value, f"read from {place}"
    except RetriableError as gone:
        return None, None, f"{place} cannot be read any more: {gone}"
    return None, None, f"{place} is not in the log any more"


async def readable(registry: Registry, data: bytes | None) -> Any:
    """Decoded by the schema that wrote it; what cannot be decoded as text or, if it is none, the first bytes as hex."""
    if data is None:
        return None
    try:
        number = schema_id(data)
        await registry.load([number])
        schema = registry.schema(number)
        if schema is not None:
            return read_payload(data, parse_writer(schema.text))
    except RowError as error:
        return f"{_raw(data)} ({error.details})"
    return f"{_raw(data)} (the registry knows no schema {number})"


def _raw(data: bytes) -> str:
    head = data[:BYTES_SHOWN]
    text = head.decode("ascii", errors="backslashreplace")
    shown = text if head.isascii() and text.isprintable() else head.hex(" ")
    return shown if len(data) <= BYTES_SHOWN else f"{shown} ... ({len(data)} bytes)"
