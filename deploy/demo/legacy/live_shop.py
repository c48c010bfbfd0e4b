"""The legacy shop in the hands of live traffic: rows picked by chance, written in transactions, commits noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from deploy.demo.legacy import database
from deploy.demo.legacy.database import Connection

KEYS = {
    "ws_customer": "id_customer",
    "ws_product": "id_product",
    "order": "id_order",
    "ws_order_detail": "id_order_detail",
}
STAMPS = ("rev", "date_upd")
"""Columns that the shop's triggers write."""

PASSING = ("remark", "remarks")
"""Columns that come and go while the shop lives."""

Values = Mapping[str, Any]
"""Column name → value."""


class Work:
    """One transaction's writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.changes = 0

    def run(self, statement: str, *values: object) -> int:
        """Any statement; how many rows it changed."""
        changed = database.execute(self._connection, statement, *values)
        self.changes += max(changed, 0)
        return changed

    def insert(self, table: str, row: Values, *, verb: str = "INSERT", ending: str = "") -> int:
        """Insert a row; its number where the table gives one."""
        columns, marks = ", ".join(f"`{name}`" for name in row), ", ".join(["%s"] * len(row))
        self.run(f"{verb} INTO `{table}` ({columns}) VALUES ({marks}) {ending}", *row.values())
        [row] = database.rows(self._connection, "SELECT LAST_INSERT_ID() AS id")
        return int(row["id"])

    def update(self, table: str, number: object, **changes: object) -> None:
        settings = ", ".join(f"`{name}` = %s" for name in changes)
        self.run(f"UPDATE `{table}` SET {settings} WHERE {KEYS[table]} = %s", *changes.values(), number)  # noqa: S608

    def delete(self, table: str, number: object) -> None:
        self.run(f"DELETE FROM `{table}` WHERE {KEYS[table]} = %s", number)  # noqa: S608 - names of our own


@dataclass(slots=True)
class LiveShop:
    """What the actions work on.

    `graves` holds deleted rows by table, which may come back. `changes` counts row changes. `owed` is always empty:
    lines cannot come before their order here. `needs_email`: nobody loses their address, since HubSpot's account
    refuses contacts without.
    """

    connection: Connection
    rng: Random
    graves: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"ws_customer": [], "ws_product": [], "order": []}
    )
    owed: list[int] = field(default_factory=list)
    needs_email: bool = False
    changes: int = 0

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """A transaction; when it is through, the moment is noted for every rev that it gave."""
        work = Work(self.connection)
        database.execute(self.connection, "SET @first_rev = NULL, @last_rev = NULL")
        self.connection.begin()
        try:
            yield work
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()
        self._note(datetime.now(UTC).replace(tzinfo=None))
        self.changes += work.changes

    def _note(self, at: datetime) -> None:
        [row] = database.rows(self.connection, "SELECT @first_rev AS first, @last_rev AS last")
        if row["first"] is not None:
            noted = [(rev, at) for rev in range(int(row["first"]), int(row["last"]) + 1)]
            database.execute_many(self.connection, "INSERT IGNORE INTO demo.commits VALUES (%s, %s)", noted)

    def pick(self, table: str, condition: str = "true") -> dict[str, Any] | None:
        """One row for which the condition holds (the row's alias is `t`), by chance; None if there is none."""
        rows = self.pick_many(table, 1, condition)
        return rows[0] if rows else None

    def pick_many(self, table: str, count: int, condition: str = "true") -> list[dict[str, Any]]:
        """Rows without what the triggers write, ready to be inserted again."""
        query = f"SELECT t.* FROM `{table}` t WHERE {condition} ORDER BY CRC32(CONCAT(t.{KEYS[table]}, %s)) LIMIT %s"  # noqa: S608
        found = database.rows(self.connection, query, f"/{self.rng.getrandbits(62)}", count)
        return [
            {name: value for name, value in row.items() if name not in STAMPS and name not in PASSING} for row in found
        ]

    def next_id(self, sequence: str) -> int:
        [row] = database.rows(self.connection, f"SELECT NEXTVAL({sequence}) AS id")
        return int(row["id"])

    def next_free(self, seen: str, below: int) -> int:
        """One above the highest number that any row ever had, those from `below` on left aside."""
        [row] = database.rows(self.connection, f"SELECT MAX(id) AS id FROM {seen} WHERE id < %s", below)  # noqa: S608
        return int(row["id"] or 0) + 1

    def unearth(self, table: str) -> dict[str, Any] | None:
        """Takes one deleted row out of its grave."""
        graves = self.graves[table]
        return graves.pop(self.rng.randrange(len(graves))) if graves else None


def connect(url: str, seed: int) -> LiveShop:
    """The shop with its chance seeded by `seed` and by how far the shop has come: a second run does other things."""
    connection = database.connect(url)
    [row] = database.rows(connection, "SELECT NEXTVAL(demo.rev) AS rev, needs_email FROM demo.account")
    rng = Random(f"{seed} {row['rev']}")  # noqa: S311 - choices, no secret
    return LiveShop(connection, rng, needs_email=bool(row["needs_email"]))
