"""Change records of Debezium → Change.

Before decoding, the schemas of a record (`schema_ids`) must be in the registry's memory; decoding waits for nothing.
The only exception that leaves is RowError: what is odd about a record is that record's fault and not its neighbours'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from connector import wire
from connector.capture.envelope import Envelope, KeySchema, RowReader, compile_envelope, compile_key, key_reader
from connector.capture.row import DecodedRow
from connector.change import Change, Column, Operation, Position, Row
from connector.errors import RowError
from connector.record import Record
from connector.registry import Registry

HEARTBEAT_TOPICS: Final = "__debezium-heartbeat."
LOGICAL_MESSAGE: Final = "m"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TOPIC_CHARACTER: Final = re.compile(r"[^a-zA-Z0-9._\-]")


def schema_ids(record: Record) -> set[int]:
    """The ids of the schemas needed to decode the record; none for one that is undecodable anyway."""
    ids = set()
    for part in (record.key, record.value):
        try:
            ids |= {wire.schema_id(part)} if part is not None else set()
        except RowError:
            continue  # decode will say so
    return ids


class ChangeDecoder:
    """Decodes records of change topics.

    `topic_ids` gives the broker's id of a topic. `full_before` says of a topic whether its table has REPLICA IDENTITY
    FULL, which no single event shows: only then are non-key columns of `before` to be trusted.
    """

    def __init__(
        self,
        registry: Registry,
        topic_ids: Callable[[str], str],
        full_before: Callable[[str], bool] = lambda _topic: False,
    ) -> None:
        self._registry = registry
        self._topic_ids = topic_ids
        self._full_before = full_before
        self._envelopes: dict[int, Envelope | RowError | None] = {}
        self._keys: dict[int, KeySchema] = {}
        self._key_readers: dict[int, tuple[int, RowReader]] = {}

    def decode(self, record: Record) -> Change | None:
        """The change, or None for what is ignored on purpose: tombstones, heartbeats, logical messages.

        Raises RowError: UNDECODABLE, UNKNOWN_OPERATION, UNSUPPORTED_TYPE or _VALUE (of a key column), MISSING_KEY,
        UNEXPECTED.
        """
        if record.value is None or record.topic.startswith(HEARTBEAT_TOPICS):
            return None
        try:
            return self._decode(record, record.value)
        except RowError:
            raise
        except Exception as error:
            raise RowError("UNEXPECTED", f"{type(error).__name__} while decoding: {error}") from error

    def row_key(self, record: Record) -> str | None:
        """The row's name by the record's key alone, None where there is no key that can be read."""
        if record.key is None:
            return None
        try:
            number = wire.schema_id(record.key)
            schema = self._key_schema(number)
            _, reader = self._key_readers.get(number, (0, schema.columns))
            return row_key(reader.read(wire.read_payload(record.key, schema.writer)))
        except RowError:
            return None

    def _decode(self, record: Record, value: bytes) -> Change | None:
        number = wire.schema_id(value)
        envelope = self._envelope(number)
        if envelope is None:
            return None
        return change_of(
            record,
            wire.read_payload(value, envelope.writer),
            envelope.rows,
            lambda operation: self._key(record, number, envelope, operation),
            topic_id=self._topic_ids(record.topic),
            full_before=self._full_before(record.topic),
        )

    def _key(self, record: Record, value_id: int, envelope: Envelope, operation: Operation) -> DecodedRow:
        if operation is Operation.TRUNCATE:
            return DecodedRow({}, {})
        if record.key is None:
            raise RowError(
                "MISSING_KEY",
                f"the table of {record.topic} has no primary key, so its rows cannot be told apart. Add one, or name "
                f"the columns that identify a row in the connector's message.key.columns",
            )
        number = wire.schema_id(record.key)
        schema = self._key_schema(number)
        if self._key_readers.get(number, (0,))[0] != value_id:
            self._key_readers[number] = value_id, key_reader(schema, envelope)
        key = self._key_readers[number][1].read(wire.read_payload(record.key, schema.writer))
        for fault in key.faults.values():
            raise fault
        return key

    def _envelope(self, number: int) -> Envelope | None:
        if number not in self._envelopes:
            text = self._schema_text(number)
            try:
                self._envelopes[number] = compile_envelope(text)
            except RowError as error:
                self._envelopes[number] = error
        found = self._envelopes[number]
        if isinstance(found, RowError):
            raise RowError(found.type, found.details)
        return found

    def _key_schema(self, number: int) -> KeySchema:
        if number not in self._keys:
            self._keys[number] = compile_key(self._schema_text(number))
        return self._keys[number]

    def _schema_text(self, number: int) -> str:
        schema = self._registry.schema(number)
        if schema is None:
            raise RowError("UNDECODABLE", f"the registry knows no schema {number}")
        return schema.text


def change_of(
    record: Record,
    event: Mapping[str, Any],
    rows: RowReader,
    key_of: Callable[[Operation], DecodedRow],
    *,
    topic_id: str,
    full_before: bool,
) -> Change | None:
    """The change that an envelope speaks of, however it was written; None for a logical message.

    `key_of` reads the record's key, empty for TRUNCATE. Raises RowError as `ChangeDecoder.decode` does.
    """
    if event["op"] == LOGICAL_MESSAGE:
        return None
    operation = _operation(event["op"])
    source = event["source"]
    _require_own_topic(source, record.topic)
    key = key_of(operation)
    return Change(
        table=source["table"],
        operation=operation,
        key=key,
        row_key=row_key(key) if operation is not Operation.TRUNCATE else "",
        before=_before(event["before"], rows, key, full=full_before),
        after=None if event["after"] is None else rows.read(event["after"]),
        full_before=full_before,
        position=Position(record.topic, topic_id, record.partition, record.offset),
        server=f"{source['connector']}/{source['name']}/{source['db']}",
        database_position=database_position(source, event.get("transaction")),
        committed_at=_committed_at(source),
        snapshot=operation is Operation.READ or source.get("snapshot") not in {None, "false"},
    )


def row_key(key: Row) -> str:
    """Canonical text of a record key: JSON of the key columns in the order of the key.

    It does not change when a column's form on the wire does: decimals and all other types without JSON form are text.
    """
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"), default=_key_text)


def database_position(source: Mapping[str, Any], transaction: Mapping[str, Any] | None) -> str:
    """Position in the database's log as text that sorts.

    PostgreSQL: the LSN, then the number of the event within its transaction. MariaDB and MySQL: the number of the
    binlog's file, the byte in it, the row within the event. Of a row read by an incremental snapshot it is the place
    at its reading. Empty, and so before all others, where the event carries none.
    """
    if source.get("file"):
        return binlog_position(source)
    lsn = source.get("lsn")
    if lsn is None and source.get("sequence"):
        lsn = int(json.loads(source["sequence"])[-1])  # rows of incremental snapshots have no LSN of their own
    order = transaction["total_order"] if transaction else 0
    return "" if lsn is None else f"{lsn & 0xFFFFFFFFFFFFFFFF:016x}/{order:08d}"


def binlog_position(source: Mapping[str, Any]) -> str:
    """Files are numbered; their common name may change with the server's configuration."""
    number = str(source["file"]).rpartition(".")[2]
    return f"{number:0>10}/{source.get('pos') or 0:020d}/{source.get('row') or 0:08d}"


