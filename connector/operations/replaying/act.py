"""The replay itself: agreed upon, journalled, resumed where it was cut off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connector.errors import ConfigurationError
from connector.ledger.numbering import Loaded, last_mapping
from connector.mapping import Shop
from connector.operations.acts import Act, State, begin
from connector.operations.broker import admin_of
from connector.operations.ledger_file import reading
from connector.operations.producing import Batch, produce
from connector.operations.replaying.scope import Piece, Scope
from connector.operations.replaying.source import CHUNK, Source
from connector.operations.replaying.stamp import Stamp
from connector.settings import Settings

REPLAY: Final = "replay"


@dataclass(frozen=True, slots=True)
class Plan:
    """What was agreed upon. `hashes`: store → the mapping that it is done by. `at`: piece and offset to go on from.

    `generations`: store → the ledger's number of that mapping, nothing where no ledger was at hand.
    """

    scope: Scope
    pieces: tuple[Piece, ...]
    hashes: Mapping[str, str]
    force: bool = False
    bulk: bool = False
    at: tuple[int, int] = (0, 0)
    generations: Mapping[str, int] = field(default_factory=dict)

    def to_json(self, piece: int, offset: int) -> dict[str, Any]:
        """For the act's journal: the plan, to be gone on with at an offset of a piece."""
        return {
            "scope": self.scope.to_json(),
            "pieces": [each.to_json() for each in self.pieces],
            "hashes": dict(self.hashes),
            "force": self.force,
            "bulk": self.bulk,
            "at": [piece, offset],
            "generations": dict(self.generations),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Plan:
        """The inverse."""
        piece, offset = said["at"]
        return cls(
            Scope.from_json(said["scope"]),
            tuple(map(Piece.from_json, said["pieces"])),
            said["hashes"],
            said["force"],
            said["bulk"],
            (piece, offset),
            said.get("generations", {}),
        )

    def left(self) -> Iterator[tuple[int, Piece]]:
        """What is still to be read."""
        piece, offset = self.at
        for number, each in enumerate(self.pieces):
            start = max(offset, each.start) if number == piece else each.start
            if number >= piece and start < each.end:
                yield number, replace(each, start=start)

    def within(self, starts: Mapping[tuple[str, int], int]) -> Plan:
        """The plan without records below the logs' starts: those were removed since, and can be said no more."""
        bounded = (
            replace(each, start=min(max(each.start, starts.get((each.topic, each.partition), 0)), each.end))
            for each in self.pieces
        )
        return replace(self, pieces=tuple(bounded))


def stamp_of(act: Act, plan: Plan) -> Stamp:
    """How the act's messages are made an operator's."""
    return Stamp(act.at, sync=plan.scope.sync, forced=plan.force, bulk=plan.bulk)


def require_todays_mapping(settings: Settings, shops: Sequence[Shop], scope: Scope) -> dict[str, int]:
    """Refuse a replay by a shop file that no worker has met: its messages would count as older than all others.

    Returns the number of each store's mapping: none where there is no ledger to tell. Raises ConfigurationError.
    """
    if scope.sync or not settings.ledger.exists():
        return {}
    with reading(settings.ledger) as tx:
        return {shop.store.id: _met(shop, last_mapping(tx, shop.store.id)).number for shop in shops}


def _met(shop: Shop, last: Loaded | None) -> Loaded:
    if last is None or last.hash != shop.hash:
        raise ConfigurationError(
            f"{shop.file} is not what the worker ran with last (the file, a function that it names, or the release "
            f"is another): start the worker anew first, then replay. --dry-run shows already what would change."
        )
    return last


def start(settings: Settings, plan: Plan, total: int) -> Act:
    """Begin the act and keep the plan with it."""
    text = plan.scope.text + (", forced" if plan.force else "")
    return begin(settings, REPLAY, text, total, plan.to_json(*plan.at))


def plan_of(settings: Settings, act: Act, shops: Sequence[Shop]) -> Plan:
    """The plan of an act that is to be resumed, as far as its records are still on the topics.

    Raises ConfigurationError if it is none, or the mapping is another now.
    """
    if act.kind != REPLAY:
        raise ConfigurationError(f"The act {act.id} is no replay, but: {act.kind}.")
    plan = Plan.from_json(act.cursor)
    now = {shop.store.id: shop.hash for shop in shops}
    if not plan.scope.sync and plan.hashes != now:
        raise ConfigurationError(
            f"The shop file is not the one that the act {act.id} was begun with: begin a new replay instead; what was "
            f"said already counts as it is."
        )
    require_todays_mapping(settings, shops, plan.scope)
    topics = admin_of(settings).topic_ids({each.topic for each in plan.pieces})
    starts = {(name, number): at for name, topic in topics.items() for number, at in topic.start_offsets.items()}
    return plan.within(starts)


def carry_out(
    settings: Settings,
    shops: Sequence[Shop],
    act: Act,
    plan: Plan,
    *,
    rate: float | None,
    tell: Callable[[Act], None],
    stop: threading.Event,
) -> Act:
    """Say what is left of the plan; `rate` in records a second. Raises RetriableError when a server does not answer."""
    if act.state is State.DONE:
        return act
    with Source(settings, shops, plan.scope, plan.pieces, stamp_of(act, plan)) as source:
        size = CHUNK if rate is None else max(1, min(CHUNK, int(rate)))
        return produce(settings, act, _batches(source, plan, size), rate=rate, tell=tell, stop=stop)


def _batches(source: Source, plan: Plan, size: int) -> Iterator[Batch]:
    """A batch of some second's records, so that the rate is even and a stop is soon."""
    for number, piece in plan.left():
        for said in source.read(piece, size):
            yield Batch((*said.outgoing, *said.errors), plan.to_json(number, said.next))
