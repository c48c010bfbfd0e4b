"""Records to be produced, written in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from connector.ledger.tables import outbox


def put(tx: Connection, topic: str, key: bytes, value: bytes) -> None:
    """Add a record behind all others."""
    tx.execute(insert(outbox), [{"topic": topic, "key": key, "value": value}])


def head(tx: Connection, limit: int) -> list[tuple[int, str, bytes, bytes]]:
    """The oldest records as (number, topic, key, value)."""
    rows = tx.execute(select(outbox).order_by(outbox.c.number).limit(limit))
    return [(row.number, row.topic, row.key, row.value) for row in rows]


def done(tx: Connection, numbers: Sequence[int]) -> None:
    """Forget records that the broker has confirmed."""
    tx.execute(delete(outbox).where(outbox.c.number.in_(numbers)))


def waiting(tx: Connection) -> int:
    """How many records are not yet produced."""
    return int(tx.execute(select(func.count()).select_from(outbox)).scalar_one())
