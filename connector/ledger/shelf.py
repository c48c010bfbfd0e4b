"""The rows of one transaction: fetched in bulk, kept as nouns, written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, Table, func, insert, select, tuple_

from connector.ledger.bulk import remove, save, select_in
from connector.ledger.keys import NUMBERED, free_key
from connector.ledger.links import LinkDue, LinkRow
from connector.ledger.rows import contribution_from_row, contribution_to_row
from connector.ledger.shelf_rows import (
    Lane,
    ObjectRow,
    Stored,
    link_from_row,
    link_to_row,
    object_from_row,
    object_to_row,
    stored_from_row,
    stored_to_row,
)
from connector.ledger.state import Contribution, Desired, Fate, Life, Parent, Record
from connector.ledger.tables import contributions, links, objects, records
from connector.message import LinkKind, ObjectRef, ObjectType

_GLANCE = select(objects, records.c.hubspot_id).join(records, records.c.number == objects.c.record)


class Shelf:
    """A cache over the tables for one transaction; nothing is written before `write`."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._objects: dict[ObjectRef, ObjectRow] = {}
        self._unknown: set[ObjectRef] = set()
        self._ids: dict[int, str | None] = {}
        self._numbered: dict[int, ObjectRow] = {}
        self._records: dict[int, Stored] = {}
        self._members: dict[int, list[int]] = {}
        self._contributions: dict[int, dict[tuple[str, str], Contribution]] = {}
        self._links: dict[int, LinkRow] = {}
        self._children: dict[int, set[int]] = {}
        self._by_parent: dict[int, set[int]] = {}
        self._link_due: dict[int, LinkDue | None] = {}
        self._dropped: set[int] = set()
        self._gone: set[int] = set()
        self._new: dict[Table, set[int]] = {objects: set(), records: set(), links: set()}
        self._changed: dict[Table, set[int]] = {objects: set(), records: set(), links: set()}
        self._said: set[tuple[int, tuple[str, str]]] = set()
        self._next: dict[Table, int] = {}

    def fetch(self, refs: set[ObjectRef]) -> None:
        """Read these objects with their records, contributions and links."""
        self.glance(refs)
        self.fetch_records({self._objects[ref].record for ref in refs if ref in self._objects})

    def glance(self, refs: set[ObjectRef]) -> None:
        """Read of these objects only what their children need to know."""
        unread = {ref for ref in refs if ref not in self._objects and ref not in self._unknown}
        names = sorted((ref.store, str(ref.type), ref.external_id) for ref in unread)
        columns = tuple_(objects.c.store, objects.c.type, objects.c.external_id)
        for row in self._in(_GLANCE, columns, names):
            self._keep_object(row)
        self._unknown |= {ref for ref in unread if ref not in self._objects}

    def glance_at(self, numbers: set[int]) -> None:
        """As `glance`, by number."""
        unread = [number for number in numbers if number not in self._numbered]
        for row in self._in(_GLANCE, objects.c.number, unread):
            self._keep_object(row)

    def fetch_records(self, numbers: set[int]) -> None:
        """Read these records, their objects with all contributions, and the links of which they are the child."""
        missing = sorted(number for number in numbers if number not in self._records)
        if not missing:
            return
        for row in self._in(select(records), records.c.number, missing):
            self._records[row.number] = stored_from_row(row)
        self._members |= {number: [] for number in missing}
        members = [self._keep_object(row) for row in self._in(_GLANCE, objects.c.record, missing)]
        for member in members:
            self._members[member.record].append(member.number)
        self._fetch_contributions({member.number for member in members})
        self._fetch_links(missing)

    def object(self, ref: ObjectRef) -> ObjectRow:
        """The object, begun with a record of its own if it was never named before."""
        if ref not in self._objects:
            self.glance({ref})
        if ref not in self._objects:
            self._begin(ref)
        return self._objects[ref]

    def numbered(self, number: int) -> ObjectRow:
        if number not in self._numbered:
            self.glance_at({number})
        return self._numbered[number]

    def parent(self, subject: ObjectRow) -> Parent:
        """What children need to know of an object."""
        stored = self._records.get(subject.record)
        hubspot_id = self._ids[subject.record] if stored is None else stored.record.hubspot_id
        return Parent(subject.life, hubspot_id, subject.ended_at)

    def record(self, number: int) -> Stored:
        if number not in self._records:
            self.fetch_records({number})
        return self._records[number]

    def known_record(self, number: int) -> Record | None:
        """The record, None once it was forgotten."""
        self.fetch_records({number} - self._gone)
        stored = self._records.get(number)
        return None if stored is None else stored.record

    def objects_of(self, record: int) -> list[ObjectRow]:
        self.record(record)
        return [self._numbered[number] for number in self._members[record]]

    def contributions(self, number: int) -> dict[tuple[str, str], Contribution]:
        if number not in self._contributions:
            self._fetch_contributions({number})
        return self._contributions[number]

    def links_of_child(self, record: int) -> list[LinkRow]:
        self.record(record)
        return [self._links[number] for number in sorted(self._children[record])]

    def links_to_parent(self, numbers: list[int]) -> list[LinkRow]:
        """The links to these objects, those that other transactions left and those of this one."""
        for row in self._in(select(links), links.c.parent, numbers):
            if row.number not in self._dropped:
                self._keep_link(row)
        found = sorted(link for number in numbers for link in self._by_parent.get(number, ()))
        return [self._links[number] for number in found]

    def link(self, number: int) -> LinkRow | None:
        self.fetch_links([number])
        return self._links.get(number)

    def fetch_links(self, numbers: Sequence[int]) -> None:
        """Read these links, their children and what is to be known of their parents."""
        missing = [number for number in numbers if number not in self._links and number not in self._dropped]
        found = [self._keep_link(row) for row in self._in(select(links), links.c.number, missing)]
        self.fetch_records({link.child for link in found})
        self.glance_at({link.parent for link in found})

    def say(self, number: int, row: tuple[str, str], said: Contribution) -> None:
        self.contributions(number)[row] = said
        self._said.add((number, row))

    def put_object(self, row: ObjectRow) -> None:
        self._objects[row.ref] = self._numbered[row.number] = row
        self._changed[objects].add(row.number)

    def put(self, stored: Stored, record: Record, *, is_due: bool, lane: Lane | None) -> None:
        """Keep the record. A record that falls due queues from now; a live change takes a waiting one to the front."""
        if lane is not None and (not stored.is_due or lane < stored.lane):
            stored.lane = lane
        stored.record, stored.is_due = record, is_due
        self._changed[records].add(record.number)

    def new_link(self, child: int, kind: LinkKind, parent: int) -> LinkRow:
        link = LinkRow(self._number(links), child, kind, parent, wanted=True)
        self._new[links].add(link.number)
        self._children[child].add(link.number)
        self._shelve(link)
        return link

    def put_link(self, link: LinkRow, due: LinkDue | None) -> None:
        self._links[link.number] = link
        self._link_due[link.number] = due
        self._changed[links].add(link.number)

    def begin_record(self, ref: ObjectRef) -> Stored:
        """A record that is yet to be made, under a key that no other one bears."""
        return self._keep_new(Record(self._number(records), ref, self.free_key(ref), Desired(Fate.WAIT)))

    def free_key(self, ref: ObjectRef) -> str:
        """The object's own name, or that with a number where another record bears it."""
        return free_key(self._tx, ref, {stored.record.key for stored in self._records.values()})

    def move(self, subject: ObjectRow, record: int) -> None:
        """From now on the object shares this record."""
        stored = self.record(record)
        self.record(subject.record)
        self._members[subject.record].remove(subject.number)
        self._members[record].append(subject.number)
        self._ids[record] = stored.record.hubspot_id
        self.put_object(replace(self._numbered[subject.number], record=record))

    def forget_record(self, number: int) -> None:
        """Drop a record that has no objects and no links any more."""
        del self._records[number], self._members[number], self._children[number]
        self._gone.add(number)

    def with_hubspot_id(self, object_type: ObjectType, ids: set[str]) -> dict[str, set[int]]:
        """HubSpot id → the records that have it."""
        stored = select(records.c.number).where(records.c.type == str(object_type))
        self.fetch_records({row.number for row in self._in(stored, records.c.hubspot_id, sorted(ids))} - self._gone)
        found: dict[str, set[int]] = {each: set() for each in ids}
        for record in (stored.record for stored in self._records.values()):
            if record.type is object_type and record.hubspot_id in found:
                found[record.hubspot_id].add(record.number)
        return {hubspot_id: numbers for hubspot_id, numbers in found.items() if numbers}

    def rechild(self, link: LinkRow, child: int) -> None:
        """The link is this record's from now on."""
        self._children[link.child].discard(link.number)
        self._children[child].add(link.number)
        self._links[link.number] = replace(link, child=child)
        self._changed[links].add(link.number)

    def drop_link(self, link: LinkRow) -> None:
        self._links.pop(link.number, None)
        self._by_parent.get(link.parent, set()).discard(link.number)
        self._children.get(link.child, set()).discard(link.number)
        self._dropped.add(link.number)

    def write(self, now: float) -> None:
        """Write all that is new or changed."""
        for stored in (self._records[number] for number in self._changed[records] - self._gone):
            waits = stored.is_due or stored.record.in_flight is not None
            stored.due_since = (stored.due_since or now) if waits else None
        remove(self._tx, links, self._dropped - self._new[links])
        remove(self._tx, records, self._gone - self._new[records])
        self._save(objects, {number: object_to_row(self._numbered[number]) for number in self._touched(objects)})
        kept = self._touched(records) - self._gone
        self._save(records, {number: stored_to_row(self._records[number]) for number in kept})
        kept = self._touched(links) - self._dropped
        self._save(links, {number: link_to_row(self._links[number], self._link_due.get(number)) for number in kept})
        said = [contribution_to_row(number, self._contributions[number][row]) for number, row in sorted(self._said)]
        if said:
            self._tx.execute(insert(contributions).prefix_with("OR REPLACE"), said)

    def _save(self, table: Table, rows: dict[int, dict[str, Any]]) -> None:
        save(self._tx, table, rows, self._new[table])

    def _touched(self, table: Table) -> set[int]:
        return self._new[table] | self._changed[table]

    def _begin(self, ref: ObjectRef) -> None:
        key = self.free_key(ref) if NUMBERED in ref.external_id else str(ref)
        record = self._keep_new(Record(self._number(records), ref, key, Desired(Fate.WAIT))).record
        subject = ObjectRow(self._number(objects), ref, record.number, Life.UNSEEN)
        self._members[record.number] = [subject.number]
        self._contributions[subject.number] = {}
        self._objects[ref] = self._numbered[subject.number] = subject
        self._new[objects].add(subject.number)

    def _keep_new(self, record: Record) -> Stored:
        stored = Stored(record, Lane.LIVE, is_due=False, due_since=None, attempts=[])
        self._records[record.number] = stored
        self._members[record.number], self._children[record.number] = [], set()
        self._new[records].add(record.number)
        return stored

    def _number(self, table: Table) -> int:
        if table not in self._next:
            self._next[table] = self._tx.execute(select(func.max(table.c.number))).scalar() or 0
        self._next[table] += 1
        return self._next[table]

    def _in(self, query: Select[Any], column: Any, values: list[Any]) -> Iterable[Any]:
        return select_in(self._tx, query, column, values)

    def _keep_object(self, row: Any) -> ObjectRow:
        self._ids[row.record] = row.hubspot_id
        if row.number not in self._numbered:
            subject = object_from_row(row)
            self._objects[subject.ref] = self._numbered[row.number] = subject
        return self._numbered[row.number]

    def _fetch_contributions(self, numbers: set[int]) -> None:
        missing = sorted(number for number in numbers if number not in self._contributions)
        self._contributions |= {number: {} for number in missing}
        for row in self._in(select(contributions), contributions.c.object, missing):
            said = contribution_from_row(self.numbered(row.object).ref, row)
            self._contributions[row.object][row.topic, row.row_key] = said

    def _fetch_links(self, children: list[int]) -> None:
        self._children |= {child: set() for child in children}
        rows = self._in(select(links), links.c.child, children)
        found = [self._keep_link(row) for row in rows if row.number not in self._dropped]
        for link in found:
            self._children[link.child].add(link.number)
        self.glance_at({link.parent for link in found})

    def _keep_link(self, row: Any) -> LinkRow:
        if row.number not in self._links:
            self._shelve(link_from_row(row))
        return self._links[row.number]

    def _shelve(self, link: LinkRow) -> None:
        self._links[link.number] = link
        self._by_parent.setdefault(link.parent, set()).add(link.number)
