"""What stands still without a reason is noticed; what waits on purpose is left alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping

import pytest

from connector.agents.loop import Loop
from connector.agents.watchdog import Pulse, Watchdog
from connector.errors import FatalError
from connector.record import Partition
from tests.unit.agents.bench import HERE, THERE, Bench


class Watched:
    """One loop and its log's ends."""

    def __init__(self, bench: Bench, ends: Mapping[Partition, int]) -> None:
        self.loops: tuple[Loop, ...] = (bench.loop,)
        self.ends = ends
        bench.site.log = {(place, end - 1) for place, end in ends.items()}

    async def check(self) -> Mapping[Partition, int]:
        return self.ends


async def look(watchdog: Watchdog, *times: float) -> None:
    for now in times:
        await watchdog.look(lambda now=now: now)  # type: ignore[misc]


async def test_agent_that_does_not_get_on_is_fatal() -> None:
    """There is something to read, nothing moves, nobody says why: the worker starts anew."""
    watchdog = Watchdog(Watched(Bench(), {HERE: 5}), stall_s=300)
    await look(watchdog, 0, 299)
    with pytest.raises(FatalError, match=r"has stood at 0 of changes\[0\] for 301 s although the log ends at 5"):
        await look(watchdog, 301)


async def test_agent_that_gets_on_is_fine() -> None:
    """The time counts from the last move."""
    bench = Bench()
    watchdog = Watchdog(Watched(bench, {HERE: 5}), stall_s=300)
    await look(watchdog, 0, 299)
    await bench.take(0)
    await look(watchdog, 302, 600)


async def test_agent_at_the_end_is_fine() -> None:
    """Nothing to read is no standstill."""
    await look(Watchdog(Watched(Bench(), {HERE: 0, THERE: 0}), stall_s=300), 0, 1000)


async def test_agent_that_waits_on_purpose_is_fine() -> None:
    """A registry that is away for an hour is waited for, and the time counts from its return."""
    bench = Bench()
    watchdog = Watchdog(Watched(bench, {HERE: 5}), stall_s=300)
    bench.loop.waiting = "the schema registry"
    await look(watchdog, 0, 3600)
    bench.loop.waiting = None
    await look(watchdog, 3601, 3900)


async def test_end_without_records_is_passed() -> None:
    """A transaction's marker at the end of the log does not keep the lag above zero."""
    bench = Bench()
    watched = Watched(bench, {HERE: 2})
    bench.site.log = set()
    await look(Watchdog(watched), 0, 1)
    assert 2 == bench.at()


async def test_hanging_event_loop_ends_the_process() -> None:
    """What blocks the event loop is noticed by a thread outside it."""
    died = threading.Event()
    pulse = Pulse(limit_s=0.1, die=died.set)
    beating = asyncio.create_task(pulse.run())
    await asyncio.sleep(0)
    deadline = time.monotonic() + 10
    while not died.is_set() and time.monotonic() < deadline:
        died.wait(0.05)  # blocks the event loop on purpose
    beating.cancel()
    assert died.is_set()


async def test_turning_event_loop_goes_on() -> None:
    """A loop that turns is left alone."""
    died = threading.Event()
    beating = asyncio.create_task(Pulse(limit_s=5, die=died.set).run())
    for _ in range(50):
        await asyncio.sleep(0.002)
    beating.cancel()
    assert not died.is_set()
