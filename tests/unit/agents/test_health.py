"""A process says in words whether it lives and whether it works; the pages answer also when it hangs."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from connector.agents.health import OPENING, STANDING_S, Vitals, Writes, holder
from connector.agents.locks import held_lock
from connector.agents.metrics import Instruments, Recent
from connector.agents.metrics_server import MetricsServer
from connector.agents.sender_duty import SenderReporter
from connector.agents.watchdog import Pulse, Watchdog
from connector.errors import ConfigurationError
from connector.ledger.ledger import Ledger
from connector.sender.lease import Lease
from connector.sender.report import read_report, report_path
from connector.sender.state import Alert
from tests.support.world import free_port
from tests.unit.agents.bench import HERE, Bench
from tests.unit.agents.test_watchdog import Watched
from tests.unit.sender.scene import Scene

ROLES = frozenset({"map", "send"})


@pytest_asyncio.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger.open(tmp_path / "ledger.db")
    yield ledger
    await ledger.close()


@pytest.fixture
def vitals(tmp_path: Path) -> Vitals:
    """A process whose parts are not open yet."""
    return Vitals(ROLES, tmp_path / "ledger.db", Pulse())


async def probe(vitals: Vitals, ledger: Writes) -> None:
    """Until the first probe came back."""
    probing = asyncio.create_task(vitals.probe(ledger))
    async with asyncio.timeout(10):
        while "tried" in vitals.trouble:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
    probing.cancel()


def test_process_that_opens_its_parts_is_alive_and_not_ready(vitals: Vitals) -> None:
    """It may wait for Kafka for an hour; to end it would help nobody."""
    assert (True, ()) == (vitals.live().ok, vitals.live().reasons)
    assert (False, (OPENING,)) == (vitals.ready().ok, vitals.ready().reasons)


async def test_process_is_ready_once_nothing_is_missing(vitals: Vitals, ledger: Ledger) -> None:
    """Positions, writes, and the lease, each by its own word."""
    bench = Bench()
    bench.loop.places.clear()
    vitals.loops.append(bench.loop)
    vitals.is_open = True
    assert (
        "map:x has not taken up its positions",
        "the ledger takes no writes: it was not tried yet",
        "the sender's lease is not ours",
    ) == vitals.ready().reasons
    bench.take_up()
    await probe(vitals, ledger)
    with Lease(vitals.ledger) as lease:
        vitals.lease = lease
        assert (True, (), "this process") == dataclasses.astuple(vitals.ready())
        lease.path.unlink()
        assert ("the sender's lease is not ours",) == vitals.ready().reasons


@dataclass
class Full:
    """A ledger on a full disk."""

    async def write(self, unit: Callable[[Connection], None]) -> None:
        del unit
        raise OSError(28, "No space left on device")


async def test_ledger_that_takes_no_writes_is_said_with_its_words(vitals: Vitals) -> None:
    """A lost or full disk shows here first."""
    vitals.is_open = True
    await probe(vitals, Full())
    assert any("takes no writes: OSError: [Errno 28] No space left" in reason for reason in vitals.ready().reasons)


async def test_ledger_that_is_held_up_is_said(vitals: Vitals, ledger: Ledger) -> None:
    """Nothing failed, nothing comes back."""
    vitals.is_open = True
    await probe(vitals, ledger)
    assert vitals.probed_at is not None
    late = vitals.probed_at + 20
    vitals.clock = lambda: late
    assert "the ledger has taken no write for 20 s: its thread is held up" in vitals.ready().reasons


def test_event_loop_that_stands_is_no_life(vitals: Vitals) -> None:
    """Ten seconds without a beat, though each is due after one."""
    vitals.pulse._beat -= 11
    (reason,) = vitals.live().reasons
    assert "the event loop has not turned for 11 s" == reason


async def test_agent_that_stands_still_is_no_life(vitals: Vitals) -> None:
    """For half the time after which the watchdog ends the process."""
    watchdog = Watchdog(Watched(Bench(), {HERE: 5}))
    vitals.watchdogs.append(watchdog)
    await watchdog.look(lambda: 0.0)
    sight = watchdog._sights["map:x", HERE]
    assert () == Vitals(ROLES, vitals.ledger, Pulse()).live().reasons
    sight.since -= STANDING_S
    (reason,) = vitals.live().reasons
    assert reason.startswith("map:x has stood still in changes[0] for ")


def test_who_sends_is_said(tmp_path: Path) -> None:
    """By the lock of the role: this process, another, or nobody."""
    path = tmp_path / "ledger.db"
    vitals = Vitals(frozenset({"map"}), path, Pulse(), is_open=True)
    assert "nobody" == vitals.ready().sender
    with held_lock(path, "send"):
        assert f"process {os.getpid()}" == vitals.ready().sender
    (tmp_path / "ledger.db.send.lock").write_text("999999999")
    assert holder(path, "send") is None


def test_pages_answer_while_the_event_loop_hangs(vitals: Vitals) -> None:
    """They are served by a thread of their own; metrics, and health in JSON with its status."""
    address = f"127.0.0.1:{free_port()}"
    with MetricsServer(address, Instruments().registry, vitals), httpx.Client(base_url=f"http://{address}") as client:
        live, ready, metrics = (client.get(path) for path in ("/health/live", "/health/ready", "/metrics"))
        assert (200, {"ok": True, "reasons": []}) == (live.status_code, live.json())
        assert (503, [OPENING]) == (ready.status_code, ready.json()["reasons"])
        assert "shopbridge_freshness_seconds" in metrics.text
        assert metrics.headers["content-type"].startswith("text/plain")
        assert 404 == client.get("/else").status_code


def test_address_that_is_taken_is_refused_with_what_to_do(vitals: Vitals) -> None:
    """Two workers of one host need two."""
    address = f"127.0.0.1:{free_port()}"
    with (
        MetricsServer(address, CollectorRegistry(), vitals),
        pytest.raises(ConfigurationError, match=r"SHOPBRIDGE_METRICS_ADDRESS.*give this one another port"),
    ):
        MetricsServer(address, CollectorRegistry(), vitals)


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "no-such-host.invalid:9464", "192.0.2.1:9464"])
def test_address_that_cannot_be_had_is_refused(vitals: Vitals, address: str) -> None:
    """A port that is none, a host that is none, an address of another machine."""
    with pytest.raises(ConfigurationError, match="SHOPBRIDGE_METRICS_ADDRESS"):
        MetricsServer(address, CollectorRegistry(), vitals)


async def test_pulse_tells_how_late_the_event_loop_came() -> None:
    """The longest of the last beats."""
    pulse = Pulse()
    pulse._lags.extend([0.1, 0.7, 0.2])
    assert 0.7 == pulse.lag_s


async def test_report_is_written_at_each_change_and_at_the_end(tmp_path: Path) -> None:
    """At once, not only when the next one is due; the watch is woken after it is there."""
    path = report_path(tmp_path / "ledger.db")
    woken: list[bool] = []
    reporter = SenderReporter(tmp_path / "ledger.db", Recent(), lambda: woken.append(path.exists()))
    writing = asyncio.create_task(reporter.run(Scene().courier))
    await asyncio.sleep(0)
    path.unlink()
    reporter.alert(Alert("sender.away", {}))
    async with asyncio.timeout(1.5):
        while not woken:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
    told = read_report(path)
    assert ([True], "WELL", False) == (woken, told and told.condition, told and told.stopped)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert json.loads(path.read_text())["stopped"]


async def test_report_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    """A full disk is told by the ledger; the sender goes on, and `told` is still known."""
    reporter = SenderReporter(tmp_path / "no-such-folder" / "ledger.db", Recent(), lambda: None)
    writing = asyncio.create_task(reporter.run(Scene().courier))
    await asyncio.sleep(0)
    assert (False, True) == (writing.done(), reporter.told is not None)
    writing.cancel()
