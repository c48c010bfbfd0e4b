"""What Kafka believes that a consumer group has read."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient


def committed(environment: Mapping[str, str], group: str, topic: str) -> dict[int, int]:
    """Partition → the offset that the group has committed."""
    admin = AdminClient({"bootstrap.servers": environment["SHOPBRIDGE_KAFKA_BOOTSTRAP"]})
    found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
    return {place.partition: place.offset for place in found.topic_partitions if place.topic == topic}
