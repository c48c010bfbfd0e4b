"""A sandbox without a server, on a clock that only moves when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.sandbox.app import create_app
from connector.sandbox.settings import SandboxSettings

HEADERS = {"Authorization": "Bearer pat-test"}


class ManualClock:
    """Time in the test's hand: 2026-03-04 12:00 UTC until it is moved; sleeping moves it at once."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 4, 12, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds

    def advance(self, seconds: float) -> None:
        self.elapsed += seconds


Sandbox = Callable[..., httpx.AsyncClient]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: ManualClock) -> Iterator[Sandbox]:
    """Make sandboxes: keyword arguments are settings. A second one on the same file is a restart."""
    with ExitStack() as stack:

        def make(**settings: Any) -> httpx.AsyncClient:
            made = {"database": tmp_path / "sandbox.db", "seed": 7, "plan": "unlimited", **settings}
            app = create_app(SandboxSettings(**made), clock)
            stack.callback(app.state.portal.database.close)
            return httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://sandbox.invalid", headers=HEADERS
            )

        yield make
