"""Change records in JSON, as Kafka's JsonConverter writes them, with or without a schema → Change.

With `schemas.enable=true` a record is `{"schema": ..., "payload": ...}` and tells its own types. Without, it is the
payload alone, and its columns are read by the types that the database's catalogue has for them. Keys are read likewise,
each by what it carries itself. The only exception that leaves is RowError.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connector.capture.decode import HEARTBEAT_TOPICS, LOGICAL_MESSAGE, change_of, row_key
from connector.capture.envelope import FLATTENED, IGNORED_RECORDS, ColumnReader, RowReader
from connector.capture.json_schema import Schema, convert, rows
from connector.capture.row import DecodedRow
from connector.change import Change, Operation
from connector.errors import RowError
from connector.record import Record

SHOWN: Final = 60
KEPT: Final = 1000
"""So many schemas are kept compiled; a topic with more is no change topic."""

_PARSER: Final = json.JSONDecoder(parse_float=Decimal)
_BEGIN: Final = '{"schema":'
_MIDDLE: Final = ',"payload":'


@dataclass(frozen=True, slots=True)
class Parsed:
    """A key or value: its payload, and the schema beside it, None where there is none. `text` names the schema."""

    payload: Any
    schema: Schema | None = None
    text: str = ""


class JsonParser:
    """Parses records; a schema that was seen before is recognised by its text and not parsed again."""

    def __init__(self) -> None:
        self._known: dict[str, Schema] = {}

    def parse(self, data: bytes) -> Parsed:
        """Raises RowError for what is no JSON."""
        try:
            text = data.decode()
            return self._by_known(text) or self._whole(text)
        except (ValueError, RecursionError) as error:
            hint = ""
            if data[:1] == b"\0":
                hint = ". It may be Avro: then state `capture: {external: {format: avro}}`"
            raise RowError("UNDECODABLE", f"the record is no JSON: {_short(error)}{hint}") from error

    def _by_known(self, text: str) -> Parsed | None:
        for head, schema in self._known.items():
            if text.startswith(head):
                try:
                    payload, end = _PARSER.raw_decode(text, len(head))
                except ValueError:
                    return None
                return Parsed(payload, schema, head) if text[end:].strip() == "}" else None
        return None

    def _whole(self, text: str) -> Parsed:
        found = _PARSER.decode(text)
        if not isinstance(found, dict) or found.keys() != {"schema", "payload"}:
            return Parsed(found)
        schema = found["schema"]
        if not isinstance(schema, dict):
            return Parsed(found["payload"])
        return Parsed(found["payload"], schema, self._learn(text, schema))

    def _learn(self, text: str, schema: Schema) -> str:
        """The text up to the payload; of one that is written in another way, the schema's own text."""
        if text.startswith(_BEGIN + "{"):
            _, end = _PARSER.raw_decode(text, len(_BEGIN))
            if text.startswith(_MIDDLE, end):
                head = text[: end + len(_MIDDLE)]
                self._known = {head: schema} | dict(list(self._known.items())[:7])
                return head
        return json.dumps(schema, default=str)


