"""What every HubSpot record should hold, by the ledger's own rules, in a ledger that is fed from the database alone.

HubSpot's records are made known first, so that people are found as the sender would find them, and lines name their
products. Nothing is ever sent from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, tuple_

from connector.ledger.book import Book
from connector.ledger.bulk import select_in
from connector.ledger.ledger import connect, upgrade
from connector.ledger.messages import message_of
from connector.ledger.numbering import Numbering, meet_mapping
from connector.ledger.rows import record_from_row
from connector.ledger.state import Fate, Life, Record
from connector.ledger.tables import claims, contributions, links, objects, records
from connector.ledger.values import digest
from connector.mapping import Shop
from connector.message import DeletePolicy, ObjectRef, ObjectType, SyncMessage
from connector.operations.verifying.judging import Expected, WantedLink
from connector.operations.verifying.keys import Owner
from connector.operations.verifying.shop_side import policies
from connector.operations.verifying.units import chunks, transaction
from connector.version import SourceRow


@dataclass(frozen=True, slots=True)
class Known:
    """A living record of HubSpot's. `values`: the match values that it holds, in the form in which they compare."""

    hubspot_id: str
    owner: Owner
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lacking:
    """A record that should be in HubSpot and is under none of our keys, to be looked for by its match value."""

    number: int
    name: str
    value: str


