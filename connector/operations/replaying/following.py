"""What became of what was said: read by the ledger's agents, or still before them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from connector.ledger import progress
from connector.message import ObjectType
from connector.operations.broker import admin_of
from connector.operations.ledger_file import reading
from connector.settings import Settings

LOOK_EVERY_S: Final = 0.3
PATIENCE_S: Final = 60.0
"""So long nothing at all may move."""

Ends = Mapping[tuple[str, int], int]
"""(topic, partition) → its end."""


def ends_now(settings: Settings) -> dict[tuple[str, int], int]:
    """The ends of the topics that acts write to: sync messages and errors. Raises RetriableError."""
    names = [*map(settings.sync_topic, ObjectType), settings.errors_topic]
    found = admin_of(settings).topic_ids(names)
    return {(name, number): end for name, topic in found.items() for number, end in topic.end_offsets.items()}


def left_before(settings: Settings, ends: Ends) -> int:
    """How many records up to these ends the ledger has not taken yet; raises ConfigurationError for a broken ledger."""
    with reading(settings.ledger) as tx:
        reached = {(each.topic, each.partition): each.next for each in progress.current(tx)}
    return sum(max(end - reached.get(place, 0), 0) for place, end in ends.items())


def wait_taken(
    settings: Settings, ends: Ends, tell: Callable[[int, int], None], *, patience_s: float = PATIENCE_S
) -> bool:
    """Wait until the ledger has taken everything up to the ends; False once nothing has moved for `patience_s`.

    `tell` hears how many are done, of how many.
    """
    total = left = left_before(settings, ends)
    until = time.monotonic() + patience_s
    while left:
        tell(total - left, total)
        time.sleep(LOOK_EVERY_S)
        now = left_before(settings, ends)
        if now == left and time.monotonic() > until:
            return False
        until = until if now == left else time.monotonic() + patience_s
        left = now
    return True
