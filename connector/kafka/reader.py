"""Reading by place instead of by group: a range, the last record, or a tail that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

from connector.errors import RetriableError
from connector.kafka.access import Broker, client, opened
from connector.record import Partition, Record

TIMEOUT_S: Final = 20.0
END_OF_PARTITION: Final = "_PARTITION_EOF"
NO_GROUP: Final = "GROUP_AUTHORIZATION_FAILED"
"""librdkafka looks for the coordinator of its group, even of one that it does not use; no right to it is needed."""


def settings(broker: Broker) -> dict[str, Any]:
    """A reader belongs to no group and commits nothing; it sees what the agents see, aborted transactions included."""
    return {
        **client(broker),
        "client.id": "shopbridge-reader",
        "group.id": "shopbridge-reader",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_uncommitted",
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 100,
    }


def read_range(broker: Broker, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
    """The records with start <= offset < end that the log still holds, in order.

    Raises RetriableError when the broker does not answer, or the range begins before the log does.
    """
    if start >= end:
        return
    consumer = opened(Consumer, settings(broker))
    try:
        consumer.assign([TopicPartition(topic, partition, start)])
        while (message := _next(consumer, f"{topic}[{partition}]")) is not None:
            offset = message.offset()
            if offset is None or offset >= end:
                return
            yield record_of(message)
    finally:
        consumer.close()


def last_record(broker: Broker, topic: str, partition: int = 0) -> Record | None:
    """The newest record of a partition, or None if it holds none; raises RetriableError."""
    consumer = opened(Consumer, settings(broker))
    try:
        start, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_S)
    except KafkaException as error:
        raise RetriableError(f"{topic}[{partition}] cannot be read: {error.args[0].str()}") from error
    finally:
        consumer.close()
    back = 1
    while end > start:
        found = list(read_range(broker, topic, partition, max(start, end - back), end))
        if found:
            return found[-1]
        if end - back <= start:
            break
        back *= 8
    return None


def _next(consumer: Consumer, where: str) -> Message | None:
    """The next message, or None at the end of the partition."""
    while (message := consumer.poll(TIMEOUT_S)) is not None:
        error = message.error()
        if error is None:
            return message
        if error.name() == END_OF_PARTITION:
            return None
        if error.name() != NO_GROUP:
            raise RetriableError(f"{where} cannot be read: {error.str()}")
    raise RetriableError(f"{where} could not be read within {TIMEOUT_S:.0f} s")


def record_of(message: Message) -> Record:
    """Our noun for the library's message."""
    headers = tuple((name, bytes(value or b"")) for name, value in message.headers() or ())
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        key=message.key(),
        value=message.value(),
        timestamp_ms=message.timestamp()[1],
        headers=headers,
    )


class Tail:
    """Follows topics from their beginning, or from `back` records before their end.

    Topics that do not exist yet join when they appear; call `refresh` now and then.
    """

    def __init__(self, broker: Broker, topics: Iterable[str], *, back: int | None = None) -> None:
        self._consumer = opened(Consumer, settings(broker))
        self._topics = frozenset(topics)
        self._back = back
        self._places: dict[Partition, TopicPartition] = {}
        self._at_end: set[Partition] = set()

    def refresh(self) -> None:
        """Take up topics and partitions that appeared since; raises RetriableError."""
        try:
            for topic in self._topics:
                metadata = self._consumer.list_topics(topic, timeout=TIMEOUT_S).topics.get(topic)
                if metadata is not None and metadata.error is None:
                    self._take_up({Partition(topic, number) for number in metadata.partitions})
        except KafkaException as error:
            raise RetriableError(f"Kafka did not answer: {error.args[0].str()}") from error

    def _take_up(self, partitions: set[Partition]) -> None:
        for partition in partitions - self._places.keys():
            place = TopicPartition(partition.topic, partition.number, self._first(partition))
            self._places[partition] = place
            self._consumer.incremental_assign([place])

    def _first(self, partition: Partition) -> int:
        if self._back is None:
            return int(OFFSET_BEGINNING)
        start, end = self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=TIMEOUT_S)
        return int(max(start, end - self._back))

    @property
    def caught_up(self) -> bool:
        """Whether the end of every partition taken up was met since something last came from it."""
        return self._at_end >= self._places.keys()

    def poll(self, timeout_s: float, limit: int = 500) -> list[Record]:
        """What came, after waiting `timeout_s` at most; raises RetriableError if a topic went away."""
        records = []
        for message in self._consumer.consume(limit, timeout=timeout_s):
            place = Partition(message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                self._at_end.discard(place)
                records.append(record_of(message))
            elif error.name() == END_OF_PARTITION:
                self._at_end.add(place)
            elif error.name() != NO_GROUP and not error.retriable():
                raise RetriableError(f"{place} cannot be read: {error.str()}")
        return records

    def close(self) -> None:
        self._consumer.close()
