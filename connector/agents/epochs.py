"""Meeting topics before they are read: refusing those that are not what they were, unless the operator accepts it."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection

from connector.agents.gaps import require_same
from connector.errors import ConfigurationError
from connector.kafka import TopicInfo
from connector.ledger import progress
from connector.ledger.audit import note
from connector.ledger.ledger import Ledger
from connector.ledger.numbering import LATER, Epoch, known_topics, meet_topic
from connector.ledger.progress import Progress

log = structlog.get_logger(__name__)

AT_END: Final = "@end"
PASSED: Final = "passed"
"""Counts offsets that were passed over, unread, because an operator accepted that."""

Accepted = Mapping[str, bool]
"""Topics that may be other than they were; True: what they hold by now is passed over."""

Epochs = Mapping[str, Sequence[Epoch]]
"""Topic name → the epochs of its present incarnation, oldest first; the last is the present one."""


def read_accepted(texts: Iterable[str], topics: Iterable[str]) -> Accepted:
    """TOPIC or TOPIC@end, as given on the command line; raises ConfigurationError for a topic that nobody reads."""
    accepted = {text.removesuffix(AT_END): text.endswith(AT_END) for text in texts}
    known = sorted(topics)
    if unknown := [name for name in accepted if name not in known]:
        raise ConfigurationError(
            f"--accept-new-topic names {', '.join(unknown)}, which this worker does not read. It reads "
            f"{', '.join(known)}."
        )
    return accepted


async def meet(ledger: Ledger, topics: Iterable[TopicInfo], accepted: Accepted, *, ordered: bool) -> Epochs:
    """The epochs of the topics; one that is not what it was begins a new epoch if it is `accepted`.

    `ordered`: offsets order the changes of a row, so the number of partitions may not change unseen. Raises GapError.
    """
    every = list(topics)

    def unit(tx: Connection) -> Epochs:
        for topic in every:
            _meet(tx, topic, accepted.get(topic.name), partitions=topic.partitions if ordered else 0)
        known = known_topics(tx)
        return {topic.name: [it for it in known[topic.name] if it.broker_id == topic.topic_id] for topic in every}

    return await ledger.write(unit)


def _meet(tx: Connection, topic: TopicInfo, accepted: bool | None, partitions: int) -> None:  # noqa: FBT001 - as asked
    known = known_topics(tx).get(topic.name) or _read_before(tx, topic)
    if not known:
        meet_topic(tx, topic.name, topic.topic_id, partitions)
    elif accepted is None:
        require_same(topic, known[-1], _read_up_to(tx, known[-1]))
        meet_topic(tx, topic.name, known[-1].id, partitions)
    else:
        _accept(tx, Acceptance(topic, known, partitions, at_end=accepted))


def _read_before(tx: Connection, topic: TopicInfo) -> list[Epoch]:
    """An incarnation that was read before topics of this kind were numbered."""
    ids = dict.fromkeys(each.topic_id for each in progress.everything(tx) if each.topic == topic.name)
    return [Epoch(0, topic.name, former, 0) for former in ids]


def _read_up_to(tx: Connection, epoch: Epoch) -> str:
    places = [f"[{each.partition}] up to offset {each.next} by {each.agent}" for each in _read_in(tx, epoch)]
    return f"read were {', '.join(places)}" if places else ""


def _read_in(tx: Connection, epoch: Epoch) -> list[Progress]:
    return [each for each in progress.everything(tx) if (each.topic, each.topic_id) == (epoch.topic, epoch.id)]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A topic as it is now, its epochs so far, and what the operator wants."""

    topic: TopicInfo
    known: Sequence[Epoch]
    partitions: int
    at_end: bool

    @property
    def last(self) -> Epoch:
        return self.known[-1]

    @property
    def is_anew(self) -> bool:
        return self.last.broker_id != self.topic.topic_id

    @property
    def has_other_partitions(self) -> bool:
        return self.last.partitions not in {0, self.topic.partitions}

    def is_shorter(self, read: Sequence[Progress]) -> bool:
        """Whether the broker lost records that were read, and so gives their offsets to others."""
        ends = self.topic.end_offsets
        return not self.is_anew and any(each.next > ends.get(each.partition, 0) for each in read)

    def lacks_records(self, read: Sequence[Progress]) -> bool:
        """Whether records were removed before they were read."""
        starts = self.topic.start_offsets
        return any(each.next < starts.get(each.partition, 0) for each in read)

    def next_id(self, read: Sequence[Progress]) -> str:
        """The id of the epoch to go on in; the last one's if offsets still tell what is newer."""
        if self.is_anew:
            return self.topic.topic_id
        if self.has_other_partitions or self.is_shorter(read):
            return f"{self.topic.topic_id}{LATER}{len(self.known) + 1}"
        return self.last.id

    def starts(self) -> dict[int, int]:
        """The ends seen, in partitions that the former epoch had."""
        if self.is_anew:
            return {}
        former = self.last.partitions or self.topic.partitions
        return {number: end for number, end in self.topic.end_offsets.items() if number < former}


def _accept(tx: Connection, it: Acceptance) -> None:
    """Begin an epoch if there must be one, and let every agent that has read the topic go on behind the gap."""
    read = _read_in(tx, it.last)
    epoch_id = it.next_id(read)
    meet_topic(tx, it.topic.name, epoch_id, it.partitions, it.starts() if epoch_id != it.last.id else None)
    if epoch_id == it.last.id and not it.lacks_records(read):
        log.info("nothing to accept", topic=it.topic.name)
        return
    passed = sum(_go_on(tx, it, agent, epoch_id, read) for agent in {each.agent: None for each in read})
    facts = {
        "topic": it.topic.name,
        "epoch": epoch_id,
        "former": it.last.id,
        "read": {f"{each.agent} [{each.partition}]": each.next for each in read},
        "passed": passed,
    }
    note(tx, getpass.getuser(), "accept-new-topic", facts)
    log.warning("accepted", **facts)


def _go_on(tx: Connection, it: Acceptance, agent: str, epoch_id: str, read: Sequence[Progress]) -> int:
    """Where the agent goes on in every partition; how many offsets it passes over unread."""
    mine = {each.partition: each.next for each in read if each.agent == agent and not it.is_anew}
    passed = 0
    for number, start in it.topic.start_offsets.items():
        end = it.topic.end_offsets[number]
        here = min(mine.get(number, start), end)
        if epoch_id != it.last.id or number not in mine:
            progress.begin(tx, agent, it.topic.name, epoch_id, number, here)
        target = end if it.at_end else max(here, start)
        if target > here:
            count = {PASSED: target - here}
            progress.advance(tx, agent, it.topic.name, epoch_id, number, here, target, count)
            passed += target - here
    return passed
