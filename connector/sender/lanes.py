"""The lanes of the sender: records of one type, links of one kind. What to take, how to send it, where to settle it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connector.message import LinkKind, ObjectType
from connector.outcome import Outcome, Refusal
from connector.sender import associations, verbs
from connector.sender.associations import Associations
from connector.sender.calls import Call, CallKind, Lane, Reply
from connector.sender.crm import Crm
from connector.sender.definitions import Probe, looks_mended
from connector.sender.port import SenderPort


@dataclass(frozen=True, slots=True)
class Batch:
    """What was taken and marked in flight: the plan that sends it, whose it is, and where its outcomes go."""

    plan: Generator[Call, Reply, Mapping[int, Outcome]]
    numbers: tuple[int, ...]
    full: bool
    settle: Callable[[Mapping[int, Any]], Awaitable[None]]


class Work(Protocol):
    """One lane's work."""

    @property
    def lane(self) -> Lane:
        """Which lane."""
        ...

    @property
    def kind(self) -> CallKind:
        """Which window its calls count in."""
        ...

    async def take(self, limit: int | None = None) -> Batch | None:
        """Take what is due, at most `limit` (None: what one call carries); None where nothing is."""
        ...

    async def take_lookups(self, now: float) -> Batch | None:
        """Take look-ups that are due; None where none is."""
        ...

    def looks_mended(self, refusal: Refusal) -> Probe:
        """Ask whether what paused the lane looks mended."""
        ...


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one type."""

    desk: SenderPort
    crm: Crm
    lane: ObjectType
    kind: CallKind = CallKind.WRITE

    async def take(self, limit: int | None = None) -> Batch | None:
        most = limit or verbs.LARGEST
        steps = await self.desk.take(self.lane, most)
        if not steps:
            return None
        numbers = tuple(step.record for step in steps)
        return Batch(self.crm.dispatch(steps), numbers, len(steps) >= most, self.desk.settle)

    async def take_lookups(self, now: float) -> Batch | None:
        lookups = await self.desk.take_lookups(self.lane, verbs.LARGEST, now)
        if not lookups:
            return None
        numbers = tuple(lookup.record for lookup in lookups)
        return Batch(self.crm.dispatch(lookups), numbers, len(lookups) >= verbs.LARGEST, self.desk.settle)

    def looks_mended(self, refusal: Refusal) -> Probe:
        return looks_mended(self.crm.paths, self.crm.new_id, self.lane, refusal)


@dataclass(frozen=True, slots=True)
class Links:
    """Links of one kind."""

    desk: SenderPort
    associations: Associations
    lane: LinkKind
    kind: CallKind = CallKind.ASSOCIATION

    async def take(self, limit: int | None = None) -> Batch | None:
        most = limit or associations.LARGEST
        steps = await self.desk.take_links(self.lane, most)
        if not steps:
            return None
        numbers = tuple(step.link for step in steps)
        return Batch(self.associations.dispatch(steps), numbers, len(steps) >= most, self.desk.settle_links)

    async def take_lookups(self, now: float) -> Batch | None:
        del now
        return None

    def looks_mended(self, refusal: Refusal) -> Probe:
        del refusal
        return True
        yield
