"""The sender's loop: makes HubSpot equal to the ledger, a lane for each type of record and each kind of link.

    1. at start, what a former owner of the lease left in flight becomes ambiguous
    2. a lane sleeps until the ledger or another lane's answers wake it, and lingers a moment so that batches fill
    3. it waits for a slot before it takes anything, so that what it sends is the newest there is
    4. it takes a batch (the ledger marks it in flight), sends it, and settles every outcome, whatever came back
    5. a schema's refusal pauses the lane with one alert; it asks again every few seconds and goes on by itself
    6. look-ups that are due go between the batches

Parents' lanes start first and all take turns. A lane has one call out at a time, and a record belongs to one lane, so
no record ever has two writers. No answer stops the courier: what it cannot judge is ambiguous, and read back later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

from connector.message import LinkKind, ObjectType
from connector.sender.associations import Associations
from connector.sender.crm import Crm
from connector.sender.exchange import Exchange, Fence, Transport, within
from connector.sender.health import Backoff, Condition, Health
from connector.sender.lanes import Links, Records, Work
from connector.sender.pace import Pace
from connector.sender.port import SenderPort
from connector.sender.runner import Runner, Surroundings, Timing
from connector.sender.state import Alert, Moment, Note, Observer, SenderState, unobserved

PARENTS_FIRST: Final = (ObjectType.CONTACT, ObjectType.PRODUCT, ObjectType.DEAL, ObjectType.LINE_ITEM)
LINKS: Final = (LinkKind.DEAL_CONTACT, LinkKind.LINE_ITEM_DEAL)
USUAL: Final = Timing()

log = structlog.get_logger()


def log_alert(alert: Alert) -> None:
    """Tell an alert to the log."""
    log.warning(alert.event, **alert.facts)


def log_note(note: Note) -> None:
    """Tell a call's moment to the log, an ambiguous one loudly."""
    write = log.warning if note.moment is Moment.AMBIGUOUS else log.debug
    write(f"sender.call.{note.moment.lower()}", request_id=note.request_id, lane=note.lane, details=note.details)


class Courier:
    """Runs all lanes over one exchange until it is stopped."""

    def __init__(  # noqa: PLR0913 - the composition root hands in every part
        self,
        desk: SenderPort,
        transport: Transport,
        fence: Fence,
        crm: Crm,
        pace: Pace,
        *,
        timing: Timing = USUAL,
        credential_retry_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        alert: Callable[[Alert], None] = log_alert,
        note: Callable[[Note], None] = log_note,
        observe: Observer = unobserved,
    ) -> None:
        self._desk = desk
        self._timing = timing
        self._clock = clock
        health = Health(Backoff(), credential_retry_s)
        self._exchange = Exchange(transport, fence, pace, health, clock, alert, note)
        self._exchange.tally.observe = observe
        around = Surroundings(clock, timing, alert, note, self._ring)
        links = Associations(crm.paths, crm.new_id)
        works: list[Work] = [Records(desk, crm, lane) for lane in PARENTS_FIRST]
        works += [Links(desk, links, lane) for lane in LINKS]
        self._runners = [Runner(work, self._exchange, around) for work in works]

    async def run(self) -> None:
        """Send until `stop`. Raises what the ledger or the lease raise; HubSpot raises nothing."""
        await self._desk.requeue()
        self._ring()
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(runner.run()) for runner in self._runners]
        tasks.append(asyncio.create_task(self._bell()))
        stop = asyncio.create_task(self._exchange.stopped.wait())
        try:
            await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            await asyncio.wait(tasks, timeout=self._timing.drain)
        finally:
            await _end([stop, *tasks])
        _raise_first(tasks)

    def stop(self) -> None:
        """Take nothing more, let what is out come back, then let `run` return."""
        self._exchange.stop()
        self._ring()

    def snapshot(self) -> SenderState:
        """The sender as it stands, for `status`."""
        exchange, now = self._exchange, self._clock()
        until, reason = self._waiting()
        return SenderState(
            now=now,
            condition=exchange.health.condition,
            condition_since=exchange.health.began,
            condition_details="" if exchange.health.condition is Condition.WELL else exchange.health.details,
            paused={runner.work.lane: runner.pause for runner in self._runners if runner.pause is not None},
            waiting_until=until,
            waiting_for=reason,
            last_error=exchange.tally.last_error,
            requests=dict(exchange.tally.requests),
            mean_fill=exchange.tally.mean_fill,
            day_left=exchange.pace.day_left,
            day_limit=exchange.pace.day_limit,
            limit_per_10_s=exchange.pace.calls.limit,
            used_in_10_s=exchange.pace.used(now),
        )

    def _waiting(self) -> tuple[float | None, str | None]:
        health, halt = self._exchange.health, self._exchange.pace.halt
        if health.condition is not Condition.WELL:
            return health.until, str(health.condition)
        if halt is not None and self._exchange.pace.halted(self._clock()):
            return halt.until, halt.reason
        return None, None

    async def _bell(self) -> None:
        """Wake all lanes when the ledger was changed, and now and then for what only time makes due.

        A change may be a lane's own marking, so the bell slows down while the lanes find nothing.
        """
        rest = self._timing.linger
        while not self._exchange.stopped.is_set():
            await self._desk.wait_for_work(self._timing.tick)
            sent = self._batches
            self._ring()
            await within(self._exchange.stopped, rest)
            rest = self._timing.linger if self._batches > sent else min(2 * rest, self._timing.idle)

    @property
    def _batches(self) -> int:
        return sum(runner.batches for runner in self._runners)

    def _ring(self) -> None:
        for runner in self._runners:
            runner.awake.set()


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _raise_first(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            task.result()
