"""A change of a row → the sync messages it gives."""

from __future__ import annotations

from collections.abc import Mapping

from connector.change import Change, Operation, Row
from connector.errors import RowError
from connector.mapping.reading import NOTHING, RowReader
from connector.mapping.shop import Shop, TableMapping
from connector.message import Action, Link, ObjectRef, Origin, Reason, Source, SyncMessage, Value


class SectionMapper:
    """Maps changes of the tables of one section. `topics` are their change topics."""

    def __init__(self, shop: Shop, section: str) -> None:
        self.section = section
        mappings = shop.sections[section]
        self.topics = tuple(shop.topic(mapping.table) for mapping in mappings)
        self._tables = {mapping.table: _TableMapper(shop, mapping) for mapping in mappings}

    def table_mapping(self, table: str) -> str | None:
        """The name of the table mapping that takes the table's changes, or None: they are ignored."""
        table_mapper = self._tables.get(table)
        return table_mapper.name if table_mapper else None

    def map(self, change: Change) -> list[SyncMessage]:
        """The messages of a change; [] for a table that the section does not map. Raises RowError alone."""
        table_mapper = self._tables.get(change.table)
        if table_mapper is None:
            return []
        try:
            return table_mapper.map(change)
        except RowError:
            raise
        except Exception as error:
            raise RowError("UNEXPECTED", f"{table_mapper.name}: {type(error).__name__}: {error}") from error

    def ref(self, change: Change) -> ObjectRef | None:
        """The object that the change would tell of, for naming it in an error; None where the row does not say."""
        table_mapper = self._tables.get(change.table)
        return None if table_mapper is None else table_mapper.ref(change)


def mapper(shop: Shop, section: str) -> SectionMapper:
    """The mapper of a section: customers, products, orders or line_items."""
    return SectionMapper(shop, section)


class _TableMapper:
    """Maps changes of one table for one section."""

    def __init__(self, shop: Shop, mapping: TableMapping) -> None:
        self.name = mapping.name
        self._mapping = mapping
        self._reader = RowReader(shop, mapping)
        self._store = shop.store.id
        self._hash = shop.hash
        self._full_rows = shop.full_rows_statement(mapping.table)

    def map(self, change: Change) -> list[SyncMessage]:
        if change.operation is Operation.TRUNCATE:
            raise self._truncated()
        if change.operation is Operation.DELETE:
            return self._deleted(change)
        if change.after is None:
            raise RowError("UNEXPECTED", f"a change of {change.table} with `{change.operation}` carries no row")
        return self._written(change, change.after)

    def ref(self, change: Change) -> ObjectRef | None:
        row = change.after if change.after is not None else change.key
        if any(column not in row for column in self._mapping.id.columns):
            return None
        try:
            key = self._reader.external_id(row)
        except RowError:
            return None
        return None if key is None else ObjectRef(self._store, self._mapping.type, key)

    def _truncated(self) -> RowError:
        table = self._mapping.table
        return RowError(
            "TRUNCATED",
            f"the table {table} was truncated: its rows went without changes of their own, and their objects stay. "
            f"Take an incremental snapshot of {table} (`shopbridge capture snapshot {table}`), and archive by hand "
            f"what is no longer in it",
        )

    def _deleted(self, change: Change) -> list[SyncMessage]:
        """The end of a deleted row. Its filter is not asked: the columns it reads may not be in the change."""
        whole = change.before if change.full_before else None
        row = change.key if whole is None else whole
        missing = [column for column in self._mapping.id.columns if column not in row]
        if missing:
            raise RowError(
                "MAPPING_FAILED",
                f"the change does not carry the deleted row's {', '.join(missing)}, so its id "
                f"`{self._mapping.id.text}` is unknown. Let the database write whole old rows: {self._full_rows}",
            )
        key = self._reader.external_id(row)
        return [] if key is None else [self._ended(change, key)]

    def _written(self, change: Change, row: Row) -> list[SyncMessage]:
        """What the row says now; if its id is another than before, also the end of what it said under the old one."""
        key = self._reader.external_id(row)
        former = self._former_id(change)
        messages = [] if former is None or former == key else [self._ended(change, former)]
        inside = self._reader.inside(row)
        if key is not None:
            messages.append(self._spoken(change, row, key) if inside else self._hidden(change, row, key))
        elif inside:
            raise RowError(
                "MAPPING_FAILED",
                f"the row has no id: `{self._mapping.id.text}` reads a column that is NULL. Fill it, or leave "
                "such rows out with `where`",
            )
        return messages

    def _former_id(self, change: Change) -> str | None:
        if change.operation is not Operation.UPDATE or not change.full_before or change.before is None:
            return None
        return self._reader.external_id(change.before)

    def _spoken(self, change: Change, row: Row, key: str) -> SyncMessage:
        properties, unavailable = self._reader.properties(row)
        return self._message(
            change,
            key,
            Action.UPSERT,
            Reason.ROW_WRITTEN,
            properties,
            unavailable,
            self._reader.links(row),
            self._reader.newest_by(row),
        )

    def _hidden(self, change: Change, row: Row, key: str) -> SyncMessage:
        properties, unavailable = self._reader.readable_properties(row)
        return self._message(
            change,
            key,
            Action.DELETE,
            Reason.OUTSIDE_FILTER,
            properties,
            unavailable,
            self._reader.links(row),
            self._reader.newest_by(row),
        )

    def _ended(self, change: Change, key: str) -> SyncMessage:
        return self._message(change, key, Action.DELETE, Reason.ROW_DELETED, {}, NOTHING, (), None)

    def _message(
        self,
        change: Change,
        key: str,
        action: Action,
        reason: Reason,
        properties: Mapping[str, Value],
        unavailable: frozenset[str],
        links: tuple[Link, ...],
        newest_by: Value,
    ) -> SyncMessage:
        mapping = self._mapping
        return SyncMessage(
            store=self._store,
            object_type=mapping.type,
            external_id=key,
            action=action,
            reason=reason,
            changed_at=change.committed_at,
            properties=properties,
            unavailable=unavailable,
            associations=links,
            source=source_of(change),
            mapping=self._hash,
            table_mapping=mapping.name,
            bears=mapping.bears,
            on_delete=mapping.on_delete,
            newest_by=newest_by,
            match_by=mapping.match_by,
            origin=Origin.SNAPSHOT if change.snapshot else Origin.LIVE,
        )


def source_of(change: Change) -> Source:
    """Where a message of this change comes from."""
    position = change.position
    return Source(
        topic=position.topic,
        topic_id=position.topic_id,
        partition=position.partition,
        offset=position.offset,
        row_key=change.row_key,
        server=change.server,
        database_position=change.database_position,
        committed_at=change.committed_at,
        snapshot=change.snapshot,
    )
