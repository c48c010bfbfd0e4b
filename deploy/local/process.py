"""Processes that outlive this program: started, recognised again, stopped.

A pid alone proves nothing: after a crash or a reboot it may belong to somebody else. So a record keeps the boot's id
and the process's start time beside it; a process is ours only when all three agree.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.errors import StackError

LOG_LIMIT = 20 * 1024 * 1024  # bytes; a longer log is set aside at the next start
POLL_SECONDS = 0.05
COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Debian's Maven writes them to both outputs, whatever it is told

# Popen objects complain when they are dropped while their process runs, which is just what is wanted here.
CHILDREN: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Launch:
    """A command to run in the background: its words, what it needs on top of this program's environment, its folder."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of a started process. `started` is in clock ticks since boot, as in /proc/<pid>/stat."""

    pid: int
    started: int
    boot: str


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_ticks(pid: int) -> int | None:
    """When the process started, None when there is none, or only the remains of one (a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()  # the program's name in front may hold blanks and brackets
    return None if state in "ZX" else int(rest[18])


def describe(pid: int) -> Record | None:
    ticks = start_ticks(pid)
    return None if ticks is None else Record(pid, ticks, boot_id())


def is_alive(record: Record) -> bool:
    return record == describe(record.pid)


def read_record(path: Path) -> Record | None:
    """The record at `path`; None when there is none or the file was cut short by a crash."""
    try:
        return Record(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_record(path: Path, record: Record) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(asdict(record)) + "\n")
    partial.replace(path)


def running(path: Path) -> Record | None:
    """The living process that the record at `path` speaks of; None when it is gone or the pid is another's by now."""
    record = read_record(path)
    return record if record is not None and is_alive(record) else None


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This program's environment without PostgreSQL's variables, which would lead its programs to another server."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**inherited, **extra}


def start(launch: Launch, log: Path, record: Path) -> subprocess.Popen[bytes]:
    """Start in a session of its own, so that neither the end of `make` nor Ctrl-C reaches it."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        output.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} start: {shlex.join(launch.argv)}\n".encode())
        output.flush()
        process = subprocess.Popen(
            launch.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=launch.folder,
            env=child_environment(launch.environment),
        )
    CHILDREN.append(process)
    if known := describe(process.pid):
        write_record(record, known)
    return process


def ending(code: int | None) -> str:
    """How a process ended, to be put before "after 2 s"; its exit code is negative when a signal ended it."""
    if code is None:
        return ""
    return f"by {signal.Signals(-code).name} " if code < 0 else f"with exit code {code} "


def complete(argv: Sequence[str], text: str = "", extra: Mapping[str, str] | None = None) -> str:
    """Run a command to its end, with `text` as its input; what it printed.

    Runs in the root folder: a command that becomes another user may not be allowed into ours.
    Raises StackError with the command's last words when it fails.
    """
    done = subprocess.run(
        argv, input=text, capture_output=True, text=True, check=False, cwd="/", env=child_environment(extra or {})
    )
    if done.returncode:
        error, output = (COLOURS.sub("", text).strip() for text in (done.stderr, done.stdout))
        words = (error or output)[-2000:]
        raise StackError(
            f"{argv[0]} failed with exit code {done.returncode}:\n{words}\nThe command was: {shlex.join(argv)}"
        )
    return done.stdout


def stop(path: Path, ask: signal.Signals, patience: float) -> bool:
    """Stop the process of the record: ask, wait, then kill. True when it had to be killed, or `ask` is SIGKILL.

    Raises StackError when even that does not end it.
    """
    record = running(path)
    if record is None:
        path.unlink(missing_ok=True)
        return False
    send(record, ask)
    ended = wait_until(lambda: not is_alive(record), patience)
    if not ended:
        send(record, signal.SIGKILL)
        if not wait_until(lambda: not is_alive(record), 10):
            raise StackError(f"process {record.pid} does not end, not even by SIGKILL; see /proc/{record.pid}/status")
    path.unlink(missing_ok=True)
    return ask == signal.SIGKILL or not ended


def send(record: Record, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended between the look and the signal
        os.kill(record.pid, what)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def last_lines(log: Path, count: int) -> list[str]:
    """The end of a log, empty when there is none; reads no more than its last 256 KiB."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 262_144))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
