"""Rows of MariaDB's and MySQL's tables: the server's texts, read as their changes are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pymysql
from pymysql.cursors import SSCursor

from connector.capture import binlog_catalogue, values
from connector.capture.binlog_catalogue import MySqlSession
from connector.capture.errors import CaptureError
from connector.capture.reread import Kinds, kinds_of
from connector.capture.row import DecodedRow
from connector.change import Column as Value
from connector.errors import RowError

_COLUMNS: Final = """
SELECT column_name, data_type, column_type, is_nullable = 'YES'
FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""

Read = Callable[[bytes], Value]
NOT_THERE: Final = re.compile(rb"^0000-|-00(?:-|$| )")
"""A date that is in no calendar: in the year 0, or with a month or a day 0."""

ZERO_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """A column and how its bytes are read."""

    name: str
    read: Read


class MySqlTables:
    """See `row_reader.Tables`."""

    def __init__(self, connection: Any, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._session = MySqlSession(connection)

    def quoted(self, *names: str) -> str:
        return self._session.quoted(*names)

    def literal(self, text: str) -> str:
        return self._session.literal(text)

    def columns(self, table: str, left_out: Sequence[str]) -> Sequence[Column]:
        found = self._session.execute(_COLUMNS, self._schema, table)
        return [
            Column(str(name), _reading(str(kind), str(full), nullable=bool(nullable)))
            for name, kind, full, nullable in found
            if name not in left_out
        ]

    def kinds(self, table: str) -> Kinds:
        return kinds_of(self._session, self._schema, table)

    def read(self, table: str, columns: Sequence[Column], where: str, limit: int | None) -> Iterator[DecodedRow]:
        wanted = ", ".join(self.quoted(column.name) for column in columns)
        query = f"SELECT {wanted} FROM {self.quoted(self._schema, table)}"  # noqa: S608 - quoted; the condition is the operator's
        query += f" WHERE {where}" if where else ""
        query += f" LIMIT {limit:d}" if limit is not None else ""
        try:
            with self._raw_cursor() as cursor:
                cursor.execute(query)
                while (row := cursor.fetchone()) is not None:
                    yield _decoded(columns, row)
        except pymysql.MySQLError as error:
            raise CaptureError(f"{table} cannot be read: {error.args[-1]}") from error

    def count(self, table: str, where: str) -> int:
        condition = f" WHERE {where}" if where else ""
        query = f"SELECT count(*) FROM {self.quoted(self._schema, table)}{condition}"  # noqa: S608 - as above
        return int(self._session.execute(query)[0][0])

    @contextmanager
    def _raw_cursor(self) -> Iterator[Any]:
        """Streams, and leaves values as the server sends them."""
        decoders, self._connection.decoders = self._connection.decoders, {}
        plain, self._connection.use_unicode = self._connection.use_unicode, False
        try:
            with self._connection.cursor(SSCursor) as cursor:
                yield cursor
        finally:
            self._connection.decoders, self._connection.use_unicode = decoders, plain


@contextmanager
def tables(url: str, schema: str) -> Iterator[MySqlTables]:
    """The schema's tables as they are now."""
    with binlog_catalogue.session(url) as session:
        session.execute("SET NAMES utf8mb4")
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield MySqlTables(session.connection, schema)


def _decoded(columns: Sequence[Column], row: Sequence[bytes | str | None]) -> DecodedRow:
    found: dict[str, Value] = {}
    faults: dict[str, RowError] = {}
    for column, sent in zip(columns, row, strict=True):
        data = sent.encode() if isinstance(sent, str) else sent
        try:
            found[column.name] = None if data is None else column.read(data)
        except RowError as error:
            faults[column.name] = error
        except (ValueError, ArithmeticError) as error:
            faults[column.name] = RowError("UNSUPPORTED_VALUE", f"the column {column.name} holds {data!r}: {error}")
    return DecodedRow(found, faults)


def _reading(kind: str, full: str, *, nullable: bool) -> Read:
    """How values of a column are read, by its type's name and full spelling."""
    if kind == "bit" and full == "bit(1)":
        return lambda data: data == b"\x01"
    if kind == "date":
        return _dated(lambda data: date.fromisoformat(data.decode()), None if nullable else ZERO_DAY)
    if kind == "datetime":
        return _dated(lambda data: datetime.fromisoformat(data.decode()), None if nullable else values.EPOCH)
    if kind == "timestamp":
        return _dated(lambda data: datetime.fromisoformat(data.decode()).replace(tzinfo=UTC), None)
    return _READS.get(kind) or values.unsupported(kind)


def _dated(read: Read, instead: Value) -> Read:
    """A date that is in no calendar arrives as NULL, or as the first day of 1970 where NULL may not be."""
    return lambda data: instead if NOT_THERE.search(data[:10]) else read(data)


def _time(data: bytes) -> Value:
    text = data.decode()
    hours, minutes, seconds = text.lstrip("-").split(":")
    found = timedelta(hours=int(hours), minutes=int(minutes), microseconds=round(Decimal(seconds) * 1_000_000))
    return values.time_of_day(-found if text.startswith("-") else found)


_READS: Final[Mapping[str, Read]] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), int),
    **dict.fromkeys(("float", "double"), float),
    "decimal": lambda data: Decimal(data.decode()),
    "bit": lambda data: int.from_bytes(data, "big"),
    "time": _time,
    "year": lambda data: int(data) or 1900,
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), bytes),
    **dict.fromkeys(
        ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json", "uuid"), bytes.decode
    ),
}
