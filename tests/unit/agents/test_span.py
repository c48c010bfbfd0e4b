"""What arrives of a partition is sorted into repeats, news and holes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.agents.span import cut
from tests.unit.agents.bench import record

offsets = st.lists(st.integers(0, 30), max_size=30)


def test_news_in_order() -> None:
    """Records that follow each other are all news."""
    span = cut(5, [record(5), record(6)])
    assert (7, 2, (), 0) == (span.next, len(span.records), span.holes, span.repeats)


def test_records_below_the_position_are_repeats() -> None:
    """What was read before counts for nothing but the count of repeats."""
    span = cut(5, [record(3), record(4), record(5)])
    assert (6, 1, 2) == (span.next, len(span.records), span.repeats)


def test_record_twice_in_a_batch_is_a_repeat() -> None:
    """A rewind can bring a record again before its first delivery was worked on."""
    span = cut(0, [record(0), record(1), record(0), record(1), record(2)])
    assert (3, 3, 2) == (span.next, len(span.records), span.repeats)


def test_missing_offsets_are_holes() -> None:
    """Every range that did not arrive is named, half open."""
    assert ((5, 7), (8, 9)) == cut(5, [record(7), record(9)]).holes


@given(st.integers(0, 30), offsets)
def test_nothing_is_lost_or_doubled(expected: int, arrived: list[int]) -> None:
    """News ascend, start nowhere below the position, and together with holes cover the way exactly."""
    span = cut(expected, [record(offset) for offset in arrived])
    news = [it.offset for it in span.records]
    covered = {*news, *(offset for start, end in span.holes for offset in range(start, end))}
    assert sorted(set(news)) == news
    assert set(range(expected, span.next)) == covered
    assert len(arrived) == len(news) + span.repeats
