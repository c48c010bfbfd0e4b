"""What operators did last, by the newest records of their acts' topic: it is not read whole each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector.kafka import TopicInfo, read_range
from connector.operations.acts import Act, State
from connector.settings import Settings

BACK: Final = 200
"""So many of the newest records are read; an act makes one for each batch."""
MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Lately:
    """One act: who did what, when it began, and how it stands. A killed one is RUNNING until it is resumed."""

    id: str
    kind: str
    who: str
    at: datetime
    text: str
    state: State
    done: int
    total: int | None


def acts_lately(settings: Settings, topic: TopicInfo | None) -> tuple[Lately, ...]:
    """The acts that began last, the newest first. Raises RetriableError when Kafka does not answer."""
    if topic is None:
        return ()
    found: dict[str, Act] = {}
    for number, start in topic.start_offsets.items():
        end = topic.end_offsets[number]
        for record in read_range(settings.kafka, topic.name, number, max(start, end - BACK), end):
            act = _act(record.value)
            found |= {} if act is None else {act.id: act}
    newest = sorted(found.values(), key=lambda act: act.at, reverse=True)[:MOST]
    return tuple(_lately(act) for act in newest)


def _act(value: bytes | None) -> Act | None:
    try:
        said: Mapping[str, object] = json.loads(value or b"")
        return Act.from_json(said)
    except (KeyError, ValueError, TypeError, AttributeError):  # somebody else's record
        return None


def _lately(act: Act) -> Lately:
    return Lately(act.id, act.kind, act.who, act.at, act.text, act.state, act.done, act.total)