class Shadow:
    """The shadow over one connection; every method is a transaction of its own."""

    def __init__(self, tx: Connection, shops: Sequence[Shop]) -> None:
        self._tx = tx
        self._policies = policies(shops)
        with transaction(tx):
            for shop in shops:
                meet_mapping(tx, shop.hash, shop.store.id)

    @classmethod
    @contextmanager
    def open(cls, path: Path, shops: Sequence[Shop]) -> Iterator[Shadow]:
        """The shadow in a file, which is made if it is not there. It may be lost with the machine, so nothing waits."""
        engine = connect(path)
        try:
            with engine.connect() as tx:
                tx.exec_driver_sql("PRAGMA synchronous=OFF")
                upgrade(tx)
                yield cls(tx, shops)
        finally:
            engine.dispose()

    @property
    def tx(self) -> Connection:
        return self._tx

    def empty(self) -> None:
        """Forget all rows and records."""
        with transaction(self._tx):
            for table in (objects, records, contributions, claims, links):
                self._tx.execute(delete(table))

    def know(self, known: Iterable[Known]) -> None:
        """Make HubSpot's records known, before any row is merged."""
        for chunk in chunks(known):
            with self._book() as book:
                for each in chunk:
                    ref = ghost(each) if each.owner.is_left_behind else each.owner.ref
                    stored = book.shelf.record(book.shelf.object(ref).record)
                    there = replace(stored.record, hubspot_id=each.hubspot_id, held=each.values)
                    book.put(stored, there)

    def merge(self, messages: Iterable[SyncMessage]) -> None:
        """What rows say."""
        for chunk in chunks(messages):
            with self._book() as book:
                book.merge(chunk, Numbering(self._tx))

    def settle(self) -> None:
        """Once all rows are merged: a record that holds its own value keeps its further ones, as merged people do."""
        several = select(records.c.number).where(records.c.hubspot_id.is_not(None), records.c.match_value.is_not(None))
        for chunk in chunks(self._tx.execute(several).scalars().all()):
            with self._book() as book:
                book.shelf.fetch_records(set(chunk))
                for number in chunk:
                    self._keep_further(book, number)

    def _keep_further(self, book: Book, number: int) -> None:
        stored = book.shelf.known_record(number)
        if stored is None or len(stored.held) < 2 or stored.desired.match_value not in stored.held:
            return
        match_by = stored.desired.match_by or ""
        told = {match_by: digest(stored.desired.properties.get(match_by))}
        book.put(book.shelf.record(number), replace(stored, told=told))
        book.identities.contested |= {(stored.type, value) for value in stored.held}

    def lacking(self, object_type: ObjectType) -> list[Lacking]:
        """Records that should be there and have no id, but a match value."""
        query = select(records).where(
            records.c.type == str(object_type),
            records.c.fate == str(Fate.KEEP),
            records.c.hubspot_id.is_(None),
            records.c.match_value.is_not(None),
        )
        found = [record_from_row(row) for row in self._tx.execute(query)]
        return [
            Lacking(each.number, each.desired.match_by, each.desired.match_value)
            for each in found
            if each.desired.match_by and each.desired.match_value
        ]

    def known_ids(self, object_type: ObjectType, ids: Iterable[str]) -> set[str]:
        """Those ids of HubSpot's under which records are known."""
        query = select(records.c.hubspot_id).where(records.c.type == str(object_type))
        return {row[0] for row in select_in(self._tx, query, records.c.hubspot_id, sorted(ids))}

    def adopt(self, object_type: ObjectType, found: Mapping[int, tuple[str, frozenset[str]]]) -> None:
        """Records found by their match value: number → HubSpot's id and the values that it holds."""
        for chunk in chunks(found.items()):
            with self._book() as book:
                for number, (hubspot_id, values) in chunk:
                    stored = book.shelf.record(number)
                    there = replace(stored.record, hubspot_id=hubspot_id, held=values, keyed=False)
                    book.put(stored, there)
                    self._keep_further(book, number)
                book.identities.join_twins(object_type, {hubspot_id for _, (hubspot_id, _) in chunk})

    def expected(self, types: Iterable[ObjectType]) -> Iterator[tuple[Expected, Record]]:
        """Every record of these types that HubSpot has or that the shop knows, with what it should hold."""
        query = select(records.c.number).where(records.c.type.in_([str(each) for each in types]))
        yield from self._of_records(self._tx.execute(query.order_by(records.c.number)).scalars().all())

    def expected_of(self, refs: Iterable[ObjectRef]) -> Iterator[tuple[Expected, Record]]:
        """The records of these objects; what is not known is left out."""
        yield from self._of_records(sorted(set(self._records_of(refs).values())))

    def _of_records(self, numbers: Sequence[int]) -> Iterator[tuple[Expected, Record]]:
        for chunk in chunks(numbers):
            book = Book(self._tx)
            book.shelf.fetch_records(set(chunk))
            for number in chunk:
                record = book.shelf.record(number).record
                yield self._expected(book, record), record

    def _expected(self, book: Book, record: Record) -> Expected:
        every = book.shelf.objects_of(record.number)
        subjects = [each for each in every if book.shelf.contributions(each.number)]
        has_row = bool(subjects)
        policy, cleared = self._policies.get((record.ref.store, record.type), (DeletePolicy.ARCHIVE, ()))
        desired = record.desired
        own = str(named_by(record.ref))
        names = {str(named_by(each.ref)) for each in subjects or every}
        wanted = []
        for link in sorted(desired.links):
            parent = book.parent(link.parent)
            wanted.append(WantedLink(link.kind, link.parent, parent.hubspot_id, parent.life is Life.LIVE))
        return Expected(
            type=record.type,
            objects=tuple(sorted(names, key=lambda name: (name != own, name))),
            fate=desired.fate,
            properties=desired.properties if has_row else dict.fromkeys(cleared),
            links=tuple(wanted),
            has_row=has_row,
            waits=record.taken_by is not None and record.hubspot_id is None,
            policy=policy,
            is_left_behind=is_ghost(record.ref),
        )

    def closure(self, refs: Iterable[ObjectRef]) -> set[ObjectRef]:
        """These objects, those that share their records, the parents of all these, and who shares a parent's record."""
        mine = self._sharing(refs)
        return mine | self._sharing(self._parents(mine))

    def _sharing(self, refs: Iterable[ObjectRef]) -> set[ObjectRef]:
        refs = set(refs)
        numbers = sorted(set(self._records_of(refs).values()))
        rows = select_in(self._tx, select(objects), objects.c.record, numbers)
        return refs | {ObjectRef(row.store, ObjectType(row.type), row.external_id) for row in rows}

    def _parents(self, refs: Iterable[ObjectRef]) -> set[ObjectRef]:
        return {
            ObjectRef(message.store, link.kind.parent_type, link.external_id)
            for message in self.messages(refs)
            for link in message.associations
        }

    def claiming(self, object_type: ObjectType, values: Iterable[str]) -> set[ObjectRef]:
        """The objects whose records claim these match values."""
        query = select(claims.c.record).where(claims.c.type == str(object_type))
        numbers = sorted({row.record for row in select_in(self._tx, query, claims.c.value, sorted(set(values)))})
        rows = select_in(self._tx, select(objects), objects.c.record, numbers)
        return {ref for row in rows if not is_ghost(ref := ObjectRef(row.store, ObjectType(row.type), row.external_id))}

    def messages(self, refs: Iterable[ObjectRef]) -> Iterator[SyncMessage]:
        """What was merged for these objects, once more."""
        for chunk in chunks(sorted(set(refs))):
            book = Book(self._tx)
            book.shelf.fetch(set(chunk))
            for number in self._numbers_of(chunk).values():
                for said in book.shelf.contributions(number).values():
                    yield message_of(self._tx, said)

    def rows(self, refs: Iterable[ObjectRef]) -> set[SourceRow]:
        """The rows that speak of these objects."""
        numbers = sorted(self._numbers_of(refs).values())
        query = select(contributions.c.topic, contributions.c.row_key)
        return {SourceRow(row[0], row[1]) for row in select_in(self._tx, query, contributions.c.object, numbers)}

    def refs(self, types: Iterable[ObjectType]) -> Iterator[ObjectRef]:
        """All objects of these types that have rows."""
        spoken = select(contributions.c.object).distinct()
        query = select(objects).where(objects.c.type.in_([str(each) for each in types]), objects.c.number.in_(spoken))
        for row in self._tx.execute(query.order_by(objects.c.number)):
            yield ObjectRef(row.store, ObjectType(row.type), row.external_id)

    def refs_since(self, types: Iterable[ObjectType], since: datetime) -> Iterator[ObjectRef]:
        """Those with a row whose `newest_by` is no earlier moment; also where no row tells a moment."""
        for chunk in chunks(self.refs(types)):
            book = Book(self._tx)
            book.shelf.fetch(set(chunk))
            for ref in chunk:
                said = book.shelf.contributions(book.shelf.object(ref).number).values()
                moments = [each.newest_by for each in said if isinstance(each.newest_by, datetime)]
                if not moments or max(moments) >= since:
                    yield ref

    def _numbers_of(self, refs: Iterable[ObjectRef]) -> dict[ObjectRef, int]:
        return {ref: row.number for ref, row in self._rows_of(refs)}

    def _records_of(self, refs: Iterable[ObjectRef]) -> dict[ObjectRef, int]:
        return {ref: row.record for ref, row in self._rows_of(refs)}

    def _rows_of(self, refs: Iterable[ObjectRef]) -> Iterator[tuple[ObjectRef, Any]]:
        wanted = sorted({(each.store, str(each.type), each.external_id) for each in refs})
        columns = tuple_(objects.c.store, objects.c.type, objects.c.external_id)
        for row in select_in(self._tx, select(objects), columns, wanted):
            yield ObjectRef(row.store, ObjectType(row.type), row.external_id), row

    @contextmanager
    def _book(self) -> Iterator[Book]:
        with transaction(self._tx):
            book = Book(self._tx)
            yield book
            book.close()


def ghost(known: Known) -> ObjectRef:
    """A name for the object of a record that was left behind, which looks like no shop's id."""
    ref = known.owner.ref
    return replace(ref, external_id=f"~{ref.external_id}~{known.hubspot_id}~")


def is_ghost(ref: ObjectRef) -> bool:
    """Whether it is such a name."""
    return ref.external_id.startswith("~") and ref.external_id.endswith("~")


def named_by(ref: ObjectRef) -> ObjectRef:
    """The object whose name the record left behind bears; any other is itself."""
    return replace(ref, external_id=ref.external_id[1:-1].rpartition("~")[0]) if is_ghost(ref) else ref
