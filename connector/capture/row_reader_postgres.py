"""Rows of PostgreSQL's tables: copied out as text by the types' own output, and read as their changes are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from connector.capture.catalogue import PostgresQuoting, PostgresSession, connect
from connector.capture.errors import CaptureError
from connector.capture.reread import Kinds, kinds_of
from connector.capture.row import DecodedRow
from connector.capture.text_values import Read, converter, decoded, elements

SETTINGS: Final = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL lc_monetary = 'C'",
    "SET LOCAL search_path = pg_catalog, public",
)
"""So that a value's text does not depend on the role, the database or the server."""

_COLUMNS: Final = """
SELECT a.attname, coalesce(base.typname, t.typname), coalesce(base.typtype, t.typtype)::text,
       coalesce(nullif(a.atttypmod, -1), t.typtypmod), t.typtype::text = 'd',
       element.typname, element.typtype::text
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type base ON base.oid = nullif(t.typbasetype, 0)
LEFT JOIN pg_type element ON element.oid = nullif(t.typelem, 0) AND t.typcategory = 'A'
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""

AS_JSON: Final = frozenset({"hstore"})
AS_NUMERIC: Final = frozenset({"money"})
"""Types whose own text is another than what a change carries."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, how it is selected, and how its text is read."""

    name: str
    selected: str
    read: Read


class PostgresTables(PostgresQuoting):
    """See `row_reader.Tables`."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def columns(self, table: str, left_out: Sequence[str]) -> Sequence[Column]:
        found = self._connection.execute(_COLUMNS, (self._schema, table)).fetchall()
        return [self._column(*row) for row in found if row[0] not in left_out]

    def _column(
        self,
        name: str,
        kind: str,
        sort: str,
        modifier: int,
        is_domain: bool,  # noqa: FBT001 - as the row has it
        element: str | None,
        element_sort: str | None,
    ) -> Column:
        selected = self.quoted(name)
        if kind in AS_NUMERIC:
            selected = f"{selected}::numeric"
        elif kind in AS_JSON:
            selected = f"{selected}::json"
        if element is not None and not is_domain:
            return Column(name, selected, elements(element, element_sort or ""))
        if kind == "bit" and modifier == 1:
            return Column(name, selected, lambda text: text == "1")
        return Column(name, selected, converter(kind, sort, _scale(kind, modifier) if is_domain else None))

    def kinds(self, table: str) -> Kinds:
        return kinds_of(PostgresSession(self._connection), self._schema, table)

    def read(self, table: str, columns: Sequence[Column], where: str, limit: int | None) -> Iterator[DecodedRow]:
        wanted = ", ".join(column.selected for column in columns)
        query = f"SELECT {wanted} FROM {self.quoted(self._schema, table)}"  # noqa: S608 - quoted; the condition is the operator's
        query += f" WHERE {where}" if where else ""
        query += f" LIMIT {limit:d}" if limit is not None else ""
        reads = [(column.name, column.read) for column in columns]
        try:
            with self._connection.cursor().copy(f"COPY ({query}) TO STDOUT".encode()) as rows:
                for row in rows.rows():
                    yield decoded(reads, row)
        except psycopg.Error as error:
            raise CaptureError(f"{table} cannot be read: {str(error).strip()}") from error

    def count(self, table: str, where: str) -> int:
        condition = f" WHERE {where}" if where else ""
        query = f"SELECT count(*) FROM {self.quoted(self._schema, table)}{condition}"  # noqa: S608 - as above
        try:
            row = self._connection.execute(query.encode()).fetchone()
        except psycopg.Error as error:
            raise CaptureError(f"{table} cannot be counted: {str(error).strip()}") from error
        return int(row[0]) if row else 0


def _scale(kind: str, modifier: int) -> int | None:
    """The scale that a domain's type modifier states; None where it states none (PostgreSQL's numeric_typmod)."""
    return (modifier - 4) & 0x7FF if kind == "numeric" and modifier >= 4 else None


@contextmanager
def tables(url: str, schema: str) -> Iterator[PostgresTables]:
    """The schema's tables as they are now."""
    with connect(url) as connection:
        for setting in SETTINGS:
            connection.execute(setting.encode())
        yield PostgresTables(connection, schema)
        connection.rollback()
