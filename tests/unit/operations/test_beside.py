"""What is looked at beside the ledger: who holds which role, whether Kafka answers, whether checks find things."""

from __future__ import annotations

import fcntl
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.agents.locks import held_lock, lock_path
from connector.errors import ConfigurationError, RetriableError
from connector.operations.broker import admin_of
from connector.operations.checks import guarded, ledger
from connector.operations.portal import Finding
from connector.operations.roles_held import roles_held, started_at, workers
from connector.operations.sender_state import TypeState
from connector.settings import Settings


def test_a_held_role_is_known_by_its_process(tmp_path: Path) -> None:
    """The process that holds a lock is named; a role that was held before, or never, is free."""
    ledger_file = tmp_path / "ledger.db"
    files = {role: lock_path(ledger_file, role) for role in ("map", "apply", "send")}
    files["apply"].touch()
    with held_lock(ledger_file, "map"):
        assert {"map": os.getpid(), "apply": None, "send": None} == roles_held(files)
    assert {"map": None, "apply": None, "send": None} == roles_held(files)


def test_looking_at_a_role_does_not_take_it(tmp_path: Path) -> None:
    """A worker that starts while somebody looks gets its lock."""
    path = lock_path(tmp_path / "ledger.db", "map")
    path.touch()
    assert {"map": None} == roles_held({"map": path})
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_system_without_a_list_of_locks_tells_nothing(tmp_path: Path) -> None:
    """None, not "nobody"."""
    assert roles_held({"map": tmp_path / "map.lock"}, locks=tmp_path / "none") is None


def bootstrap(text: str) -> Settings:
    return Settings.model_validate({"kafka_bootstrap": text})


def test_a_kafka_that_is_away_is_known_at_once(unused_tcp_port_factory: object) -> None:
    """Every server is named with what it said, and the setting to look at."""
    assert callable(unused_tcp_port_factory)
    ports = [unused_tcp_port_factory(), unused_tcp_port_factory()]
    with pytest.raises(RetriableError, match=r"refused.*refused.*\n.*SHOPBRIDGE_KAFKA_BOOTSTRAP"):
        admin_of(bootstrap(",".join(f"127.0.0.1:{port}" for port in ports)))


def test_one_server_that_answers_is_enough(unused_tcp_port: int) -> None:
    """The first bootstrap server may be down."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = admin_of(bootstrap(f"127.0.0.1:{unused_tcp_port}, 127.0.0.1:{server.getsockname()[1]}"))
    assert found is not None


@pytest.mark.parametrize("text", ["kafka", "kafka:", ":9092", "kafka:http"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """A bootstrap server without host or port is a mistake of the user."""
    with pytest.raises(ConfigurationError, match="host:9092"):
        admin_of(bootstrap(text))


async def test_what_a_check_raises_is_a_finding() -> None:
    """The first line says what is wrong, the rest what to do."""

    async def away() -> list[Finding]:
        raise RetriableError("nobody answers\nstart it")

    assert [Finding(ok=False, what="registry: nobody answers", remedy="start it")] == await guarded("registry", away)


def test_a_ledger_that_can_be_made_is_ok(tmp_path: Path) -> None:
    """A worker makes the file; only its folder must be there."""
    there = ledger(Settings.model_validate({"ledger": tmp_path / "ledger.db"}))
    missing = ledger(Settings.model_validate({"ledger": tmp_path / "none" / "ledger.db"}))
    assert ([True], [False]) == ([each.ok for each in there], [each.ok for each in missing])


@pytest.mark.parametrize(
    ("outcome", "paused", "waiting"),
    [("SchemaRefused", True, False), ("NotSent", False, True), ("Ambiguous", False, True), ("Refused", False, False)],
)
def test_the_sender_is_known_by_its_last_attempt(outcome: str, *, paused: bool, waiting: bool) -> None:
    """A refused schema pauses the type; an unclear or missing answer makes it wait."""
    state = TypeState(outcome, "2026-11-24T10:00:00+00:00", "")
    assert (paused, waiting) == (state.is_paused, state.is_waiting)


def test_a_worker_is_known_with_its_start(tmp_path: Path) -> None:
    """This very process began before now, and after the machine; one that never was has no start."""
    ledger_file = tmp_path / "ledger.db"
    files = {role: lock_path(ledger_file, role) for role in ("map", "send")}
    with held_lock(ledger_file, "map"):
        found = workers(files)
    assert found is not None
    assert (True, None) == (found["map"] is not None, found["send"])
    started = started_at(os.getpid())
    assert started is not None
    assert timedelta(0) <= datetime.now(UTC) - started < timedelta(days=1)
    assert started_at(2**22 + 1) is None
