"""The watch of an installation: looks at figures, sender and connectors, and tells what changed.

One process of those that share a ledger has it, as with the outbox. The log hears of every change, the webhook too if
there is one. Nothing here holds up anything: figures are read in a thread, and what cannot be delivered waits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from connector.agents.alert_book import Book, load_book, save_book, stops
from connector.agents.alert_facts import Bounds, Facts
from connector.agents.alert_rules import RULES
from connector.agents.alert_states import FIRING, Key, Notice, judge
from connector.agents.aside import aside
from connector.agents.history import History
from connector.agents.locks import LockTakenError, held_lock
from connector.agents.webhook import Webhook
from connector.errors import ConfigurationError, RetriableError, ShopbridgeError
from connector.figures import Figures, FigureSource
from connector.sender.exchange import within
from connector.sender.report import SenderReport, read_report, report_path

log = structlog.get_logger(__name__)

ROLE: Final = "watch"
LOOK_S: Final = 2.0
FIGURES_S: Final = 5.0
CONNECTORS_S: Final = 30.0
OTHER_S: Final = 5.0
"""How often a process that does not watch looks whether it should."""
LAST_S: Final = 5.0
"""So long a process that stops on an error tries to deliver that it does."""

_LOGGED: Final = frozenset(rule.name for rule in RULES if rule.logged)

Connectors = Callable[[], Awaitable[tuple[str, ...]]]
"""The connectors of which a task failed; raises RetriableError when Kafka Connect does not answer."""


class Watch:
    """`figures` and `firing` are what it saw last; None and nothing in a process that does not watch."""

    def __init__(
        self,
        ledger: Path,
        bounds: Bounds,
        source: FigureSource | None = None,
        connectors: Connectors | None = None,
        webhook: Webhook | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.figures: Figures | None = None
        self.firing: tuple[Key, ...] | None = None
        self._ledger = ledger
        self._bounds = bounds
        self._source = source
        self._connectors = connectors
        self._webhook = webhook
        self._clock = clock
        self._book = Book()
        self._history = History()
        self._failed: tuple[str, ...] | None = None
        self._said: dict[str, str] = {}
        self._woken = asyncio.Event()
        self._to_deliver = asyncio.Event()

    def wake(self) -> None:
        """Something changed: look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Watch, as long as nobody else does."""
        while True:
            with suppress(LockTakenError), held_lock(self._ledger, ROLE):
                await self._hold()
            await asyncio.sleep(OTHER_S)

    async def _hold(self) -> None:
        self._book = load_book(self._ledger)
        self._to_deliver.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_for_ever(self.read_figures, FIGURES_S))
                group.create_task(_for_ever(self.ask_connectors, CONNECTORS_S))
                group.create_task(self._deliver_all())
                group.create_task(self._look_for_ever())
        finally:
            self.figures = self.firing = None

    async def _look_for_ever(self) -> None:
        while True:
            self.look()
            if await within(self._woken, LOOK_S):
                self._woken.clear()

    def look(self) -> None:
        """Look once at what is known, and tell what changed."""
        self._judge(self._facts(self._clock()))

    async def last_words(self) -> None:
        """Tell that this process stops on an error, unless another one watches and does."""
        with suppress(LockTakenError, TimeoutError), held_lock(self._ledger, ROLE):
            self._book = load_book(self._ledger)
            self._judge(Facts(self._clock(), stopped=stops(self._ledger)))
            async with asyncio.timeout(LAST_S):
                while self._book.pending and self._webhook is not None:
                    await self._deliver(self._webhook)

    async def read_figures(self) -> None:
        """Take in the figures as they are now."""
        if self._source is None:
            return
        try:
            self.figures = await aside(self._source.read)
            self._history.saw(self.figures)
            self._say("figures cannot be read", "")
        except RetriableError as error:
            self._history.saw_nothing(self._clock())
            log.debug("figures cannot be read", reason=str(error))
        except ConfigurationError as error:
            self._say("figures cannot be read", str(error))

    async def ask_connectors(self) -> None:
        """Take in of which connectors a task failed."""
        if self._connectors is None:
            return
        try:
            self._failed = await self._connectors()
        except ShopbridgeError as error:
            self._failed = None
            log.debug("connectors cannot be asked", reason=str(error))

    def _facts(self, now: float) -> Facts:
        told, silent_s = self._sender(now)
        facts = Facts(now, told, silent_s, failed=self._failed, stopped=stops(self._ledger))
        return self._history.told(facts, self.figures)

    def _sender(self, now: float) -> tuple[SenderReport | None, float | None]:
        """The sender's report if it is fresh, and how long it has been silent."""
        try:
            told = read_report(report_path(self._ledger))
        except ConfigurationError as error:
            self._say("the sender's report cannot be read", str(error))
            return None, None
        if told is None:
            return None, None
        age = max(now - told.at.timestamp(), 0.0)
        fresh = not told.stopped and age <= max(5 * told.every_s, 10.0)
        return (told if fresh else None), (0.0 if fresh else age)

    def _say(self, what: str, reason: str) -> None:
        """Tell the log, unless it was told the same already; an empty reason: it is over."""
        if reason and reason != self._said.get(what):
            log.warning(what, reason=reason)
        self._said[what] = reason

    def _judge(self, facts: Facts) -> None:
        states, notices = judge(facts, self._book.states, self._bounds)
        self.firing = tuple(key for key, state in states.items() if state.firing)
        for notice in notices:
            _log(notice)
        book = replace(self._book, states=states)
        self._keep(book.with_pending(notices) if self._webhook is not None else book)
        if notices:
            self._to_deliver.set()

    def _keep(self, book: Book) -> None:
        if book == self._book:
            return
        self._book = book
        try:
            save_book(self._ledger, book)
        except OSError as error:
            log.warning("alert.book_not_written", reason=str(error))

    async def _deliver_all(self) -> None:
        while True:
            await self._to_deliver.wait()
            self._to_deliver.clear()
            while self._book.pending and self._webhook is not None:
                await self._deliver(self._webhook)

    async def _deliver(self, webhook: Webhook) -> None:
        """Try the oldest notice; rest a while where it was not taken."""
        notice = self._book.pending[0]
        if await webhook.post(notice):
            self._keep(replace(self._book, pending=self._book.pending[1:]))
        else:
            await asyncio.sleep(webhook.backoff.next_s())


async def _for_ever(work: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        await work()
        await asyncio.sleep(every_s)


def _log(notice: Notice) -> None:
    """Tell the log, unless whoever saw it first has done so."""
    if notice.alert in _LOGGED:
        return
    write = log.warning if notice.state == FIRING else log.info
    write(f"alert.{notice.state}", alert=notice.alert, what=notice.summary, remedy=notice.remedy, **notice.labels)
