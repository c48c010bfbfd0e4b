"""Which records claim which match values, within one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_

from connector.ledger.bulk import select_in
from connector.ledger.identity import Claims
from connector.ledger.tables import claims as table
from connector.message import ObjectType

Contested = tuple[ObjectType, str]
"""A match value of one type."""


_DELETE = delete(table).where(
    table.c.type == bindparam("of"), table.c.value == bindparam("gone"), table.c.record == bindparam("by")
)


class ClaimBook:
    """The claims as stored, overlaid by those of this transaction; nothing is written before `write`."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._claimed: dict[Contested, set[int]] = {}
        self._before: dict[int, Claims] = {}
        self._now: dict[int, tuple[ObjectType, Claims]] = {}

    def note(self, object_type: ObjectType, number: int, before: Claims, now: Claims) -> None:
        """The record's claims were `before` and are `now`."""
        self._before.setdefault(number, before)
        self._now[number] = (object_type, now)
        for value in before - now:
            self._claimed.get((object_type, value), set()).discard(number)
        for value in now:
            if (object_type, value) in self._claimed:
                self._claimed[object_type, value].add(number)

    def fetch(self, contested: Iterable[Contested]) -> None:
        """Read who claims these values."""
        unread = sorted({each for each in contested if each not in self._claimed})
        for each in unread:
            self._claimed[each] = set()
        if not unread:
            return
        names = [(str(kind), value) for kind, value in unread]
        for row in select_in(self._tx, select(table), tuple_(table.c.type, table.c.value), names):
            if row.record not in self._now:
                self._claimed[ObjectType(row.type), row.value].add(row.record)
        for number, (kind, values) in self._now.items():
            for value in values:
                if (kind, value) in self._claimed:
                    self._claimed[kind, value].add(number)

    def claimants(self, contested: Contested) -> list[int]:
        """The records that claim the value; it must have been fetched."""
        return sorted(self._claimed[contested])

    def write(self) -> None:
        """Write what has changed."""
        gone, new = [], []
        for number, (kind, now) in self._now.items():
            before = self._before[number]
            gone += [{"of": str(kind), "gone": value, "by": number} for value in before - now]
            new += [{"type": str(kind), "value": value, "record": number} for value in now - before]
        if gone:
            self._tx.execute(_DELETE, gone)
        if new:
            self._tx.execute(insert(table), new)
