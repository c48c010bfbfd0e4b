"""Comparing where an agent stands with what the broker holds."""

from __future__ import annotations

from collections.abc import Mapping

from connector.agents.work import Place
from connector.errors import GapError
from connector.kafka import TopicInfo
from connector.record import Partition

Stored = Mapping[tuple[str, str, int], int]
"""(topic, topic id, partition) → next offset."""

REMEDY = "Have the missing rows sent again by an incremental snapshot"


def stand(agent: str, partition: Partition, stored: Stored, topic: TopicInfo | None) -> Place | None:
    """Where `agent` stands in a partition, or None if it never read the topic's present incarnation.

    Raises GapError if the broker no longer holds, or never held, what comes next.
    """
    if topic is None or partition.number >= topic.partitions:
        raise GapError(f"{agent}: {partition} is gone from the broker. {REMEDY} once the topic exists again.")
    following = stored.get((partition.topic, topic.topic_id, partition.number))
    if following is None:
        refuse_former_incarnation(agent, partition, stored, topic)
        return None
    start, end = topic.start_offsets[partition.number], topic.end_offsets[partition.number]
    if following < start:
        raise GapError(
            f"{agent}: {partition} begins at {start}, records {following} to {start - 1} were removed before they "
            f"were read. {REMEDY}."
        )
    if following > end:
        raise GapError(
            f"{agent}: {partition} ends at {end}, but {following} records were read from it: {end} to {following - 1} "
            f"were lost by the broker. {REMEDY}."
        )
    return Place(topic.topic_id, following)


def refuse_former_incarnation(agent: str, partition: Partition, stored: Stored, topic: TopicInfo) -> None:
    """Raise GapError if the agent has read another topic under the same name."""
    former = {topic_id for name, topic_id, _ in stored if name == partition.topic and topic_id != topic.topic_id}
    if former:
        raise GapError(
            f"{agent}: {partition.topic} is not the topic that was read before (id {topic.topic_id}, was "
            f"{', '.join(sorted(former))}): it was deleted and made again. {REMEDY}, and start with "
            f"--accept-new-topic {partition.topic}."
        )
