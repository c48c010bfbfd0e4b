"""Shop and HubSpot as they were read at one time: the shadow, HubSpot's side, and what is compared of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connector.mapping import Shop
from connector.message import LinkKind, ObjectRef, ObjectType, SyncMessage
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.verifying import asking
from connector.operations.verifying.comparing import Comparison, Types
from connector.operations.verifying.hubspot_side import HubspotSide
from connector.operations.verifying.keys import Owners, is_numbered
from connector.operations.verifying.shadow import Shadow
from connector.operations.verifying.shop_side import Rows, RowsRead, ShopSide, Unmapped
from connector.sender.paths import ENDS
from connector.version import SourceRow

OpenRows = Callable[[Shop], AbstractContextManager[Rows]]
"""Opens one consistent reading of a shop's database."""

PARENTS: dict[ObjectType, tuple[ObjectType, ...]] = {
    ObjectType.DEAL: (ObjectType.CONTACT,),
    ObjectType.LINE_ITEM: (ObjectType.DEAL, ObjectType.PRODUCT),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What is read: `types` are compared, `needed` are read, because those of `types` lead to them."""

    shops: tuple[Shop, ...]
    types: tuple[ObjectType, ...]
    open_rows: OpenRows

    @property
    def needed(self) -> tuple[ObjectType, ...]:
        mapped = {mapping.type for shop in self.shops for mapping in shop.mappings()}
        wanted = {*self.types, *(parent for kind in self.types for parent in PARENTS.get(kind, ()))}
        return tuple(kind for kind in ObjectType if kind in wanted & mapped)

    @property
    def compared(self) -> tuple[ObjectType, ...]:
        return tuple(kind for kind in self.needed if kind in self.types)

    @property
    def links(self) -> tuple[LinkKind, ...]:
        """The associations that are compared: of the types' records to their parents."""
        return tuple(kind for kind, (child, _) in ENDS.items() if child in self.types and child in self.needed)


@dataclass(slots=True)
class Picture:
    """One reading, kept in the file `path`. `unmapped`: rows that cannot be mapped."""

    path: Path
    scope: Scope
    shadow: Shadow
    side: HubspotSide
    owners: Owners
    unmapped: dict[SourceRow, Unmapped] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def open(cls, scope: Scope, path: Path) -> Iterator[Picture]:
        """In a file, which is made if it is not there."""
        with Shadow.open(path, scope.shops) as shadow:
            side = HubspotSide(shadow.tx, scope.shops)
            yield cls(path, scope, shadow, side, side.owners(()))

    def read_rows(self, tell: RowsRead) -> None:
        """Every row of the database; made anew where the shop's own ids turn out to look like second keys."""
        literal: set[str] = set()
        while True:
            numbered: set[str] = set()
            self.settle(_noting(self._rows(tell), numbered), literal)
            if numbered <= literal:
                return
            literal |= numbered

    def _rows(self, tell: RowsRead) -> Iterator[SyncMessage]:
        for shop in self.scope.shops:
            side = ShopSide(shop, self.scope.needed)
            with self.scope.open_rows(shop) as rows:
                yield from side.all(rows, tell)
            self.unmapped |= side.unmapped

    def settle(self, messages: Iterable[SyncMessage], literal: Collection[str]) -> None:
        """HubSpot's records that were read, then what the rows say: the shadow from its beginning."""
        self.owners = self.side.owners(literal)
        self.shadow.empty()
        self.shadow.know(self.side.known(self.scope.needed, self.owners))
        self.shadow.merge(messages)
        self.shadow.settle()

    async def adopt(self, reader: HubspotReader) -> set[str]:
        """Find by their match values what bears no key of ours; the keys that such records bear."""
        return await asking.adopt_lacking(reader, self.side, self.shadow, self.scope.needed)

    def comparison(self, types: Types) -> Comparison:
        return Comparison(self.shadow, self.side, types)


def _noting(messages: Iterable[SyncMessage], numbered: set[str]) -> Iterator[SyncMessage]:
    """The messages; objects whose names look like second keys are noted."""
    for message in messages:
        if is_numbered(message.external_id):
            numbered.add(str(message.ref))
        yield message


def fresh(scope: Scope, rows: Collection[SourceRow], unmapped: dict[SourceRow, Unmapped]) -> Iterator[SyncMessage]:
    """What these rows say now."""
    for shop in scope.shops:
        side = ShopSide(shop, scope.needed)
        if any(row.topic in side.tables for row in rows):
            with scope.open_rows(shop) as reading:
                yield from side.of(reading, rows)
            unmapped |= side.unmapped


def searched(scope: Scope, refs: Collection[ObjectRef], tell: RowsRead) -> Iterator[SyncMessage]:
    """What any row says of these objects now, whatever its key: their tables are read whole."""
    for shop in scope.shops:
        mine = {ref for ref in refs if ref.store == shop.store.id}
        if mine:
            side = ShopSide(shop, {ref.type for ref in mine})
            with scope.open_rows(shop) as reading:
                yield from (message for message in side.all(reading, tell) if message.ref in mine)
