"""The loop: effect and progress together, acknowledgements after them and in order, everything else dropped."""

from __future__ import annotations

import asyncio

import pytest

from connector.agents.loop import MOST_REWINDS
from connector.errors import FatalError, GapError, RetriableError
from connector.record import Outgoing
from tests.unit.agents.bench import HERE, THERE, Bench


async def test_batch_moves_the_position_and_is_acknowledged_in_order() -> None:
    """Two partitions of one batch: each moves on, and is acknowledged in the order of its offsets."""
    bench = Bench()
    arrivals = [bench.arrival(0), bench.arrival(0, THERE), bench.arrival(1), bench.arrival(2), bench.arrival(1, THERE)]
    await bench.loop.take(arrivals)
    assert (3, 2) == (bench.at(HERE), bench.at(THERE))
    assert {HERE: [0, 1, 2], THERE: [0, 1]} == bench.acked
    assert {"kept": 5} == bench.keeper.counts


async def test_nothing_is_acknowledged_before_the_broker_confirmed() -> None:
    """The order is: produce, commit, acknowledge."""
    bench = Bench()
    bench.work.outgoing = [Outgoing("sync", b"k", b"v")]
    seen: list[tuple[int, bool]] = []
    bench.sender.before = lambda: seen.append((bench.at(), bool(bench.acked)))
    await bench.take(0)
    assert [(0, False)] == seen
    assert [0] == bench.acked[HERE]


async def test_broker_that_is_away_is_waited_for() -> None:
    """A delivery that failed for now is tried again; nothing is dropped, and the loop says what it waits for."""
    bench = Bench()
    bench.work.outgoing = [Outgoing("sync", b"k", b"v")]
    bench.sender.errors = [RetriableError("away", retry_after_s=0.001)]
    waiting: list[str | None] = []
    bench.sender.before = lambda: waiting.append(bench.loop.waiting)
    await bench.take(0)
    assert 1 == len(bench.sender.sent)
    assert ["Kafka, to confirm records"] * 2 == waiting
    assert bench.loop.waiting is None


async def test_repeats_have_no_effect() -> None:
    """Records below the position are acknowledged and counted, not worked on."""
    bench = Bench()
    await bench.take(0, 1, 2)
    await bench.take(1, 2)
    await bench.take(2, 3)
    assert [(0, 0), (0, 1), (0, 2), (0, 3)] == bench.done
    assert 3 == bench.loop.repeats
    assert {"kept": 4, "repeat": 1} == bench.keeper.counts


async def test_hole_without_records_is_passed_in_a_change_topic() -> None:
    """The log holds nothing there, so nothing is missing; the offsets are accounted for."""
    bench = Bench()
    await bench.take(0, 3, 4)
    assert 5 == bench.at()
    assert {"kept": 3, "absent": 2} == bench.keeper.counts


async def test_hole_that_the_log_fills_is_read_again() -> None:
    """The consumer skipped records: nothing of that partition's batch counts, and it is rewound."""
    bench = Bench()
    bench.site.log = {(HERE, 1)}
    await bench.loop.take([bench.arrival(0), bench.arrival(2), bench.arrival(0, THERE)])
    assert (0, 1) == (bench.at(HERE), bench.at(THERE))
    assert {THERE: [0]} == bench.acked
    assert 1 == bench.site.rewinds
    await bench.take(0, 1, 2)
    assert [(1, 0), (0, 0), (0, 1), (0, 2)] == bench.done


async def test_hole_in_a_sync_topic_stops() -> None:
    """Nothing may be missing where only this product writes."""
    bench = Bench(tolerates_holes=False)
    with pytest.raises(GapError, match=r"changes\[0\] holds nothing from offset 1 to 2"):
        await bench.take(0, 3)
    assert (0, {}) == (bench.at(), bench.acked)


async def test_position_moved_by_another_drops_that_batch_alone() -> None:
    """A stale partition has no effect and is rewound; the others of the batch stand."""
    bench = Bench()
    bench.keeper.stored[bench.work.name, HERE] = 2
    await bench.loop.take([bench.arrival(0), bench.arrival(1), bench.arrival(0, THERE)])
    assert [(1, 0)] == bench.done
    assert {THERE: [0]} == bench.acked
    assert 1 == bench.site.rewinds
    await bench.take(0, 1, 2)
    assert 3 == bench.at()


async def test_going_round_in_circles_stops() -> None:
    """A partition that is read again and again without getting on is a fault that must be seen."""
    bench = Bench()
    bench.site.log = {(HERE, 0)}
    for _ in range(MOST_REWINDS):
        await bench.take(1)
    with pytest.raises(FatalError, match="without getting on"):
        await bench.take(1)


async def test_older_generation_counts_for_nothing() -> None:
    """An event from before a rebalance is neither worked on nor acknowledged."""
    bench = Bench()
    bench.site.generation = 2
    await bench.loop.take([bench.arrival(0, generation=1)])
    assert ([], {}, 0) == (bench.done, bench.acked, bench.loop.repeats)


async def test_revoked_partition_counts_for_nothing() -> None:
    """An event of a partition that went to another worker is dropped, also when it is still in the books."""
    bench = Bench()
    bench.site.held = {THERE}
    await bench.loop.take([bench.arrival(0), bench.arrival(0, THERE)])
    assert [(1, 0)] == bench.done
    bench.site.held = {HERE}
    del bench.loop.places[HERE]
    await bench.take(0)
    assert [(1, 0)] == bench.done


async def test_tail_without_records_is_passed() -> None:
    """The last thing in a log may be a transaction's marker, which no consumer ever delivers."""
    bench = Bench()
    await bench.take(0)
    await bench.loop.pass_tail(HERE, 2)
    assert (2, 2) == (bench.at(), bench.loop.places[HERE].next)
    assert {"kept": 1, "absent": 1} == bench.keeper.counts


async def test_tail_with_records_is_left_to_the_consumer() -> None:
    """What the log does hold will arrive."""
    bench = Bench()
    bench.site.log = {(HERE, 1)}
    await bench.loop.pass_tail(HERE, 2)
    assert 0 == bench.at()


async def test_the_unforeseen_ends_the_loop() -> None:
    """No exception is swallowed: what the work raises comes out of `run`, with nothing acknowledged."""
    bench = Bench()
    bench.work.error = ValueError("unforeseen")
    await bench.loop.put(bench.arrival(0))
    with pytest.raises(ValueError, match="unforeseen"):
        await asyncio.wait_for(bench.loop.run(), 5)
    assert {} == bench.acked
