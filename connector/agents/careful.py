"""Working record by record where a worker died before, so that the one record to blame can be found and set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connector.agents.tries import Tries
from connector.agents.work import Counts, Effect, Work
from connector.errors import ShopbridgeError
from connector.record import Record

log = structlog.get_logger(__name__)

NO_RECORDS_FAULT = (ShopbridgeError, SQLAlchemyError, OSError, MemoryError)
"""What a write raises when the ledger, the disk or the machine is to blame."""


class CarefulWork:
    """Another work, done record by record with a mark on each wherever `tries` says so.

    `passes_holes`: an operator has accepted that records are missing from what it reads.
    """

    def __init__(self, work: Work, tries: Tries, *, passes_holes: bool = False) -> None:
        self.name = work.name
        self.topics = work.topics
        self.tolerates_holes = work.tolerates_holes or passes_holes
        self._work = work
        self._tries = tries

    async def prepare(self, records: Sequence[Record]) -> None:
        await self._work.prepare(records)

    def poison(self, record: Record) -> Effect:
        return self._work.poison(record)

    def step(self, records: Sequence[Record]) -> Effect:
        if not records or not self._tries.is_careful(self.name, records[0].place):
            return self._work.step(records)
        effects = [(record, self._one(record)) for record in records]

        def write(tx: Connection) -> Counts:
            counts: Counter[str] = Counter()
            for record, effect in effects:
                counts.update(self._write_one(tx, record, effect))
            return counts

        return Effect(write, [outgoing for _, effect in effects for outgoing in effect.outgoing])

    def _one(self, record: Record) -> Effect:
        if self._tries.is_poison(self.name, record.place, record.offset):
            log.error("poison", agent=self.name, partition=str(record.place), offset=record.offset)
            return self._work.poison(record)
        self._tries.mark(self.name, record.place, record.offset)
        effect = self._work.step([record])
        self._tries.unmark(self.name, record.place, record.offset)
        return effect

    def _write_one(self, tx: Connection, record: Record, effect: Effect) -> Counts:
        """Write one effect; the mark comes back if it is the record that cannot be written."""
        try:
            return effect.write(tx)
        except NO_RECORDS_FAULT:
            raise
        except Exception:
            self._tries.mark(self.name, record.place, record.offset)
            raise
