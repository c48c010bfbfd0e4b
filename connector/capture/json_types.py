"""Column types of the database → the schema that a record without one would have had.

JSON without schema says neither that a number is a date nor what scale a decimal has. Both follow from the column's
type in the database and from two settings of the connector, which the shop file states: `decimal.handling.mode` and
`time.precision.mode`. A type whose form cannot be told (a domain, PostGIS) is refused when its value is asked for.

Facts are Debezium's documentation of its PostgreSQL, MySQL and MariaDB connectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connector.capture.columns import CONNECT_DECIMAL
from connector.capture.json_schema import FLAG, NUMBER, Schema
from connector.capture.structure_model import Table, TableColumn
from connector.mapping.shop import External

_TYPE: Final = re.compile(
    r"(?P<name>[a-z\d\" ]+?)(?:\((?P<sizes>[\d, ]+)\))?(?P<rest>(?: [a-z ]+)?)(?P<array>(?:\[\])*)"
)

_WHOLE: Final = frozenset({
    "smallint", "integer", "bigint", "oid", "tinyint", "mediumint", "int", "year", "serial", "bigserial",
})  # fmt: skip
_TEXT: Final = frozenset({
    "text", "character varying", "character", "varchar", "char", "bpchar", '"char"', "name", "uuid", "json", "jsonb",
    "xml", "citext", "ltree", "inet", "cidr", "macaddr", "macaddr8", "tsvector", "int4range", "int8range", "numrange",
    "daterange", "tsrange", "tstzrange", "tinytext", "mediumtext", "longtext", "enum", "set",
})  # fmt: skip
_BINARY: Final = frozenset({"bytea", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_PLAIN: Final[Mapping[str, str]] = {
    **dict.fromkeys(_WHOLE, "int64"),
    **dict.fromkeys(_TEXT, "string"),
    **dict.fromkeys(_BINARY, "bytes"),
    **dict.fromkeys(("real", "float"), "float"),
    **dict.fromkeys(("double", "double precision"), "double"),
    "boolean": "boolean",
}

_ISO: Final = {"date": "IsoDate", "timestamp": "IsoTimestamp", "time": "IsoTime"}
_UNIT: Final = {"ms": "", "us": "Micro", "ns": "Nano"}


def column_schemas(table: Table, external: External) -> dict[str, Schema]:
    """Column → schema, for all columns of a table."""
    return {column.name: {**schema_of(column, external), "field": column.name} for column in table.columns}


def schema_of(column: TableColumn, external: External) -> Schema:
    """The schema that Debezium's connector gives a column under the stated modes."""
    if column.choices:
        return {"type": "string"}
    match = _TYPE.fullmatch(column.type.lower())
    if match is None:
        return _unknown(column.type)
    sizes = [int(size) for size in (match["sizes"] or "").replace(" ", "").split(",") if size]
    found = _named(match["name"].strip(), match["rest"].strip(), sizes, external)
    if found is None:
        return _unknown(column.type)
    return _array(found) if match["array"] else found


def _array(items: Schema) -> Schema:
    """Elements have no source type of their own; the array's, with an underscore, is theirs."""
    source = {name: f"_{type_}" for name, type_ in items.get("parameters", {}).items() if name.endswith(".type")}
    return {"type": "array", "items": items, "parameters": source}


def _named(name: str, rest: str, sizes: list[int], external: External) -> Schema | None:
    if name == "tinyint" and sizes == [1]:
        return FLAG
    if name in _PLAIN:
        return {"type": _PLAIN[name]}
    if name in {"numeric", "decimal", "money"}:
        return _decimal(name, sizes, external.decimals)
    if name in {"bit", "bit varying"}:
        return {"type": "boolean"} if sizes == [1] else {"type": "bytes", "name": "io.debezium.data.Bits"}
    return _temporal(name, rest, sizes, external.times)


def _decimal(name: str, sizes: list[int], mode: str) -> Schema:
    """PostgreSQL's NUMERIC without precision carries the scale of each value; MONEY has two digits."""
    if mode == "double":
        return NUMBER
    if mode == "string":
        return {"type": "string", "parameters": {"__debezium.source.column.type": "NUMERIC"}}
    if name == "numeric" and not sizes:
        fields = [{"field": "scale", "type": "int32"}, {"field": "value", "type": "bytes"}]
        return {"type": "struct", "name": "io.debezium.data.VariableScaleDecimal", "fields": fields}
    scale = 2 if name == "money" else [*sizes, 0, 0][1]
    return {"type": "bytes", "name": CONNECT_DECIMAL, "parameters": {"scale": str(scale)}}


def _temporal(name: str, rest: str, sizes: list[int], mode: str) -> Schema | None:
    """PostgreSQL's types without a stated precision have six digits, MariaDB's and MySQL's have none."""
    if name.startswith(("timestamp", "time")) and (rest == "with time zone" or name.endswith("with time zone")):
        zoned = "ZonedTimestamp" if name.startswith("timestamp") else "ZonedTime"
        return {"type": "string", "name": f"io.debezium.time.{zoned}"}
    is_postgres = "without time zone" in (rest, name.partition(" ")[2])
    base = name.partition(" ")[0]
    if base == "timestamp" and not is_postgres:
        return {"type": "string", "name": "io.debezium.time.ZonedTimestamp"}  # MySQL's has a zone
    base = "timestamp" if base == "datetime" else base
    if base not in _ISO:
        return {"type": "int64", "name": "io.debezium.time.MicroDuration"} if name == "interval" else None
    if mode == "isostring":
        return {"type": "string", "name": f"io.debezium.time.{_ISO[base]}"}
    if base == "date":
        return {"type": "int32", "name": "io.debezium.time.Date"}
    digits = sizes[0] if sizes else 6 if is_postgres else 0
    unit = "us" if base == "time" and not is_postgres and mode == "adaptive" else _unit(base, digits, mode)
    return {"type": "int64", "name": f"io.debezium.time.{_UNIT[unit]}{base.capitalize()}"}


def _unit(base: str, digits: int, mode: str) -> str:
    if mode in _FIXED:
        return _FIXED[mode]
    if mode == "adaptive_time_microseconds" and base == "time":
        return "us"
    return "ms" if digits <= 3 else "us"


_FIXED: Final[Mapping[str, str]] = {"connect": "ms", "microseconds": "us", "nanoseconds": "ns"}


def _unknown(type_: str) -> dict[str, Any]:
    """A type of which nobody can tell how it is written; `columns` refuses its values under this name."""
    return {"type": f"{type_} (without a schema in the records)"}
