"""Notices what nobody reports: a consumer that stands still, a log that lost records, an event loop that hangs."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from connector.agents.loop import Loop
from connector.agents.runner import EXIT_FATAL
from connector.errors import FatalError
from connector.record import Partition

log = structlog.get_logger(__name__)

INTERVAL_S: Final = 5.0
STALL_S: Final = 300.0
BEAT_S: Final = 1.0
LAGS_KEPT: Final = 15


@dataclass(slots=True)
class _Sight:
    """What was seen of an agent's partition: its position, and since when (monotonic seconds) it stands there."""

    next: int
    since: float


class Watched(Protocol):
    """What the watchdog looks at: the agents of an app and the log they read."""

    @property
    def loops(self) -> Sequence[Loop]: ...

    async def check(self) -> Mapping[Partition, int]:
        """The end offset of every partition held; raises GapError if one no longer holds what comes next."""


class Watchdog:
    """Raises FatalError when an agent does not get on for `stall_s` seconds although there is something to read.

    Standing still is allowed while the loop says what it waits for. Whatever the log lost is noticed here too, even if
    no assignment comes to ask (GapError).
    """

    def __init__(self, watched: Watched, *, interval_s: float = INTERVAL_S, stall_s: float = STALL_S) -> None:
        self._watched = watched
        self._interval_s = interval_s
        self._stall_s = stall_s
        self._sights: dict[tuple[str, Partition], _Sight] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            await self.look()

    def standing(self, clock: Callable[[], float] = time.monotonic) -> list[tuple[str, Partition, float]]:
        """Agents that have something to read, and for how many seconds they have stood where they are."""
        now = clock()
        return [(name, partition, now - sight.since) for (name, partition), sight in list(self._sights.items())]

    async def look(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Look once at every partition of every agent."""
        ends = await self._watched.check()
        for loop in self._watched.loops:
            for partition, place in list(loop.places.items()):
                if place.next >= ends.get(partition, 0) or loop.waiting is not None:
                    self._sights.pop((loop.work.name, partition), None)
                else:
                    await self._stands(loop, partition, place.next, ends[partition], clock())

    async def _stands(self, loop: Loop, partition: Partition, following: int, end: int, now: float) -> None:
        sight = self._sights.get((loop.work.name, partition))
        if sight is None or sight.next != following:
            self._sights[loop.work.name, partition] = _Sight(following, now)
        elif now - sight.since > self._stall_s:
            raise FatalError(
                f"{loop.work.name} has stood at {following} of {partition} for {now - sight.since:.0f} s although "
                f"the log ends at {end}: starting anew"
            )
        else:
            await loop.pass_tail(partition, end)


class Pulse:
    """Ends the process when the event loop has not turned for `limit_s` seconds: nothing inside it could."""

    def __init__(self, *, limit_s: float = STALL_S, die: Callable[[], None] | None = None) -> None:
        self._limit_s = limit_s
        self._die = die or _die
        self._beat = time.monotonic()
        self._lags: deque[float] = deque(maxlen=LAGS_KEPT)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pulse", daemon=True)

    @property
    def age_s(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self._beat

    @property
    def lag_s(self) -> float:
        """The longest that a beat of the last quarter of a minute came late, in seconds."""
        return max(list(self._lags), default=0.0)

    async def run(self) -> None:
        """Beat for ever, and be watched."""
        self._thread.start()
        try:
            while True:
                now = time.monotonic()
                self._lags.append(max(now - self._beat - BEAT_S, 0.0))
                self._beat = now
                await asyncio.sleep(BEAT_S)
        finally:
            self._closing.set()

    def _watch(self) -> None:
        while not self._closing.wait(min(BEAT_S, self._limit_s / 4)):
            if time.monotonic() - self._beat > self._limit_s:
                self._die()
                return


def _die() -> None:
    sys.stderr.write("the event loop hangs; every thread's stack follows, then the process ends\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_FATAL)
