"""The product's own topics: made if missing, checked if there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from connector.errors import ConfigurationError
from connector.kafka.admin import Admin, NewTopic, TopicInfo
from connector.kafka.limits import LARGEST_CHANGE, LARGEST_RECORD
from connector.message import ObjectType
from connector.settings import Settings

__all__ = ["LARGEST_RECORD", "ensure_change_topics", "ensure_topics", "find_change_topics", "own_topics"]

CONFIG: Final[Mapping[str, str]] = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": str(LARGEST_RECORD),
}
"""Nothing is removed by itself: a hole in one of these topics stops a worker."""

DAY_MS: Final = 24 * 60 * 60 * 1000


def own_topics(settings: Settings) -> list[str]:
    """Names of the topics that only the product writes."""
    return [*map(settings.sync_topic, ObjectType), settings.errors_topic, settings.dead_letter_topic]


def ensure_topics(settings: Settings, admin: Admin | None = None) -> dict[str, TopicInfo]:
    """Make the product's topics where they are missing, check the rest, and say how they stand.

    Raises ConfigurationError naming every topic and setting that is not as it must be, with the command that mends it;
    RetriableError when the broker does not answer.
    """
    admin = admin or Admin(settings.kafka)
    names = own_topics(settings)
    missing = sorted(set(names) - admin.topic_ids(names).keys())
    wanted = {name: config_of(settings, name) for name in names}
    admin.create_topics(
        [NewTopic(name, settings.topic_partitions, settings.topic_replication, wanted[name]) for name in missing]
    )
    faults = [fault for name, config in admin.configs(names).items() for fault in _faults(name, config, wanted[name])]
    if faults:
        raise ConfigurationError("topics are not set as they must be:\n    " + "\n    ".join(faults))
    return admin.topic_ids(names)


def config_of(settings: Settings, name: str) -> dict[str, str]:
    """How a topic of the product is made.

    Of a letter the newest record counts, so older ones may go: what was taken out of it on purpose is gone then too.
    """
    if name == settings.dead_letter_topic:
        lag = {"max.compaction.lag.ms": str(settings.dead_letter_history_days * DAY_MS), "segment.ms": str(DAY_MS)}
        return {**CONFIG, **lag, "cleanup.policy": "compact"}
    days = settings.sync_retention_days
    return {**CONFIG, "retention.ms": "-1" if days is None else str(days * DAY_MS)}


def ensure_change_topics(settings: Settings, names: Iterable[str], admin: Admin | None = None) -> dict[str, TopicInfo]:
    """Make the change topics of `names` that are missing, and say how all stand.

    They are made before anything is captured, since Faust does not see a topic that appears later. Raises
    ConfigurationError for a topic that is compacted (its history cannot be replayed), RetriableError when the broker
    does not answer.
    """
    admin = admin or Admin(settings.kafka)
    wanted = sorted(set(names))
    missing = sorted(set(wanted) - admin.topic_ids(wanted).keys())
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(settings.change_retention_days * DAY_MS),
        "max.message.bytes": str(LARGEST_CHANGE),
    }
    admin.create_topics(
        [NewTopic(name, settings.topic_partitions, settings.topic_replication, config) for name in missing]
    )
    _refuse_compacted(wanted, admin)
    return admin.topic_ids(wanted)


def find_change_topics(names: Iterable[str], admin: Admin) -> dict[str, TopicInfo]:
    """How the change topics stand that somebody else's Debezium writes.

    Raises ConfigurationError for topics that are not there or are compacted, RetriableError when the broker does not
    answer.
    """
    wanted = sorted(set(names))
    if missing := sorted(set(wanted) - admin.topic_ids(wanted).keys()):
        raise ConfigurationError(
            f"there are no change topics {', '.join(missing)}\n"
            f"Whoever runs the connector makes them. If they have other names, say so in the shop file: "
            f"capture: {{external: {{topics: {{table: topic}}}}}}"
        )
    _refuse_compacted(wanted, admin)
    return admin.topic_ids(wanted)


def _refuse_compacted(names: Sequence[str], admin: Admin) -> None:
    """A compacted topic forgets a delete as soon as its tombstone comes, read or not."""
    compacted = [name for name, found in admin.configs(names).items() if found.get("cleanup.policy") != "delete"]
    if compacted:
        raise ConfigurationError(
            f"change topics must keep every change, but these are compacted: {', '.join(compacted)}. "
            f"Set cleanup.policy=delete on each."
        )


def _faults(topic: str, config: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    return [
        f"{topic}: {name} is {config.get(name)}, must be {wanted[name]}: "
        f"kafka-configs --alter --topic {topic} --add-config {name}={wanted[name]}"
        for name in CONFIG
        if not _suffices(name, config.get(name, ""), wanted[name])
    ]


def _suffices(name: str, value: str, wanted: str) -> bool:
    """A longer message, and of letters a longer history, do as well."""
    if name == "max.message.bytes":
        return value.isdigit() and int(value) >= int(wanted)
    return value == wanted or (wanted == "compact" and value == "delete")
