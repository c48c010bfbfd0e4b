"""Avro bytes in the Confluent wire format: byte 0, four bytes of schema id, the record.

Records are read by the schema that wrote them and resolved to ours by name, so messages of an older or a newer release
can be read. Whatever cannot be read raises RowError UNDECODABLE; nothing else is raised.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import fastavro
from fastavro.schema import SchemaParseException

from connector import contracts, datum
from connector.datum import Datum
from connector.errors import RowError
from connector.message import ObjectType, SyncMessage
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import SyncError

_HEADER: Final = struct.Struct(">bi")

N = TypeVar("N")


def schema_id(value: bytes) -> int:
    """The id of the schema that wrote the bytes; raises RowError when they are no Confluent frame."""
    if len(value) < _HEADER.size or value[0] != 0:
        begin = value[:8].hex(" ") or "nothing"
        hint = ". It may be JSON: then state `capture: {external: {format: json}}`" if value[:1] == b"{" else ""
        raise RowError(
            "UNDECODABLE", f"this is no Avro record in the Confluent wire format; it begins with {begin}{hint}"
        )
    number: int = _HEADER.unpack_from(value)[1]
    if number <= 0:
        raise RowError("UNDECODABLE", f"{number & 0xFFFFFFFF} is no schema id")
    return number


def frame(number: int, payload: bytes) -> bytes:
    return _HEADER.pack(0, number) + payload


def read_payload(value: bytes, writer: Any, reader: Any = None) -> Any:
    """The datum in a frame. Raises RowError for bytes that the writer's schema did not write, and for bytes left over.

    `writer` and `reader` are schemas parsed by fastavro.
    """
    stream = io.BytesIO(value)
    stream.seek(_HEADER.size)
    try:
        found = fastavro.schemaless_reader(stream, writer, reader)
    except Exception as error:  # garbage makes the reader raise whatever it runs into
        raise RowError("UNDECODABLE", f"the bytes do not fit their schema: {type(error).__name__}: {error}") from error
    if left := len(value) - stream.tell():
        raise RowError("UNDECODABLE", f"{left} bytes are left over after the record: another schema wrote it")
    return found


@dataclass(frozen=True, slots=True)
class _Contract(Generic[N]):
    """One schema of ours, parsed, with the way from its noun to data and back."""

    name: str
    schema: Any
    to_datum: Callable[[N], Datum]
    from_datum: Callable[[Datum], N]

    @classmethod
    def load(cls, name: str, to_datum: Callable[[N], Datum], from_datum: Callable[[Datum], N]) -> _Contract[N]:
        return cls(name, fastavro.parse_schema(json.loads(contracts.text(name))), to_datum, from_datum)

    def write(self, number: int, noun: N) -> bytes:
        """The frame; raises RowError for a value that the schema cannot hold, as text with half a surrogate pair."""
        stream = io.BytesIO()
        try:
            fastavro.schemaless_writer(stream, self.schema, self.to_datum(noun))
        except (ValueError, TypeError, OverflowError, struct.error) as error:
            raise RowError("MAPPING_FAILED", f"no {self.name} can hold this: {error}") from error
        return frame(number, stream.getvalue())

    def read(self, value: bytes, writer: Any) -> N:
        found = read_payload(value, writer, self.schema)
        try:
            return self.from_datum(found)
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise RowError("UNDECODABLE", f"no {self.name} of this release: {error}") from error


class Codec:
    """Sync messages, sync errors and dead letters to bytes and back.

    Before decoding, the ids of the records (`schema_id`) must be loaded into the registry's memory; an id that is not
    there counts as unknown. Encoding raises RowError for values that a schema cannot hold.
    """

    def __init__(self, registry: Registry, settings: Settings, ids: Mapping[str, int]) -> None:
        self._registry = registry
        self._message = _Contract.load(contracts.MESSAGE, datum.message_datum, datum.message_of)
        self._error = _Contract.load(contracts.ERROR, datum.error_datum, datum.error_of)
        self._letter = _Contract.load(contracts.LETTER, datum.letter_datum, datum.error_of)
        self._message_ids = {kind: ids[f"{settings.sync_topic(kind)}-value"] for kind in ObjectType}
        self._error_id = ids[f"{settings.errors_topic}-value"]
        self._letter_id = ids[f"{settings.dead_letter_topic}-value"]
        self._writers: dict[int, Any] = {}

    @classmethod
    async def open(cls, registry: Registry, settings: Settings) -> Codec:
        """Register the three schemas, waiting for a registry that is away.

        Raises ConfigurationError when it finds them incompatible with what it holds.
        """
        return cls(registry, settings, await contracts.register(registry, settings))

    def encode_message(self, message: SyncMessage) -> bytes:
        return self._message.write(self._message_ids[message.object_type], message)

    def encode_error(self, error: SyncError) -> bytes:
        return self._error.write(self._error_id, error)

    def encode_letter(self, letter: SyncError) -> bytes:
        return self._letter.write(self._letter_id, letter)

    def decode_message(self, value: bytes) -> SyncMessage:
        return self._message.read(value, self._writer(value))

    def decode_error(self, value: bytes) -> SyncError:
        return self._error.read(value, self._writer(value))

    def decode_letter(self, value: bytes) -> SyncError:
        return self._letter.read(value, self._writer(value))

    def _writer(self, value: bytes) -> Any:
        """The parsed schema that wrote the frame."""
        number = schema_id(value)
        if number not in self._writers:
            schema = self._registry.schema(number)
            if schema is None:
                raise RowError("UNDECODABLE", f"the registry knows no schema {number}")
            self._writers[number] = parse_writer(schema.text)
        return self._writers[number]


def parse_writer(text: str) -> Any:
    """A registered schema, parsed; raises RowError for one that is no Avro schema."""
    try:
        return fastavro.parse_schema(json.loads(text))
    except (SchemaParseException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RowError("UNDECODABLE", f"the registered schema is no Avro schema: {error}") from error
