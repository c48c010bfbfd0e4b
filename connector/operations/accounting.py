"""Does every record that was read show up in exactly one count? Pure.

    change topic    mapped + ignored + rejected                         = next - start, for each agent and partition
    sync topic      merged + unchanged + superseded + rejected (+ said again) = next - start
    errors topic    published + known + rejected                        = next - start
    everywhere      + absent (the broker gave the offset to no record) + passed (an operator accepted a gap)
    at rest         next = the broker's end

A repeat is a record read again, which is no part of the way from start to next, or (in sync topics) a message that says
what is known already, which is: a map agent produced it again after it was killed, or an operator's act did. So there
are never more of these than messages in the sync topics that no map agent counts as its own:

    said again  <=  sync topics' ends - starts - messages

Without a kill and without an act both sides are 0. What acts noted to have produced has to be there beside what the map
agents counted, so that no act makes up for messages that are lost:

    messages + noted by acts  <=  sync topics' ends - starts
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.ledger.progress import Progress
from connector.record import Partition


class Kind(enum.StrEnum):
    """What an agent reads."""

    CHANGE = "change"
    SYNC = "sync"
    ERRORS = "errors"


UNREAD: Final = ("absent", "passed")
"""Offsets that were passed without a record: the broker gave them to none, or an operator accepted their loss."""

OUTCOMES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.CHANGE: ("mapped", "ignored", "rejected", *UNREAD),
    Kind.SYNC: ("merged", "unchanged", "superseded", "rejected", *UNREAD),
    Kind.ERRORS: ("published", "known", "rejected", *UNREAD),
}
"""How a record ends, by what it was read from."""

REPEAT: Final = "repeat"
MESSAGES: Final = "messages"


@dataclass(frozen=True, slots=True)
class Log:
    """A partition as the broker has it: the first offset and the next one to be given.

    `topic_id` is that of the topic's present epoch in the ledger, which is the broker's unless there was one before.
    """

    topic_id: str
    start: int
    end: int


Logs = Mapping[Partition, Log]


@dataclass(frozen=True, slots=True)
class Account:
    """One agent's way through one partition. `lag` is None for a topic that was made anew or is gone."""

    agent: str
    topic: str
    partition: int
    kind: Kind
    start: int
    next: int
    end: int | None
    lag: int | None
    counts: Mapping[str, int]

    @property
    def read(self) -> int:
        return self.next - self.start

    @property
    def uncounted(self) -> int:
        """Records that were read and are in no count; below 0: counted twice."""
        return self.read - sum(self.counts.get(name, 0) for name in OUTCOMES[self.kind])

    @property
    def said_again(self) -> int:
        """Messages that were produced again."""
        return max(self.uncounted, 0) if self.kind is Kind.SYNC else 0

    @property
    def is_balanced(self) -> bool:
        allowed = self.counts.get(REPEAT, 0) if self.kind is Kind.SYNC else 0
        return 0 <= self.uncounted <= allowed

    def __str__(self) -> str:
        return f"{self.agent} in {self.topic}[{self.partition}]"


@dataclass(frozen=True, slots=True)
class Accounting:
    """All accounts, their totals by kind, and every sentence about what does not add up."""

    balanced: bool
    wrong: tuple[str, ...]
    totals: Mapping[Kind, Mapping[str, int]]
    accounts: tuple[Account, ...]


def kind_of(agent: str) -> Kind:
    """By an agent's name in the progress table: map:<section>, apply:<topic>, report."""
    return {"map": Kind.CHANGE, "apply": Kind.SYNC}.get(agent.partition(":")[0], Kind.ERRORS)


def accounts(
    progress: Iterable[Progress], logs: Logs, expected: Iterable[tuple[str, Partition]] = ()
) -> tuple[Account, ...]:
    """An account for each row of progress, and for each agent and partition that should be read and never was.

    An incarnation of a topic that the broker no longer has keeps its account, without an end.
    """
    found = [_account(each, logs.get(Partition(each.topic, each.partition))) for each in progress]
    begun = {(each.agent, Partition(each.topic, each.partition)) for each in found if each.end is not None}
    untouched = [
        _untouched(agent, partition, logs[partition])
        for agent, partition in expected
        if partition in logs and (agent, partition) not in begun
    ]
    return tuple(sorted([*found, *untouched], key=lambda each: (each.kind, each.agent, each.topic, each.partition)))


def _account(row: Progress, log: Log | None) -> Account:
    end = log.end if log is not None and log.topic_id == row.topic_id else None
    lag = None if end is None else end - row.next
    kind = kind_of(row.agent)
    return Account(row.agent, row.topic, row.partition, kind, row.start, row.next, end, lag, row.counts)


def _untouched(agent: str, partition: Partition, log: Log) -> Account:
    lag = log.end - log.start
    return Account(
        agent, partition.topic, partition.number, kind_of(agent), log.start, log.start, log.end, lag, counts={}
    )


def settle_accounts(
    every: Sequence[Account], *, refused_without_error: int = 0, by_acts: Mapping[str, int] | None = None
) -> Accounting:
    """Add up, and say what does not.

    `by_acts`: topic → records that operators' acts noted to have produced, read before the topics' ends were.
    `refused_without_error`: refused records that have no open error although nothing is under way any more.
    """
    wrong = [_imbalance(each) for each in every if not each.is_balanced]
    wrong += [_overshoot(each) for each in every if each.lag is not None and each.lag < 0]
    wrong += _production(every, by_acts or {})
    if refused_without_error:
        wrong.append(f"{refused_without_error} refused records have no open error")
    return Accounting(not wrong, tuple(wrong), {kind: _totals(every, kind) for kind in Kind}, tuple(every))


def _imbalance(account: Account) -> str:
    counted = account.read - account.uncounted
    return f"{account} read {account.read} records from {account.start} to {account.next}, and counted {counted}"


def _overshoot(account: Account) -> str:
    return f"{account} stands at {account.next}, beyond the broker's end {account.end}"


def _production(every: Sequence[Account], by_acts: Mapping[str, int]) -> list[str]:
    """Map agents and acts cannot have produced more messages than the sync topics hold; repeats are beside the agents'.

    Of a topic that was made anew nobody knows what it held.
    """
    syncs = [each for each in every if each.kind is Kind.SYNC]
    if not syncs or any(each.end is None for each in syncs):
        return []
    ends = {(each.topic, each.partition): (each.end or 0) - each.start for each in syncs}
    produced = sum(each.counts.get(MESSAGES, 0) for each in every if each.kind is Kind.CHANGE)
    again = sum(each.said_again for each in syncs)
    noted = sum(by_acts.get(topic, 0) for topic in {each.topic for each in syncs})
    beside = sum(ends.values()) - produced
    if beside < noted:
        acts = f" and operators' acts {noted}" if noted else ""
        return [f"the map agents produced {produced} messages{acts}, but the sync topics hold {sum(ends.values())}"]
    if again > beside:
        return [f"{again} messages say what was known already, but only {beside} are no map agent's own"]
    return []


def _totals(every: Sequence[Account], kind: Kind) -> dict[str, int]:
    mine = [each for each in every if each.kind is kind]
    total: Counter[str] = Counter(dict.fromkeys(OUTCOMES[kind], 0))
    for each in mine:
        total.update(each.counts)
    total.update(
        read=sum(each.read for each in mine),
        lag=sum(each.lag or 0 for each in mine),
        said_again=sum(each.said_again for each in mine),
    )
    return dict(total)
