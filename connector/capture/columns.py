"""Column types → converters, compiled once per registered schema.

What a column means stands in the attributes that Kafka Connect adds to its Avro schema: `connect.name` names the
semantic type, `connect.parameters` hold its scale and, where the connector propagates source types, the column's own
type and name. The converter switches on these alone, never on the table, since a topic may hold records of several
settings.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from connector.capture import values
from connector.change import UNAVAILABLE, Column

Convert = Callable[[Any], Column]
"""From Avro's value, never null, to the column's. Raises RowError, or ValueError and its like for a single value."""

PLACEHOLDER: Final = "__debezium_unavailable_value"
"""Debezium's default `unavailable.value.placeholder`, in the forms it takes by type."""
_BYTES: Final = PLACEHOLDER.encode()
_NUMBERS: Final = list(_BYTES)
_UUID: Final = str(uuid.UUID(bytes=hashlib.md5(_BYTES, usedforsecurity=False).digest(), version=3))
_HSTORE: Final = json.dumps({PLACEHOLDER: PLACEHOLDER}, separators=(",", ":"))
_LISTS: Final = ([PLACEHOLDER], [_BYTES], _NUMBERS, [_UUID], [_HSTORE])

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})

BY_NAME: Final[Mapping[str, Convert]] = {
    "io.debezium.data.Bits": values.bits,
    "io.debezium.time.Date": values.day,
    "io.debezium.time.Timestamp": values.timestamp_of_millis,
    "io.debezium.time.MicroTimestamp": values.timestamp_of_micros,
    "io.debezium.time.NanoTimestamp": values.timestamp_of_nanos,
    "io.debezium.time.ZonedTimestamp": values.instant,
    "io.debezium.time.IsoDate": values.iso_day,
    "io.debezium.time.IsoTimestamp": values.wall_clock,
    "io.debezium.time.IsoTime": values.iso_time,
    "io.debezium.time.Time": values.time_of_millis,
    "io.debezium.time.MicroTime": values.time_of_micros,
    "io.debezium.time.NanoTime": values.time_of_nanos,
    "io.debezium.time.ZonedTime": values.zoned_time,
    "io.debezium.time.MicroDuration": values.duration_of_micros,
    "io.debezium.time.NanoDuration": values.duration_of_nanos,
    "io.debezium.time.Year": lambda year: year,
    "org.apache.kafka.connect.data.Date": values.day,
    "org.apache.kafka.connect.data.Time": values.time_of_millis,
    "org.apache.kafka.connect.data.Timestamp": values.timestamp_of_millis,
    "io.debezium.data.VariableScaleDecimal": lambda value: values.scaled(value["value"], value["scale"]),
}
CONNECT_DECIMAL: Final = "org.apache.kafka.connect.data.Decimal"

NUMERIC_TYPES: Final = frozenset({"NUMERIC", "DECIMAL", "MONEY"})
UNBOUNDED_NUMERIC: Final = "131089"
"""The length that PostgreSQL's driver states for NUMERIC without precision, and for domains over it."""

TEXT_FORM: Final = frozenset({
    "BOX", "CIRCLE", "JSONPATH", "LINE", "LSEG", "PATH", "PG_LSN", "PG_SNAPSHOT", "POLYGON", "TXID_SNAPSHOT", "TSQUERY",
    "INT4MULTIRANGE", "INT8MULTIRANGE", "NUMMULTIRANGE", "DATEMULTIRANGE", "TSMULTIRANGE", "TSTZMULTIRANGE",
})  # fmt: skip
"""Built-in types that Debezium does not know: with `include.unknown.datatypes` their text comes as bytes."""


class Names:
    """The named types of one schema. A second mention is by name alone, so definitions are kept as they pass."""

    def __init__(self) -> None:
        self._definitions: dict[str, Mapping[str, Any]] = {}

    def learn(self, schema: Any, namespace: str = "") -> None:
        """Walk the whole schema once, before anything is compiled from it."""
        if isinstance(schema, list):
            for branch in schema:
                self.learn(branch, namespace)
        elif isinstance(schema, dict):
            if schema.get("type") in {"record", "enum", "fixed"}:
                namespace = self._keep(schema, namespace)
            for key in ("type", "items", "values"):
                self.learn(schema.get(key), namespace)
            for field in schema.get("fields", ()):
                self.learn(field.get("type"), namespace)

    def _keep(self, schema: Mapping[str, Any], namespace: str) -> str:
        name = schema["name"]
        full = name if "." in name else f"{schema.get('namespace', namespace)}.{name}"
        self._definitions[full] = self._definitions[name] = schema
        return full.rpartition(".")[0]

    def definition(self, name: str) -> Mapping[str, Any]:
        return self._definitions.get(name) or {"type": name}


