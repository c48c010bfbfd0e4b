"""Reads the two sides of the proof: the shop's views, the sandbox's file, the lists of errors and ambiguous calls."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from deploy.demo import legacy_url
from deploy.demo.found import TYPES, ExpectedError, OpenError, Person, Record, Sandbox, Shop, Subject, Write
from deploy.demo.legacy import database
from deploy.demo.people import of_contact

KEY, ROW, FURTHER = "shopbridge_key", "shop_row", "hs_additional_emails"
SAME_CAUSE = {"INVALID_EMAIL": "INVALID_EMAIL_ADDRESS"}
"""HubSpot's code for what the Bridge called otherwise."""

_SUFFIX = re.compile(r"~\d+$")


class UnreadableError(Exception):
    """A file given to the comparison is not what it should be."""


def read_shop(url: str) -> Shop:
    """All views in one snapshot of the database. Raises psycopg.Error, pymysql.Error."""
    if legacy_url(url):
        with database.connect(url) as legacy:
            database.execute(legacy, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            return _read("legacy", lambda query: database.rows(legacy, query))
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return _read("demo", lambda query: connection.execute(query.encode()).fetchall())


PEOPLE = ("SELECT * FROM demo.expected_contact", "SELECT * FROM demo.expected_guest")
Ask = Callable[[str], list[dict[str, Any]]]
"""Asks a database; the same queries for both."""


def _read(store: str, ask: Ask) -> Shop:
    people = [_person(store, row) for view in PEOPLE for row in ask(view)]
    links = ask("SELECT from_type, from_external_id, to_type, to_external_id FROM demo.expected_association")
    errors = ask("SELECT object_type, external_id, source_table, row_key, cause FROM demo.expected_errors")
    return Shop(
        store,
        tuple(people),
        {kind: _objects(ask, kind) for kind in TYPES if kind != "contact"},
        frozenset(tuple(row.values()) for row in links),
        tuple(ExpectedError(store, row.pop("object_type").lower(), *row.values()) for row in errors),
        {row["rev"]: _utc(row["at"]) for row in ask("SELECT rev, at FROM demo.commits")},
        frozenset(row["external_id"] for row in ask("SELECT external_id FROM demo.adrift")),
    )


def _person(store: str, row: dict[str, Any]) -> Person:
    external_id, newest = row.pop("external_id"), _utc(row.pop("newest"))
    return Person(store, external_id, row["shop_row"], row["email"], newest, _numbers(row))


def _objects(ask: Ask, kind: str) -> dict[str, dict[str, Any]]:
    return {row.pop("external_id"): _numbers(row) for row in ask(f"SELECT * FROM demo.expected_{kind}")}  # noqa: S608


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers as decimals, for the comparison of numbers as numbers."""
    return {name: Decimal(value) if isinstance(value, int) else value for name, value in row.items()}


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_sandbox(file: Path, log_since: int) -> Sandbox:
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
                "SELECT id, object_type, properties FROM record WHERE NOT archived AND merged_into IS NULL ORDER BY id"
            )
            links = connection.execute("SELECT from_type, from_id, to_type, to_id FROM association")
            writes = connection.execute("SELECT * FROM write_log WHERE seq > ? ORDER BY seq", (log_since,))
            return Sandbox(
                tuple(_record(row) for row in records),
                tuple(tuple(row) for row in links),
                tuple(_write(row) for row in writes),
            )
    except sqlite3.DatabaseError as error:
        raise UnreadableError(f"{file}: not a sandbox's file: {error}") from error


def _record(row: sqlite3.Row) -> Record:
    properties = json.loads(row["properties"])
    kind, key, shop_row = row["object_type"], properties.get(KEY), properties.get(ROW) or None
    if kind == "contact":
        subject = of_contact(properties.get("email"), shop_row) if key or shop_row else None
    else:
        subject = _of_key(kind, key) if key else None
    further = frozenset((properties.get(FURTHER) or "").split(";")) - {""} if kind == "contact" else frozenset[str]()
    return Record(row["id"], kind, subject, shop_row, properties, further)


def _of_key(kind: str, key: str) -> Subject:
    """Keys are `store:TYPE:id`, with `~2` and so on behind where a record was given up."""
    store, _, rest = key.partition(":")
    return kind, f"{store}:{_SUFFIX.sub('', rest.removeprefix(f'{kind.upper()}:'))}"


def _write(row: sqlite3.Row) -> Write:
    properties = json.loads(row["properties"] or "{}")
    marks = frozenset(str(row[name]) for name in ("request_id", "correlation_id", "trace_id") if row[name])
    rev = properties.get("shop_rev") if "shop_rev" in properties else None
    at = datetime.fromisoformat(row["at"])
    cleared = "shop_rev" in properties and rev is None
    return Write(
        row["seq"],
        at,
        row["object_type"],
        row["record_id"],
        row["action"],
        "" if cleared else rev,
        properties.get(ROW),
        marks,
    )


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
        entry.get("store") or None,
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
