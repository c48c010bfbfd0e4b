"""The sender's desk: hands out what is due, marked in flight, and takes back what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from connector.ledger.book import Book
from connector.ledger.delivery import UNMEASURED, Delivery, Measure, delivery
from connector.ledger.error_book import ErrorPost, resolve
from connector.ledger.ledger import Ledger
from connector.ledger.link_desk import LinkDesk, publish_healed
from connector.ledger.plan import in_flight, look_up, plan
from connector.ledger.send_errors import refusal_error
from connector.ledger.settle import settle
from connector.ledger.state import Act, Fate, InFlight
from connector.ledger.tables import links, records
from connector.ledger.verdicts import Verdicts
from connector.message import LinkKind, ObjectType
from connector.outcome import Ambiguous, LinkOutcome, LinkStep, Lookup, Outcome, SchemaRefused, Step

ATTEMPTS_KEPT = 5


@dataclass(frozen=True, slots=True)
class Due:
    """What waits for the sender: records and links due, the age of the oldest in seconds, look-ups still to come."""

    records: Mapping[ObjectType, int]
    oldest_s: Mapping[ObjectType, float]
    links: Mapping[LinkKind, int]
    lookups: int
    archives_wait_s: float | None


class SenderDesk:
    """One sender's view of the ledger. Delays run on the monotonic clock and begin anew after a start."""

    def __init__(
        self,
        ledger: Ledger,
        post: ErrorPost,
        *,
        grace_s: float,
        recheck_s: float,
        recreate: bool = False,
        measure: Measure = UNMEASURED,
    ) -> None:
        self._ledger = ledger
        self._post = post
        self._measure = measure
        self._grace_s, self._recheck_s, self._recreate = grace_s, recheck_s, recreate
        self._gone_since: dict[int, float] = {}
        self._unsure_since: dict[int, float] = {}
        self._work = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._links = LinkDesk(ledger, post, recheck_s)
        ledger.on_commit(self._wake)

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)

    async def wait_for_work(self, timeout_s: float) -> None:
        """Return once something was committed since the last call, or after `timeout_s`."""
        try:
            await asyncio.wait_for(self._work.wait(), timeout_s)
        except TimeoutError:
            return
        self._work.clear()

    async def requeue(self) -> None:
        """What a former owner had in flight may or may not have happened: it is unknown, and sent again."""
        await self._ledger.write(self._requeue)
        await self._links.requeue()

    def _requeue(self, tx: Connection) -> None:
        flying = list(tx.execute(select(records.c.number).where(records.c.in_flight.is_not(None))).scalars())
        book = Book(tx)
        for number in flying:
            stored = book.shelf.record(number)
            book.put(stored, settle(stored.record, Ambiguous("the sender was stopped", "")).record)
        book.close()

    async def take(self, object_type: ObjectType, limit: int) -> list[Step]:
        """Choose due records, live ones first, and mark them in flight; what proves to be at rest is not handed out."""
        now = time.monotonic()
        return await self._ledger.write(lambda tx: self._take(tx, object_type, limit, now))

    def _take(self, tx: Connection, object_type: ObjectType, limit: int, now: float) -> list[Step]:
        due = (
            select(records.c.number, records.c.fate)
            .where(records.c.type == str(object_type), records.c.due)
            .order_by(records.c.lane, records.c.due_since)
        )
        chosen = []
        for number, fate in tx.execute(due.limit(limit * 4)):
            if fate == Fate.ARCHIVE and now - self._gone_since.setdefault(number, now) < self._grace_s:
                continue
            chosen.append(number)
            if len(chosen) == limit:
                break
        return self._mark(tx, chosen) if chosen else []

    def _mark(self, tx: Connection, chosen: Sequence[int]) -> list[Step]:
        book = Book(tx)
        book.shelf.fetch_records(set(chosen))
        steps: list[Step] = []
        now, waited = time.time(), []
        for number in chosen:
            stored = book.shelf.record(number)
            step = plan(stored.record)
            if step is not None:
                waited.append(now - (stored.due_since or now))
                steps.append(step)
                book.put(stored, replace(stored.record, in_flight=in_flight(stored.record, step)))
            self._gone_since.pop(number, None)
        book.close()
        self._measure.taken(waited)
        return steps

    async def settle(self, outcomes: Mapping[int, Outcome]) -> None:
        """Take back what became of the steps: each settles exactly the copy that was in flight."""
        await self._ledger.write(lambda tx: self._settle(tx, outcomes))

    def _settle(self, tx: Connection, outcomes: Mapping[int, Outcome]) -> None:
        book = Book(tx)
        book.shelf.fetch_records(set(outcomes))
        verdicts = Verdicts()
        subjects = [each.ref for number in outcomes for each in book.shelf.objects_of(number)]
        deliveries = [self._settle_one(tx, book, number, outcome) for number, outcome in outcomes.items()]
        settled = [book.shelf.record(number).record for number in outcomes]
        for kind in {each.type for each in settled}:
            ids = {each.hubspot_id for each in settled if each.type is kind and each.hubspot_id is not None}
            book.identities.join_twins(kind, ids)
        book.settle_children()
        for number in {book.shelf.object(subject).record for subject in {*subjects, *book.identities.moved}}:
            hear(verdicts, book, number)
        book.close()
        resolve(tx, self._post, verdicts)
        publish_healed(tx, book, self._post)
        self._measure.settled([each for each in deliveries if each is not None])

    def _settle_one(self, tx: Connection, book: Book, number: int, outcome: Outcome) -> Delivery | None:
        stored = book.shelf.record(number)
        sent, told_before = stored.record.in_flight, stored.record.sent_generation
        settled = settle(stored.record, outcome, recreate=self._recreate)
        stored.attempts = [*stored.attempts, _attempt(outcome, sent)][-ATTEMPTS_KEPT:]
        book.put(stored, settled.record)
        if isinstance(outcome, Ambiguous) and sent is not None and sent.act is not Act.LOOKUP:
            self._unsure_since[number] = time.monotonic()
        if settled.record.hubspot_id is None and stored.record.archive_sent and sent and sent.act is Act.ARCHIVE:
            book.unlink(number)
        if settled.record.type is ObjectType.LINE_ITEM:
            book.note_products(number)
        if settled.refusal is not None and sent is not None:
            attempts = len(stored.attempts)
            self._post.put(tx, refusal_error(tx, book, self._post, number, settled.refusal, sent, attempts))
        if settled.needs_key:
            book.put(stored, replace(settled.record, key=book.shelf.free_key(settled.record.ref)))
        return delivery(book, stored, told_before, sent, outcome, settled)

    async def take_links(self, kind: LinkKind, limit: int) -> list[LinkStep]:
        """Choose links that are due and mark them in flight."""
        return await self._links.take(kind, limit)

    async def settle_links(self, outcomes: Mapping[int, LinkOutcome]) -> None:
        """Take back what became of link steps."""
        await self._links.settle(outcomes)

    async def take_lookups(self, object_type: ObjectType, limit: int, now: float) -> list[Lookup]:
        """Ambiguous calls old enough for a late write to have landed: read their records back. `now` is monotonic."""
        await self._links.recheck(now)
        return await self._ledger.write(lambda tx: self._take_lookups(tx, object_type, limit, now))

    def _take_lookups(self, tx: Connection, object_type: ObjectType, limit: int, now: float) -> list[Lookup]:
        unsure = select(records.c.number).where(records.c.type == str(object_type), records.c.recheck.is_not(None))
        waiting = list(tx.execute(unsure).scalars())
        ripe = [each for each in waiting if now - self._unsure_since.setdefault(each, now) >= self._recheck_s][:limit]
        book = Book(tx)
        steps = []
        for number in ripe:
            stored = book.shelf.record(number)
            record = stored.record
            if record.in_flight is None and record.recheck is not None:
                steps.append(look_up(record, record.recheck.names))
                book.put(stored, replace(record, in_flight=in_flight(record, steps[-1])))
                self._unsure_since.pop(number, None)
        book.close()
        return steps

    async def due(self) -> Due:
        """What waits for the sender."""
        return await self._ledger.read(self._due)

    def _due(self, tx: Connection) -> Due:
        now = time.time()
        counts = select(records.c.type, func.count(), func.min(records.c.due_since)).where(records.c.due)
        by_type = {ObjectType(row[0]): (row[1], now - row[2]) for row in tx.execute(counts.group_by(records.c.type))}
        by_kind = select(links.c.kind, func.count()).where(links.c.due.is_not(None)).group_by(links.c.kind)
        lookups = (
            select(func.count()).select_from(records).where(or_(records.c.resolving, records.c.recheck.is_not(None)))
        )
        waits = [self._grace_s - (time.monotonic() - since) for since in self._gone_since.values()]
        return Due(
            records={kind: count for kind, (count, _) in by_type.items()},
            oldest_s={kind: age for kind, (_, age) in by_type.items()},
            links={LinkKind(kind): count for kind, count in tx.execute(by_kind)},
            lookups=int(tx.execute(lookups).scalar_one()),
            archives_wait_s=min(waits, default=None),
        )


def hear(verdicts: Verdicts, book: Book, record: int) -> None:
    """Take in how the record stands, for all rows that speak in it."""
    stored = book.shelf.record(record)
    for subject in book.shelf.objects_of(record):
        for said in book.shelf.contributions(subject.number).values():
            verdicts.hear(stored.record, str(subject.ref), said.row, said.version)


def _attempt(outcome: Outcome, sent: InFlight | None) -> dict[str, Any]:
    refusal = getattr(outcome, "refusal", None)
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "act": None if sent is None else sent.act,
        "outcome": type(outcome).__name__,
        "status": None if refusal is None else refusal.status,
        "category": None if refusal is None else refusal.category,
        "correlation_id": None if refusal is None else refusal.correlation_id,
        "details": _words(outcome),
    }


def _words(outcome: Outcome) -> str | None:
    """What the other side said; of a refused schema it is why the type waits."""
    if isinstance(outcome, SchemaRefused):
        return f"{outcome.refusal.type}: {outcome.refusal.details}"
    return getattr(outcome, "details", None)
