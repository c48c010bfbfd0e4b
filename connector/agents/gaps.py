"""Comparing where an agent stands with what the broker holds."""

from __future__ import annotations

from collections.abc import Mapping

from connector.agents.work import Place
from connector.errors import GapError
from connector.kafka import TopicInfo
from connector.ledger.numbering import Epoch
from connector.record import Partition

Stored = Mapping[tuple[str, str, int], int]
"""(topic, epoch's id, partition) → next offset."""


def remedy(topic: str) -> str:
    """What to do about records that will never be read: go on without them, then have the rows said again."""
    return (
        f"Start the worker once with --accept-new-topic {topic}, and have the rows read again by an incremental "
        f"snapshot: `shopbridge capture snapshot`"
    )


def stand(agent: str, partition: Partition, stored: Stored, topic: TopicInfo | None, epoch: Epoch) -> Place | None:
    """Where `agent` stands in a partition, or None if it never read it in the topic's present epoch.

    Raises GapError if the broker no longer holds, or never held, what comes next.
    """
    if topic is None or partition.number >= topic.partitions:
        raise GapError(
            f"{agent}: {partition} is gone from the broker. Once the topic exists again: {remedy(epoch.topic)}."
        )
    following = stored.get((partition.topic, epoch.id, partition.number))
    require_same(topic, epoch, f"{agent} has read {partition} up to offset {following or 0}")
    if following is None:
        return None
    start, end = topic.start_offsets[partition.number], topic.end_offsets[partition.number]
    if following < start:
        raise GapError(
            f"{agent}: {partition} begins at {start}, records {following} to {start - 1} were removed before they "
            f"were read. {remedy(topic.name)}."
        )
    if following > end:
        raise GapError(
            f"{agent}: {partition} ends at {end}, but {following} records were read from it: {end} to {following - 1} "
            f"were lost by the broker. {remedy(topic.name)}."
        )
    return Place(epoch.id, following)


def require_there(agent: str, topic: TopicInfo | None, epoch: Epoch) -> None:
    """Raise GapError for a topic that was deleted, or is not the one of this epoch."""
    if topic is None:
        raise GapError(f"{agent}: {epoch.topic} is gone from the broker. Once it exists again: {remedy(epoch.topic)}.")
    require_same(topic, epoch)


def require_same(topic: TopicInfo, epoch: Epoch, read: str = "") -> None:
    """Raise GapError unless the topic is the one of this epoch; `read` says how far it was read."""
    so_far = f"; {read}" if read else ""
    if epoch.broker_id != topic.topic_id:
        raise GapError(
            f"{topic.name} was deleted and made again (id {topic.topic_id}, was {epoch.broker_id}): what it held and "
            f"was not read is lost{so_far}. {remedy(topic.name)}."
        )
    if epoch.partitions not in {0, topic.partitions}:
        raise GapError(
            f"{topic.name} has {topic.partitions} partitions, it had {epoch.partitions}: rows move to other "
            f"partitions, so offsets no longer say which change is newer{so_far}. {remedy(topic.name)}."
        )
