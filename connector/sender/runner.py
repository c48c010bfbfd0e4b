"""One lane at work: take, send, settle, round by round; paused where the schema refuses, slow where nothing moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from connector.catalogue import entry
from connector.outcome import Ambiguous, Missing, NotSent, Outcome, Refusal, SchemaRefused
from connector.sender.exchange import Exchange, Slot, UnforeseenError, within
from connector.sender.health import Backoff
from connector.sender.lanes import Batch, Work
from connector.sender.state import Alert, Moment, Note, Pause

log = structlog.get_logger()

_SLOWEST_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Timing:
    """The courier's times in seconds.

    `linger`: how long a lane lets work gather. `idle`: how long between two wakings while nothing is found. `tick`: the
    longest sleep without looking. `probe_every`: how often a paused lane tries. `lookups_every`: how often look-ups are
    asked for. `drain`: how long a stop waits for answers.
    """

    linger: float = 0.02
    idle: float = 0.2
    tick: float = 1.0
    probe_every: float = 5.0
    lookups_every: float = 1.0
    drain: float = 40.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes share: the clock, the times, whom to tell, and how to wake the other lanes."""

    clock: Callable[[], float]
    timing: Timing
    alert: Callable[[Alert], None]
    note: Callable[[Note], None]
    ring: Callable[[], None]


class Runner:
    """Runs one lane.

    `awake` is set by whoever knows of new work, `pause` is why the lane rests, `batches` counts what it has sent.
    """

    def __init__(self, work: Work, exchange: Exchange, around: Surroundings) -> None:
        self.work = work
        self.awake = asyncio.Event()
        self.pause: Pause | None = None
        self.batches = 0
        self._exchange = exchange
        self._around = around
        self._backoff = Backoff(_SLOWEST_S)
        self._not_before = 0.0
        self._lookups_at = 0.0
        self._on_trial: Pause | None = None

    async def run(self) -> None:
        """Work until the exchange is stopped."""
        timing = self._around.timing
        while not self._exchange.stopped.is_set():
            if self.pause is not None:
                await self._rest(timing.probe_every)
                await self._probe(self.pause.refusal)
                continue
            await self.awake.wait()
            self.awake.clear()
            await self._rest(timing.linger)
            while self.pause is None and await self._round():
                await self._lookups()
            await self._lookups()

    async def _round(self) -> bool:
        """One batch; returns whether there was one."""
        await self._rest(self._not_before - self._around.clock())
        slot = await self._exchange.slot(self.work.kind, self.work.lane)
        if slot is None:
            return False
        batch = await self._taken(slot, None)
        if batch is None:
            self._acquit()
            return False
        await self._deliver(batch, slot)
        if not batch.full:
            await self._rest(self._around.timing.linger)
        return True

    async def _lookups(self) -> None:
        now = self._around.clock()
        if now < self._lookups_at or self.pause is not None:
            return
        self._lookups_at = now + self._around.timing.lookups_every
        batch = await self.work.take_lookups(now)
        if batch is not None:
            await self._deliver(batch, None)

    async def _probe(self, refusal: Refusal) -> None:
        """Try whether the lane may go on: ask the definition where that can tell, then send one record."""
        if not await self._exchange.carry_out(self.work.looks_mended(refusal)):
            return
        slot = await self._exchange.slot(self.work.kind, self.work.lane)
        if slot is None:
            return
        batch = await self._taken(slot, 1)
        if batch is None:
            self._resume()
        else:
            await self._deliver(batch, slot)

    async def _taken(self, slot: Slot, limit: int | None) -> Batch | None:
        batch = await self.work.take(limit)
        if batch is None:
            self._exchange.release(slot)
        return batch

    async def _deliver(self, batch: Batch, slot: Slot | None) -> None:
        self.batches += 1
        outcomes = await self._outcomes(batch, slot)
        self._note_ambiguous(outcomes)
        await batch.settle(outcomes)
        self._learn(outcomes)
        self._around.ring()

    async def _outcomes(self, batch: Batch, slot: Slot | None) -> Mapping[int, Outcome]:
        try:
            known = await self._exchange.carry_out(batch.plan, slot)
        except UnforeseenError as error:
            log.exception("sender.unforeseen", lane=self.work.lane, request_id=error.request_id)
            return dict.fromkeys(batch.numbers, Ambiguous(str(error), error.request_id))
        unknown = Ambiguous("the plan returned no outcome for it", "")
        return {number: known.get(number, unknown) for number in batch.numbers}

    def _note_ambiguous(self, outcomes: Mapping[int, Outcome]) -> None:
        calls = {outcome.request_id: outcome.details for outcome in outcomes.values() if isinstance(outcome, Ambiguous)}
        for request_id, details in calls.items():
            self._around.note(Note(Moment.AMBIGUOUS, request_id, self.work.lane, details))

    def _learn(self, outcomes: Mapping[int, Outcome]) -> None:
        """Pause, resume or slow down, by what became of a batch."""
        schema = next((outcome for outcome in outcomes.values() if isinstance(outcome, SchemaRefused)), None)
        moved = any(not isinstance(outcome, Ambiguous | NotSent) for outcome in outcomes.values())
        if schema is not None:
            self._pause(schema.refusal)
        elif moved:
            self._resume()
        if any(isinstance(outcome, Missing) for outcome in outcomes.values()):
            self._lookups_at = 0.0
        if moved:
            self._backoff.reset()
        elif self._exchange.well:
            self._not_before = self._around.clock() + self._backoff.next_s()

    def _pause(self, refusal: Refusal) -> None:
        """Pause, and tell of it unless the same cause was told and never seen to be mended."""
        before = self.pause or self._on_trial
        self._on_trial = None
        self.pause = Pause(refusal, before.since if before else self._around.clock())
        if before is None or _cause(before.refusal) != _cause(refusal):
            facts = {
                "what": f"HubSpot refuses every {self.work.lane} with the same cause; they wait",
                "type": refusal.type,
                "property": refusal.property_name or "",
                "details": refusal.details,
                "remedy": f"{entry(refusal.type).remedy} Sending goes on by itself.",
            }
            self._around.alert(Alert("sender.paused", {"lane": str(self.work.lane), **facts}))

    def _resume(self) -> None:
        """Go on, on trial: the record that got through may be one that the cause does not touch."""
        if self.pause is not None:
            self.pause, self._on_trial = None, self.pause
            self.awake.set()

    def _acquit(self) -> None:
        """Tell that the lane goes on, once all that was due got through."""
        if self._on_trial is not None:
            self._on_trial = None
            self._around.alert(Alert("sender.resumed", {"lane": str(self.work.lane)}))

    async def _rest(self, seconds: float) -> None:
        """Do nothing for so long, or until the sender stops."""
        if seconds > 0:
            await within(self._exchange.stopped, seconds)


def _cause(refusal: Refusal) -> tuple[str, str | None]:
    return refusal.type, refusal.property_name
