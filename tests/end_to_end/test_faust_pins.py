"""Facts of the installed Faust that our way of using it rests on; when one changes, so must what we do about it."""

from __future__ import annotations

import inspect
from collections import defaultdict
from importlib.metadata import version
from typing import Any

import pytest
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, IntervalTree
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

PLACE = TP("topic", 0)


class Books:
    """The consumer's bookkeeping of acknowledged offsets, without the consumer."""

    def __init__(self, committed: int | None, acked: list[int], gap: tuple[int, int] | None = None) -> None:
        self._acked = defaultdict(list, {PLACE: list(acked)})
        self._acked_index = defaultdict(set, {PLACE: set(acked)})
        self._committed_offset = {PLACE: committed}
        self._gap: defaultdict[TP, IntervalTree] = defaultdict(IntervalTree)
        if gap is not None:
            self._gap[PLACE].addi(*gap)

    def next_offset(self) -> int | None:
        """What Faust would commit now."""
        compute: Any = Consumer._new_offset
        found: int | None = compute(self, PLACE)
        return found


def test_release() -> None:
    """Everything here was found in this release; an upgrade is a decision of its own."""
    assert "0.15.3" == version("faust-streaming")


@pytest.mark.parametrize(
    ("committed", "acked", "gap", "commits"),
    [
        pytest.param(11, [12, 13], None, 14, id="a hole of one at the head is stepped over"),
        pytest.param(11, [13], None, None, id="a hole of two at the head holds it back"),
        pytest.param(0, [5], None, 6, id="nothing holds it back at offset 0"),
        pytest.param(None, [5], None, 6, id="nothing holds it back in a new group"),
        pytest.param(11, [16], (11, 16), 17, id="a live record that ended a hole counts as part of it"),
    ],
)
def test_acknowledged_out_of_order_a_record_is_lost(
    committed: int | None, acked: list[int], gap: tuple[int, int] | None, commits: int | None
) -> None:
    """Faust commits past records that nobody acknowledged: so nothing of ours rests on what it commits."""
    assert commits == Books(committed, acked, gap).next_offset()


@pytest.mark.parametrize(
    ("committed", "acked", "commits"),
    [(11, [11, 12, 13], 14), (0, [0, 1], 2), (None, [0, 1, 2], 3), (11, [11, 13], 12)],
)
def test_acknowledged_in_order_it_is_right(committed: int | None, acked: list[int], commits: int) -> None:
    """The offsets that people see in the group are right as long as acknowledgements come in order."""
    assert commits == Books(committed, acked).next_offset()


def test_every_seek_to_a_position_goes_through_one_method() -> None:
    """Positions are the ledger's because `perform_seek` asks `seek_to_committed`, and nothing else seeks."""
    assert "await self.seek_to_committed()" in inspect.getsource(Consumer.perform_seek)
    assert "perform_seek" in inspect.getsource(Recovery._resume_streams)
    assert "perform_seek" in inspect.getsource(Consumer.getmany)
    callers = [name for name, member in vars(App).items() if callable(member) and "seek_to" in _source(member)]
    assert [] == callers


def test_driver_takes_its_consumer_and_thread_from_the_class() -> None:
    """Where our consumer and our thread come in."""
    assert "self.Consumer(" in inspect.getsource(driver.Transport.create_consumer)
    assert "AIOKafkaConsumerThread(self" in inspect.getsource(driver.Consumer._new_consumer_thread)


def test_crash_is_told_by_an_event() -> None:
    """The worker waits for it, since mode has no public way."""
    assert "self._crashed.set()" in inspect.getsource(App._crash)


def _source(member: Any) -> str:
    try:
        return inspect.getsource(member)
    except (OSError, TypeError):
        return ""
