"""What the shop's PostgreSQL says about itself: tables, roles, publications, slots. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import TupleRow

from connector.capture.errors import CaptureError
from connector.capture.log_status import LogStatus
from connector.capture.plan import SCHEMA, CapturePlan, TableFacts
from connector.errors import RetriableError

Connection = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_S: Final = 10
OLDEST_VERSION: Final = 14

ROLE_COMMENT: Final = "made by shopbridge capture"
"""Marks a role that `remove` may drop."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege. `kind` is TABLE or SCHEMA; `name` is quoted as SQL wants it."""

    privilege: str
    kind: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is of what a plan needs."""

    role_replicates: bool | None = None
    role_is_ours: bool = False
    has_schema: bool = False
    own_tables: frozenset[str] = frozenset()
    granted: frozenset[Grant] = frozenset()
    has_publication: bool = False
    publishes_all: bool = False
    published: frozenset[tuple[str, str]] = frozenset()
    full_rows: frozenset[str] = frozenset()
    slot_active: bool | None = None
    """None: there is no slot."""


def connect(url: str) -> Connection:
    """Raises RetriableError when the server does not answer, CaptureError when it refuses us."""
    try:
        return psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S, application_name="shopbridge")
    except psycopg.OperationalError as error:
        text = str(error).strip()
        if "authentication failed" in text or "does not exist" in text or "no pg_hba.conf entry" in text:
            raise CaptureError(f"the shop's database refuses the connection: {text}") from error
        raise RetriableError(f"the shop's database does not answer: {text}") from error


class PostgresQuoting:
    """Names and texts as PostgreSQL wants them."""

    def quoted(self, *names: str) -> str:
        return quoted(*names)

    def literal(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"


class PostgresSession(PostgresQuoting):
    """What `session.Session` asks, of PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, *parameters: object) -> Sequence[Sequence[Any]]:
        try:
            cursor = self._connection.execute(statement, parameters or None)
        except psycopg.Error as error:
            raise CaptureError(f"the shop's database refuses: {str(error).strip()}") from error
        return cursor.fetchall() if cursor.description else []

    def commit(self) -> None:
        self._connection.commit()


@contextmanager
def session(url: str) -> Iterator[PostgresSession]:
    """See `session.session_of`."""
    with connect(url) as connection:
        yield PostgresSession(connection)
        connection.rollback()


