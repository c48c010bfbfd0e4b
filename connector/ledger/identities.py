"""Records and the objects that share them, in one unit of work: joined, parted, and kept waiting for a match value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from connector.ledger.claims import ClaimBook, Contested
from connector.ledger.fold import fold_object
from connector.ledger.identity import circle, claims, contest, is_forgettable, is_stuck, leaves
from connector.ledger.shelf_rows import Lane, ObjectRow
from connector.ledger.state import Desired, Fate, Life, Record
from connector.message import ObjectRef, ObjectType

if TYPE_CHECKING:
    from connector.ledger.book import Book


class Identities:
    """Keeps one HubSpot record to one match value, whatever the rows of the shop say.

    `contested`: values that are to be looked at. `moved`: objects that came to share another record.
    """

    def __init__(self, book: Book, tx: Connection) -> None:
        self._book = book
        self._claims = ClaimBook(tx)
        self.contested: set[Contested] = set()
        self.moved: set[ObjectRef] = set()

    def contend(self, before: Record, now: Record) -> None:
        """Note the claims of a record; who may have what is looked at again if they or its standing have changed."""
        was, will = claims(before), claims(now)
        if was != will:
            self._claims.note(now.type, now.number, was, will)
        landed = before.in_flight is not None and now.in_flight is None
        if was != will or landed or before.hubspot_id != now.hubspot_id:
            self.contested |= {(now.type, value) for value in was | will}

    def settle(self) -> None:
        """Let records that want one match value be one, or wait."""
        contested, self.contested = self.contested, set()
        self._claims.fetch(contested)
        rivals = {number for each in contested for number in self._claims.claimants(each)}
        self._book.shelf.fetch_records(rivals)
        for each in sorted(contested):
            self._settle(each)

    def _settle(self, contested: Contested) -> None:
        value = contested[1]
        records = [self._book.shelf.record(number).record for number in self._claims.claimants(contested)]
        verdict = contest(value, records)
        for number, owner in verdict.waits.items():
            self._wait(number, owner, value)
        for number, target in verdict.joins.items():
            self.join(number, target)

    def _wait(self, number: int, owner: int | None, value: str) -> None:
        """The record does without the value while `owner` has it.

        An owner that waits itself, and in vain, gives its old value up; so does the first of those that wait in a ring.
        """
        shelf = self._book.shelf
        stored = shelf.record(number)
        if stored.record.desired.match_value != value:
            return
        gives_way = owner is not None and stored.record.gives_way
        if (owner, gives_way) != (stored.record.taken_by, stored.record.gives_way):
            self._book.put(stored, replace(stored.record, taken_by=owner, gives_way=gives_way))
            self.contested |= {(stored.record.type, each) for each in stored.record.held}
        if owner is None:
            return
        ring = circle(stored.record, shelf.known_record)
        if ring:
            self._give_way(min(ring))
        above = shelf.record(owner).record
        beyond = None if above.taken_by is None else shelf.known_record(above.taken_by)
        if beyond is not None and is_stuck(above, beyond):
            self._give_way(owner)

    def _give_way(self, number: int) -> None:
        stored = self._book.shelf.record(number)
        if not stored.record.gives_way:
            self._book.put(stored, replace(stored.record, gives_way=True))

    def join_twins(self, object_type: ObjectType, ids: set[str]) -> None:
        """Records that turned out to be one in HubSpot are one here, under the key that HubSpot's record bears.

        HubSpot's users merge records, and people are found under further addresses.
        """
        shelf = self._book.shelf
        for numbers in shelf.with_hubspot_id(object_type, ids).values():
            first, *others = sorted(numbers, key=lambda each: (not shelf.record(each).record.keyed, each))
            for other in others:
                self._make_one(other, first)

    def _make_one(self, other: int, first: int) -> None:
        shelf = self._book.shelf
        twin, kept = shelf.record(other), shelf.record(first)
        if twin.record.in_flight is not None:
            return
        held = kept.record.held | twin.record.held
        self._book.put(kept, replace(kept.record, told={}, held=held))
        lane = twin.lane
        self._move(other, first)
        self._book.put(twin, replace(twin.record, hubspot_id=None, told={}, held=frozenset(), recheck=None))
        self._retire(other)
        self._book.refresh(first, lane)

    def join(self, source: int, target: int) -> None:
        """The objects of one record share another from now on."""
        lane = self._book.shelf.record(source).lane
        self._move(source, target)
        self._retire(source)
        self._book.refresh(target, lane)

    def _move(self, source: int, target: int) -> None:
        shelf = self._book.shelf
        shelf.record(target)
        for subject in shelf.objects_of(source):
            shelf.move(subject, target)
            self.moved.add(subject.ref)
            self._book.stir(subject.number)
        has = {(link.kind, link.parent) for link in shelf.links_of_child(target)}
        for link in shelf.links_of_child(source):
            if (link.made, link.unsure, link.in_flight) == (None, None, None) or (link.kind, link.parent) in has:
                shelf.drop_link(link)
            else:
                shelf.rechild(link, target)

    def _retire(self, number: int) -> None:
        """A record without objects: forgotten, unless a late write may still bring it to HubSpot."""
        stored = self._book.shelf.record(number)
        empty = replace(stored.record, desired=Desired(Fate.ARCHIVE), generation=stored.record.generation + 1)
        self._book.put(stored, empty)
        if is_forgettable(empty):
            self._book.shelf.forget_record(number)

    def match_value(self, subject: ObjectRow) -> str | None:
        """What a live object is recognised by."""
        said = self._book.shelf.contributions(subject.number).values()
        folded = fold_object(said, self._book.parent)
        return folded.desired.match_value if folded.life is Life.LIVE else None

    def part_if_changed(self, subject: ObjectRow, before: str | None, lane: Lane) -> ObjectRow:
        """The object as it is now, with a record of its own if its match value is none of the others' any more."""
        shelf = self._book.shelf
        others = [each for each in shelf.objects_of(subject.record) if each.number != subject.number]
        values = [self.match_value(each) for each in others if each.life is Life.LIVE]
        if not leaves(before, self.match_value(subject), values):
            return subject
        left = shelf.record(subject.record)
        shelf.move(subject, shelf.begin_record(subject.ref).record.number)
        self._book.stir(subject.number)
        if left.record.ref == subject.ref:
            self._book.put(left, replace(left.record, ref=others[0].ref))
        self._book.refresh(left.record.number, lane)
        return shelf.numbered(subject.number)

    def write(self) -> None:
        """Write the claims that have changed."""
        self._claims.write()
