"""The shop's rows as messages, read from the database and mapped as a worker maps their changes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from connector.change import Change
from connector.errors import RowError
from connector.mapping import Shop, mapper
from connector.mapping.mapper import SectionMapper, source_of
from connector.mapping.shop import SECTIONS, TableMapping
from connector.message import Action, DeletePolicy, ObjectRef, ObjectType, Origin, Reason, SyncMessage
from connector.version import SourceRow

AT_ONCE: Final = 200
"""Rows that are asked for by key in one statement."""

TELL_EVERY: Final = 1000

RowsRead = Callable[[str, int, int], None]
"""Told of progress: store and table, rows so far, and of how many."""


class Rows(Protocol):
    """What reads a shop's rows as changes (`connector.capture.row_reader.RowReader`)."""

    def rows(self, table: str, *, keys: Sequence[Mapping[str, Any]] | None = None) -> Iterator[Change]:
        """The rows of a table, all or those with these keys."""
        ...

    def count(self, table: str) -> int:
        """How many rows a table has."""
        ...


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A row that cannot be mapped: what HubSpot holds of it is older, and not to be judged. `ref` None: unknown."""

    row: SourceRow
    ref: ObjectRef | None
    type: str
    details: str


class ShopSide:
    """The mapped tables of one shop, as far as they feed objects of the wanted types."""

    def __init__(self, shop: Shop, types: Collection[ObjectType]) -> None:
        self.shop = shop
        self.unmapped: dict[SourceRow, Unmapped] = {}
        self._mappers: defaultdict[str, list[SectionMapper]] = defaultdict(list)
        self._sections: dict[SectionMapper, Mapping[str, TableMapping]] = {}
        for section in (each for each in SECTIONS if shop.sections.get(each) and SECTIONS[each] in types):
            section_mapper = mapper(shop, section)
            self._sections[section_mapper] = {each.table: each for each in shop.sections[section]}
            for table in dict.fromkeys(each.table for each in shop.sections[section]):
                self._mappers[table].append(section_mapper)
        self.tables: Mapping[str, str] = {shop.topic(table): table for table in self._mappers}

    def all(self, rows: Rows, tell: RowsRead) -> Iterator[SyncMessage]:
        """What every row says."""
        for table in self._mappers:
            name, total, read = f"{self.shop.store.id}.{table}", rows.count(table), 0
            tell(name, read, total)
            for change in rows.rows(table):
                read += 1
                if read % TELL_EVERY == 0:
                    tell(name, read, total)
                yield from self._said(change)
            tell(name, read, read)

    def of(self, rows: Rows, wanted: Iterable[SourceRow]) -> Iterator[SyncMessage]:
        """What these rows say now; those that are gone say nothing."""
        by_table: defaultdict[str, list[str]] = defaultdict(list)
        for row in sorted(wanted):
            if row.topic in self.tables:
                by_table[self.tables[row.topic]].append(row.row_key)
        for table, keys in by_table.items():
            for start in range(0, len(keys), AT_ONCE):
                some = [json.loads(key) for key in keys[start : start + AT_ONCE]]
                for change in rows.rows(table, keys=some):
                    yield from self._said(change)

    def _said(self, change: Change) -> Iterator[SyncMessage]:
        for section_mapper in self._mappers[change.table]:
            try:
                yield from section_mapper.map(change)
            except RowError as error:
                yield from self._unmapped(section_mapper, change, error)

    def _unmapped(self, section_mapper: SectionMapper, change: Change, error: RowError) -> Iterator[SyncMessage]:
        """A row that cannot be mapped is there all the same: its object lives, and nothing is known of its values."""
        ref, row = section_mapper.ref(change), SourceRow(change.position.topic, change.row_key)
        self.unmapped[row] = Unmapped(row, ref, error.type, error.details)
        if ref is not None:
            yield speechless(self.shop, self._sections[section_mapper][change.table], change, ref)


def speechless(shop: Shop, mapping: TableMapping, change: Change, ref: ObjectRef) -> SyncMessage:
    """The message of a row of which nothing but its object is known."""
    return SyncMessage(
        store=ref.store,
        object_type=ref.type,
        external_id=ref.external_id,
        action=Action.UPSERT,
        reason=Reason.ROW_WRITTEN,
        changed_at=change.committed_at,
        properties={},
        unavailable=frozenset(each.name for each in mapping.properties),
        associations=(),
        source=source_of(change),
        mapping=shop.hash,
        table_mapping=mapping.name,
        bears=mapping.bears,
        on_delete=mapping.on_delete,
        origin=Origin.SNAPSHOT,
    )


def policies(shops: Sequence[Shop]) -> dict[tuple[str, ObjectType], tuple[DeletePolicy, tuple[str, ...]]]:
    """By store and type what becomes of a record whose row is gone, and the properties that may be cleared then.

    Where tables of one type differ, nobody knows which one the row was in: the mildest policy counts.
    """
    found: dict[tuple[str, ObjectType], tuple[DeletePolicy, tuple[str, ...]]] = {}
    mildest = (DeletePolicy.ARCHIVE, DeletePolicy.CLEAR, DeletePolicy.IGNORE)
    for shop in shops:
        for mapping in (each for each in shop.mappings() if each.bears):
            place = (shop.store.id, mapping.type)
            policy, names = found.get(place, (DeletePolicy.ARCHIVE, ()))
            every = (*names, *(each.name for each in mapping.properties))
            found[place] = (max(policy, mapping.on_delete, key=mildest.index), tuple(dict.fromkeys(every)))
    return found