def quoted(*names: str) -> str:
    """A qualified name as SQL text, quoted throughout."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def table_facts(connection: Connection, schema: str, tables: Sequence[str]) -> dict[str, TableFacts]:
    """The facts of those tables that exist."""
    rows = connection.execute(_TABLES, {"schema": schema, "tables": list(tables)}).fetchall()
    return {
        name: TableFacts(tuple(columns), tuple(key), full, tuple(hidden), tuple(generated))
        for name, columns, key, full, hidden, generated in rows
    }


def require_logical(connection: Connection, plan: CapturePlan) -> None:
    """Raises CaptureError naming every setting of the server that forbids capture."""
    faults = []
    if _one(connection, "SELECT current_setting('server_version_num')::int / 10000") < OLDEST_VERSION:
        faults.append(f"PostgreSQL must be {OLDEST_VERSION} or later")
    if _one(connection, "SELECT current_setting('wal_level')") != "logical":
        faults.append("wal_level must be logical: ALTER SYSTEM SET wal_level = 'logical'; then restart the server")
    taken = _one(connection, "SELECT count(*) FROM pg_replication_slots WHERE slot_name <> %s", plan.slot)
    if taken >= _one(connection, "SELECT current_setting('max_replication_slots')::int"):
        faults.append("all replication slots are taken: raise max_replication_slots, then restart the server")
    if faults:
        raise CaptureError("the database server cannot be captured:\n    " + "\n    ".join(faults))


def read(connection: Connection, plan: CapturePlan, grants: Sequence[Grant]) -> Catalogue:
    """What is there of what the plan needs; `grants` are the ones to look for."""
    role = connection.execute(
        "SELECT rolreplication OR rolsuper, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s",
        (plan.address.user,),
    ).fetchone()
    publication = connection.execute(
        "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = %s",
        (plan.publication,),
    ).fetchone()
    facts = table_facts(connection, plan.schema, plan.tables)
    return Catalogue(
        role_replicates=None if role is None else bool(role[0]),
        role_is_ours=role is not None and role[1] == ROLE_COMMENT,
        has_schema=_one(connection, "SELECT to_regnamespace(%s) IS NOT NULL", SCHEMA),
        own_tables=_own_tables(connection, plan),
        granted=frozenset(grant for grant in grants if _has(connection, grant)),
        has_publication=publication is not None,
        publishes_all=publication is not None and bool(publication[0]),
        published=frozenset(_published(connection, plan.publication)),
        full_rows=frozenset(table for table, fact in facts.items() if fact.full_rows),
        slot_active=_slot_active(connection, plan.slot),
    )


def slot_status(connection: Connection, slot: str) -> LogStatus:
    row = connection.execute(_SLOT, {"slot": slot}).fetchone()
    return LogStatus(False) if row is None else LogStatus(True, *row)


def server_of(connection: Connection, slot: str) -> int | None:
    """The pid of the server process that serves the slot, None when nobody reads it."""
    row = connection.execute("SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", (slot,)).fetchone()
    return None if row is None else row[0]


def last_beat(connection: Connection, plan: CapturePlan) -> datetime | None:
    """When the connector last wrote its heartbeat; None before the first one, or when there is no table for it."""
    if plan.heartbeat_table not in _own_tables(connection, plan):
        return None
    row = connection.execute(f"SELECT beat FROM {quoted(SCHEMA, plan.heartbeat_table)}").fetchone()  # noqa: S608 # type: ignore[arg-type]
    return None if row is None else row[0]


def _slot_active(connection: Connection, slot: str) -> bool | None:
    row = connection.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", (slot,)).fetchone()
    return None if row is None else bool(row[0])


def _own_tables(connection: Connection, plan: CapturePlan) -> frozenset[str]:
    names = [plan.heartbeat_table, plan.signal_table]
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename = ANY(%s)", (SCHEMA, names)
    )
    return frozenset(name for (name,) in rows)


def _published(connection: Connection, publication: str) -> list[tuple[str, str]]:
    rows = connection.execute(
        "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = %s", (publication,)
    )
    return [(schema, table) for schema, table in rows]


def _has(connection: Connection, grant: Grant) -> bool:
    """False also where the role or the object is not there yet."""
    check: LiteralString = _HAS_TABLE if grant.kind == "TABLE" else _HAS_SCHEMA
    parameters = {"role": grant.role, "name": grant.name, "privilege": grant.privilege}
    row = connection.execute(check, parameters).fetchone()
    return row is not None and bool(row[0])


def _one(connection: Connection, query: LiteralString, *parameters: str) -> Any:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


_HAS_TABLE: Final = """
SELECT has_table_privilege(r.oid, c.oid, %(privilege)s)
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = %(role)s
  AND '"' || replace(n.nspname, '"', '""') || '"."' || replace(c.relname, '"', '""') || '"' = %(name)s
"""
"""Finds the table in the catalogue, which everybody may read: a cast to regclass is denied to whom its schema is."""

_HAS_SCHEMA: Final = """
SELECT has_schema_privilege(r.oid, n.oid, %(privilege)s)
FROM pg_roles r, pg_namespace n
WHERE r.rolname = %(role)s AND '"' || replace(n.nspname, '"', '""') || '"' = %(name)s
"""

_TABLES: Final = """
SELECT c.relname,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       coalesce((SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM pg_index i, unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place), pg_attribute a
        WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum
          AND k.place <= i.indnkeyatts), '{}'),
       c.relreplident = 'f',
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull AND a.atthasdef
          AND a.attgenerated = ''), '{}'),
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''), '{}')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = ANY(%(tables)s) AND c.relkind IN ('r', 'p')
ORDER BY array_position(%(tables)s::text[], c.relname::text)
"""

_SLOT: Final = """
SELECT active, coalesce(wal_status, ''),
       pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint,
       pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint,
       confirmed_flush_lsn::text, pg_current_wal_lsn()::text, safe_wal_size
FROM pg_replication_slots WHERE slot_name = %(slot)s
"""
