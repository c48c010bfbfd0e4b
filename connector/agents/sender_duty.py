"""Writes down how the sender stands, at each change and every few seconds, for whoever looks from another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from connector.agents.metrics import Recent
from connector.sender.courier import Courier, log_alert
from connector.sender.exchange import within
from connector.sender.report import SenderReport, report, report_path, write_report
from connector.sender.state import Alert

log = structlog.get_logger(__name__)

EVERY_S: Final = 2.0


class SenderReporter:
    """Hears the sender's alerts, and writes its report; `told` is the newest. `wake` is called when it has changed."""

    def __init__(self, ledger: Path, recent: Recent, wake: Callable[[], None]) -> None:
        self.told: SenderReport | None = None
        self._path = report_path(ledger)
        self._recent = recent
        self._wake = wake
        self._changed = asyncio.Event()
        self._started_at = datetime.now(UTC)
        self._has_failed = False

    def alert(self, alert: Alert) -> None:
        """Tell the log, and write the report anew."""
        log_alert(alert)
        self._changed.set()

    async def run(self, courier: Courier) -> None:
        """Write for ever; at the end, that it has ended."""
        try:
            while True:
                self._write(courier)
                if await within(self._changed, EVERY_S):
                    self._changed.clear()
                    self._write(courier)
                    self._wake()
        finally:
            self._write(courier, stopped=True)

    def _write(self, courier: Courier, *, stopped: bool = False) -> None:
        settled, refused = self._recent.counts()
        self.told = report(
            courier.snapshot(),
            datetime.now(UTC),
            started_at=self._started_at,
            every_s=EVERY_S,
            settled=settled,
            refused=refused,
            stopped=stopped,
        )
        try:
            write_report(self._path, self.told)
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                log.warning("sender.report_not_written", path=str(self._path), reason=str(error))
            self._has_failed = True
