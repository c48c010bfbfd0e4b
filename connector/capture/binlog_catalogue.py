"""What the shop's MariaDB or MySQL says about itself: server, tables, rights, binlog. Reads only."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pymysql.cursors import Cursor

from connector.capture.binlog_server import server_of
from connector.capture.errors import CaptureError
from connector.capture.plan import SCHEMA, CapturePlan, TableFacts, parse_address
from connector.errors import RetriableError

CONNECT_TIMEOUT_S: Final = 10
ACCESS_DENIED: Final = frozenset({1044, 1045, 1049, 1698, 3118})
"""Refused at the door, in its several forms; unknown database."""
NOT_ALLOWED: Final = frozenset({1044, 1142, 1143, 1227, 1370, 1410, 1419})
"""Refused for want of a privilege."""

UNREADABLE_TYPES: Final = ("inet4", "inet6", "vector")
"""Types at which the DDL parser of Debezium's connector fails (tried on 3.5.0), so that the whole table is lost."""

GARBLED_CHARSETS: Final = ("armscii8", "cp932", "geostd8", "hp8", "keybcs2", "koi8u", "swe7")
"""Character sets whose texts Debezium takes for others in changes, though not in snapshots (tried on 3.5.0)."""


class NotAllowedError(CaptureError):
    """Our role lacks a privilege."""


class MySqlQuoting:
    """Names and texts as MariaDB and MySQL want them."""

    def quoted(self, *names: str) -> str:
        return quoted(*names)

    def literal(self, text: str) -> str:
        return literal(text)


class MySqlSession(MySqlQuoting):
    """What `session.Session` asks, of MariaDB and MySQL. Definitions are committed as they are made there."""

    def __init__(self, connection: pymysql.Connection[Cursor]) -> None:
        self._connection = connection

    @property
    def connection(self) -> pymysql.Connection[Cursor]:
        """The driver's own, for whoever reads what is not to be held in memory."""
        return self._connection

    def execute(self, statement: str, *parameters: object) -> Sequence[Sequence[Any]]:
        """Raises NotAllowedError for want of a privilege."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall()
        except pymysql.MySQLError as error:
            kind = NotAllowedError if error.args and error.args[0] in NOT_ALLOWED else CaptureError
            raise kind(f"the shop's database refuses: {error.args[-1]}") from error

    def one(self, statement: str, *parameters: object) -> Any:
        """The first column of the only row; None without a row."""
        rows = self.execute(statement, *parameters)
        return rows[0][0] if rows else None

    def commit(self) -> None:
        self._connection.commit()


@contextmanager
def session(url: str) -> Iterator[MySqlSession]:
    """A session at the server; the URL's database is not entered, so that a wrong one is told from a closed door.

    Raises RetriableError when the server does not answer, CaptureError when it refuses us or the address is none.
    """
    with closing(_connect(url)) as connection:
        yield MySqlSession(connection)


def _connect(url: str) -> pymysql.Connection[Cursor]:
    address = parse_address(url, "mariadb")
    try:
        return pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            charset="utf8mb4",
            connect_timeout=CONNECT_TIMEOUT_S,
            init_command="SET time_zone = '+00:00'",
            ssl=_tls(url, address.sslmode),
        )
    except (pymysql.MySQLError, OSError) as error:
        if error.args and error.args[0] in ACCESS_DENIED:
            raise CaptureError(f"the shop's database refuses the connection: {error.args[-1]}") from error
        raise RetriableError(f"the shop's database does not answer: {error.args[-1]}") from error


def _tls(url: str, sslmode: str) -> ssl.SSLContext | None:
    """PostgreSQL's words in an address: sslmode, sslrootcert, sslcert, sslkey. Raises CaptureError for bad files."""
    if sslmode in {"", "disable"}:
        return None
    query = {name: unquote(values[0]) for name, values in parse_qs(urlsplit(url).query).items()}
    try:
        context = ssl.create_default_context(cafile=query.get("sslrootcert"))
        if "sslcert" in query:
            context.load_cert_chain(query["sslcert"], query.get("sslkey"))
    except (OSError, ssl.SSLError) as error:
        raise CaptureError(f"sslrootcert, sslcert or sslkey of the database's address: {error}") from error
    context.check_hostname = sslmode == "verify-full"
    if not sslmode.startswith("verify-"):
        context.verify_mode = ssl.CERT_NONE
    return context


