"""A change of one row of the shop's database, freed of Debezium's wire form."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final


class Operation(enum.StrEnum):
    """What happened to the row; the values are Debezium's `op` codes."""

    CREATE = "c"
    UPDATE = "u"
    DELETE = "d"
    READ = "r"
    TRUNCATE = "t"


class Unavailable(enum.Enum):
    """The one value `UNAVAILABLE`: a column whose value the change did not carry.

    PostgreSQL leaves long values (TOAST) out of an update that does not touch them.
    """

    VALUE = "unavailable"

    def __repr__(self) -> str:
        return "UNAVAILABLE"


UNAVAILABLE: Final = Unavailable.VALUE

Scalar = None | bool | int | float | str | bytes | Decimal | date | datetime | time | timedelta | Unavailable
Column = Scalar | list["Column"]
"""A column's value. `datetime` with a zone is an instant, without one it is the wall clock of an unstated zone."""

Row = Mapping[str, Column]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a record lies in Kafka. `topic_id` is the broker's id, which changes when a topic is made anew."""

    topic: str
    topic_id: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Change:
    """One row change.

    `key` holds the columns of the record key, `row_key` is its canonical text: with the topic it names the source
    row. With PostgreSQL's default replica identity `before` holds only key columns that can be trusted (the others are
    null or invented by type), so it is reduced to those unless `full_before`.
    `database_position` sorts as text within one `server`. `committed_at` is the commit time in the database (for
    snapshot reads the time of the read).
    """

    table: str
    operation: Operation
    key: Row
    row_key: str
    before: Row | None
    after: Row | None
    full_before: bool
    position: Position
    server: str
    database_position: str
    committed_at: datetime
    snapshot: bool
