"""What became of a record after an answer, for whoever measures: how fresh it is, and how many are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.ledger.book import Book
from connector.ledger.settle import Settled
from connector.ledger.shelf_rows import Lane, Stored
from connector.ledger.state import InFlight, Record
from connector.message import ObjectType
from connector.outcome import Archived, Outcome, Written


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record that HubSpot wrote, archived or refused.

    `committed_at`: when the change was committed in the shop's database that it now shows for the first time; None
    where it was refused, or told what it had been told before.
    """

    type: ObjectType
    lane: Lane
    refused: bool
    committed_at: datetime | None = None


class Measure:
    """Told on the ledger's thread, in the transaction of what it is told of; it must be quick. This one listens not."""

    def taken(self, waited_s: Sequence[float]) -> None:
        """Records were taken to be sent; how long each had been due, in seconds."""

    def settled(self, deliveries: Sequence[Delivery]) -> None:
        """Answers were settled."""


UNMEASURED = Measure()


def delivery(
    book: Book, stored: Stored, told_before: int, sent: InFlight | None, outcome: Outcome, settled: Settled
) -> Delivery | None:
    """What an answer brought to a record; None where it neither wrote nor refused.

    `told_before` is the generation that was told before. A record that has changed again since it was sent is measured
    when that change is there too.
    """
    record = settled.record
    if settled.refusal is not None:
        return Delivery(record.type, stored.lane, refused=True)
    if sent is None or not isinstance(outcome, Written | Archived):
        return None
    is_news = sent.generation == record.generation > told_before
    return Delivery(record.type, stored.lane, refused=False, committed_at=_newest(book, record) if is_news else None)


def _newest(book: Book, record: Record) -> datetime | None:
    """When the newest change of the rows that speak in the record was committed."""
    every = (book.shelf.contributions(subject.number).values() for subject in book.shelf.objects_of(record.number))
    return max((said.committed_at for rows in every for said in rows), default=None)