def quoted(*names: str) -> str:
    """A qualified name as SQL text, quoted throughout."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def literal(text: str) -> str:
    """A text as SQL text, whether or not the server reads a backslash as an escape."""
    if "\\" in text:
        return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the server knows it: a name, and where it comes from."""

    user: str
    host: str

    def __str__(self) -> str:
        return f"{literal(self.user)}@{literal(self.host)}"


def table_facts(session: MySqlSession, schema: str, tables: Sequence[str]) -> dict[str, TableFacts]:
    """The facts of those tables that exist, in the order given."""
    if not tables:
        return {}
    whole = server_of(session).whole_rows
    places = ", ".join(["%s"] * len(tables))
    found: dict[str, list[Sequence[Any]]] = {}
    for table, *column in session.execute(_COLUMNS.format(places), schema, *tables):
        found.setdefault(table, []).append(column)
    keys: dict[str, list[str]] = {}
    for table, column in session.execute(_KEYS.format(places), schema, *tables):
        keys.setdefault(table, []).append(column)
    return {name: _facts(found[name], tuple(keys.get(name, ())), whole=whole) for name in tables if name in found}


def _facts(columns: Sequence[Sequence[Any]], key: tuple[str, ...], *, whole: bool) -> TableFacts:
    """`columns`: name, type, whether NULL is allowed, default, character set. Generated ones are in the binlog too."""
    return TableFacts(
        columns=tuple(name for name, *_ in columns),
        key=key,
        full_rows=whole,
        hidden_nulls=tuple(
            name
            for name, _, nullable, default, _ in columns
            if nullable == "YES" and default is not None and str(default).upper() != "NULL"
        ),
        unreadable=tuple(name for name, type_, *_ in columns if type_.lower() in UNREADABLE_TYPES),
        garbled=tuple(name for name, *_, charset in columns if charset in GARBLED_CHARSETS),
    )


def own_tables(session: MySqlSession, plan: CapturePlan) -> Mapping[str, str]:
    """Those of our tables that are there and that our role may see, with their comments."""
    names = (plan.heartbeat_table, plan.signal_table)
    return dict(session.execute(_OWN_TABLES, SCHEMA, *names))  # type: ignore[arg-type]


def last_beat(session: MySqlSession, plan: CapturePlan) -> datetime | None:
    """When the connector last wrote its heartbeat; None before the first one, or when there is no table for it."""
    if plan.heartbeat_table not in own_tables(session, plan):
        return None
    beat = session.one(f"SELECT beat FROM {quoted(SCHEMA, plan.heartbeat_table)}")  # noqa: S608
    return None if beat is None else beat.replace(tzinfo=UTC)


def binlogs(session: MySqlSession) -> Mapping[str, int] | None:
    """The binlog's files with their sizes in bytes, oldest first; None where our role may not see them."""
    try:
        return {str(row[0]): int(row[1]) for row in session.execute("SHOW BINARY LOGS")}
    except NotAllowedError:
        return None


def reader(session: MySqlSession, plan: CapturePlan) -> int | None:
    """The connection by which the connector reads the binlog, None without one.

    Raises NotAllowedError where our role sees no connections but its own.
    """
    if not sees_connections(session):
        raise NotAllowedError("our role may not see the server's connections (privilege PROCESS)")
    found = session.one(_READER, plan.address.user)
    return None if found is None else int(found)


def sees_connections(session: MySqlSession) -> bool:
    return any(_PROCESS.search(str(row[0])) for row in session.execute("SHOW GRANTS"))


_PROCESS: Final = re.compile(r"^GRANT (?:ALL PRIVILEGES|(?:.*, )?PROCESS(?:,.*)?) ON \*\.\*")

_READER: Final = """
SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s AND COMMAND LIKE 'Binlog Dump%%' ORDER BY ID DESC LIMIT 1
"""

_OWN_TABLES: Final = """
SELECT TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME IN (%s, %s)
"""

_COLUMNS: Final = """
SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, COLUMN_DEFAULT, CHARACTER_SET_NAME
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME IN ({}) ORDER BY TABLE_NAME, ORDINAL_POSITION
"""

_KEYS: Final = """
SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = %s AND INDEX_NAME = 'PRIMARY' AND TABLE_NAME IN ({}) ORDER BY TABLE_NAME, SEQ_IN_INDEX
"""
