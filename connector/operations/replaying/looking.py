"""What a replay would do: its messages counted, and tried on a copy of the ledger where there is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from connector.mapping import Shop
from connector.message import ObjectRef
from connector.operations.replaying.scope import Piece, Scope
from connector.operations.replaying.source import Source
from connector.operations.replaying.stamp import Stamp
from connector.operations.trial import ObjectChange, Trial, trial
from connector.settings import Settings

SHOWN: Final = 10
FEW: Final = 1_000
"""Replays of more objects are served behind live changes."""

Progress = Callable[[int, int], None]
"""Hears how many records were read, and how many there are."""


@dataclass(frozen=True, slots=True)
class Look:
    """`messages` by (type, action), `objects` that they speak of, `errors` of records that cannot be mapped.

    `outcomes`: what would become of the messages; `changes` by (type, action): objects whose record would hold
    something else; `first` of these. They are None, and none, where they cannot be told: `blind` says why.
    """

    records: int
    messages: Mapping[tuple[str, str], int]
    objects: int
    errors: int
    outcomes: Mapping[str, int] | None = None
    changes: Mapping[tuple[str, str], int] | None = None
    first: tuple[ObjectChange, ...] = ()
    blind: str | None = None

    @property
    def said(self) -> int:
        """Records that would be produced."""
        return sum(self.messages.values()) + self.errors

    @property
    def is_bulk(self) -> bool:
        return self.objects > FEW


@dataclass(slots=True)
class _Tally:
    records: int = 0
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    objects: set[ObjectRef] = field(default_factory=set)
    errors: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


def look(
    settings: Settings, shops: Sequence[Shop], scope: Scope, pieces: Sequence[Piece], *, force: bool, tell: Progress
) -> Look:
    """Read everything that would be said, and try it.

    Raises RetriableError when Kafka, the registry or a shop's database do not answer.
    """
    here = settings.ledger.exists()
    total, tally = sum(piece.records for piece in pieces), _Tally()
    stamp = Stamp(datetime.now(UTC), sync=scope.sync, forced=force)
    with Source(settings, shops, scope, pieces, stamp) as source, trial(settings) if here else nullcontext() as it:
        if it is not None:
            for shop in shops:
                it.meet(shop)
        for piece in pieces:
            for said in source.read(piece):
                tally.records += said.records
                tally.errors += len(said.errors)
                tally.messages.update((str(each.object_type), str(each.action)) for each in said.messages)
                tally.objects.update(each.ref for each in said.messages)
                tally.outcomes.update(it.merge(said.messages) if it is not None else {})
                tell(tally.records, total)
        return _look(tally, it)


def _look(tally: _Tally, it: Trial | None) -> Look:
    counted = (tally.records, dict(tally.messages), len(tally.objects), tally.errors)
    if it is None:
        reason = "there is no ledger here, so what would change nothing, or is older than what is known, cannot be told"
        return Look(*counted, blind=reason)
    changes = it.changes()
    first = tuple(islice(changes, SHOWN))
    kinds = Counter((str(each.ref.type), each.action) for each in (*first, *changes))
    return Look(*counted, dict(tally.outcomes), dict(kinds), first)
