"""The local stack at work: whose process is whose, who holds a port, up and down, and what is said when it fails."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import lifecycle, ports, process
from deploy.local.commands import main
from deploy.local.errors import NotReadyError, PortTakenError, StackError
from deploy.local.parts import NAMES
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch
from deploy.local.stack import Stack, environment, environment_lines, remember

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose parts are ended, whatever the test did."""
    stack = Stack(tmp_path / "home", 23040)
    stack.make_folders()
    yield stack
    for record in stack.run.glob("*.json"):
        process.stop(record, signal.SIGKILL, 5)


def toy(name: str, argv: tuple[str, ...] = SLEEP, needs: tuple[str, ...] = ()) -> Part:
    """A part that is healthy as soon as it runs."""

    def prepare(_say: Say) -> Launch:
        return Launch(argv)

    return Part(name=name, ports=(23049,), prepare=prepare, probe=lambda: None, needs=needs, patience=5)


def never_healthy() -> None:
    raise NotReadyError("answers nonsense")


# ---- whose process


def test_this_process_is_recognised() -> None:
    """Pid, start time and boot agree."""
    record = process.describe(os.getpid())
    assert record is not None
    assert process.is_alive(record)


@pytest.mark.parametrize(
    "change",
    [pytest.param({"started": 1}, id="pid given to another"), pytest.param({"boot": "earlier"}, id="before a reboot")],
)
def test_a_reused_pid_is_not_ours(stack: Stack, change: dict[str, str | int]) -> None:
    """A process that only has the pid is neither reported nor stopped."""
    with subprocess.Popen(SLEEP) as other:
        known = process.describe(other.pid)
        assert known is not None
        path = stack.run / "toy.json"
        process.write_record(path, replace(known, **change))  # type: ignore[arg-type]
        assert process.running(path) is None
        assert not process.stop(path, signal.SIGKILL, 1)
        assert other.poll() is None
        other.kill()
    assert not path.exists()


@pytest.mark.parametrize("text", ["", '{"pid": 1', "[]", '{"pid": 1}', "null"])
def test_a_damaged_record_is_no_process(stack: Stack, text: str) -> None:
    """A record that a crash cut short counts as none."""
    path = stack.run / "toy.json"
    path.write_text(text)
    assert process.running(path) is None


def test_a_zombie_is_dead() -> None:
    """A process that ended, but was not yet collected by its parent, runs no more."""
    child = subprocess.Popen(("true",))
    assert process.wait_until(lambda: process.describe(child.pid) is None, 10)
    child.wait()


def test_a_deaf_process_is_killed(stack: Stack) -> None:
    """SIGTERM first, SIGKILL after the patience."""
    path, log = stack.run / "toy.json", stack.log("toy")
    child = process.start(Launch(STUBBORN), log, path)
    assert process.wait_until(lambda: process.last_lines(log, 1) == ["deaf"], 10)
    assert process.stop(path, signal.SIGTERM, 0.2)
    assert child.wait() == -signal.SIGKILL


def test_a_started_process_is_on_its_own(stack: Stack) -> None:
    """Its own session, nothing to read, no PG variables that lead to another server."""
    script = "import os, sys; print(os.getsid(0) == os.getpid(), sys.stdin.read() == '', 'PGPORT' in os.environ)"
    child = process.start(Launch((sys.executable, "-c", script)), stack.log("toy"), stack.run / "toy.json")
    assert child.wait() == 0
    expected = ["True True False"]
    assert expected == process.last_lines(stack.log("toy"), 1)


def test_a_long_log_is_set_aside(stack: Stack) -> None:
    """A log does not grow for ever, and the last one is kept."""
    log = stack.log("toy")
    with log.open("wb") as file:
        file.truncate(process.LOG_LIMIT + 1)
    process.start(Launch(("true",)), log, stack.run / "toy.json").wait()
    size = process.LOG_LIMIT + 1
    assert size == log.with_suffix(".log.1").stat().st_size
    assert log.stat().st_size < 1000


@pytest.mark.parametrize(("code", "expected"), [(None, ""), (3, "with exit code 3 "), (-9, "by SIGKILL ")])
def test_an_ending_is_told(code: int | None, expected: str) -> None:
    """Killed is not the same as failed."""
    assert expected == process.ending(code)


# ---- ports