def plain(schema: Any) -> Any:
    """The schema without logical types: their meaning is read here, and PostgreSQL has decimals that Avro forbids."""
    if isinstance(schema, list):
        return [plain(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    inner = ("type", "items", "values", "fields")
    return {key: plain(value) if key in inner else value for key, value in schema.items() if key != "logicalType"}


def without_null(schema: Any) -> Any:
    """The one branch beside null; a union of several types is left as it is, and is no column type of Debezium's."""
    if not isinstance(schema, list):
        return schema
    branches = [branch for branch in schema if branch != "null"]
    return branches[0] if len(branches) == 1 else branches


def column_name(field: Mapping[str, Any]) -> str:
    """The column's own name, which Avro may not allow as a field's name."""
    schema = without_null(field["type"])
    known = _parameters(schema).get("__debezium.source.column.name") if isinstance(schema, dict) else None
    return str(known or field["name"])


def converter(schema: Any, names: Names) -> Convert:
    """The converter of a field's schema; for a type that is not known, one that raises RowError UNSUPPORTED_TYPE."""
    schema = without_null(schema)
    definition = names.definition(schema) if isinstance(schema, str) else schema
    if not isinstance(definition, dict):
        return values.unsupported(json.dumps(definition))
    return _by_type(definition, _source_type(definition), names)


def _by_type(schema: Mapping[str, Any], source_type: str, names: Names) -> Convert:
    kind = schema["type"]
    if isinstance(kind, dict | list):
        return converter(kind, names)
    if kind == "string":
        return _text(schema, source_type)
    if kind == "bytes":
        return _binary(schema, source_type)
    if kind == "array":
        return _array(schema, source_type, names)
    if kind == "map":
        return _map
    if kind == "enum":
        return lambda symbol: symbol
    if kind == "float":
        return values.real
    name = schema.get("connect.name")
    if name is not None and name in BY_NAME:
        return BY_NAME[name]
    return values.unsupported(name or kind) if name or kind not in PRIMITIVES else lambda value: value


def _text(schema: Mapping[str, Any], source_type: str) -> Convert:
    """Strings of unknown names are text all the same: new versions of Debezium name more of them."""
    name = schema.get("connect.name")
    convert = BY_NAME.get(str(name))
    if name is None and _is_numeric(schema, source_type):
        convert = values.number

    def text(value: str) -> Column:
        if value in (PLACEHOLDER, _HSTORE):
            return UNAVAILABLE
        return value if convert is None else convert(value)

    return text


def _is_numeric(schema: Mapping[str, Any], source_type: str) -> bool:
    """Whether a string is a number in text form. Of a domain only its measures tell: text has no scale."""
    if source_type in NUMERIC_TYPES:
        return True
    measures = _parameters(schema)
    scale, length = (measures.get(f"__debezium.source.column.{what}", "0") for what in ("scale", "length"))
    return scale != "0" or length == UNBOUNDED_NUMERIC


def _binary(schema: Mapping[str, Any], source_type: str) -> Convert:
    convert = _bytes_meaning(schema, source_type)

    def binary(value: bytes) -> Column:
        if value == _BYTES:
            return UNAVAILABLE
        return value if convert is None else convert(value)

    return binary


def _bytes_meaning(schema: Mapping[str, Any], source_type: str) -> Convert | None:
    name = schema.get("connect.name")
    if name == CONNECT_DECIMAL:
        scale = int(_parameters(schema).get("scale") or schema.get("scale") or 0)
        return lambda value: values.scaled(value, scale)
    if name is not None:
        return BY_NAME.get(name) or values.unsupported(name)
    if source_type in TEXT_FORM:
        return lambda value: value.decode()
    return None if source_type in {"", "BYTEA"} else values.unsupported(source_type)


def _array(schema: Mapping[str, Any], source_type: str, names: Names) -> Convert:
    convert = _element(schema["items"], source_type.removeprefix("_"), names)

    def array(found: list[Any]) -> Column:
        if found in _LISTS:
            return UNAVAILABLE
        return [None if element is None else convert(element) for element in found]

    return array


def _element(items: Any, source_type: str, names: Names) -> Convert:
    """Elements carry no source type of their own; the array's, less its underscore, is theirs."""
    schema = without_null(items)
    definition = names.definition(schema) if isinstance(schema, str) else schema
    return _by_type(definition, source_type, names) if isinstance(definition, dict) else values.unsupported("a union")


def _map(found: Mapping[str, Any]) -> Column:
    """An hstore in map mode, as the JSON text that it is in JSON mode."""
    return UNAVAILABLE if PLACEHOLDER in found else json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _parameters(schema: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = schema.get("connect.parameters") or {}
    return found


def _source_type(schema: Mapping[str, Any]) -> str:
    return _parameters(schema).get("__debezium.source.column.type", "")
