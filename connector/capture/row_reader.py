"""Rows of the shop's tables read from the database itself, as the connector's snapshot would deliver them.

For previews and comparisons: the same column values, so that mapping gives the same messages. They have no place in a
change topic: offset -1, no topic id, no position in the database's log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from connector.capture import row_reader_mysql, row_reader_postgres
from connector.capture.control import read_facts
from connector.capture.decode import row_key
from connector.capture.errors import CaptureError
from connector.capture.plan import TableFacts, reads_binlog
from connector.capture.reread import Kinds, rows_with
from connector.capture.row import DecodedRow
from connector.capture.session import Quoting
from connector.change import Change, Operation, Position
from connector.mapping import Shop

NO_OFFSET: Final = -1


class Tables(Quoting, Protocol):
    """One consistent view of the shop's tables: everything is read as it was at its beginning, and nothing locked."""

    def columns(self, table: str, left_out: Sequence[str]) -> Sequence[Any]:
        """What is to be known of the table's columns to read them, in their order."""

    def kinds(self, table: str) -> Kinds:
        """The types of the table's columns."""

    def read(self, table: str, columns: Sequence[Any], where: str, limit: int | None) -> Iterator[DecodedRow]:
        """The rows; `where` is an SQL condition. Streams. Raises CaptureError when the database refuses it."""

    def count(self, table: str, where: str) -> int:
        """How many rows there are."""


class RowReader:
    """Reads the mapped tables of one shop."""

    def __init__(self, shop: Shop, tables: Tables, facts: Mapping[str, TableFacts]) -> None:
        self._shop = shop
        self._tables = tables
        self._facts = facts
        self._columns: dict[str, Sequence[Any]] = {}
        self._server = f"{shop.database.kind}/rows/{shop.store.id}"

    @classmethod
    @contextmanager
    def open(cls, shop: Shop) -> Iterator[RowReader]:
        """A reader in a transaction of its own that sees one moment.

        Raises RetriableError when the server does not answer, CaptureError when it refuses us.
        """
        database = shop.database
        facts = read_facts(database.kind, database.url, database.schema, shop.tables())
        module = row_reader_mysql if reads_binlog(database.kind) else row_reader_postgres
        with module.tables(database.url, database.schema) as tables:
            yield cls(shop, tables, facts)

    def rows(
        self,
        table: str,
        *,
        where: str | None = None,
        keys: Sequence[Mapping[str, Any]] | None = None,
        limit: int | None = None,
    ) -> Iterator[Change]:
        """The rows of a table as changes: all, those of an SQL condition, or those with these keys.

        `keys` as a row key's JSON has them. Raises CaptureError for a table that is not there or has no key, and when
        the database refuses the condition.
        """
        facts = self._known(table)
        if table not in self._columns:
            self._columns[table] = self._tables.columns(table, facts.generated)
        conditions = [] if where is None else [f"({where})"]
        if keys is not None:
            if not keys:
                return
            texts = [json.dumps(key) for key in keys]
            conditions.append(f"({rows_with(self._tables, texts, self._tables.kinds(table))})")
        at = datetime.now(UTC)
        for row in self._tables.read(table, self._columns[table], " AND ".join(conditions), limit):
            yield self._change(table, facts, row, at)

    def count(self, table: str, *, where: str | None = None) -> int:
        """How many rows the table has."""
        self._known(table)
        return self._tables.count(table, "" if where is None else f"({where})")

    def _known(self, table: str) -> TableFacts:
        facts = self._facts.get(table)
        if facts is None:
            raise CaptureError(f"there is no table {table} in {self._shop.database.schema}")
        if not facts.key:
            raise CaptureError(f"the table {table} has no primary key, so its rows cannot be told apart")
        return facts

    def _change(self, table: str, facts: TableFacts, row: DecodedRow, at: datetime) -> Change:
        key = {column: row[column] for column in facts.key}
        return Change(
            table=table,
            operation=Operation.READ,
            key=key,
            row_key=row_key(key),
            before=None,
            after=row,
            full_before=False,
            position=Position(self._shop.topic(table), "", 0, NO_OFFSET),
            server=self._server,
            database_position="",
            committed_at=at,
            snapshot=True,
        )
