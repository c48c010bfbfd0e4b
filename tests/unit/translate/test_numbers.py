"""Which epoch a record belongs to: where a row's changes lie in several partitions, offsets alone do not order them."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from connector.kafka.partitioner import murmur2, partition_of
from connector.ledger.numbering import Epoch
from connector.record import Record
from connector.translate.numbers import Numbers
from connector.version import Version

TOPIC = "shop.public.orders"
HASHES = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536, b"abc": 479470107}


def record(partition: int, offset: int, key: bytes | None = b"k") -> Record:
    return Record(TOPIC, partition, offset, key, b"v")


def test_hash_is_kafkas() -> None:
    """The values that the Java client's own tests expect, as signed numbers."""
    assert {key: number % (1 << 32) for key, number in HASHES.items()} == {key: murmur2(key) for key in HASHES}


def test_plain_topic_has_one_epoch() -> None:
    """Versions carry its number; a topic that nobody numbered is older than all."""
    numbers = Numbers({TOPIC: [Epoch(3, TOPIC, "a", 2)]}, {TOPIC: 5})
    assert Version(3, 7, 5, 0) == numbers.version(record(1, 7))
    assert Version(0, 7, 0, 0) == numbers.version(Record("other", 0, 7, b"k", b"v"))
    assert not numbers.is_divided(TOPIC)


def test_offsets_given_again_are_newer() -> None:
    """Below the start a record is of the epoch before, from it on of the later one."""
    numbers = Numbers({TOPIC: [Epoch(1, TOPIC, "a", 2), Epoch(4, TOPIC, "a@2", 2, {0: 3, 1: 5})]}, {})
    assert numbers.is_divided(TOPIC)
    assert [1, 4, 1, 4] == [numbers.version(record(*at)).epoch for at in ((0, 2), (0, 3), (1, 4), (1, 5))]


def test_without_a_key_the_offset_tells() -> None:
    """Nothing else does."""
    numbers = Numbers({TOPIC: [Epoch(1, TOPIC, "a", 2), Epoch(4, TOPIC, "a@2", 3, {0: 3, 1: 5})]}, {})
    assert [1, 4, 4] == [numbers.version(record(*at, None)).epoch for at in ((0, 2), (0, 3), (2, 0))]


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=40),
    st.data(),
)
def test_versions_rise_with_every_change_of_a_key_when_partitions_are_added(
    before: int, added: int, keys: list[bytes], data: st.DataObject
) -> None:
    """Whenever the producer hears of the new partitions, before or after the operator accepts them."""
    now = before + added
    heard, accepted = (data.draw(st.integers(0, len(keys))) for _ in range(2))
    ends: defaultdict[int, int] = defaultdict(int)
    written: list[Record] = []
    starts: dict[int, int] = {}
    for turn, key in enumerate(keys):
        if turn == accepted:
            starts = {number: ends[number] for number in range(before)}
        partition = partition_of(key, before if turn < heard else now)
        written.append(record(partition, ends[partition], key))
        ends[partition] += 1
    starts = starts or {number: ends[number] for number in range(before)}
    epochs = [Epoch(1, TOPIC, "a", before), Epoch(2, TOPIC, "a@2", now, starts)]
    numbers = Numbers({TOPIC: epochs}, {})
    for key in set(keys):
        versions = [numbers.version(each) for each in written if each.key == key]
        assert sorted(versions) == versions
        assert len(set(versions)) == len(versions)
