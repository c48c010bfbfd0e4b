"""Everything by which a worker is seen from outside, put together before its parts are opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from connector.agents.alert_book import forget_stops, note_stop
from connector.agents.alert_facts import Bounds
from connector.agents.health import Vitals
from connector.agents.metrics import Instruments
from connector.agents.metrics_exposed import Exposed
from connector.agents.metrics_server import MetricsServer
from connector.agents.runner import Duty
from connector.agents.sender_duty import SenderReporter
from connector.agents.shell import App
from connector.agents.watch import Watch
from connector.agents.watchdog import Pulse, Watchdog
from connector.agents.webhook import Webhook
from connector.capture.connect import Connect
from connector.capture.plan import plan_capture
from connector.errors import ShopbridgeError
from connector.figures import FigureSource
from connector.http import Http
from connector.ledger.ledger import Ledger
from connector.mapping import Shop
from connector.redaction import Redactor
from connector.settings import Settings

log = structlog.get_logger(__name__)

CONNECT_PATIENCE_S: Final = 5.0
READY_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Observed:
    """The means; `ledger` is the one that is open, None before that."""

    settings: Settings
    roles: frozenset[str]
    vitals: Vitals
    instruments: Instruments
    reporter: SenderReporter
    watch: Watch
    opened: list[Ledger]

    def queued(self) -> int:
        """Units of work that wait for the ledger."""
        return sum(ledger.queued for ledger in self.opened)

    def working(self, ledger: Ledger, apps: Sequence[App]) -> dict[str, Duty]:
        """The parts are open: what goes on beside them, so that they are seen."""
        self.opened.append(ledger)
        self.vitals.loops += [loop for app in apps for loop in app.positions.loops]
        self.vitals.is_open = True
        return {"ledger probe": partial(self.vitals.probe, ledger), "watch": self.watch.run, "stops": self._forget_stop}

    def watchdog(self, app: App) -> Watchdog:
        """A watchdog over the app's agents, by which the process's health is judged too."""
        self.vitals.watchdogs.append(watchdog := Watchdog(app.positions))
        return watchdog

    async def _forget_stop(self) -> None:
        """While it is ready, what was noted of an earlier stop is over."""
        while True:
            if self.vitals.ready().ok:
                forget_stops(self.settings.ledger, self.roles)
            await asyncio.sleep(READY_EVERY_S)

    async def failed(self, error: BaseException | None) -> None:
        """The process stops because going on would do harm: leave word, and tell it if nobody else does."""
        kind = type(error).__name__
        what = f"{kind}: {error}" if isinstance(error, ShopbridgeError) else kind  # other words may quote a row
        why = Redactor(self.settings.secrets()).text(what.partition("\n")[0])
        try:
            note_stop(self.settings.ledger, self.roles, why)
        except OSError as trouble:
            log.warning("alert.stop_not_noted", reason=str(trouble))
        await self.watch.last_words()


def open_observed(
    shops: Sequence[Shop],
    settings: Settings,
    roles: Collection[str],
    closing: AsyncExitStack,
    figures: Callable[[], FigureSource] | None,
) -> Observed:
    """Begin to beat and to serve. Raises ConfigurationError for an address that cannot be had."""
    pulse, instruments = Pulse(), Instruments()
    vitals = Vitals(frozenset(roles), settings.ledger, pulse)
    webhook = None if settings.webhook_url is None else Webhook(settings.webhook_url.get_secret_value())
    if webhook is not None:
        closing.push_async_callback(webhook.aclose)
    names = [plan_capture(shop).connector for shop in shops if shop.capture.external is None]
    connectors = partial(failed_connectors, settings, names) if names else None
    source = None if figures is None else figures()
    watch = Watch(settings.ledger, Bounds.of(settings), source, connectors, webhook)
    reporter = SenderReporter(settings.ledger, instruments.recent, watch.wake)
    observed = Observed(settings, frozenset(roles), vitals, instruments, reporter, watch, [])
    instruments.registry.register(Exposed(vitals, watch, lambda: reporter.told, observed.queued))
    closing.push_async_callback(_end, asyncio.create_task(pulse.run()))
    if settings.metrics_address is not None:
        closing.enter_context(MetricsServer(settings.metrics_address, instruments.registry, vitals))
        log.info("serving", metrics=f"http://{settings.metrics_address}/metrics", health="/health/live, /health/ready")
    return observed


async def failed_connectors(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    """The connectors of which a task failed. Raises RetriableError when Kafka Connect does not answer."""
    http = Http(settings.connect, timeout_s=CONNECT_PATIENCE_S)
    try:
        connect = Connect(http, patience_s=CONNECT_PATIENCE_S)
        states = {name: await connect.status(name) for name in names}
    finally:
        await http.aclose()
    return tuple(
        name
        for name, state in states.items()
        if state is not None and (state.failed is not None or state.state == "FAILED")
    )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
