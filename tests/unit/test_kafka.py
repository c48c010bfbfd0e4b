"""What can be said of Kafka's client without a broker: which failures are waited for, and which topics are refused."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from connector.errors import ConfigurationError, FatalError, RetriableError
from connector.kafka import LARGEST_RECORD, Admin, TopicInfo, ensure_topics, own_topics
from connector.kafka.producer import refusal, settings
from connector.kafka.topics import CONFIG
from connector.settings import Settings

SETTINGS = Settings.model_validate({"topic_prefix": "acme"})


class Broker(Admin):
    """An admin client whose broker holds `topics` with their settings."""

    def __init__(self, topics: dict[str, dict[str, str]]) -> None:
        self.topics = topics
        self.made: list[str] = []

    def topic_ids(self, names: object) -> dict[str, TopicInfo]:
        assert names
        return {name: TopicInfo(name, "id", 4, 1, {}, {}) for name in self.topics}

    def create_topics(self, topics: object) -> None:
        for topic in topics:  # type: ignore[attr-defined]
            self.made.append(topic.name)
            self.topics[topic.name] = dict(topic.config)

    def configs(self, names: object) -> dict[str, dict[str, str]]:
        assert names
        return self.topics


@pytest.mark.parametrize(
    "code", [KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED]
)
def test_hopeless_delivery_stops(code: int) -> None:
    """A repetition cannot cure these, and the message says what to check."""
    error = refusal(KafkaError(code), "acme.sync.deals")
    assert isinstance(error, FatalError)
    assert "acme.sync.deals" in str(error)


@pytest.mark.parametrize("code", [KafkaError.REQUEST_TIMED_OUT, KafkaError.NOT_ENOUGH_REPLICAS])
def test_failed_delivery_is_tried_again(code: int) -> None:
    """A broker that is away or short of replicas comes back."""
    assert isinstance(refusal(KafkaError(code), "acme.sync.deals"), RetriableError)


def test_fatal_producer_stops() -> None:
    """After a fatal error librdkafka's producer never sends again."""
    assert isinstance(refusal(KafkaError(KafkaError.INVALID_PRODUCER_EPOCH, fatal=True), "t"), FatalError)


def test_producer_puts_keys_where_java_does() -> None:
    """Debezium and Faust use murmur2; two partitioners would part the changes of a row."""
    told = settings("h:1", "c")
    assert ("murmur2_random", True, "all") == (told["partitioner"], told["enable.idempotence"], told["acks"])


def test_missing_topics_are_made() -> None:
    """Four sync topics, errors and dead letters, none of which ever forgets anything."""
    broker = Broker({})
    ensure_topics(SETTINGS, broker)
    assert sorted(own_topics(SETTINGS)) == sorted(broker.made)
    assert 6 == len(broker.made)
    assert "-1" == broker.topics["acme.sync.deals"]["retention.ms"]
    assert str(LARGEST_RECORD) == broker.topics["acme.dead-letter"]["max.message.bytes"]


def test_topics_that_fit_are_left_alone() -> None:
    """Made already, or with more room than needed: nothing to say."""
    roomy = {**CONFIG, "max.message.bytes": str(LARGEST_RECORD * 2)}
    broker = Broker(dict.fromkeys(own_topics(SETTINGS), roomy))
    ensure_topics(SETTINGS, broker)
    assert [] == broker.made


@pytest.mark.parametrize(
    ("name", "value"),
    [("cleanup.policy", "compact"), ("retention.ms", "604800000"), ("max.message.bytes", "1048588")],
)
def test_topic_that_would_lose_records_is_refused(name: str, value: str) -> None:
    """The message names topic, setting, both values and the command that mends it."""
    broker = Broker({topic: dict(CONFIG) for topic in own_topics(SETTINGS)})
    broker.topics["acme.sync.deals"][name] = value
    with pytest.raises(ConfigurationError) as caught:
        ensure_topics(SETTINGS, broker)
    assert f"acme.sync.deals: {name} is {value}, must be {CONFIG[name]}" in str(caught.value)
    assert f"--add-config {name}={CONFIG[name]}" in str(caught.value)
