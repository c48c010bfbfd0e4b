"""The unit of work: rows of a batch read once, thought about by the pure functions, written once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from connector.ledger.fold import PRODUCT_ID, fold, fold_object
from connector.ledger.identities import Identities
from connector.ledger.links import LinkDue, LinkRow, LinkState, due, pair, state, wish
from connector.ledger.merge import Passed, merge
from connector.ledger.numbering import Numbering
from connector.ledger.plan import plan
from connector.ledger.settle import forget_told
from connector.ledger.shelf import Shelf
from connector.ledger.shelf_rows import Lane, ObjectRow, Stored
from connector.ledger.state import Contribution, Desired, Fate, Parent, Record, Wanted
from connector.ledger.values import digest
from connector.message import LinkKind, ObjectRef, Origin, SyncMessage


class Book:
    """Everything one transaction touches. Make it, change it, `close` it: only then are the rows written."""

    def __init__(self, tx: Connection) -> None:
        self.shelf = Shelf(tx)
        self.healed: list[LinkRow] = []
        self._stirred: dict[int, bool] = {}
        self.identities = Identities(self, tx)

    def merge(self, messages: Sequence[SyncMessage], numbering: Numbering) -> Counter[str]:
        """Merge messages in their order; the count of each outcome: merged, unchanged, superseded, repeat."""
        self.shelf.fetch({message.ref for message in messages})
        self.shelf.glance(_parents(messages))
        counts = Counter(self._merge(message, numbering) for message in messages)
        self.settle_children()
        return counts

    def _merge(self, message: SyncMessage, numbering: Numbering) -> str:
        subject = self.shelf.object(message.ref)
        rows = self.shelf.contributions(subject.number)
        row = (message.source.topic, message.source.row_key)
        result = merge(rows.get(row), message, numbering.version(message))
        lane = Lane.BACKFILL if message.bulk or message.origin is Origin.SNAPSHOT else Lane.LIVE
        outcome = result.value if isinstance(result, Passed) else self._say(subject, row, result, lane)
        if message.origin is Origin.REPAIR:
            self.tell_again(self.shelf.object(message.ref).record, lane, revive=message.forced)
        return outcome

    def _say(self, subject: ObjectRow, row: tuple[str, str], result: Contribution, lane: Lane) -> str:
        if len(self.shelf.objects_of(subject.record)) == 1:
            self.shelf.say(subject.number, row, result)
        else:
            before = self.identities.match_value(subject)
            self.shelf.say(subject.number, row, result)
            subject = self.identities.part_if_changed(subject, before, lane)
        return "merged" if self.refresh(subject.record, lane) else "unchanged"

    def refresh(self, number: int, lane: Lane) -> bool:
        """Fold the record anew; True if what it should hold has changed."""
        stored = self.shelf.record(number)
        subjects = self.shelf.objects_of(number)
        said = [list(self.shelf.contributions(each.number).values()) for each in subjects]
        for subject, contributions in zip(subjects, said, strict=True):
            self._live(subject, contributions)
        desired = fold(said, self.parent) if said else Desired(Fate.ARCHIVE)
        changed = _says(desired) != _says(stored.record.desired)
        generation = stored.record.generation + changed
        self.put(stored, replace(stored.record, desired=desired, generation=generation), lane)
        self._wish(number, desired.fate, desired.links)
        return changed

    def tell_again(self, number: int, lane: Lane, *, revive: bool) -> None:
        """What HubSpot holds of the record and its links counts as unknown; `revive`: even if its users deleted it."""
        stored = self.shelf.record(number)
        self.put(stored, forget_told(stored.record, revive=revive), lane)
        for link in self.shelf.links_of_child(number):
            if link.in_flight is None and not link.is_property:
                self.put_link(replace(link, again=True, refused=None, resolved=None))

    def put(self, stored: Stored, record: Record, lane: Lane | None = None) -> None:
        """Keep `record`, note whether a call is due, and stir whom it concerns if its id or its claims have changed."""
        if record.desired.match_value is None:
            record = replace(record, taken_by=None, gives_way=False)
        self.identities.contend(stored.record, record)
        if record.hubspot_id != stored.record.hubspot_id:
            for each in self.shelf.objects_of(record.number):
                self.stir(each.number)
        self.shelf.put(stored, record, is_due=plan(record) is not None, lane=lane)

    def stir(self, subject: int) -> None:
        """The object has another HubSpot record: its children are looked at again."""
        self._stirred.setdefault(subject, False)

    def speaking(self, number: int) -> Contribution | None:
        """What the row says that speaks for the record."""
        speaker = self.shelf.record(number).record.desired.speaker
        every = (self.shelf.contributions(each.number).values() for each in self.shelf.objects_of(number))
        return next((said for rows in every for said in rows if said.row == speaker and said.bears), None)

    def parent(self, ref: ObjectRef) -> Parent:
        """What children need to know of an object."""
        return self.shelf.parent(self.shelf.object(ref))

    def parent_of(self, link: LinkRow) -> Parent:
        return self.shelf.parent(self.shelf.numbered(link.parent))

    def put_link(self, link: LinkRow) -> None:
        """Keep the link with what is due for it; one that is neither wanted nor standing is forgotten."""
        link = self._hand_on(link)
        if link.failed is not None and self._in_order(link):
            self.healed.append(link)
            link = replace(link, failed=None)
        if not link.wanted and (link.made, link.unsure, link.in_flight) == (None, None, None):
            self.shelf.drop_link(link)
            return
        what = due(link, self.child_id(link), self.parent_of(link))
        self.shelf.put_link(link, None if what is LinkDue.MAKE and self._is_being_unmade(link) else what)

    def put_siblings(self, link: LinkRow) -> None:
        """Look again at links that may have waited for this one."""
        for each in self._siblings(link):
            self._look_again(each.number)

    def _look_again(self, number: int) -> None:
        """Put a link as it is by now: putting one link may change its siblings."""
        link = self.shelf.link(number)
        if link is not None:
            self.put_link(link)

    def _siblings(self, link: LinkRow) -> list[LinkRow]:
        """The child's other links of the kind: to objects that may share a record, so that the same pair is meant."""
        links = self.shelf.links_of_child(link.child)
        return [each for each in links if each.kind is link.kind and each.number != link.number]

    def _pair(self, link: LinkRow) -> str | None:
        return pair(self.child_id(link), self.parent_of(link)) if link.wanted else None

    def _hand_on(self, link: LinkRow) -> LinkRow:
        """What stands and is not this link's any more may be another's: it takes over, nothing is unmade."""
        if link.is_property or link.made is None or link.in_flight is not None or link.made == self._pair(link):
            return link
        heir = next((each for each in self._siblings(link) if self._pair(each) == link.made), None)
        if heir is None:
            return link
        if heir.in_flight is None:
            made = link.made if link.unsure is None else None
            self.put_link(replace(heir, made=made, unsure=heir.unsure or link.unsure, again=heir.again or link.again))
        return replace(link, made=None, unsure=None)

    def _is_being_unmade(self, link: LinkRow) -> bool:
        flights = (each.in_flight for each in self._siblings(link))
        return any(flight is not None and flight.between == self._pair(link) for flight in flights)

    def child_id(self, link: LinkRow) -> str | None:
        """The child's HubSpot id, unless its record is to be archived."""
        child = self.shelf.record(link.child).record
        return None if has_gone(child) else child.hubspot_id

    def _in_order(self, link: LinkRow) -> bool:
        child, parent = self.shelf.record(link.child).record, self.parent_of(link)
        standing = state(replace(link, failed=None), child.hubspot_id, parent)
        if not link.wanted or standing is LinkState.MADE:
            return True
        return not link.required if standing is LinkState.WAIVED else has_gone(child)

    def unlink(self, number: int) -> None:
        """The record was archived: HubSpot dropped its associations with it."""
        for link in self.shelf.links_of_child(number):
            self.put_link(replace(link, made=None))
        for subject in self.shelf.objects_of(number):
            for link in self.shelf.links_to_parent([subject.number]):
                self.put_link(replace(link, made=None))

    def settle_children(self) -> None:
        """Look again at the children of every object whose life (True) or id (False) has changed, and at theirs."""
        while self._stirred or self.identities.contested:
            self.identities.settle()
            stirred, self._stirred = self._stirred, {}
            for subject in sorted(stirred):
                for link in self.shelf.links_of_child(self.shelf.numbered(subject).record):
                    self._set(link)
            touched = self.shelf.links_to_parent(sorted(stirred))
            self.shelf.fetch_records({link.child for link in touched})
            for link in touched:
                self._look_again(link.number)
                if not link.is_property:
                    self.put_siblings(link)
            for child in sorted({link.child for link in touched if _changes_child(link, life=stirred[link.parent])}):
                self.refresh(child, self.shelf.record(child).lane)

    def close(self) -> None:
        """Write what has changed."""
        self.settle_children()
        self.shelf.write(time.time())
        self.identities.write()

    def _live(self, subject: ObjectRow, contributions: Sequence[Contribution]) -> None:
        folded = fold_object(contributions, self.parent)
        if (folded.life, folded.ended_at) != (subject.life, subject.ended_at):
            self.shelf.put_object(replace(subject, life=folded.life, ended_at=folded.ended_at))
            self._stirred[subject.number] = True

    def _wish(self, child: int, fate: Fate, wanted: Iterable[Wanted]) -> None:
        """Bring the link rows in step with the wanted ones; a record that is left alone keeps its links."""
        if fate in {Fate.LEAVE, Fate.WAIT} and not wanted:
            return
        wishes = {(each.kind, self.shelf.object(each.parent).number): each.required for each in wanted}
        standing = {(link.kind, link.parent): link.number for link in self.shelf.links_of_child(child)}
        for end, required in wishes.items():
            known = self.shelf.link(standing.pop(end)) if end in standing else None
            self._set(wish(known or self.shelf.new_link(child, *end), wanted=True, required=required))
        for number in standing.values():
            if (known := self.shelf.link(number)) is not None:
                self._set(wish(known, wanted=False, required=known.required))

    def _set(self, link: LinkRow) -> None:
        self.put_link(replace(link, made=self._told_product(link)) if link.is_property else link)

    def note_products(self, child: int) -> None:
        """After an answer: a product link stands as soon as its property was told."""
        for link in self.shelf.links_of_child(child):
            if link.is_property:
                self._set(link)

    def _told_product(self, link: LinkRow) -> str | None:
        """The product link stands once its property has been told and is still right."""
        child = self.shelf.record(link.child).record
        now = pair(child.hubspot_id, self.parent_of(link))
        return now if link.wanted and now is not None and _holds_product(child) else None


def has_gone(child: Record) -> bool:
    """Whether nothing is to be made of the child: of a line that went with its deal the link is wanted all the same."""
    return child.desired.fate is Fate.ARCHIVE


def _holds_product(child: Record) -> bool:
    return child.told.get(PRODUCT_ID) == digest(child.desired.properties.get(PRODUCT_ID))


def _changes_child(link: LinkRow, *, life: bool) -> bool:
    """Whether what the child should hold depends on it: a line lives with its deal, and names its product."""
    return link.is_property or (life and link.kind is LinkKind.LINE_ITEM_DEAL)


def _says(desired: Desired) -> tuple[object, ...]:
    return (desired.fate, desired.properties, desired.links, desired.match_value)


def _parents(messages: Sequence[SyncMessage]) -> set[ObjectRef]:
    return {
        ObjectRef(message.store, each.kind.parent_type, each.external_id)
        for message in messages
        for each in message.associations
    }
