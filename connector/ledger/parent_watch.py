"""Children whose parent does not come: when to stop waiting, and what to say then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from connector.ledger import progress
from connector.ledger.book import Book, has_gone
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import Ledger
from connector.ledger.link_desk import fail
from connector.ledger.links import LinkRow, LinkState, state
from connector.ledger.state import Life
from connector.ledger.tables import errors, links, objects, records
from connector.sync_error import ErrorState

_WAITING = (
    select(links.c.number, links.c.child, records.c.number.label("parent"))
    .join(objects, objects.c.number == links.c.parent)
    .join(records, records.c.number == objects.c.record)
    .where(links.c.wanted, links.c.made.is_(None), links.c.failed.is_(None))
    .where(
        or_(
            objects.c.life == Life.UNSEEN,
            and_(records.c.hubspot_id.is_(None), records.c.refused_generation == records.c.generation),
            and_(links.c.required, objects.c.life.in_([Life.ENDED, Life.HIDDEN])),
        )
    )
)
"""Links that only time can tell about: whose parent was never seen, is refused, or is gone though required."""

Ends = Mapping[tuple[str, int], int]
"""(topic, partition) → end offset."""


@dataclass(slots=True)
class _Mark:
    """A heartbeat seen, and the ends that must be read before all that was committed before it is in the ledger."""

    heartbeat_at: datetime
    change_ends: Ends
    sync_ends: Ends | None = None


class ParentWatch:
    """Knows up to which commit time everything has arrived, and raises the errors of children that waited long enough.

    The clock of a child starts when its connector's heartbeat is later than the child's commit, every change and sync
    record of that moment is read, and no snapshot runs. It runs on the monotonic clock and begins anew after a start.
    """

    def __init__(self, ledger: Ledger, post: ErrorPost, deadline_s: float) -> None:
        self._ledger = ledger
        self._post = post
        self._deadline_s = deadline_s
        self._marks: dict[str, _Mark] = {}
        self._arrived: dict[str, datetime] = {}
        self._snapshots: set[str] = set()
        self._since: dict[int, float] = {}

    async def observe(
        self, prefix: str, heartbeat_at: datetime | None, *, snapshot_running: bool, change_ends: Ends, sync_ends: Ends
    ) -> None:
        """Take in what was just seen of one connector: its newest heartbeat, and the ends of its topics and of ours."""
        if snapshot_running:
            self._snapshots.add(prefix)
        else:
            self._snapshots.discard(prefix)
        if heartbeat_at is not None and prefix not in self._marks:
            self._marks[prefix] = _Mark(heartbeat_at, change_ends)
        mark = self._marks.get(prefix)
        if mark is None:
            return
        read = await self._ledger.read(_read_by_all)
        if mark.sync_ends is None and _reached(mark.change_ends, read):
            mark.sync_ends = sync_ends
        elif mark.sync_ends is not None and _reached(mark.sync_ends, read):
            self._arrived[prefix] = mark.heartbeat_at
            del self._marks[prefix]

    def arrived(self, prefix: str) -> datetime | None:
        """The commit time up to which all changes of a connector are in the ledger, None while nobody knows."""
        return None if prefix in self._snapshots else self._arrived.get(prefix)

    async def sweep(self, now: float) -> int:
        """Raise the errors that are due at `now` (monotonic seconds); how many."""
        return await self._ledger.write(lambda tx: self._sweep(tx, now))

    def _sweep(self, tx: Connection, now: float) -> int:
        raised, parked = 0, set()
        waiting = list(tx.execute(_WAITING)) if self._arrived else []
        book = Book(tx)
        book.shelf.fetch_records({row.child for row in waiting} | {row.parent for row in waiting})
        for number in (row.number for row in waiting):
            link = book.shelf.link(number)
            if link is None or (cause := self._cause(tx, book, link)) is None:
                continue
            parked.add(number)
            if now - self._since.setdefault(number, now) >= self._deadline_s:
                error_type, details = cause
                book.put_link(fail(tx, book, self._post, link, error_type, details))
                raised += 1
        self._since = {number: since for number, since in self._since.items() if number in parked}
        book.close()
        return raised

    def _cause(self, tx: Connection, book: Book, link: LinkRow) -> tuple[str, str] | None:
        """Why the parent is not there, if it must have come by now."""
        child = book.shelf.record(link.child).record
        parent = book.parent_of(link)
        ref = book.shelf.numbered(link.parent).ref
        standing = state(link, child.hubspot_id, parent)
        if standing is LinkState.WAIVED:
            return ("PARENT_DELETED", f"{ref} was deleted or filtered out") if link.required else None
        if has_gone(child) or parent.hubspot_id is not None or not self._must_have_come(book, link):
            return None
        above = book.shelf.record(book.shelf.numbered(link.parent).record).record
        if above.refused_generation == above.generation or _is_in_error(tx, str(ref)):
            return ("PARENT_REFUSED", f"{ref} was refused: mend its own error first")
        if parent.life is Life.UNSEEN:
            return ("PARENT_NEVER_SEEN", f"no row of the shop makes {ref}")
        return None

    def _must_have_come(self, book: Book, link: LinkRow) -> bool:
        speaker = book.shelf.record(link.child).record.desired.speaker
        if speaker is None:
            return False
        prefix = speaker.topic.split(".", 1)[0]
        arrived = self.arrived(prefix)
        if arrived is None:
            return False
        return all(
            said.committed_at < arrived
            for subject in book.shelf.objects_of(link.child)
            for said in book.shelf.contributions(subject.number).values()
            if said.row == speaker
        )


def _is_in_error(tx: Connection, subject: str) -> bool:
    query = select(errors.c.id).where(errors.c.subject == subject, errors.c.state == ErrorState.OPEN).limit(1)
    return tx.execute(query).first() is not None


def _read_by_all(tx: Connection) -> dict[tuple[str, int], int]:
    """(topic, partition) → how far the slowest of its agents has read."""
    read: dict[tuple[str, int], int] = {}
    for each in progress.current(tx):
        here = (each.topic, each.partition)
        read[here] = min(each.next, read.get(here, each.next))
    return read


def _reached(ends: Ends, read: Mapping[tuple[str, int], int]) -> bool:
    return all(read.get(here, 0) >= end for here, end in ends.items() if end > 0)
