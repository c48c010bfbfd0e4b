"""A few questions to a shop's rows: what a status column holds, what a lookup table says. Reads, in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

import psycopg

from connector.capture import binlog_catalogue, catalogue
from connector.capture.errors import CaptureError
from connector.capture.structure import Structure
from connector.errors import RetriableError

PATIENCE_S: Final = 10
"""A question that takes longer is given up."""

NEWEST: Final = 100_000
"""So many rows are looked at, those with the highest keys."""

Pairs = tuple[tuple[Any, Any], ...]
Ask = Callable[[str], Pairs]


class UnansweredError(Exception):
    """A question that the database did not answer, with its reason."""


class Sampler:
    """Asks one database. `ask` runs a query of two columns."""

    def __init__(self, structure: Structure, ask: Ask) -> None:
        self._structure = structure
        self._ask = ask
        self._is_postgres = structure.kind == "postgres"

    def values(self, table: str, column: str, limit: int) -> Pairs:
        """(text, count) of a column's different values, the most frequent first, one more than `limit` at most."""
        newest = f"SELECT {self._text(table, column)} AS v FROM {self._name(table)}{self._from_the_end(table)}"  # noqa: S608
        return self._ask(f"SELECT v, count(*) FROM ({newest}) s GROUP BY v ORDER BY 2 DESC, 1 LIMIT {limit + 1:d}")  # noqa: S608

    def labels(self, table: str, key: str, label: str, limit: int) -> Pairs:
        """(text of the key, label) of a lookup table's rows."""
        what = f"{self._text(table, key)}, {self._text(table, label)}"
        return self._ask(f"SELECT {what} FROM {self._name(table)} ORDER BY {self._quoted(key)} LIMIT {limit:d}")  # noqa: S608

    def zero_dates(self, table: str, column: str) -> Pairs:
        """One pair if the column of a MariaDB or MySQL table holds a zero date."""
        newest = f"SELECT {self._quoted(column)} AS v FROM {self._name(table)}{self._from_the_end(table)}"  # noqa: S608
        return self._ask(f"SELECT '0000-00-00', 1 FROM ({newest}) s WHERE YEAR(v) = 0 LIMIT 1")  # noqa: S608

    def zone(self) -> str:
        """The time zone of the server's clock."""
        if self._is_postgres:
            return str(self._ask("SELECT current_setting('timezone'), 1")[0][0])
        zone = "SELECT IF(@@global.time_zone = 'SYSTEM', @@system_time_zone, @@global.time_zone), 1"
        return str(self._ask(zone)[0][0])

    def _text(self, table: str, column: str) -> str:
        """The column as text, as templates and value maps have it: bytes as hexadecimal digits."""
        found = self._structure.table(table)
        known = found.column(column) if found else None
        is_binary = known is not None and any(word in known.type.lower() for word in ("bytea", "binary", "blob"))
        name = self._quoted(column)
        if self._is_postgres:
            return f"encode({name}, 'hex')" if is_binary else f"{name}::text"
        return f"LOWER(HEX({name}))" if is_binary else f"CAST({name} AS CHAR)"

    def _from_the_end(self, table: str) -> str:
        found = self._structure.table(table)
        key = f" ORDER BY {self._quoted(found.key[0])} DESC" if found and found.key else ""
        return f"{key} LIMIT {NEWEST:d}"

    def _name(self, table: str) -> str:
        return f"{self._quoted(self._structure.schema)}.{self._quoted(table)}"

    def _quoted(self, name: str) -> str:
        mark = '"' if self._is_postgres else "`"
        return mark + name.replace(mark, mark * 2) + mark


@contextmanager
def sampler(structure: Structure, url: str) -> Iterator[Sampler]:
    """Opens the database for questions. Raises as `read_structure` does; a question raises UnansweredError."""
    if structure.kind == "postgres":
        with closing(catalogue.connect(url)) as connection:
            connection.autocommit = True
            connection.execute(f"SET statement_timeout = {PATIENCE_S * 1000:d}")
            connection.execute("SET default_transaction_read_only = on")
            yield Sampler(structure, lambda query: _ask_postgres(connection, query))
    else:
        with binlog_catalogue.session(url) as asked:
            asked.execute(_LIMITS[structure.kind])
            asked.execute("SET SESSION TRANSACTION READ ONLY")
            yield Sampler(structure, lambda query: _ask_mysql(asked, query))


_LIMITS: Final = {
    "mariadb": f"SET SESSION max_statement_time = {PATIENCE_S:d}",
    "mysql": f"SET SESSION max_execution_time = {PATIENCE_S * 1000:d}",
}


def _ask_postgres(connection: catalogue.Connection, query: str) -> Pairs:
    try:
        return _pairs(connection.execute(query).fetchall())
    except psycopg.OperationalError as error:
        if connection.broken:
            raise RetriableError(f"the shop's database does not answer any more: {str(error).strip()}") from error
        raise UnansweredError(str(error).strip().splitlines()[0]) from error
    except psycopg.Error as error:
        raise UnansweredError(str(error).strip().splitlines()[0]) from error


def _ask_mysql(asked: binlog_catalogue.MySqlSession, query: str) -> Pairs:
    try:
        return _pairs(asked.execute(query))
    except CaptureError as error:
        raise UnansweredError(str(error)) from error


def _pairs(rows: Sequence[Sequence[Any]]) -> Pairs:
    return tuple((first, second) for first, second in rows)
