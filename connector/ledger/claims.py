"""Which records claim which match values, within one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, tuple_

from connector.ledger.identity import Claims
from connector.ledger.tables import claims as table
from connector.message import ObjectType

Contested = tuple[ObjectType, str]
"""A match value of one type."""

_CHUNK = 400


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
        for start in range(0, len(unread), _CHUNK):
            names = [(str(kind), value) for kind, value in unread[start : start + _CHUNK]]
            for row in self._tx.execute(select(table).where(tuple_(table.c.type, table.c.value).in_(names))):
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
        gone, new = defaultdict(list), []
        for number, (kind, now) in self._now.items():
            before = self._before[number]
            for value in before - now:
                gone[str(kind)].append((value, number))
            new += [{"type": str(kind), "value": value, "record": number} for value in now - before]
        for kind_name, pairs in gone.items():
            for start in range(0, len(pairs), _CHUNK):
                dead = tuple_(table.c.value, table.c.record).in_(pairs[start : start + _CHUNK])
                self._tx.execute(delete(table).where(table.c.type == kind_name, dead))
        if new:
            self._tx.execute(insert(table), new)
