"""Everything that the shadow says beside what was read of HubSpot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connector.ledger.state import Fate, Record
from connector.message import ObjectRef, ObjectType
from connector.operations.verifying.findings import Finding, Shared
from connector.operations.verifying.hubspot_side import MERGED_IDS, HubspotSide
from connector.operations.verifying.judging import Expected, Held, judge
from connector.operations.verifying.shadow import Shadow, named_by
from connector.operations.verifying.units import chunks
from connector.sender.crm import DEFAULT_KEY

Types = Mapping[ObjectType, Mapping[str, str]]
"""HubSpot's type of each property, by object type and name."""


@dataclass(slots=True)
class Tally:
    """What was compared. `compared`: records that should hold something, by type; `equal`: without a difference.

    `by_value`: contacts that bear no key of ours and were found by their e-mail. `foreign`: records that bear the key
    of a store that is not verified here, so that their rows are not known.
    """

    compared: Counter[ObjectType] = field(default_factory=Counter)
    equal: Counter[ObjectType] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    by_value: int = 0
    foreign: int = 0


class Comparison:
    """The shadow and HubSpot's side as they stand, compared record by record."""

    def __init__(self, shadow: Shadow, side: HubspotSide, types: Types) -> None:
        self._shadow = shadow
        self._side = side
        self._types = types

    def all(self, kinds: Collection[ObjectType]) -> Tally:
        """Every record of these types."""
        return self._tally(self._shadow.expected(kinds))

    def of(self, refs: Collection[ObjectRef]) -> Tally:
        """The records of these objects, and those that bear a key of theirs."""
        names = {str(ref) for ref in refs}
        every = self._shadow.expected({ref.type for ref in refs})
        return self._tally(
            (expected, record)
            for expected, record in every
            if not names.isdisjoint({str(named_by(record.ref)), *expected.objects})
        )

    def _tally(self, every: Iterable[tuple[Expected, Record]]) -> Tally:
        tally = Tally()
        for chunk in chunks(every):
            held = dict(self._held(chunk))
            for expected, record in chunk:
                self._count(tally, expected, held.get((record.type, record.hubspot_id)))
        return tally

    def _held(self, chunk: list[tuple[Expected, Record]]) -> Iterator[tuple[tuple[ObjectType, str | None], Held]]:
        for kind in {record.type for _, record in chunk}:
            mine = [record for _, record in chunk if record.type is kind and record.hubspot_id is not None]
            for hubspot_id, held in self._side.held(kind, {str(record.hubspot_id) for record in mine}).items():
                yield (kind, hubspot_id), held

    def _count(self, tally: Tally, expected: Expected, held: Held | None) -> None:
        key = held.properties.get(DEFAULT_KEY) if held is not None else None
        if key and not self._side.is_ours(expected.type, key) and is_key(key, expected.type):
            tally.foreign += 1
            return
        found = judge(expected, held, self._types[expected.type])
        tally.findings += found
        if expected.fate is not Fate.KEEP:
            return
        tally.compared[expected.type] += 1
        tally.equal[expected.type] += not found
        if held is not None:
            tally.by_value += not key
            merged = bool(held.properties.get(MERGED_IDS))
            if len(expected.objects) > 1:
                tally.shared.append(Shared(expected.type, expected.objects, held.hubspot_id, merged))


def is_key(text: str, kind: ObjectType) -> bool:
    """Whether it looks like a key of any store's."""
    try:
        return ObjectRef.parse(text).type is kind
    except ValueError:
        return False
