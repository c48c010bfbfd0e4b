"""Numbering change topics and mappings before the map agents start, and refusing topics that are not what they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from connector.agents.gaps import REMEDY
from connector.agents.map_changes import Numbers
from connector.errors import GapError
from connector.kafka import TopicInfo
from connector.ledger.ledger import Ledger
from connector.ledger.numbering import known_topics, meet_mapping, meet_topic

Incarnations = Mapping[str, Sequence[tuple[str, int]]]
"""Topic name → (topic id, partitions) in the order in which the ledger met them."""


async def meet(
    ledger: Ledger, topics: Mapping[str, TopicInfo], mappings: Mapping[str, str], accepted: Collection[str]
) -> Numbers:
    """Number what is new; `mappings` is mapping hash by topic, `accepted` names topics that may have been made anew.

    Raises GapError for a topic that was made anew or has another number of partitions.
    """
    known = await ledger.read(known_topics)
    for topic in topics.values():
        require_same(topic, known, accepted)

    def unit(tx: Connection) -> Numbers:
        epochs = {name: meet_topic(tx, name, topic.topic_id, topic.partitions) for name, topic in topics.items()}
        numbers = {mapping: meet_mapping(tx, mapping) for mapping in dict.fromkeys(mappings.values())}
        return Numbers(epochs, {topic: numbers[mapping] for topic, mapping in mappings.items()})

    return await ledger.write(unit)


def require_same(topic: TopicInfo, known: Incarnations, accepted: Collection[str]) -> None:
    """Raise GapError unless the topic is new to the ledger, or the one it knows, or a new one that was accepted."""
    if topic.name not in known:
        return
    topic_id, partitions = known[topic.name][-1]
    if topic_id != topic.topic_id:
        if topic.name in accepted:
            return
        raise GapError(
            f"{topic.name} was deleted and made again (id {topic.topic_id}, was {topic_id}): what it held and was not "
            f"read is lost. {REMEDY}, and start with --accept-new-topic {topic.name}."
        )
    if partitions not in {0, topic.partitions}:
        raise GapError(
            f"{topic.name} has {topic.partitions} partitions, it had {partitions}: rows moved to other partitions, so "
            f"their order is lost. Delete the topic and make it anew with the number you want. {REMEDY}, and start "
            f"with --accept-new-topic {topic.name}."
        )
