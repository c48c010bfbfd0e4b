"""The two logs, read for the control plane and the pages."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

LOG_AT_MOST = 10_000
_ENTRY = (
    "seq",
    "at",
    "request_id",
    "correlation_id",
    "object_type",
    "record_id",
    "action",
    "properties",
    "to_type",
    "to_id",
    "trace_id",
)
_COUNTS = ("kind", "requests", "mean_inputs", "mean_millis", "limited", "faults")


def writes(
    db: sqlite3.Connection,
    since: int = 0,
    *,
    record_id: str | None = None,
    object_type: str | None = None,
    newest: int | None = None,
) -> list[dict[str, Any]]:
    """Give the write log from after a sequence number: all of it oldest first, or the `newest` few in reverse.

    Of one record if asked: what was done to it, and links that were made or removed from the other end.
    """
    where: list[str] = ["seq > ?"]
    values: list[int | str] = [since]
    if record_id is not None:
        where.append(
            "seq IN (SELECT seq FROM write_log WHERE record_id = ? UNION SELECT seq FROM write_log WHERE to_id = ?)"
        )
        values += [record_id, record_id]
    if object_type is not None:
        where.append("object_type = ?")
        values.append(object_type)
    order = f"seq LIMIT {LOG_AT_MOST}" if newest is None else f"seq DESC LIMIT {newest}"
    sql = f"SELECT {', '.join(_ENTRY)} FROM write_log WHERE {' AND '.join(where)} ORDER BY {order}"  # noqa: S608 - names from constants
    rows = [dict(zip(_ENTRY, row, strict=True)) for row in db.execute(sql, values)]
    return [{**row, "properties": json.loads(row["properties"])} for row in rows]


def request_kinds(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Count the requests by kind, with means, those refused for a limit and those struck by a fault."""
    rows = db.execute(
        "SELECT kind, count(*), avg(inputs), avg(millis), sum(status = 429), sum(fault IS NOT NULL)"
        " FROM request_log GROUP BY kind ORDER BY kind"
    )
    return [dict(zip(_COUNTS, row, strict=True)) for row in rows]


def request_statuses(db: sqlite3.Connection) -> dict[int, int]:
    return dict(db.execute("SELECT status, count(*) FROM request_log GROUP BY status ORDER BY status"))
