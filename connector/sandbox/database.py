"""The SQLite file: what outlives the process, and what other processes read while it runs.

One writer, write-ahead log: readers never wait and a killed server loses no answered write. The tables `record`,
`association`, `write_log` and `request_log` are an interface: whoever checks the outcome of a run reads them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from connector.sandbox.record import AssociationType, End, LogEntry, Origin, Record

_TABLES = ("record", "association", "write_log", "request_log", "definition", "blocked_email")


@dataclass(frozen=True, slots=True)
class Link:
    """One direction of one association of one pair."""

    start: End
    end: End
    kind: AssociationType


@dataclass(frozen=True, slots=True)
class LinkChange:
    """What is to happen to one direction: one type made, or (`kind` None) all types between the two removed."""

    start: End
    end: End
    kind: AssociationType | None


@dataclass(slots=True)
class Changes:
    """All that one request changes; written whole or not at all."""

    records: dict[str, Record] = field(default_factory=dict)
    unlinked: list[End] = field(default_factory=list)
    links: list[LinkChange] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One line of the request log. `inputs` counts the inputs of a batch, 1 for any other call with a body."""

    origin: Origin
    method: str
    path: str
    kind: str
    status: int
    inputs: int
    millis: float
    fault: str | None
    object_type: str | None


class Database:
    """The file, opened for the life of the server. SQLite errors pass through: nothing here can mend them."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The server runs on one event loop, but tests build and drive it on different threads, one after the other.
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("PRAGMA busy_timeout = 10000")
        self.connection.executescript((resources.files("connector.sandbox") / "schema.sql").read_text())

    def close(self) -> None:
        self.connection.close()

    def records(self) -> Iterator[Record]:
        """Read all records, oldest first."""
        query = "SELECT id, object_type, properties, created_at, updated_at, archived, archived_at, merged_into"
        for row in self.connection.execute(query + " FROM record ORDER BY CAST(id AS INTEGER)"):
            yield Record(row[0], row[1], json.loads(row[2]), row[3], row[4], bool(row[5]), row[6], row[7])

    def links(self) -> Iterator[tuple[End, End, int]]:
        """Read all directions of all associations, each with its type id."""
        for row in self.connection.execute("SELECT from_type, from_id, to_type, to_id, type_id FROM association"):
            yield End(row[0], row[1]), End(row[2], row[3]), row[4]

    def blocked(self) -> set[str]:
        return {email for (email,) in self.connection.execute("SELECT email FROM blocked_email")}

    def definitions(self, sort: str) -> Iterator[tuple[str, str, Any]]:
        """Read what was defined beyond the standard; `sort` is property, group, pipeline or label."""
        query = "SELECT object_type, name, body FROM definition WHERE sort = ? ORDER BY rowid"
        for object_type, name, body in self.connection.execute(query, (sort,)):
            yield object_type, name, json.loads(body)

    def define(self, sort: str, object_type: str, name: str, body: Any) -> None:
        row = (sort, object_type, name, json.dumps(body))
        upsert = "INSERT INTO definition VALUES (?, ?, ?, ?)"
        upsert += " ON CONFLICT (sort, object_type, name) DO UPDATE SET body = excluded.body"
        self.connection.execute(upsert, row)

    def undefine(self, sort: str, object_type: str, name: str) -> None:
        self.connection.execute(
            "DELETE FROM definition WHERE sort = ? AND object_type = ? AND name = ?", (sort, object_type, name)
        )

    def write(self, changes: Changes, origin: Origin) -> None:
        """Write one request's changes in one transaction."""
        with _Transaction(self.connection) as db:
            db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _record_rows(changes))
            for end in changes.unlinked:
                db.execute("DELETE FROM association WHERE from_id = ?", (end.record_id,))
                db.execute("DELETE FROM association WHERE to_id = ?", (end.record_id,))
            for change in changes.links:
                _write_link(db, change)
            db.executemany(
                "INSERT INTO write_log (at, at_monotonic, request_id, correlation_id, object_type, record_id, action,"
                " properties, to_type, to_id, trace_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_log_row(entry, origin) for entry in changes.log),
            )
            db.executemany("INSERT OR IGNORE INTO blocked_email VALUES (?)", [(email,) for email in changes.blocked])
            db.executemany("DELETE FROM record WHERE id = ?", [(record_id,) for record_id in changes.forgotten])

    def note(self, row: RequestRow) -> None:
        """Write one line of the request log."""
        self.connection.execute(
            "INSERT INTO request_log (at, request_id, method, path, status, inputs, millis, fault, kind,"
            " correlation_id, object_type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(row.origin.at, row.origin.request_id, row.method, row.path, row.status, row.inputs),
                *(round(row.millis, 3), row.fault, row.kind, row.origin.correlation_id, row.object_type),
            ),
        )

    def calls_since(self, at: str) -> int:
        """Count the calls that were not refused for a limit since an instant: what the day's quota has lost."""
        query = "SELECT count(*) FROM request_log WHERE at >= ? AND status NOT IN (401, 429) AND kind <> 'unknown'"
        count: int = self.connection.execute(query, (at,)).fetchone()[0]
        return count

    def empty(self) -> None:
        """Forget everything."""
        with _Transaction(self.connection) as db:
            for table in _TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from a constant
            db.execute("DELETE FROM sqlite_sequence")


class _Transaction:
    """Begin on entry, commit on exit, roll back on any exception."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _record_rows(changes: Changes) -> Iterable[tuple[Any, ...]]:
    for r in changes.records.values():
        text = json.dumps(r.properties, ensure_ascii=False, separators=(",", ":"))
        times = (r.created_at, r.updated_at, r.archived_at)
        yield (r.record_id, r.object_type, text, int(r.archived), *times, r.merged_into)


def _write_link(db: sqlite3.Connection, change: LinkChange) -> None:
    ends = (change.start.object_type, change.start.record_id, change.end.object_type, change.end.record_id)
    if change.kind is None:
        db.execute("DELETE FROM association WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?", ends)
        return
    kind = (change.kind.category, change.kind.type_id, change.kind.label)
    db.execute("INSERT OR IGNORE INTO association VALUES (?, ?, ?, ?, ?, ?, ?)", (*ends, *kind))


def _log_row(entry: LogEntry, origin: Origin) -> tuple[Any, ...]:
    return (
        *(origin.at, origin.at_monotonic, origin.request_id, origin.correlation_id),
        *(entry.subject.object_type, entry.subject.record_id, entry.action),
        json.dumps(entry.properties, ensure_ascii=False, separators=(",", ":")),
        *(entry.other.object_type if entry.other else None, entry.other.record_id if entry.other else None),
        entry.trace_id,
    )
