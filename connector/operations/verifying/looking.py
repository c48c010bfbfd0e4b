"""A few objects looked at once more, with all that decides what their records should hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from connector.message import ObjectRef, ObjectType, SyncMessage
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.verifying import asking, picture
from connector.operations.verifying.comparing import Tally, Types
from connector.operations.verifying.keys import is_numbered
from connector.operations.verifying.picture import Picture, Scope
from connector.operations.verifying.units import transaction
from connector.sender.paths import ENDS

AT_ONCE: Final = 300
"""Objects of one small picture."""

TRIES: Final = 3
"""A record found by its e-mail may bear another object's key, which then belongs to the picture."""


class Look:
    """Looks at objects. `whole` is the picture of all rows, which knows who shares records with whom."""

    def __init__(self, scope: Scope, whole: Picture, reader: HubspotReader, types: Types) -> None:
        self._scope = scope
        self._whole = whole
        self._reader = reader
        self._types = types

    async def at(
        self,
        refs: Collection[ObjectRef],
        *,
        fresh: bool = True,
        tell: asking.RecordsRead = lambda *_: None,
    ) -> Tally:
        """Compare the records of these objects. `fresh`: their rows are read again, after HubSpot."""
        total, every = Tally(), sorted(refs)
        for start in range(0, len(every), AT_ONCE):
            some = every[start : start + AT_ONCE]
            _add(total, await self._at(some, fresh=fresh))
            tell("records", start + len(some), len(every))
        return total

    async def _at(self, refs: Sequence[ObjectRef], *, fresh: bool) -> Tally:
        wanted = self._whole.shadow.closure(refs)
        path = self._whole.path.with_name("look.db")
        tries = 0
        while True:
            _remove(path)
            with Picture.open(self._scope, path) as small:
                await asking.read_objects(self._reader, small.side, small.shadow, wanted)
                small.settle(self._said(wanted, fresh=fresh), _literal(wanted))
                others = self._others(small, await small.adopt(self._reader)) - wanted
                tries += 1
                if not others or tries == TRIES:
                    await self._read_parents(small)
                    return small.comparison(self._types).of(refs)
            wanted |= self._whole.shadow.closure(others)

    def _others(self, small: Picture, keys: Iterable[str]) -> set[ObjectRef]:
        """Whoever else may share the records that were read: by the keys of those found by a value, and by values."""
        owners = (small.owners.of(kind, key) for key in keys for kind in ObjectType)
        others = {owner.ref for owner in owners if owner is not None}
        for kind in self._scope.needed:
            others |= self._whole.shadow.claiming(kind, small.side.all_values(kind))
        return others

    def _said(self, wanted: Collection[ObjectRef], *, fresh: bool) -> Iterator[SyncMessage]:
        if not fresh:
            yield from self._whole.shadow.messages(wanted)
            return
        rows = self._whole.shadow.rows(wanted)
        for row in rows:
            self._whole.unmapped.pop(row, None)
        said = picture.fresh(self._scope, rows, self._whole.unmapped)
        yield from (message for message in said if message.ref in wanted)

    async def _read_parents(self, small: Picture) -> None:
        """The associations of what was read, and whether those at their other ends are ours."""
        for kind in self._scope.links:
            found = await self._reader.links(kind, small.side.ids(ENDS[kind][0]))
            with transaction(small.shadow.tx):
                small.side.keep_parents(kind, found)
            parent = kind.parent_type
            ends = await self._reader.by_ids(parent, small.side.unseen(kind), small.side.names(parent))
            with transaction(small.shadow.tx):
                small.side.take(parent, ends.values())


def _literal(refs: Iterable[ObjectRef]) -> set[str]:
    return {str(ref) for ref in refs if is_numbered(ref.external_id)}


def _remove(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def _add(total: Tally, more: Tally) -> None:
    total.compared += more.compared
    total.equal += more.equal
    total.findings += more.findings
    total.shared += more.shared
    total.by_value += more.by_value
    total.foreign += more.foreign
