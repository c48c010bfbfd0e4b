"""Records that are missing between what was read and what there is stop the agent, with place, range and remedy."""

from __future__ import annotations

import pytest

from connector.agents.epochs import require_same
from connector.agents.gaps import stand
from connector.agents.work import Place
from connector.errors import GapError
from connector.kafka import TopicInfo
from connector.record import Partition

HERE = Partition("shop.public.orders", 1)


def topic(start: int = 0, end: int = 100, topic_id: str = "new", partitions: int = 2) -> TopicInfo:
    numbers = range(partitions)
    return TopicInfo(HERE.topic, topic_id, partitions, 1, dict.fromkeys(numbers, start), dict.fromkeys(numbers, end))


def stored(following: int, topic_id: str = "new") -> dict[tuple[str, str, int], int]:
    return {(HERE.topic, topic_id, HERE.number): following}


@pytest.mark.parametrize("following", [10, 50, 100])
def test_position_within_the_log_stands(following: int) -> None:
    """From the log's start to its end, both included, nothing is missing."""
    assert Place("new", following) == stand("map:orders", HERE, stored(following), topic(start=10))


def test_partition_never_read_has_no_place() -> None:
    """The caller decides where to begin."""
    assert stand("map:orders", HERE, {}, topic()) is None


CASES = {
    "removed": (stored(9), topic(start=12), r"records 9 to 11 were removed before they were read"),
    "lost": (stored(101), topic(), r"ends at 100, but 101 records were read from it: 100 to 100 were lost"),
    "made anew": (stored(50, "old"), topic(), r"not the topic that was read before \(id new, was old\)"),
    "topic gone": (stored(50), None, r"is gone from the broker"),
    "partition gone": (stored(50), topic(partitions=1), r"is gone from the broker"),
}


@pytest.mark.parametrize("case", CASES)
def test_gap(case: str) -> None:
    """Each gap is named with the partition, and with what to do."""
    positions, info, words = CASES[case]
    with pytest.raises(GapError, match=words) as caught:
        stand("map:orders", HERE, positions, info)
    assert "shop.public.orders[1]" in str(caught.value) or "shop.public.orders is not" in str(caught.value)
    assert "incremental snapshot" in str(caught.value)


def test_known_topic_is_the_same() -> None:
    """Neither a new topic nor the one that the ledger knows is refused."""
    require_same(topic(), {}, ())
    require_same(topic(), {HERE.topic: [("old", 2), ("new", 2)]}, ())


def test_topic_made_anew_wants_the_operators_word() -> None:
    """A new id under a known name opens an epoch only if the operator accepts it."""
    known = {HERE.topic: [("old", 2)]}
    with pytest.raises(GapError, match=r"--accept-new-topic shop\.public\.orders"):
        require_same(topic(), known, ())
    require_same(topic(), known, {HERE.topic})


def test_changed_number_of_partitions_is_refused() -> None:
    """Rows move to other partitions then, and newer changes overtake older ones."""
    with pytest.raises(GapError, match="has 2 partitions, it had 4"):
        require_same(topic(), {HERE.topic: [("new", 4)]}, {HERE.topic})
