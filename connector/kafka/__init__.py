"""Kafka by confluent-kafka: producing, administration and reading ranges. Nothing else imports that library."""

from __future__ import annotations

from connector.kafka.access import Broker
from connector.kafka.admin import Admin, NewTopic, TopicInfo
from connector.kafka.producer import Producer
from connector.kafka.reader import Tail, last_record, read_range
from connector.kafka.topics import LARGEST_RECORD, ensure_change_topics, ensure_topics, find_change_topics, own_topics

__all__ = [
    "LARGEST_RECORD",
    "Admin",
    "Broker",
    "NewTopic",
    "Producer",
    "Tail",
    "TopicInfo",
    "ensure_change_topics",
    "ensure_topics",
    "find_change_topics",
    "last_record",
    "own_topics",
    "read_range",
]
