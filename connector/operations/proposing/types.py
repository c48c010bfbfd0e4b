"""What a column's type is good for, in the few families that decide here."""

from __future__ import annotations

import re
from typing import Final, Literal

from connector.capture.structure import TableColumn

Family = Literal["text", "whole", "number", "truth", "day", "instant", "wall_clock", "uuid", "bytes", "other"]
"""`wall_clock`: a time without a zone; `number`: with decimals; `bytes` have no property value, but a text in ids."""

_FAMILIES: Final[tuple[tuple[str, Family], ...]] = (
    (r"bool|tinyint\(1\)|bit$|bit\(1\)", "truth"),
    (r"(small|medium|tiny|big)?(int|serial)|integer|oid$|year", "whole"),
    (r"numeric|decimal|dec\b|double|real|float|money|fixed", "number"),
    (r"timestamp.* with time zone|timestamptz", "instant"),
    (r"timestamp.* without time zone|datetime", "wall_clock"),
    (r"timestamp", "instant"),
    (r"date", "day"),
    (r"uuid", "uuid"),
    (r"bytea|binary|varbinary|.*blob|bit", "bytes"),
    (r"char|varchar|(tiny|medium|long)?text|citext|name$|enum|nchar|nvarchar", "text"),
)

KEYS: Final[frozenset[Family]] = frozenset({"text", "whole", "uuid", "bytes"})
"""Families whose text can be an id. A number with decimals, a time or a truth value is no sensible one."""


def family(column: TableColumn) -> Family:
    """MariaDB's and MySQL's `timestamp` is an instant; PostgreSQL always says of it whether it has a zone."""
    if column.choices:
        return "text"
    plain = column.type.lower()
    if plain.endswith("[]"):
        return "other"
    return next((found for pattern, found in _FAMILIES if re.match(pattern, plain)), "other")
