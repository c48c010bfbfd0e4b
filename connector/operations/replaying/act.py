"""The replay itself: agreed upon, journalled, resumed where it was cut off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.errors import ConfigurationError
from connector.ledger import progress
from connector.ledger.numbering import last_mapping
from connector.mapping import Shop
from connector.message import ObjectType
from connector.operations.acts import Act, begin
from connector.operations.ledger_file import reading
from connector.operations.producing import Batch, produce
from connector.operations.replaying.scope import Piece, Scope
from connector.operations.replaying.source import CHUNK, Source, Stamp, mapped_again, told_again
from connector.settings import Settings

REPLAY: Final = "replay"


@dataclass(frozen=True, slots=True)
class Plan:
    """What was agreed upon. `hashes`: store → the mapping that it is done by. `at`: piece and offset to go on from."""

    scope: Scope
    pieces: tuple[Piece, ...]
    hashes: Mapping[str, str]
    force: bool = False
    bulk: bool = False
    at: tuple[int, int] = (0, 0)

    def to_json(self, piece: int, offset: int) -> dict[str, Any]:
        """For the act's journal: the plan, to be gone on with at an offset of a piece."""
        return {
            "scope": self.scope.to_json(),
            "pieces": [each.to_json() for each in self.pieces],
            "hashes": dict(self.hashes),
            "force": self.force,
            "bulk": self.bulk,
            "at": [piece, offset],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Plan:
        """The inverse."""
        pieces = tuple(Piece(*each) for each in said["pieces"])
        piece, offset = said["at"]
        return cls(Scope.from_json(said["scope"]), pieces, said["hashes"], said["force"], said["bulk"], (piece, offset))

    def left(self) -> Iterator[tuple[int, Piece]]:
        """What is still to be read."""
        piece, offset = self.at
        for number, each in enumerate(self.pieces):
            if number > piece:
                yield number, each
            elif number == piece and max(offset, each.start) < each.end:
                yield number, Piece(each.topic, each.partition, max(offset, each.start), each.end)


def stamp_of(scope: Scope, *, force: bool, bulk: bool, revision: int) -> Stamp:
    """How the messages of the scope are made an operator's."""
    stamp = told_again if scope.sync else mapped_again
    return stamp(forced=force, bulk=bulk, revision=revision)


def require_todays_mapping(settings: Settings, shops: Sequence[Shop], scope: Scope) -> str | None:
    """Refuse a replay by a shop file that no worker has met: its messages would count as older than all others.

    Returns what cannot be seen, where there is no ledger. Raises ConfigurationError.
    """
    if scope.sync:
        return None
    if not settings.ledger.exists():
        return "there is no ledger here, so whether the worker runs with this shop file cannot be seen"
    with reading(settings.ledger) as tx:
        met = {shop.store.id: last_mapping(tx, shop.store.id) for shop in shops}
    for shop in shops:
        last = met[shop.store.id]
        if last is None or last.hash != shop.hash:
            raise ConfigurationError(
                f"{shop.file} is not what the worker ran with last (the file, a function that it names, or the release "
                f"is another): start the worker anew first, then replay. --dry-run shows already what would change."
            )
    return None


def start(settings: Settings, plan: Plan, total: int) -> Act:
    """Begin the act and keep the plan with it."""
    text = plan.scope.text + (", forced" if plan.force else "")
    return begin(settings, REPLAY, text, total, plan.to_json(0, 0))


def plan_of(act: Act, shops: Sequence[Shop]) -> Plan:
    """The plan of an act that is to be resumed; raises ConfigurationError if it is none, or the mapping is another."""
    if act.kind != REPLAY:
        raise ConfigurationError(f"The act {act.id} is no replay, but: {act.kind}.")
    plan = Plan.from_json(act.cursor)
    now = {shop.store.id: shop.hash for shop in shops}
    if not plan.scope.sync and plan.hashes != now:
        raise ConfigurationError(
            f"The shop file is not the one that the act {act.id} was begun with: begin a new replay instead; what was "
            f"said already counts as it is."
        )
    return plan


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
    with Source(settings, shops, plan.scope) as source:
        stamp = stamp_of(plan.scope, force=plan.force, bulk=plan.bulk, revision=act.revision)
        size = CHUNK if rate is None else max(1, min(CHUNK, int(rate)))
        return produce(settings, act, _batches(source, plan, stamp, size), rate=rate, tell=tell, stop=stop)


def _batches(source: Source, plan: Plan, stamp: Stamp, size: int) -> Iterator[Batch]:
    """A batch of some second's records, so that the rate is even and a stop is soon."""
    for number, piece in plan.left():
        for said in source.read(piece, size):
            outgoing = tuple(source.record_of(stamp(message)) for message in said.messages)
            yield Batch((*outgoing, *said.errors), plan.to_json(number, said.next))


def is_applied(settings: Settings, ends: Mapping[str, Mapping[int, int]]) -> bool:
    """Whether the ledger has merged everything up to these ends of the sync topics."""
    agents = {settings.sync_topic(kind) for kind in ObjectType}
    with reading(settings.ledger) as tx:
        reached = {(each.topic, each.partition): each.next for each in progress.current(tx) if each.topic in agents}
    return all(
        reached.get((topic, number), 0) >= end
        for topic, partitions in ends.items()
        if topic in agents
        for number, end in partitions.items()
    )
