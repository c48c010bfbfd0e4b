"""Producing what an act says: at a rate, journalled, so that a killed act says nothing twice and leaves nothing out.

Before each batch the journal gets the ends of the topics that it goes to. Whoever resumes the act reads these topics
from there, and passes over what of the batch has arrived.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connector.errors import ShopbridgeError
from connector.kafka import read_range
from connector.operations.acts import Act, Journal, State
from connector.record import Outgoing
from connector.settings import Settings

HEADER: Final = "shopbridge-act"
"""Header of every record that an act produced: `<act id>:<batch number>`."""

Telling = Callable[[Act], None]
Ends = Mapping[str, Mapping[int, int]]
_Content = tuple[str, bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are produced together; `cursor` is where the act goes on after them."""

    outgoing: tuple[Outgoing, ...]
    cursor: Mapping[str, Any] = field(default_factory=dict)


def produce(
    settings: Settings,
    act: Act,
    batches: Iterable[Batch],
    *,
    rate: float | None,
    tell: Telling,
    stop: threading.Event,
) -> Act:
    """Produce the batches, at most `rate` records a second; how the act stands afterwards: DONE, or STOPPED by `stop`.

    A resumed act gives the batches from its cursor on, made as before: they may be cut otherwise. Raises RetriableError
    when Kafka does not take records, and whatever the making of batches raises; the act is kept as FAILED then, and can
    be resumed.
    """
    with Journal(settings) as journal:
        run = _Run(settings, journal, act)
        try:
            return run.through(batches, _Pace(rate, stop), tell)
        except ShopbridgeError as error:
            journal.keep(replace(run.act, state=State.FAILED, note=str(error)))
            raise


class _Run:
    """One going through of an act's batches; `act` is how it stands."""

    def __init__(self, settings: Settings, journal: Journal, act: Act) -> None:
        self.act = act
        self._journal = journal
        self._in_doubt = Counter(_arrived(settings, journal, act))

    def through(self, batches: Iterable[Batch], pace: _Pace, tell: Telling) -> Act:
        tell(self.act)
        for batch in batches:
            if pace.is_stopped:
                return self._journal.keep(replace(self.act, state=State.STOPPED, ends=self._open_ends()))
            since = self._open_ends()
            self._send(self._missing(batch.outgoing), since)
            self._go_on(batch)
            tell(self.act)
            pace.wait(len(batch.outgoing))
        return self._journal.keep(replace(self.act, state=State.DONE, note=None, ends={}))

    def _missing(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """Those that did not arrive before the act was cut off."""
        missing = []
        for record in outgoing:
            if self._in_doubt[_content(record)] > 0:
                self._in_doubt[_content(record)] -= 1
            else:
                missing.append(record)
        return missing

    def _send(self, records: Sequence[Outgoing], since: Ends) -> None:
        """`since`: ends that stay noted, because what arrived from there on is not yet behind the cursor."""
        if not records:
            return
        number = self.act.batch + 1
        header = (HEADER, f"{self.act.id}:{number}".encode())
        ends = {**self._journal.ends(sorted({record.topic for record in records})), **since}
        self.act = self._journal.keep(replace(self.act, state=State.RUNNING, note=None, batch=number, ends=ends))
        self._journal.send([replace(record, headers=(*record.headers, header)) for record in records])

    def _open_ends(self) -> Ends:
        """Where to look from while records of before the cut are still to be passed over."""
        return self.act.ends if self._in_doubt.total() > 0 else {}

    def _go_on(self, batch: Batch) -> None:
        result = Counter(self.act.result)
        result.update(record.topic for record in batch.outgoing)
        done = self.act.done + len(batch.outgoing)
        self.act = replace(self.act, cursor=batch.cursor, done=done, result=dict(result))


def _arrived(settings: Settings, journal: Journal, act: Act) -> Iterator[_Content]:
    """What the act produced from the ends on that it noted last."""
    if not act.ends:
        return
    mine = f"{act.id}:".encode()
    for topic, now in journal.ends(sorted(act.ends)).items():
        for number, start in act.ends[topic].items():
            for record in read_range(settings.kafka, topic, number, start, now.get(number, start)):
                if any(name == HEADER and value.startswith(mine) for name, value in record.headers):
                    yield record.topic, record.key, record.value


def _content(record: Outgoing) -> _Content:
    return record.topic, record.key, record.value


class _Pace:
    """Holds a rate in records a second, None for as fast as it goes, and hears of a stop at once."""

    def __init__(self, rate: float | None, stop: threading.Event) -> None:
        self._rate = rate
        self._stop = stop
        self._next = time.monotonic()

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def wait(self, records: int) -> None:
        """Wait until as many records may have gone."""
        if self._rate is None:
            return
        self._next = max(self._next, time.monotonic() - 1.0) + records / self._rate
        self._stop.wait(max(0.0, self._next - time.monotonic()))
