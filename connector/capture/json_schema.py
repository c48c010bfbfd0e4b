"""The schema that Kafka's JsonConverter writes beside a payload → readers of rows.

Its types are Connect's own; what a column means stands in `name` and `parameters`, as in Avro. So a schema is turned
into the form that `columns.converter` knows, and each value into the one that Avro would have carried.

Facts are Kafka's JsonConverter: bytes in base64, decimals in base64 or as numbers (`decimal.format`), maps with text
keys as objects and others as lists of pairs, NaN and infinities as text.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from connector.capture.columns import CONNECT_DECIMAL, Convert, Names, column_name, converter
from connector.capture.envelope import ColumnReader, RowReader
from connector.errors import RowError

Schema = Mapping[str, Any]
"""A piece of a schema as JsonConverter writes it: type, optional, name, parameters, field, fields, items, values."""

NUMBER: Final[Schema] = {"type": "number"}
"""No type of Connect's: a decimal that `decimal.handling.mode=double` wrote into a payload without schema."""

FLAG: Final[Schema] = {"type": "flag"}
"""Neither: TINYINT(1) in a payload without schema, a number or, by a converter of Debezium's, a boolean."""

_AVRO: Final = {
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "long",
    "float": "float",
    "double": "double",
    "boolean": "boolean",
    "string": "string",
    "bytes": "bytes",
}
_SPECIAL: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def rows(schema: Schema) -> RowReader:
    """The reader of a row's struct; raises RowError for a schema that is no struct."""
    try:
        return RowReader(tuple(column(field) for field in schema["fields"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RowError("UNDECODABLE", f"the schema in the record is none of Kafka Connect's: {error!r}") from error


def column(field: Schema) -> ColumnReader:
    """The reader of one field."""
    return ColumnReader(field["field"], column_name({"name": field["field"], "type": avro(field)}), convert(field))


def convert(schema: Schema) -> Convert:
    """From JSON's value, never null, to the column's."""
    if schema["type"] in _OURS:
        return _OURS[schema["type"]]
    carried, meaning = native(schema), converter(avro(schema), Names())
    is_decimal = schema["type"] == "bytes" and schema.get("name") == CONNECT_DECIMAL

    def read(value: Any) -> Any:
        if is_decimal and isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
        return meaning(carried(value))

    return read


def number(value: Any) -> Decimal:
    """A decimal written as a number; NaN and infinities come as text."""
    if value in _SPECIAL or (isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return Decimal(value)
    raise TypeError(f"it is no number; state how the connector writes decimals, see {WHERE}")


def flag(value: Any) -> int | bool:
    """A whole number or a boolean."""
    if isinstance(value, int):
        return value
    raise TypeError("it is neither a whole number nor a boolean")


_OURS: Final[Mapping[str, Convert]] = {"number": number, "flag": flag}

WHERE: Final = "`decimals` and `times` under `capture: external`"


def avro(schema: Schema) -> dict[str, Any]:
    """The schema as Debezium's Avro converter would have registered it."""
    kind = schema["type"]
    found: dict[str, Any] = {"type": _AVRO.get(kind, kind)}
    if kind == "struct":
        found |= {"type": "record", "fields": [{"name": it["field"], "type": avro(it)} for it in schema["fields"]]}
    elif kind == "array":
        found["items"] = avro(schema["items"])
    if schema.get("name") is not None:
        found["connect.name"] = schema["name"]
    if schema.get("parameters"):
        found["connect.parameters"] = schema["parameters"]
    return found


def native(schema: Schema) -> Callable[[Any], Any]:
    """From JSON's value to Avro's; raises TypeError or ValueError for one of another type."""
    kind = schema["type"]
    if kind == "bytes":
        return _bytes
    if kind in {"float", "double"}:
        return _float
    if kind == "array":
        element = native(schema["items"])
        return lambda found: [None if it is None else element(it) for it in _of(list, found)]
    if kind == "map":
        return _map
    if kind == "struct":
        members = {field["field"]: native(field) for field in schema["fields"]}
        return lambda found: {name: _member(read, _of(dict, found)[name]) for name, read in members.items()}
    if kind not in _AVRO:
        return lambda value: value  # `columns` refuses it by its name
    expected = {"boolean": bool, "string": str}.get(kind, int)
    return lambda value: _of(expected, value)


def _member(read: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else read(value)


def _of(expected: type, value: Any) -> Any:
    """The value, if it is of the type that its schema states; True is no number here."""
    if isinstance(value, expected) and isinstance(value, bool) == (expected is bool):
        return value
    raise TypeError(f"it is no {_WORDS[expected]}, see {WHERE} where the records carry no schema")


_WORDS: Final = {bool: "boolean", str: "text", int: "whole number", list: "list", dict: "object"}


def _bytes(value: Any) -> bytes:
    return base64.b64decode(_of(str, value), validate=True)


def _float(value: Any) -> float:
    if value in _SPECIAL or (isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return float(value)
    raise TypeError(f"it is no number, see {WHERE} where the records carry no schema")


def _map(value: Any) -> Any:
    return dict(value) if isinstance(value, list) else _of(dict, value)
