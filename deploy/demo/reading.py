"""Reads the two sides of the proof: the shop's views, the sandbox's file, the lists of errors and ambiguous calls."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from deploy.demo.found import TYPES, ExpectedError, OpenError, Record, Sandbox, Shop, Write

KEY = "shopbridge_key"
SAME_CAUSE = {"INVALID_EMAIL": "INVALID_EMAIL_ADDRESS"}
"""HubSpot's code for what the Bridge called otherwise."""

_SUFFIX = re.compile(r"~\d+$")


class UnreadableError(Exception):
    """A file given to the comparison is not what it should be."""


def read_shop(url: str) -> Shop:
    """All views in one snapshot of the database."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        objects = {kind: _objects(connection, kind) for kind in TYPES}
        links = connection.execute(
            "SELECT from_type, from_external_id, to_type, to_external_id FROM demo.expected_association"
        )
        errors = connection.execute(
            "SELECT object_type, external_id, source_table, row_key, cause FROM demo.expected_errors"
        )
        commits = connection.execute("SELECT rev, at FROM demo.commits")
        return Shop(
            objects,
            frozenset(tuple(row.values()) for row in links),
            tuple(ExpectedError(row.pop("object_type").lower(), *row.values()) for row in errors),
            {row["rev"]: row["at"] for row in commits},
        )


def _objects(connection: psycopg.Connection[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("demo", f"expected_{kind}")))
    return {row.pop("external_id"): row for row in rows}


def read_sandbox(file: Path, store: str, log_since: int) -> Sandbox:
    """Records that are not archived, links, and the log of writes after `log_since`, in one snapshot of the file.

    Raises UnreadableError for a file that is no sandbox's.
    """
    if not file.is_file():
        raise UnreadableError(f"{file}: no such file")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            records = connection.execute(
                "SELECT id, object_type, properties FROM record WHERE NOT archived ORDER BY id"
            )
            links = connection.execute("SELECT from_type, from_id, to_type, to_id FROM association")
            writes = connection.execute("SELECT * FROM write_log WHERE seq > ? ORDER BY seq", (log_since,))
            return Sandbox(
                tuple(_record(row, store) for row in records),
                tuple(tuple(row) for row in links),
                tuple(_write(row) for row in writes),
            )
    except sqlite3.DatabaseError as error:
        raise UnreadableError(f"{file}: not a sandbox's file: {error}") from error


def _record(row: sqlite3.Row, store: str) -> Record:
    properties = json.loads(row["properties"])
    prefix = f"{store}:{row['object_type'].upper()}:"
    key = properties.get(KEY) or ""
    external_id = _SUFFIX.sub("", key.removeprefix(prefix)) if key.startswith(prefix) else None
    return Record(row["id"], row["object_type"], external_id, properties)


def _write(row: sqlite3.Row) -> Write:
    properties = json.loads(row["properties"] or "{}")
    marks = frozenset(str(row[name]) for name in ("request_id", "correlation_id", "trace_id") if row[name])
    rev = properties.get("shop_rev") if "shop_rev" in properties else None
    at = datetime.fromisoformat(row["at"])
    cleared = "shop_rev" in properties and rev is None
    return Write(row["seq"], at, row["object_type"], row["record_id"], row["action"], "" if cleared else rev, marks)


def read_errors(file: Path) -> tuple[OpenError, ...]:
    """The open ones among JSON lines, each an error. Raises UnreadableError."""
    return tuple(_error(file, entry) for entry in _json_lines(file) if entry.get("state", "OPEN") == "OPEN")


def _error(file: Path, entry: Mapping[str, Any]) -> OpenError:
    cause = entry.get("cause") or entry.get("type")
    if not cause:
        raise UnreadableError(f"{file}: an error without a cause: {json.dumps(entry)[:200]}")
    object_type, topic = entry.get("object_type"), entry.get("source_topic")
    return OpenError(
        object_type.lower() if object_type else None,
        entry.get("external_id") or None,
        topic.rpartition(".")[2] if topic else None,
        entry.get("row_key"),
        SAME_CAUSE.get(cause, cause),
    )


def _json_lines(file: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(_lines(file), start=1):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise UnreadableError(f"{file}, line {number}: not JSON: {error}") from error
        if not isinstance(entry, dict):
            raise UnreadableError(f"{file}, line {number}: not a JSON object")
        yield entry


def read_ambiguous(file: Path) -> frozenset[str]:
    """Ids of requests whose fate the sender did not know.

    Lines of its journal: `SENT id`, then `ANSWERED id` or `AMBIGUOUS id`, or neither if it was killed meanwhile. Also
    an id a line, or JSON objects that name some.
    """
    marks: set[str] = set()
    for line in _lines(file):
        if line.startswith("{"):
            entry = json.loads(line)
            marks |= {str(entry[name]) for name in ("request_id", "correlation_id", "trace_id") if entry.get(name)}
        elif line.startswith("ANSWERED "):
            marks.discard(line.split()[1])
        else:
            marks.add(line.split()[-1])
    return frozenset(marks)


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise UnreadableError(f"{file}: {error.strerror}") from error
