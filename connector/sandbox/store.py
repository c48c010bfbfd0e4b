"""The account's data in memory, with the indexes that make it fast; the database is its copy on disk.

Reads go to memory. Writes go through a `Transaction`, which shows its own changes while it is open, and reaches the
file first and memory second, so that memory never knows what the file does not.
"""

from __future__ import annotations

import bisect
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

from connector.sandbox import emails
from connector.sandbox.catalogue import Catalogue
from connector.sandbox.database import Changes, Database, LinkChange
from connector.sandbox.object_types import OBJECT_TYPES
from connector.sandbox.record import AssociationType, End, LogEntry, Origin, Record

_FIRST_ID = 500_000_000_000

UniqueValue = tuple[str, str, str]
"""Object type, property, value."""

Watcher = Callable[[Record], None]
"""Is told of each record as it is after a commit."""


class Store:
    """Records, unique values, links and the e-mails that were erased for good."""

    def __init__(self, database: Database, catalogue: Catalogue, chance: random.Random) -> None:
        self.database = database
        self.catalogue = catalogue
        self.watchers: list[Watcher] = []
        self._chance = chance
        self.load()

    def load(self) -> None:
        """Read the file anew."""
        self.records: dict[str, Record] = {record.record_id: record for record in self.database.records()}
        self.ids: dict[str, list[int]] = {kind.name: [] for kind in OBJECT_TYPES}
        for record in self.records.values():
            self.ids[record.object_type].append(int(record.record_id))
        self._last_id = max((int(record_id) for record_id in self.records), default=_FIRST_ID)
        self.blocked = self.database.blocked()
        self._links: dict[End, dict[End, set[int]]] = defaultdict(dict)
        for start, end, type_id in self.database.links():
            self._links[start].setdefault(end, set()).add(type_id)
        self.reindex()

    def reindex(self) -> None:
        """Build the index of unique values anew: definitions or switches have changed."""
        self._owners: dict[UniqueValue, str] = {}
        for record in sorted(self.records.values(), key=lambda record: record.alive):
            for value in self.unique_values(record):
                self._owners[value] = record.record_id

    def fresh_id(self) -> str:
        """Give an id that was never given; there are gaps, as in HubSpot."""
        self._last_id += self._chance.randint(1, 97)
        return str(self._last_id)

    def owner(self, value: UniqueValue) -> str | None:
        return self._owners.get(value)

    def unique_values(self, record: Record) -> list[UniqueValue]:
        """List the unique values that a record holds; a merged one holds none, an archived one as the switch says."""
        if record.merged_into is not None or (record.archived and not self.catalogue.archived_keep_values):
            return []
        kind, properties = record.object_type, record.properties
        values = []
        for name in self.catalogue.unique(kind):
            if kind == "contact" and name == "email":
                values += [(kind, name, address) for address in emails.of_contact(properties)]
            elif properties.get(name):
                values.append((kind, name, properties[name]))
        return values

    def links(self, start: End, to_type: str) -> dict[End, AbstractSet[int]]:
        """Give what a record is associated with among one type, each with its association type ids."""
        return {end: types for end, types in self.all_links(start).items() if end.object_type == to_type}

    def all_links(self, start: End) -> dict[End, AbstractSet[int]]:
        """Give everything that a record is associated with, in order of id."""
        return dict(sorted(self._links.get(start, {}).items(), key=lambda row: int(row[0].record_id)))

    def page(self, object_type: str, after: int, *, archived: bool) -> Iterator[Record]:
        """Walk the records of a type with ids above `after`, in order of id."""
        ids = self.ids[object_type]
        for position in range(bisect.bisect_right(ids, after), len(ids)):
            record = self.records[str(ids[position])]
            if record.merged_into is None and record.archived == archived:
                yield record

    def commit(self, changes: Changes, origin: Origin) -> None:
        """Write to the file, then to memory."""
        self.database.write(changes, origin)
        for record in changes.records.values():
            self._replace(record)
        for record_id in changes.forgotten:
            self._forget(self.records[record_id])
        for end in changes.unlinked:
            self._unlink(end)
        for change in changes.links:
            self._link(change)
        self.blocked.update(changes.blocked)

    def _replace(self, record: Record) -> None:
        old = self.records.get(record.record_id)
        if old is None:
            bisect.insort(self.ids[record.object_type], int(record.record_id))
        else:
            self._release(old)
        self.records[record.record_id] = record
        for value in self.unique_values(record):
            self._owners[value] = record.record_id
        for watcher in self.watchers:
            watcher(record)

    def _release(self, record: Record) -> None:
        for value in self.unique_values(record):
            if self._owners.get(value) == record.record_id:
                del self._owners[value]

    def _forget(self, record: Record) -> None:
        self._release(record)
        del self.records[record.record_id]
        self.ids[record.object_type].remove(int(record.record_id))

    def _unlink(self, start: End) -> None:
        for end in self._links.pop(start, {}):
            self._links[end].pop(start, None)

    def _link(self, change: LinkChange) -> None:
        ends = self._links[change.start]
        if change.kind is None:
            ends.pop(change.end, None)
        else:
            ends.setdefault(change.end, set()).add(change.kind.type_id)


class Transaction:
    """One request's changes, seen by itself before anyone else; `commit` makes them real, dropping it undoes them."""

    def __init__(self, store: Store, origin: Origin) -> None:
        self._store = store
        self._owners: dict[UniqueValue, str | None] = {}
        self.origin = origin
        self.changes = Changes()

    def get(self, record_id: str) -> Record | None:
        return self.changes.records.get(record_id) or self._store.records.get(record_id)

    def owner(self, value: UniqueValue) -> str | None:
        """Find the record that holds a unique value, this transaction's writes included."""
        return self._owners[value] if value in self._owners else self._store.owner(value)

    def conflict(self, record: Record) -> tuple[UniqueValue, str] | None:
        """Find the first unique value of a record that another record owns, and the owner's id."""
        for value in self._store.unique_values(record):
            owner = self.owner(value)
            if owner is not None and owner != record.record_id:
                return value, owner
        return None

    def put(self, record: Record) -> None:
        """Set a record; what it held before becomes free."""
        old = self.get(record.record_id)
        for value in self._store.unique_values(old) if old else ():
            self._owners[value] = None
        for value in self._store.unique_values(record):
            self._owners[value] = record.record_id
        self.changes.records[record.record_id] = record

    def drop_links(self, end: End) -> None:
        """Remove every association of a record: HubSpot shows none of an archived one."""
        self.changes.unlinked.append(end)

    def link(self, start: End, end: End, kind: AssociationType, inverse: AssociationType) -> None:
        """Associate two records, in both directions."""
        self.changes.links += [LinkChange(start, end, kind), LinkChange(end, start, inverse)]

    def unlink(self, start: End, end: End) -> None:
        """Remove every association between two records."""
        self.changes.links += [LinkChange(start, end, None), LinkChange(end, start, None)]

    def note(self, entry: LogEntry) -> None:
        self.changes.log.append(entry)

    def commit(self) -> None:
        self._store.commit(self.changes, self.origin)
