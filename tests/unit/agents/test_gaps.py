"""Records that are missing between what was read and what there is stop the agent, with place, range and remedy."""

from __future__ import annotations

import pytest

from connector.agents.gaps import require_same, require_there, stand
from connector.agents.work import Place
from connector.errors import GapError
from connector.kafka import TopicInfo
from connector.ledger.numbering import Epoch
from connector.record import Partition

HERE = Partition("shop.public.orders", 1)


def topic(start: int = 0, end: int = 100, topic_id: str = "new", partitions: int = 2) -> TopicInfo:
    numbers = range(partitions)
    return TopicInfo(HERE.topic, topic_id, partitions, 1, dict.fromkeys(numbers, start), dict.fromkeys(numbers, end))


def epoch(epoch_id: str = "new", partitions: int = 2) -> Epoch:
    return Epoch(1, HERE.topic, epoch_id, partitions)


def stored(following: int, topic_id: str = "new") -> dict[tuple[str, str, int], int]:
    return {(HERE.topic, topic_id, HERE.number): following}


@pytest.mark.parametrize("following", [10, 50, 100])
def test_position_within_the_log_stands(following: int) -> None:
    """From the log's start to its end, both included, nothing is missing."""
    assert Place("new", following) == stand("map:orders", HERE, stored(following), topic(start=10), epoch())


def test_partition_never_read_has_no_place() -> None:
    """The caller decides where to begin."""
    assert stand("map:orders", HERE, {}, topic(), epoch()) is None


def test_later_epoch_of_a_topic_has_positions_of_its_own() -> None:
    """What was read in the epoch before does not count."""
    both = stored(90) | stored(20, "new@2")
    assert Place("new@2", 20) == stand("map:orders", HERE, both, topic(), epoch("new@2"))


CASES = {
    "removed": (stored(9), topic(start=12), epoch(), r"records 9 to 11 were removed before they were read"),
    "lost": (stored(101), topic(), epoch(), r"ends at 100, but 101 records were read from it: 100 to 100 were lost"),
    "made anew": (stored(50, "old"), topic(), epoch("old"), r"made again \(id new, was old\).*up to offset 50"),
    "topic gone": (stored(50), None, epoch(), r"is gone from the broker"),
    "partition gone": (stored(50), topic(partitions=1), epoch(), r"is gone from the broker"),
    "partitions added": (stored(50), topic(partitions=4), epoch(), r"has 4 partitions, it had 2.*up to offset 50"),
}


@pytest.mark.parametrize("case", CASES)
def test_gap(case: str) -> None:
    """Each gap is named with the partition, the range, and what to do."""
    positions, info, known, words = CASES[case]
    with pytest.raises(GapError, match=words) as caught:
        stand("map:orders", HERE, positions, info, known)
    assert "shop.public.orders[1]" in str(caught.value)
    assert "--accept-new-topic shop.public.orders" in str(caught.value)
    assert "incremental snapshot" in str(caught.value)


def test_known_topic_is_the_same() -> None:
    """The topic of the epoch passes, in a later epoch of its own too; so does one whose partitions do not matter."""
    require_same(topic(), epoch())
    require_same(topic(), epoch("new@3"))
    require_same(topic(partitions=7), epoch(partitions=0))


def test_deleted_topic_is_a_gap() -> None:
    """Though nobody stands in it any more."""
    with pytest.raises(GapError, match=r"map:orders: shop.public.orders is gone from the broker"):
        require_there("map:orders", None, epoch())
    require_there("map:orders", topic(), epoch())
