"""Rows by the hundred: read by lists of values, written by one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, insert, update

_CHUNK = 400
"""Values in one IN list; SQLite's oldest limit of variables is 999."""


def select_in(tx: Connection, query: Select[Any], column: Any, values: Sequence[Any]) -> Iterator[Any]:
    """The rows of `query` whose column is one of the values."""
    for start in range(0, len(values), _CHUNK):
        yield from tx.execute(query.where(column.in_(values[start : start + _CHUNK])))


def save(tx: Connection, table: Table, rows: Mapping[int, dict[str, Any]], new: set[int]) -> None:
    """Insert the rows that are new, and update the others by their number."""
    inserted = [row for number, row in rows.items() if number in new]
    updated = [{**row, "old": row["number"]} for number, row in rows.items() if number not in new]
    if inserted:
        tx.execute(insert(table), inserted)
    if updated:
        values: dict[str, Any] = {name: bindparam(name) for name in updated[0] if name not in {"old", "number"}}
        tx.execute(update(table).where(table.c.number == bindparam("old")).values(values), updated)


def remove(tx: Connection, table: Table, numbers: Iterable[int]) -> None:
    """Delete the rows with these numbers."""
    gone = [{"gone": number} for number in numbers]
    if gone:
        tx.execute(delete(table).where(table.c.number == bindparam("gone")), gone)
