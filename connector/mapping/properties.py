"""Property, filter and link texts of the shop file → functions over rows. Nothing is interpreted per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connector.change import UNAVAILABLE, Column, Row, Unavailable
from connector.errors import RowError
from connector.mapping.functions import call, load_function
from connector.mapping.shape import ColumnShape, PropertyShape
from connector.mapping.shop import Reader
from connector.mapping.sql import compile_expression
from connector.mapping.template import compile_template
from connector.mapping.values import is_zero_date, text_of, to_value
from connector.message import Value

_PLAIN = frozenset({str, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the texts of one file share: SQL dialect, zone of times without one, folder of the user's modules."""

    dialect: str
    zone: str | None
    folder: Path


@dataclass(frozen=True, slots=True)
class Compiled:
    """A reader, the columns it reads (None: unknown) and the values that the file itself writes."""

    read: Reader
    columns: frozenset[str] | None
    constants: tuple[Value, ...] = ()


def compile_property(shape: PropertyShape, around: Surroundings, *, dated: bool) -> Compiled:
    """The reader of one property; `dated`: HubSpot holds it as a date or an instant."""
    if shape.template is not None:
        template = compile_template(shape.template)
        return Compiled(template.render, frozenset(template.columns))
    if shape.sql is not None:
        return compile_sql(shape.sql, around, dated=dated)
    if shape.python is not None:
        return Compiled(call(shape.python, load_function(shape.python, around.folder)), None)
    if shape.column is None:
        return Compiled(_constant(shape.const), frozenset(), (shape.const,))
    if shape.values is not None:
        return _translated(shape, shape.column, shape.values)
    return compile_column(shape, shape.column, around, dated=dated)


def compile_column(shape: ColumnShape, column: str, around: Surroundings, *, dated: bool = False) -> Compiled:
    """The reader of a plain column."""
    zone = shape.zone or around.zone
    dated = dated or not shape.model_fields_set.isdisjoint({"zone", "zero_date"})
    read = _column(column, ZoneInfo(zone) if zone else None, dated=dated)
    if "zero_date" in shape.model_fields_set:
        read = _without_zero_date(column, read)
    return Compiled(read, frozenset({column}))


def compile_sql(text: str, around: Surroundings, *, dated: bool = False) -> Compiled:
    """The reader of an SQL expression; its value becomes a property value as a column's would."""
    expression = compile_expression(text, around.dialect)
    evaluate = expression.evaluate
    zone = ZoneInfo(around.zone) if around.zone else None

    def read(row: Row) -> Value | Unavailable:
        value = evaluate(row)
        return value if type(value) in _PLAIN else to_value(value, zone, dated=dated)

    return Compiled(read, expression.columns)


def _column(name: str, zone: ZoneInfo | None, *, dated: bool) -> Reader:
    def read(row: Row) -> Value | Unavailable:
        value = row[name]
        return value if type(value) in _PLAIN else to_value(value, zone, dated=dated)  # type: ignore[return-value]

    return read


def _without_zero_date(name: str, read: Reader) -> Reader:
    def read_date(row: Row) -> Value | Unavailable:
        return None if is_zero_date(row[name]) else read(row)

    return read_date


def _constant(value: Value) -> Reader:
    def read(_: Row) -> Value:
        return value

    return read


def _translated(shape: PropertyShape, column: str, values: Mapping[Any, Value]) -> Compiled:
    table: dict[str | None, Value] = {None if key is None else _key_text(key): value for key, value in values.items()}
    table.setdefault(None, None)
    has_default = "default" in shape.model_fields_set
    default: Value = shape.default

    def read(row: Row) -> Value | Unavailable:
        value = row[column]
        if value is UNAVAILABLE:
            return UNAVAILABLE
        text = value if type(value) is str else text_of(value)
        if text in table:
            return table[text]
        if has_default:
            return default
        known = ", ".join(sorted(key for key in table if key is not None))
        raise RowError("UNMAPPED_VALUE", f"`values` of the column {column} does not name {text!r}, only {known}")

    constants = tuple(dict.fromkeys((*values.values(), *((default,) if has_default else ()))))
    return Compiled(read, frozenset({column}), tuple(value for value in constants if value is not None))


def _key_text(key: Column) -> str:
    text = text_of(key)
    return "" if text is None else text
