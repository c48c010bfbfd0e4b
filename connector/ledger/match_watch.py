"""Records that do without their match value for too long, because another record has it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from connector.ledger.book import Book
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import Ledger
from connector.ledger.plan import plan
from connector.ledger.send_errors import waiting_error
from connector.ledger.tables import errors, records
from connector.sync_error import ErrorState, SyncError
from connector.version import Version

_WAITING = select(records.c.number, records.c.taken_by).where(records.c.taken_by.is_not(None))


class MatchWatch:
    """Raises the error of a record that waited for its match value longer than the deadline.

    The clock is monotonic and begins anew after a start, and when the value passes to another record. It stands while
    a call is due that may free the value: a HubSpot that is away is no row's fault.
    """

    def __init__(self, ledger: Ledger, post: ErrorPost, deadline_s: float) -> None:
        self._ledger = ledger
        self._post = post
        self._deadline_s = deadline_s
        self._since: dict[tuple[int, int], float] = {}
        self._raised: dict[int, Version] = {}

    async def sweep(self, now: float) -> int:
        """Raise the errors that are due at `now` (monotonic seconds); how many."""
        return await self._ledger.write(lambda tx: self._sweep(tx, now))

    def _sweep(self, tx: Connection, now: float) -> int:
        book = Book(tx)
        every = [(row.number, row.taken_by) for row in tx.execute(_WAITING)]
        book.shelf.fetch_records({number for each in every for number in each})
        waiting = [each for each in every if not _may_come_free(book, each[1])]
        self._since = {each: self._since.get(each, now) for each in waiting}
        self._raised = {number: self._raised[number] for number, _ in waiting if number in self._raised}
        ripe = [each for each in waiting if now - self._since[each] >= self._deadline_s]
        if not ripe:
            return 0
        found = [(number, _error(tx, book, self._post, number, owner)) for number, owner in ripe]
        news = [(number, error) for number, error in found if error is not None and self._is_news(tx, number, error)]
        for number, error in news:
            self._post.put(tx, error)
            self._raised[number] = error.version
        return len(news)

    def _is_news(self, tx: Connection, number: int, error: SyncError) -> bool:
        if self._raised.get(number) == error.version:
            return False
        stands = select(errors.c.id).where(errors.c.id == error.id, errors.c.state == ErrorState.OPEN)
        return tx.execute(stands.where(errors.c.type == error.type)).first() is None


def _may_come_free(book: Book, owner: int) -> bool:
    """Whether the owner, or one that it waits for itself, has a call due or in flight."""
    passed: set[int] = set()
    following: int | None = owner
    while following is not None and following not in passed:
        passed.add(following)
        record = book.shelf.known_record(following)
        if record is None or record.in_flight is not None or plan(record) is not None:
            return True
        following = record.taken_by
    return False


def _error(tx: Connection, book: Book, post: ErrorPost, number: int, owner: int) -> SyncError | None:
    record, above = book.shelf.record(number).record, book.shelf.known_record(owner)
    if record.in_flight is not None or above is None:
        return None
    who = str(above.ref) if above.hubspot_id is None else f"{above.ref} (HubSpot record {above.hubspot_id})"
    value = record.desired.match_value
    details = f"{record.desired.match_by} {value} is that of {who}; all other properties are delivered"
    if record.hubspot_id is None:
        details = f"{record.desired.match_by} {value} is still that of {who}; this record is made once it is free"
    return waiting_error(tx, book, post, number, details)
