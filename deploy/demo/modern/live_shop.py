"""The shop's database in the hands of live traffic: rows picked by chance, written in transactions, commits noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from deploy.demo.modern.rows import COLUMNS, Row

Values = Mapping[str, Any]
"""Column name → value."""

REFUSED: Mapping[str, LiteralString] = {
    "customers": "id::text IN (SELECT external_id FROM demo.refused WHERE object_type = 'CONTACT')",
    "orders": "id::text IN (SELECT external_id FROM demo.refused WHERE object_type = 'DEAL')",
}
"""Conditions: the row is refused for what it holds itself."""

HEALTHY_CUSTOMER: LiteralString = f"NOT {REFUSED['customers']}"
HEALTHY_ORDER: LiteralString = f"NOT {REFUSED['orders']}"
CHILDLESS_ORDER: LiteralString = "NOT EXISTS (SELECT FROM order_items i WHERE i.order_id = t.id)"


class Work:
    """One transaction's writes. `revs` are those that it gave to rows."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection
        self.revs: list[int] = []
        self.changes = 0

    def insert(self, table: str, values: Values) -> None:
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        )
        self._write(query, values, revised="rev" if table != "audit_log" else None)

    def insert_row(self, table: str, row: Row) -> None:
        self.insert(table, dict(zip(COLUMNS[table], row, strict=True)))

    def update(self, table: str, key: Values, **changes: Any) -> None:
        assignments = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes]
        query = sql.SQL("UPDATE {} SET {} WHERE {}").format(
            sql.Identifier(table), sql.SQL(", ").join(assignments), _condition(key)
        )
        self._write(query, {**changes, **_prefixed(key)}, revised="rev")

    def run(self, statement: LiteralString, values: Values | None = None) -> None:
        """Any statement that changes rows with a rev."""
        self._write(sql.SQL(statement) + sql.SQL(""), values or {}, revised="rev")

    def delete(self, table: str, key: Values) -> list[dict[str, Any]]:
        """Deletes rows and gives them back without their rev, ready to be inserted again."""
        query = sql.SQL("DELETE FROM {} WHERE {} RETURNING {}").format(
            sql.Identifier(table), _condition(key), sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table]))
        )
        gone = [_plain(row) for row in self._connection.execute(query, _prefixed(key)).fetchall()]
        self.changes += len(gone)
        return gone

    def _write(self, query: sql.Composed, values: Values, revised: str | None) -> None:
        if revised is None:
            self.changes += self._connection.execute(query, values).rowcount
            return
        returned = self._connection.execute(query + sql.SQL(" RETURNING rev"), values).fetchall()
        self.revs += [row["rev"] for row in returned]
        self.changes += len(returned)


@dataclass(slots=True)
class LiveShop:
    """What the actions work on.

    `graves` holds deleted rows by table, which may come back; `owed` the ids of orders whose lines are there already.
    `needs_email`: nobody loses their address, since HubSpot's account refuses contacts without.
    `changes` counts row changes.
    """

    connection: psycopg.Connection[dict[str, Any]]
    rng: Random
    graves: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"customers": [], "products": [], "orders": []}
    )
    owed: list[int] = field(default_factory=list)
    needs_email: bool = False
    changes: int = 0

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """A transaction; when it is through, the moment is noted for every rev that it gave."""
        work = Work(self.connection)
        with self.connection.transaction():
            yield work
        self.changes += work.changes
        if work.revs:
            note = "INSERT INTO demo.commits SELECT unnest(%s::bigint[]), clock_timestamp()"
            self.connection.execute(note, (work.revs,))

    def pick(self, table: str, condition: LiteralString = "true") -> dict[str, Any] | None:
        """One row for which the condition holds (the row's alias is `t`), by chance; None if there is none."""
        rows = self.pick_many(table, 1, condition)
        return rows[0] if rows else None

    def pick_many(self, table: str, count: int, condition: LiteralString = "true") -> list[dict[str, Any]]:
        query = sql.SQL("SELECT {} FROM {} t WHERE {} ORDER BY hashtextextended({}::text, %s) LIMIT %s").format(
            sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table])),
            sql.Identifier(table),
            sql.SQL(condition),
            sql.SQL("(t.order_id, t.line_no)" if table == "order_items" else "t.id"),
        )
        return [_plain(row) for row in self.connection.execute(query, (self.rng.getrandbits(62), count)).fetchall()]

    def next_id(self, sequence: str) -> int:
        row = self.connection.execute("SELECT nextval(%s::regclass) AS id", (sequence,)).fetchone()
        assert row is not None
        return int(row["id"])

    def unearth(self, table: str) -> dict[str, Any] | None:
        """Takes one deleted row out of its grave."""
        graves = self.graves[table]
        return graves.pop(self.rng.randrange(len(graves))) if graves else None


def connect(url: str, seed: int) -> LiveShop:
    """The shop with its chance seeded by `seed` and by how far the shop has come: a second run does other things."""
    connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    state = connection.execute("SELECT last_value FROM rev_seq").fetchone()
    account = connection.execute("SELECT needs_email FROM demo.account").fetchone()
    assert state is not None
    assert account is not None
    rng = Random(f"{seed} {state['last_value']}")  # noqa: S311 - choices, no secret
    return LiveShop(connection, rng, needs_email=account["needs_email"])


def _condition(key: Values) -> sql.Composed:
    parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(f"key_{name}")) for name in key]
    return sql.SQL(" AND ").join(parts)


def _prefixed(key: Values) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in key.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON documents as text, which is how they are written."""
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}
