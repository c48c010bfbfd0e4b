"""What the broker says about topics: ids, partitions, log starts and ends, settings; and making topics.

Blocking calls with a time limit; from a coroutine, call them by `asyncio.to_thread`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    OffsetSpec,
    ResourceType,
)
from confluent_kafka.admin import NewTopic as ConfluentNewTopic

from connector.errors import ConfigurationError, RetriableError, ShopbridgeError
from connector.kafka.access import Broker, Refusals, bootstrap_of, client, opened
from connector.record import Partition

T = TypeVar("T")

TIMEOUT_S: Final = 20.0
RETRY_S: Final = 0.1
AUTHORIZATION: Final = frozenset(
    {"TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"}
)
_PASSING: Final = frozenset({"NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE", "UNKNOWN_TOPIC_OR_PART"})


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic as it is now. Offsets are by partition number: the first record's, and the one the next will get."""

    name: str
    topic_id: str
    partitions: int
    replication: int
    start_offsets: Mapping[int, int]
    end_offsets: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class NewTopic:
    """A topic to be made; `config` as Kafka spells it."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)


class Admin:
    """The admin client.

    Every method raises RetriableError when the broker does not answer in time, ConfigurationError when it does not let
    us in or does not allow what is asked.
    """

    def __init__(self, broker: Broker, *, timeout_s: float = TIMEOUT_S) -> None:
        self._bootstrap = bootstrap_of(broker)
        self._timeout_s = timeout_s
        self._refusals = Refusals()
        self._client = opened(
            AdminClient, {**client(broker), "client.id": "shopbridge-admin", "error_cb": self._refusals}
        )

    def topic_ids(self, names: Iterable[str]) -> dict[str, TopicInfo]:
        """The topics among `names` that exist."""
        wanted = sorted(set(names))
        return self._patiently(lambda: self._topics(wanted))

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again while the brokers have not all heard of a topic that was just made."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                return ask()
            except KafkaException as error:
                if error.args[0].name() not in _PASSING or time.monotonic() > deadline:
                    raise self._away(error) from error
                time.sleep(RETRY_S)

    def _topics(self, names: Sequence[str]) -> dict[str, TopicInfo]:
        descriptions = self._descriptions(names)
        places = [
            TopicPartition(name, partition.id)
            for name, description in descriptions.items()
            for partition in description.partitions
        ]
        starts = self._offsets(places, OffsetSpec.earliest())
        ends = self._offsets(places, OffsetSpec.latest())
        return {
            name: TopicInfo(
                name,
                str(description.topic_id),
                len(description.partitions),
                min((len(partition.replicas) for partition in description.partitions), default=0),
                {partition.id: starts[Partition(name, partition.id)] for partition in description.partitions},
                {partition.id: ends[Partition(name, partition.id)] for partition in description.partitions},
            )
            for name, description in descriptions.items()
        }

    def _descriptions(self, names: Sequence[str]) -> dict[str, Any]:
        if not names:
            return {}
        futures = self._client.describe_topics(TopicCollection(names), request_timeout=self._timeout_s)
        found: dict[str, Any] = {}
        for name, future in futures.items():
            try:
                found[name] = future.result()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
        return found

    def _offsets(self, places: Sequence[TopicPartition], spec: OffsetSpec) -> dict[Partition, int]:
        if not places:
            return {}
        futures = self._client.list_offsets(
            dict.fromkeys(places, spec),
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=self._timeout_s,
        )
        return {Partition(place.topic, place.partition): future.result().offset for place, future in futures.items()}

    def offsets_at(self, names: Iterable[str], moment: datetime) -> dict[Partition, int]:
        """The first offset of each partition whose record is not older than `moment`; the end where all are."""
        topics = self.topic_ids(names)
        places = [TopicPartition(name, number) for name, topic in topics.items() for number in topic.end_offsets]
        spec = OffsetSpec.for_timestamp(int(moment.timestamp() * 1000))
        found = self._patiently(lambda: self._offsets(places, spec))
        ends = {Partition(name, number): end for name, it in topics.items() for number, end in it.end_offsets.items()}
        return {place: ends[place] if offset < 0 else offset for place, offset in found.items()}

    def create_topics(self, topics: Sequence[NewTopic]) -> None:
        """Make topics; those that exist already stay as they are. Raises ConfigurationError if the broker refuses."""
        there = self._patiently(lambda: self._descriptions([topic.name for topic in topics]))
        new = [
            ConfluentNewTopic(topic.name, topic.partitions, topic.replication, config=dict(topic.config))
            for topic in topics
            if topic.name not in there  # making one again may not be allowed
        ]
        if not new:
            return
        futures = self._client.create_topics(new, operation_timeout=self._timeout_s, request_timeout=self._timeout_s)
        for name, future in futures.items():
            try:
                future.result()
            except KafkaException as error:
                self._refused(name, error)

    def _refused(self, name: str, error: KafkaException) -> None:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return
        if error.args[0].name() in {"_TIMED_OUT", "REQUEST_TIMED_OUT", "_TRANSPORT"}:
            raise self._away(error) from error
        raise ConfigurationError(f"Kafka refused to make the topic {name}: {error.args[0].str()}") from error

    def configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """The settings in force of topics that exist."""
        wanted = sorted(set(names))
        return self._patiently(lambda: self._configs(wanted))

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        futures = self._client.describe_configs(resources, request_timeout=self._timeout_s)
        return {
            resource.name: {name: entry.value for name, entry in future.result().items()}
            for resource, future in futures.items()
        }

    def delete_topics(self, names: Sequence[str]) -> None:
        """Delete topics with all they hold."""
        for future in self._client.delete_topics(list(names), operation_timeout=self._timeout_s).values():
            future.result()

    def _away(self, error: KafkaException) -> ShopbridgeError:
        cause = error.args[0]
        if cause.name() in AUTHORIZATION:
            return ConfigurationError(
                f"Kafka at {self._bootstrap} does not allow it: {cause.str()}\n"
                f"`shopbridge check` says which ACLs are missing."
            )
        self._client.poll(0)  # calls back about what went wrong meanwhile
        if self._refusals.last is not None:
            return ConfigurationError(
                f"Kafka at {self._bootstrap} does not let us in: {self._refusals.last}\n"
                f"See the settings SHOPBRIDGE_KAFKA_..., and what the broker's listener asks for."
            )
        return RetriableError(f"Kafka at {self._bootstrap} did not answer: {cause.str()}")
