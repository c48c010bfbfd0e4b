"""Sandboxes to test: one without a server, on a clock that only moves when told to, and one in its own process."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.sandbox.app import create_app
from connector.sandbox.settings import SandboxSettings

DEADLINE_S = 30.0
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


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Served:
    """A sandbox in a process."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.port = free_port()
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": "Bearer pat"}, timeout=DEADLINE_S
        )
        self.start()

    def start(self) -> None:
        address = ("--port", str(self.port), "--database", str(self.database), "--plan", "unlimited")
        self.process = subprocess.Popen([sys.executable, "-m", "connector.sandbox", *address])
        self.until(self._healthy, "the sandbox answers")

    @staticmethod
    def until(condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, at most until the deadline."""
        ends = time.monotonic() + DEADLINE_S
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < ends, f"not within {DEADLINE_S} s: {what}"
            pause.wait(0.02)

    def _healthy(self) -> bool:
        assert self.process.poll() is None, "the sandbox ended"
        try:
            return self.client.get("/sandbox/health").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def held(self) -> list[dict[str, str]]:
        """Read the records in the file, as another process does."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return [json.loads(text) for (text,) in db.execute("SELECT properties FROM record ORDER BY id")]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    sandbox = Served(tmp_path / "served.db")
    yield sandbox
    sandbox.client.close()
    sandbox.process.terminate()
    sandbox.process.wait(DEADLINE_S)
