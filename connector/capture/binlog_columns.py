"""Column types of MariaDB and MySQL, where they differ from what `columns` reads for all databases.

What a column means follows from its own type, which the connector propagates. TINYINT(1) and BOOLEAN are one type in
these databases, and come as number or as boolean according to how Debezium learnt of the column: they are numbers here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connector.capture import columns, values
from connector.capture.columns import CONNECT_DECIMAL, Convert, Names, without_null
from connector.change import Column

SOURCES: Final = frozenset({"io.debezium.connector.mariadb.Source", "io.debezium.connector.mysql.Source"})
"""Names of the record `source` in the envelopes of these connectors."""

NUMBERS: Final = frozenset({"DECIMAL", "DEC", "NUMERIC", "FIXED"})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FLAGS: Final = frozenset({"TINYINT", "BOOLEAN", "BOOL"})
BINARY: Final = frozenset({"BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "LONG VARBINARY"})


def converter(schema: Any, names: Names) -> Convert:
    """The converter of a field's schema."""
    found = without_null(schema)
    if isinstance(found, dict) and (special := _special(found)) is not None:
        return special
    return columns.converter(schema, names)


def _special(schema: Mapping[str, Any]) -> Convert | None:
    kind, name, base = schema["type"], schema.get("connect.name"), _base_type(schema)
    if kind == "boolean" and base in FLAGS:
        return int
    if kind == "bytes" and name == CONNECT_DECIMAL and base == "BIGINT":
        return _whole
    if base == "FLOAT":
        return _float(schema)
    if name == "io.debezium.time.ZonedTimestamp" and base == "TIMESTAMP":
        return _time_stamp
    if kind == "bytes" and name is None and base in BINARY:
        return lambda value: value
    if name == "io.debezium.data.Enum":
        return _label(schema)
    if kind == "string" and name is None:
        return values.number if base in NUMBERS else lambda value: value
    return None


def _label(schema: Mapping[str, Any]) -> Convert:
    """An enum's label. In changes, though not in snapshots, Debezium writes a backslash before a comma in it."""
    allowed = str((schema.get("connect.parameters") or {}).get("allowed", ""))
    written = {label: label.replace("\\,", ",") for label in _UNESCAPED_COMMA.split(allowed) if "\\," in label}
    return lambda value: written.get(value, value)


_UNESCAPED_COMMA: Final = re.compile(r"(?<!\\),")


def _float(schema: Mapping[str, Any]) -> Convert:
    """With the digits that the server shows, and a snapshot therefore reads: six, or those that are declared."""
    parameters: Mapping[str, str] = schema.get("connect.parameters") or {}
    declared = int(parameters.get("__debezium.source.column.scale", "0"))
    return lambda value: round(value, declared) if declared else float(f"{value:.6g}")


def _time_stamp(text: str) -> Column:
    """TIMESTAMP begins a second after the epoch: the epoch is what Debezium makes of a zero date."""
    found = values.instant(text)
    return None if found == EPOCH else found


def _whole(unscaled: bytes) -> Column:
    return int.from_bytes(unscaled, "big", signed=True)


def _base_type(schema: Mapping[str, Any]) -> str:
    """The type's name without UNSIGNED and ZEROFILL."""
    parameters: Mapping[str, str] = schema.get("connect.parameters") or {}
    full = parameters.get("__debezium.source.column.type", "")
    return full.replace(" UNSIGNED", "").replace(" ZEROFILL", "")