def test_a_taken_port_names_its_holder() -> None:
    """Who listens there is found by the system's tables."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"kafka needs port {port} .* pid {os.getpid()} \("):
            ports.require_free("kafka", (port,))
    ports.require_free("kafka", (port,))


def test_a_port_on_all_addresses_is_taken_too() -> None:
    """A server on 0.0.0.0 holds the port on loopback as well."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        assert not ports.is_free(listener.getsockname()[1])


def test_a_hidden_holder_is_admitted() -> None:
    """The system shows other users' processes only to root."""
    assert "may not look at" in ports.taken_message("kafka", 9092, None)


def test_a_line_of_the_socket_table() -> None:
    """Port in hexadecimal, state, inode, for both families."""
    four = "   0: 0100007F:4A84 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 41532 1 0 100 0"
    six = four.replace("0100007F", "0000000000000000FFFF00000100007F")
    assert {(19076, "0A", "41532")} == {ports.socket_line(four), ports.socket_line(six)}


# ---- up and down


def test_up_and_down_in_order(stack: Stack) -> None:
    """What is needed comes first and goes last; a second `up` finds it running; a second `down` finds nothing."""
    chosen = {"below": toy("below"), "above": toy("above", needs=("below",))}
    said: list[str] = []
    lifecycle.up(stack, chosen, said.append)
    lifecycle.up(stack, {"below": chosen["below"]}, said.append)
    lifecycle.down(stack, chosen, said.append)
    lifecycle.down(stack, chosen, said.append)
    words = [" ".join(line.split()[:2]) for line in said]
    expected = ["below up", "above up", "below was", "above stopped", "below stopped"]
    assert expected == words
    assert environment_lines(stack) == (stack.home / "env").read_text()


def test_a_part_that_dies_is_reported(stack: Stack) -> None:
    """Which part, how it ended, its last words, its log; what needs it is left out, the others come up."""
    dying = replace(toy("dying", ("sh", "-c", "echo out of luck; exit 3")), probe=never_healthy)
    chosen = {"dying": dying, "above": toy("above", needs=("dying",)), "other": toy("other")}
    said: list[str] = []
    with pytest.raises(StackError) as caught:
        lifecycle.up(stack, chosen, said.append)
    message = str(caught.value)
    assert message.startswith("dying did not come up: its process ended with exit code 3 after")
    assert "\n  | out of luck\n" in message
    assert message.endswith(f"The whole log: {stack.log('dying')}")
    expected = ["above     not started: it needs dying"]
    assert expected == [line for line in said if line.startswith("above")]
    assert lifecycle.State.UP is lifecycle.look(stack, chosen["other"]).state


def test_a_part_that_is_never_healthy_is_reported(stack: Stack) -> None:
    """The reason of the last try, and the part is left for a look."""
    part = replace(toy("sick"), probe=never_healthy, deadline=0.2)
    with pytest.raises(StackError, match=r"sick did not come up: it runs, but .* last try: answers nonsense"):
        lifecycle.up(stack, {"sick": part}, lambda _: None)
    assert lifecycle.State.NOT_READY is lifecycle.look(stack, part).state


def test_several_failures_are_told_together(stack: Stack) -> None:
    """One run tells all that is wrong."""
    ill = {name: replace(toy(name, ("false",)), probe=never_healthy) for name in ("one", "two")}
    with pytest.raises(StackError, match=r"(?s)one did not come up.*two did not come up"):
        lifecycle.up(stack, ill, lambda _: None)


def test_running_parts_keep_their_ports(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a stack on other ports would talk to nobody."""
    remember(stack)
    process.start(Launch(SLEEP), stack.log("kafka"), stack.run / "kafka.json")
    assert main(["up", "--home", str(stack.home), "--port-base", "23050", "--only", "kafka"]) == 2
    assert "kafka of" in capsys.readouterr().err


def test_status_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack that was never started is told as stopped, by exit code 3, and nothing is made."""
    home = tmp_path / "none"
    assert main(["status", "--home", str(home), "--port-base", "23050"]) == 3
    assert len(NAMES) == capsys.readouterr().out.count(" stopped ")
    assert not home.exists()


def test_env_prints_what_up_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A shell can take the lines as they are."""
    assert main(["env", "--home", str(tmp_path), "--port-base", "23050"]) == 0
    lines = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert environment(Stack(tmp_path, 23050)) == lines
