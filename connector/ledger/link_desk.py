"""Links at the sender's desk: what is due, what became of it, and children whose parent does not come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from connector.ledger.book import Book
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import Ledger
from connector.ledger.links import LinkDue, LinkFlight, LinkRow, doubt, due, pair, settle_link
from connector.ledger.state import Fate
from connector.ledger.tables import links
from connector.message import LinkKind
from connector.outcome import Ambiguous, LinkOutcome, LinkStep, Refused, Written
from connector.sync_error import ErrorState, Stage, SyncError, error_id
from connector.version import SourceRow, Version


class LinkDesk:
    """Hands out link steps and settles them, each in one transaction."""

    def __init__(self, ledger: Ledger, post: ErrorPost, recheck_s: float) -> None:
        self._ledger = ledger
        self._post = post
        self._recheck_s = recheck_s
        self._unsure_since: dict[int, float] = {}
        self._confirming: set[int] = set()

    async def requeue(self) -> None:
        """A former owner's link calls may or may not have happened."""
        await self._ledger.write(self._requeue)

    def _requeue(self, tx: Connection) -> None:
        flying = list(tx.execute(select(links.c.number).where(links.c.in_flight.is_not(None))).scalars())
        self._settle(tx, dict.fromkeys(flying, Ambiguous("the sender was stopped", "")))

    async def take(self, kind: LinkKind, limit: int) -> list[LinkStep]:
        """Links of one kind that are due, marked in flight."""
        return await self._ledger.write(lambda tx: self._take(tx, kind, limit))

    def _take(self, tx: Connection, kind: LinkKind, limit: int) -> list[LinkStep]:
        ready = select(links.c.number).where(links.c.kind == str(kind), links.c.due.is_not(None))
        book = Book(tx)
        steps = []
        chosen = list(tx.execute(ready.order_by(links.c.number).limit(limit)).scalars())
        book.shelf.fetch_links(chosen)
        for number in chosen:
            link = book.shelf.link(number)
            if link is not None and (flight := _flight(book, link)) is not None:
                child_id, parent_id = flight.between.split(":")
                steps.append(LinkStep(number, link.kind, child_id, parent_id, flight.due is LinkDue.MAKE))
                book.put_link(replace(link, in_flight=flight))
        book.close()
        return steps

    async def settle(self, outcomes: Mapping[int, LinkOutcome]) -> None:
        """Take back what became of link steps."""
        await self._ledger.write(lambda tx: self._settle(tx, outcomes))

    def _settle(self, tx: Connection, outcomes: Mapping[int, LinkOutcome]) -> None:
        book = Book(tx)
        book.shelf.fetch_links(list(outcomes))
        for number, outcome in outcomes.items():
            link = book.shelf.link(number)
            if link is not None:
                self._settle_one(tx, book, link, outcome)
        book.close()
        publish_healed(tx, book, self._post)

    def _settle_one(self, tx: Connection, book: Book, link: LinkRow, outcome: LinkOutcome) -> None:
        sent = link.in_flight
        settled = settle_link(link, outcome)
        if isinstance(outcome, Refused) and sent is not None and sent.due is LinkDue.MAKE:
            if link.resolved != sent.between:
                settled = replace(settled, refused=None, resolved=sent.between)
                _resolve_ids(book, link)
            else:
                settled = fail(tx, book, self._post, settled, outcome.refusal.type, outcome.refusal.details)
        if isinstance(outcome, Ambiguous):
            self._confirming.discard(link.number)
            self._unsure_since[link.number] = time.monotonic()
        elif isinstance(outcome, Written | Refused) and link.number in self._confirming:
            settled = self._sure(settled)
        book.put_link(settled)
        book.put_siblings(settled)

    def _sure(self, link: LinkRow) -> LinkRow:
        self._confirming.discard(link.number)
        self._unsure_since.pop(link.number, None)
        return replace(link, unsure=None)

    async def recheck(self, now: float) -> None:
        """Send once more what an ambiguous call left unsure, once a late one must have landed. `now` is monotonic.

        Only a clear answer to that makes it sure; so does the loss of one end, with which the association goes.
        """
        await self._ledger.write(lambda tx: self._recheck(tx, now))

    def _recheck(self, tx: Connection, now: float) -> None:
        unsure = list(tx.execute(select(links.c.number).where(links.c.unsure.is_not(None))).scalars())
        ripe = [each for each in unsure if now - self._unsure_since.setdefault(each, now) >= self._recheck_s]
        if not ripe:
            return
        book = Book(tx)
        for number in ripe:
            link = book.shelf.link(number)
            if link is not None and link.unsure is not None and link.in_flight is None:
                self._confirm(book, link, link.unsure)
        book.close()

    def _confirm(self, book: Book, link: LinkRow, between: str) -> None:
        doubted = link if link.number in self._confirming else doubt(link, between)
        if _is_going(book, link.child) or _is_going(book, book.shelf.numbered(link.parent).record):
            return
        if due(doubted, book.child_id(link), book.parent_of(link)) is None:
            book.put_link(self._sure(doubted))
        elif doubted is not link:
            self._confirming.add(link.number)
            book.put_link(doubted)


def _is_going(book: Book, number: int) -> bool:
    """Whether the record is about to be archived, and its associations with it; until then its row may come back."""
    record = book.shelf.record(number).record
    return record.desired.fate is Fate.ARCHIVE and record.hubspot_id is not None


def _flight(book: Book, link: LinkRow) -> LinkFlight | None:
    """What is due for the link, and between which ids: for unmaking, those that stand."""
    child_id, parent = book.child_id(link), book.parent_of(link)
    todo = due(link, child_id, parent)
    between = link.made if todo is LinkDue.UNMAKE else pair(child_id, parent)
    return None if todo is None or between is None else LinkFlight(todo, between)


def _resolve_ids(book: Book, link: LinkRow) -> None:
    """One of the two ids may be dead: look both up by key before the link counts as refused."""
    parent = book.shelf.numbered(link.parent)
    for number in (link.child, parent.record):
        stored = book.shelf.record(number)
        if stored.record.in_flight is None and stored.record.hubspot_id is not None:
            book.put(stored, replace(stored.record, resolving=True))


def fail(tx: Connection, book: Book, post: ErrorPost, link: LinkRow, error_type: str, details: str) -> LinkRow:
    """Raise the link's error; it resolves itself when the link is made or no longer wanted."""
    error = _link_error(book, post.portal, link, ErrorState.OPEN, error_type, details)
    post.put(tx, post.with_message(tx, error, book.speaking(link.child)))
    return replace(link, failed=error_type)


def publish_healed(tx: Connection, book: Book, post: ErrorPost) -> None:
    """Publish that links are in order which had an open error: made, waived, or no longer wanted."""
    for link in book.healed:
        post.put(tx, _link_error(book, post.portal, link, ErrorState.RESOLVED, link.failed or "", "in order again"))


def _link_error(book: Book, portal: str, link: LinkRow, state: ErrorState, error_type: str, details: str) -> SyncError:
    record = book.shelf.record(link.child).record
    speaker = record.desired.speaker or SourceRow("", record.key)
    version = record.desired.version or Version(0, 0, 0, 0)
    parent = book.shelf.numbered(link.parent).ref
    return SyncError(
        id=error_id(portal, f"{record.ref}>{link.kind}:{parent.external_id}", SourceRow("", ""), Stage.LINK),
        state=state,
        stage=Stage.LINK,
        type=error_type,
        details=details,
        at=datetime.now(UTC),
        portal=portal,
        ref=record.ref,
        row=speaker,
        version=version,
        partition=0,
        offset=version.offset,
    )