def _before(datum: Mapping[str, Any] | None, rows: RowReader, key: DecodedRow, *, full: bool) -> Row | None:
    if datum is None:
        return None
    return rows.read(datum) if full else key


def _operation(code: Any) -> Operation:
    try:
        return Operation(code)
    except ValueError as error:
        raise RowError(
            "UNKNOWN_OPERATION", f"the change has the operation {code!r}, which this release does not know"
        ) from error


def _require_own_topic(source: Mapping[str, Any], topic: str) -> None:
    """A registry that counts two kinds of ids can hand out another table's schema, which may even fit the bytes."""
    if not topic.startswith(f"{source['name']}."):
        return  # renamed on the way, so its name says nothing
    space = "schema" if source.get("schema") is not None else "db"  # MariaDB and MySQL have databases instead
    named = ".".join(str(source[part]) for part in ("name", space, "table") if source.get(part) is not None)
    if _NO_TOPIC_CHARACTER.sub("_", named) != topic:
        raise RowError(
            "UNDECODABLE", f"the record on {topic} says it is of {named}: it was read by another table's schema"
        )


def _committed_at(source: Mapping[str, Any]) -> datetime:
    micros = source.get("ts_us")
    return _EPOCH + timedelta(microseconds=source["ts_ms"] * 1000 if micros is None else micros)


def _key_text(value: Column) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
