"""Debezium's envelope: a registered schema → a reader of its records, compiled once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import fastavro
from fastavro.schema import SchemaParseException

from connector.capture import binlog_columns
from connector.capture.columns import Convert, Names, column_name, converter, plain, without_null
from connector.capture.row import DecodedRow
from connector.change import Column
from connector.errors import RowError

ENVELOPE_FIELDS: Final = frozenset({"op", "source", "before", "after"})

FLATTENED: Final = (
    "A record of columns alone comes from the transform ExtractNewRecordState: take it out of the connector, since it "
    "throws away operation, old row and position"
)

IGNORED_RECORDS: Final = frozenset(
    {"io.debezium.connector.common.Heartbeat", "io.debezium.connector.common.TransactionMetadataValue"}
)


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """One column: its name in the Avro record, its own name, and the way to its value."""

    field: str
    column: str
    convert: Convert


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of one record type."""

    columns: tuple[ColumnReader, ...]

    @classmethod
    def of(
        cls, record: Mapping[str, Any], names: Names, convert: Callable[[Any, Names], Convert] = converter
    ) -> RowReader:
        return cls(
            tuple(
                ColumnReader(field["name"], column_name(field), convert(field["type"], names))
                for field in record["fields"]
            )
        )

    def read(self, datum: Mapping[str, Any]) -> DecodedRow:
        """Never raises: a column that cannot be read becomes a fault of the row."""
        found: dict[str, Column] = {}
        faults: dict[str, RowError] = {}
        for column in self.columns:
            value = datum[column.field]
            try:
                found[column.column] = None if value is None else column.convert(value)
            except RowError as error:
                faults[column.column] = RowError(error.type, f"column {column.column}: {error.details}")
            except (ValueError, OverflowError, ArithmeticError, TypeError, LookupError) as error:
                faults[column.column] = _unreadable(column.column, value, error)
        return DecodedRow(found, faults)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A compiled envelope schema: how its bytes are read, and its rows."""

    writer: Any
    rows: RowReader


@dataclass(frozen=True, slots=True)
class KeySchema:
    """A compiled key schema."""

    writer: Any
    columns: RowReader


def compile_envelope(text: str) -> Envelope | None:
    """None for records that are no row changes on purpose (heartbeats); RowError for any other foreign schema."""
    definition, names, writer = _parse(text)
    if _name(definition) in IGNORED_RECORDS:
        return None
    fields = {field["name"]: field["type"] for field in definition.get("fields", ())}
    if not fields.keys() >= ENVELOPE_FIELDS:
        if "op" in fields and "message" in fields:
            return None
        raise RowError(
            "UNDECODABLE",
            f"the record {_name(definition)} is no Debezium envelope: it has {', '.join(fields)}. {FLATTENED}",
        )
    of_binlog = _source_name(fields["source"], names) in binlog_columns.SOURCES
    convert = binlog_columns.converter if of_binlog else converter
    return Envelope(writer, RowReader.of(_row_record(fields, names), names, convert))


def compile_key(text: str) -> KeySchema:
    """Raises RowError for a key that is no record of columns."""
    definition, names, writer = _parse(text)
    if definition.get("type") != "record":
        raise RowError("UNDECODABLE", f"the record key is a {definition.get('type')} and not a record of key columns")
    return KeySchema(writer, RowReader.of(definition, names))


def key_reader(key: KeySchema, envelope: Envelope) -> RowReader:
    """Reads key columns as the row's columns of the same name are read: keys do not carry the columns' own types."""
    by_field = {column.field: column for column in envelope.rows.columns}
    return RowReader(tuple(by_field.get(column.field, column) for column in key.columns.columns))


def _parse(text: str) -> tuple[Mapping[str, Any], Names, Any]:
    try:
        definition = json.loads(text)
        names = Names()
        names.learn(definition)
        writer = fastavro.parse_schema(plain(definition))
    except (SchemaParseException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RowError("UNDECODABLE", f"the registered schema is no Avro schema: {error}") from error
    return definition if isinstance(definition, dict) else {"type": definition}, names, writer


def _row_record(fields: Mapping[str, Any], names: Names) -> Mapping[str, Any]:
    for side in ("before", "after"):
        schema = without_null(fields[side])
        record = names.definition(schema) if isinstance(schema, str) else schema
        if isinstance(record, dict) and record.get("type") == "record":
            return record
    raise RowError("UNDECODABLE", "the envelope's `before` and `after` are no rows")


def _source_name(schema: Any, names: Names) -> str:
    found = names.definition(schema) if isinstance(schema, str) else schema
    return str(found.get("connect.name", "")) if isinstance(found, dict) else ""


def _name(definition: Mapping[str, Any]) -> str:
    return str(definition.get("connect.name") or f"{definition.get('namespace', '')}.{definition.get('name', '?')}")


def _unreadable(column: str, value: object, error: Exception) -> RowError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return RowError("UNSUPPORTED_VALUE", f"column {column} holds {shown}, which cannot be represented: {error}")