class JsonDecoder:
    """Decodes records of change topics.

    `topic_ids` gives the broker's id of a topic; `full_before` says of one whether its table's old rows are whole.
    `catalogue` gives for a topic the schemas of its table's columns, for records that carry none.
    """

    def __init__(
        self,
        topic_ids: Callable[[str], str],
        full_before: Callable[[str], bool],
        catalogue: Callable[[str], Mapping[str, Schema]],
    ) -> None:
        self._topic_ids = topic_ids
        self._full_before = full_before
        self._catalogue = catalogue
        self._parser = JsonParser()
        self._stated: dict[str, RowReader | RowError | None] = {}
        self._keys: dict[str, RowReader] = {}
        self._plain: dict[tuple[str, tuple[str, ...]], RowReader] = {}

    def decode(self, record: Record) -> Change | None:
        """The change, or None for what is ignored on purpose: tombstones, heartbeats, logical messages.

        Raises RowError: UNDECODABLE, UNKNOWN_OPERATION, UNSUPPORTED_TYPE or _VALUE (of a key column), MISSING_KEY,
        UNEXPECTED.
        """
        if record.value is None or record.topic.startswith(HEARTBEAT_TOPICS):
            return None
        try:
            return self._decode(record, self._parser.parse(record.value))
        except RowError:
            raise
        except Exception as error:
            raise RowError("UNEXPECTED", f"{type(error).__name__} while decoding: {_short(error)}") from error

    def row_key(self, record: Record) -> str | None:
        """The row's name by the record's key alone, None where there is no key that can be read."""
        if record.key is None:
            return None
        try:
            key = self._parser.parse(record.key)
            found = self._key_reader(record.topic, key, None).read(key.payload)
        except RowError:
            return None
        return None if found.faults else row_key(found)

    def _decode(self, record: Record, value: Parsed) -> Change | None:
        if value.schema is not None and value.schema.get("name") in IGNORED_RECORDS:
            return None
        event = value.payload
        if isinstance(event, dict) and event.get("op") == LOGICAL_MESSAGE and "after" not in event:
            return None
        _require_envelope(event)
        reader = self._rows(record.topic, value)
        return change_of(
            record,
            {"before": None, "after": None, **event, "source": _source(event["source"])},
            reader,
            lambda operation: self._key(record, reader, operation),
            topic_id=self._topic_ids(record.topic),
            full_before=self._full_before(record.topic),
        )

    def _rows(self, topic: str, value: Parsed) -> RowReader:
        sides = [side for name in ("before", "after") if (side := value.payload.get(name)) is not None]
        reader = self._rows_as_stated(value) if value.schema is not None else None
        if reader is None:
            return self._rows_as_known(topic, sides[-1] if sides else {})
        for side in sides:
            _require_columns(reader, side, "row")
        return reader

    def _rows_as_stated(self, value: Parsed) -> RowReader | None:
        """By the schema in the record, compiled once; a schema without types of its rows is as good as none."""
        if value.text not in self._stated:
            self._make_room()
            try:
                self._stated[value.text] = _compile(value.schema or {})
            except RowError as error:
                self._stated[value.text] = error
        found = self._stated[value.text]
        if isinstance(found, RowError):
            raise RowError(found.type, found.details)
        return found

    def _rows_as_known(self, topic: str, row: Mapping[str, Any]) -> RowReader:
        """By the catalogue; a column that it does not have (dropped meanwhile) is what JSON makes of it."""
        names = (topic, tuple(row))
        if names not in self._plain:
            self._make_room()
            types = self._catalogue(topic)
            self._plain[names] = RowReader(
                tuple(ColumnReader(name, name, convert(types[name]) if name in types else as_carried) for name in row)
            )
        return self._plain[names]

    def _key(self, record: Record, reader: RowReader, operation: Operation) -> DecodedRow:
        if operation is Operation.TRUNCATE:
            return DecodedRow({}, {})
        if record.key is None:
            raise RowError(
                "MISSING_KEY",
                f"the table of {record.topic} has no primary key, so its rows cannot be told apart. Add one, or have "
                f"the columns that identify a row named in the connector's message.key.columns",
            )
        try:
            key = self._parser.parse(record.key)
        except RowError as error:
            raise _no_key(record.key) from error
        found = self._key_reader(record.topic, key, reader).read(key.payload)
        for fault in found.faults.values():
            raise fault
        return found

    def _key_reader(self, topic: str, key: Parsed, reader: RowReader | None) -> RowReader:
        """Key columns are read as the row's are, since keys do not carry the columns' own types."""
        if not isinstance(key.payload, dict) or not key.payload:
            raise _no_key(key.payload)
        own = self._own_key(topic, key)
        _require_columns(own, key.payload, "key")
        by_field = {column.field: column for column in reader.columns} if reader is not None else {}
        return RowReader(tuple(by_field.get(column.field, column) for column in own.columns))

    def _own_key(self, topic: str, key: Parsed) -> RowReader:
        if key.schema is None:
            return self._rows_as_known(topic, key.payload)
        if key.text not in self._keys:
            self._make_room()
            self._keys[key.text] = rows(key.schema)
        return self._keys[key.text]

    def _make_room(self) -> None:
        for kept in (self._stated, self._keys, self._plain):
            if len(kept) >= KEPT:
                kept.clear()


def as_carried(value: Any) -> Any:
    """A value of a column that nobody knows; raises RowError for one that needs a type to be read."""
    if isinstance(value, str | int | Decimal):
        return value
    raise RowError("UNSUPPORTED_TYPE", "the column is not in the database's catalogue, and its value is no plain one")


def _compile(schema: Schema) -> RowReader | None:
    sides = {it.get("field"): it for it in schema.get("fields") or () if isinstance(it, dict)}
    for name in ("before", "after"):
        if name in sides and sides[name].get("fields"):
            return rows(sides[name])
    return None


def _require_envelope(event: Any) -> None:
    if not isinstance(event, dict):
        raise RowError("UNDECODABLE", f"the record is {_short(event)} and no Debezium envelope")
    source = event.get("source")
    if "op" not in event or not isinstance(source, dict) or not {"before", "after"} & event.keys():
        names = ", ".join(map(str, event)) or "nothing"
        raise RowError("UNDECODABLE", f"the record is no Debezium envelope: it has {names}. {FLATTENED}")
    if lacking := sorted({"connector", "name", "db", "table", "ts_ms"} - source.keys()):
        raise RowError("UNDECODABLE", f"the envelope's source lacks {', '.join(lacking)}: Debezium writes it")
    for side in ("before", "after"):
        if not isinstance(event.get(side), dict | None):
            raise RowError("UNDECODABLE", f"the envelope's {side} is {_short(event[side])} and no row")


def _no_key(key: object) -> RowError:
    return RowError(
        "UNDECODABLE",
        f"the record key is {_short(key)} and no object of key columns: the connector's key.converter must be the "
        f"JsonConverter too",
    )


def _source(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """The position's facts; older releases write whether it is a snapshot as a boolean."""
    snapshot = source.get("snapshot")
    return {**source, "snapshot": str(snapshot).lower() if isinstance(snapshot, bool) else snapshot}


def _require_columns(reader: RowReader, row: Mapping[str, Any], what: str) -> None:
    if lacking := [column.field for column in reader.columns if column.field not in row]:
        raise RowError("UNDECODABLE", f"the {what} lacks {', '.join(lacking)}, which its own schema names")


def _short(what: object) -> str:
    text = what if isinstance(what, str) else str(what) if isinstance(what, Exception) else repr(what)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
