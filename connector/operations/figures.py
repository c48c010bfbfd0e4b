"""The figures of an installation, counted as `status` counts them, beside a running worker.

Progress, lag and outbox are read each time. Counting records and links looks at all of them: it is done so seldom that
it takes at most a twentieth of one processor, however large the ledger is.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from connector.figures import Behind, Figures, Way
from connector.kafka import Admin, TopicInfo, read_range
from connector.ledger import outbox, progress
from connector.ledger.numbering import known_topics
from connector.mapping import Shop
from connector.operations.accounting import MESSAGES, Account, Kind, accounts
from connector.operations.lag import Lag, measure
from connector.operations.ledger_file import reading
from connector.operations.parked import awaited
from connector.operations.status import age_of, expected, logs, partitions
from connector.operations.stock import NOTHING, Stock, take_stock
from connector.settings import Settings

COUNT_EVERY_S: Final = 10.0
COUNT_SHARE: Final = 0.05
PATIENCE_S: Final = 10.0
STAGES: Final[Mapping[Kind, str]] = {Kind.CHANGE: "map", Kind.SYNC: "apply", Kind.ERRORS: "report"}


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted at `at` (seconds since 1970), and since when the oldest parked child waits."""

    at: float = 0.0
    stock: Stock = NOTHING
    parked_since: float | None = None


class FigureReader:
    """Reads one installation's figures again and again; `clock` counts monotonic seconds."""

    def __init__(
        self, settings: Settings, shops: Sequence[Shop], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._agents = expected(settings, shops)
        self._admin = Admin(settings.kafka, timeout_s=PATIENCE_S)
        self._clock = clock
        self._counted = _Counted()
        self._count_at = 0.0
        self._acts_end = -1
        self._acts_at: float | None = None

    def read(self) -> Figures:
        """The figures now. Raises RetriableError when Kafka does not answer, ConfigurationError for a broken ledger."""
        with reading(self._settings.ledger) as tx:
            rows = progress.everything(tx)
            epochs = known_topics(tx)
            waiting = outbox.waiting(tx)
            if self._clock() >= self._count_at:
                self._count(tx)
        names = {*(topic for _, topic in self._agents), *(row.topic for row in rows), self._settings.acts_topic}
        topics = self._admin.topic_ids(names)
        every = accounts(rows, logs(topics, epochs), partitions(self._agents, topics))
        now = time.time()
        lag = measure(every, self._counted.stock, waiting, lambda account: age_of(self._settings, account), now)
        return self._figures(now, every, lag, topics.get(self._settings.acts_topic))

    def _count(self, tx: Connection) -> None:
        began = self._clock()
        stock = take_stock(tx)
        waits = [each.since for each in awaited(tx) if each.since is not None] if stock.waiting_for_parents else []
        self._counted = _Counted(time.time(), stock, min(waits).timestamp() if waits else None)
        self._count_at = began + rest_s(self._clock() - began)

    def _figures(self, now: float, every: Sequence[Account], lag: Lag, acts: TopicInfo | None) -> Figures:
        counted, stock = self._counted, self._counted.stock
        return Figures(
            at=now,
            ways=ways(every),
            behind=behind(lag),
            counted_at=counted.at,
            records=stock.records,
            links=stock.links,
            errors=stock.open_errors,
            in_flight=lag.in_flight,
            rechecks=lag.rechecks,
            parked=lag.waiting_for_parents,
            parked_s=None if counted.parked_since is None else max(now - counted.parked_since, 0.0),
            acts_at=self._acts(acts, now),
        )

    def _acts(self, topic: TopicInfo | None, now: float) -> float | None:
        """When an act last wrote: each batch of a running one is a record, so the topic's growth tells."""
        end = 0 if topic is None else sum(topic.end_offsets.values())
        if topic is not None and self._acts_end < 0:
            self._acts_at = self._newest(topic)
        elif end > self._acts_end:
            self._acts_at = now
        self._acts_end = end
        return self._acts_at

    def _newest(self, topic: TopicInfo) -> float | None:
        last = [
            record.timestamp_ms / 1000
            for number, end in topic.end_offsets.items()
            if end > topic.start_offsets[number]
            for record in read_range(self._settings.kafka, topic.name, number, end - 1, end)
        ]
        return max(last, default=None)


def rest_s(took_s: float) -> float:
    """From the beginning of one counting to that of the next, if it took so long; seconds."""
    return max(COUNT_EVERY_S, took_s / COUNT_SHARE)


def ways(every: Sequence[Account]) -> tuple[Way, ...]:
    """The accounts, added up by stage and topic."""
    found: defaultdict[tuple[str, str], list[Account]] = defaultdict(list)
    for account in every:
        found[STAGES[account.kind], account.topic].append(account)
    return tuple(_way(stage, topic, mine) for (stage, topic), mine in sorted(found.items()))


def _way(stage: str, topic: str, mine: Sequence[Account]) -> Way:
    counts: Counter[str] = Counter()
    for account in mine:
        counts.update(account.counts)
    produced = counts.pop(MESSAGES, 0)
    return Way(stage, topic, sum(account.read for account in mine), dict(counts), produced)


def behind(lag: Lag) -> dict[str, Behind]:
    """What each stage has still to take; of the outbox and of links no age is known."""
    stages = {"map": lag.map, "apply": lag.apply, "report": lag.report, "send": lag.send}
    found = {name: Behind(stage.records, stage.seconds) for name, stage in stages.items()}
    return {**found, "outbox": Behind(lag.outbox), "links": Behind(lag.links)}
