"""The Kafka client on a real broker."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from aiokafka.partitioner import murmur2

from connector.errors import FatalError, RetriableError
from connector.kafka import LARGEST_RECORD, Admin, NewTopic, Producer, Tail, last_record, read_range
from connector.record import Outgoing
from tests.support.members import until

pytestmark = pytest.mark.end_to_end

PARTITIONS = 4


class Topic:
    """A topic of the test's own, with a producer."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.name = f"k{uuid.uuid4().hex[:8]}"
        self.admin = Admin(bootstrap)
        config = {"max.message.bytes": str(LARGEST_RECORD)}
        self.admin.create_topics([NewTopic(self.name, PARTITIONS, 1, config)])
        self.admin.topic_ids([self.name])  # answers once the topic has leaders
        self.producer = Producer(bootstrap)

    async def send(self, *values: bytes | None, key: bytes | None = b"k") -> None:
        await self.producer.send([Outgoing(self.name, key, value, (("h", b"1"), ("h", b"2"))) for value in values])

    def partition(self, key: bytes = b"k") -> int:
        return int((murmur2(key) & 0x7FFFFFFF) % PARTITIONS)


@pytest.fixture
async def topic(stack: dict[str, str]) -> AsyncIterator[Topic]:
    made = Topic(stack["SHOPBRIDGE_KAFKA_BOOTSTRAP"])
    yield made
    await made.producer.aclose()


async def test_keys_lie_where_java_puts_them(topic: Topic) -> None:
    """Each key is found in the partition that the Java client's murmur2 names."""
    keys = [f"store:DEAL:{n}".encode() for n in range(200)]
    await topic.producer.send([Outgoing(topic.name, key, b"v") for key in keys])
    expected = Counter(topic.partition(key) for key in keys)
    assert dict(expected) == dict(topic.admin.topic_ids([topic.name])[topic.name].end_offsets)


async def test_record_comes_back_as_it_was_sent(topic: Topic) -> None:
    """Key, value, repeated headers; a null value stays one."""
    await topic.send(b"v", None)
    first, second = read_range(topic.bootstrap, topic.name, topic.partition(), 0, 2)
    assert (b"k", b"v", (("h", b"1"), ("h", b"2"))) == (first.key, first.value, first.headers)
    assert (1, None) == (second.offset, second.value)


async def test_largest_record_fits(topic: Topic) -> None:
    """Records near the limit pass; one above it stops with a clear word instead of vanishing."""
    await topic.send(b"x" * (LARGEST_RECORD - 2000))
    with pytest.raises(FatalError, match="MSG_SIZE_TOO_LARGE"):
        await topic.send(b"x" * (LARGEST_RECORD + 1))


async def test_topic_that_is_not_there_stops(topic: Topic) -> None:
    """Nobody makes topics by mistake."""
    with pytest.raises(FatalError, match="no-such-topic"):
        await topic.producer.send([Outgoing("no-such-topic", b"k", b"v")])
    assert {} == topic.admin.topic_ids(["no-such-topic"])


async def test_range_ends_where_it_should(topic: Topic) -> None:
    """A range gives its offsets and no others, also when it reaches beyond the log's end or is empty."""
    await topic.send(*(b"%d" % n for n in range(10)))
    here = topic.partition()

    def offsets(start: int, end: int) -> list[int]:
        return [record.offset for record in read_range(topic.bootstrap, topic.name, here, start, end)]

    assert [3, 4, 5] == offsets(3, 6)
    assert [8, 9] == offsets(8, 100)
    assert [] == offsets(4, 4)


async def test_last_record(topic: Topic) -> None:
    """The newest record of a partition, None where there is none."""
    assert last_record(topic.bootstrap, topic.name, topic.partition()) is None
    await topic.send(b"old", b"new")
    found = last_record(topic.bootstrap, topic.name, topic.partition())
    assert found is not None
    assert b"new" == found.value


async def test_tail_reads_to_the_end_and_follows(topic: Topic) -> None:
    """From the beginning or from the last records on, and then what comes."""
    await topic.send(*(b"%d" % n for n in range(10)))
    whole, last = (Tail(topic.bootstrap, [topic.name], back=back) for back in (None, 2))
    values: dict[Tail, list[bytes | None]] = {whole: [], last: []}

    def read_all() -> bool:
        for tail, found in values.items():
            found += [record.value for record in tail.poll(0.1)]
        return whole.caught_up and last.caught_up

    whole.refresh()
    last.refresh()
    await until("both are at the end", read_all)
    assert [b"%d" % n for n in range(10)] == values[whole]
    assert [b"8", b"9"] == values[last]
    await topic.send(b"more")
    await until("both follow", lambda: bool(read_all() and values[whole][-1] == values[last][-1] == b"more"))
    whole.close()
    last.close()


async def test_tail_takes_up_topics_that_appear_later(topic: Topic) -> None:
    """A connector makes its heartbeat topic when it first beats."""
    later = f"{topic.name}-later"
    tail = Tail(topic.bootstrap, [later], back=1)
    tail.refresh()
    assert [] == tail.poll(0.05)
    topic.admin.create_topics([NewTopic(later, 1, 1)])
    await topic.producer.send([Outgoing(later, b"k", b"v")])
    found: list[bytes | None] = []

    def read() -> bool:
        tail.refresh()
        found.extend(record.value for record in tail.poll(0.1))
        return bool(found)

    await until("the record is read", read)
    assert [b"v"] == found
    tail.close()


async def test_broker_that_is_away_is_said_so() -> None:
    """Nobody listens there: a RetriableError in the time given, from reading and from asking."""
    with pytest.raises(RetriableError, match=r"127\.0\.0\.1:1 did not answer"):
        await asyncio.to_thread(Admin("127.0.0.1:1", timeout_s=1).topic_ids, ["t"])
