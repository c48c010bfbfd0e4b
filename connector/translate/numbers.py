"""The number that a change record has in the order of all changes of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from connector.kafka.partitioner import partition_of
from connector.ledger.numbering import Epoch
from connector.record import Record
from connector.version import Version

UNKNOWN: Final = Epoch(0, "", "", 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the ledger numbered when the worker started: epochs of change topics, oldest first, mappings by topic.

    Of a topic's epochs only those of its present incarnation matter: records of others cannot be read any more.
    """

    epochs: Mapping[str, Sequence[Epoch]]
    generations: Mapping[str, int]

    def version(self, record: Record) -> Version:
        return Version(self.epoch(record).number, record.offset, self.generations.get(record.topic, 0), 0)

    def is_divided(self, topic: str) -> bool:
        """Whether the topic holds records of several epochs."""
        return len(self.epochs.get(topic, ())) > 1

    def epoch(self, record: Record) -> Epoch:
        """The epoch that the record belongs to: the newest that takes it."""
        every = self.epochs.get(record.topic, ())
        for before, each in reversed(list(pairwise(every))):
            if takes(each, before, record):
                return each
        return every[0] if every else UNKNOWN


def takes(epoch: Epoch, before: Epoch, record: Record) -> bool:
    """Whether the record belongs to this epoch and not to one `before` it in the same topic.

    When partitions are added, a producer goes on by the old number until it hears of the new one. So a key's own
    partition tells first, wherever the two numbers give it two partitions; else it is the offset that tells.
    """
    start = epoch.starts.get(record.partition)
    if start is None:
        return True
    if epoch.partitions != before.partitions and record.key is not None and before.partitions:
        now = partition_of(record.key, epoch.partitions) == record.partition
        once = partition_of(record.key, before.partitions) == record.partition
        if now != once:
            return now
    return record.offset >= start
