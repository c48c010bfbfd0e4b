"""Starting and stopping parts of a stack, and what they look like meanwhile."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from deploy.local import ports, process
from deploy.local.errors import NeedFailedError, NotReadyError, StackError
from deploy.local.jars import locked
from deploy.local.packages import ensure
from deploy.local.parts.part import Part
from deploy.local.stack import LOOPBACK, Stack, environment_lines, remember

LOG_LINES = 15
PROBE_SECONDS = 0.1

Say = Callable[[str], None]


class State(Enum):
    """What `status` tells of a part."""

    UP = "up"
    NOT_READY = "not ready"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Look:
    """A part as it was seen just now; `reason` says why it is not ready."""

    part: Part
    state: State
    pid: int | None = None
    reason: str = ""


def record_path(stack: Stack, name: str) -> Path:
    return stack.run / f"{name}.json"


def is_running(stack: Stack, name: str) -> bool:
    return process.running(record_path(stack, name)) is not None


@contextmanager
def exclusive(stack: Stack) -> Iterator[None]:
    """One command at a time changes a stack; a second one waits for the first."""
    stack.make_folders()
    with locked(stack.run / "lock"):
        yield


def look(stack: Stack, part: Part) -> Look:
    record = process.running(record_path(stack, part.name))
    if record is None:
        return Look(part, State.STOPPED)
    try:
        part.probe()
    except NotReadyError as error:
        return Look(part, State.NOT_READY, record.pid, str(error))
    return Look(part, State.UP, record.pid)


def up(stack: Stack, chosen: Mapping[str, Part], say: Say) -> None:
    """Start what is not running; parts that do not need each other start side by side.

    Raises the first failure, after every other part has come up or failed too.
    """
    missing = [part for part in chosen.values() if not is_running(stack, part.name)]
    ensure(dict.fromkeys(program for part in missing for program in part.programs), say)
    for part in missing:
        ports.require_free(part.name, part.ports)
    remember(stack)
    (stack.home / "env").write_text(environment_lines(stack))
    raise_failures(side_by_side(Start(stack, say), chosen))


@dataclass(frozen=True, slots=True)
class Start:
    """One run of `up`: the stack, where to report, and whether Ctrl-C was pressed meanwhile."""

    stack: Stack
    say: Say
    interrupted: threading.Event = field(default_factory=threading.Event)


def side_by_side(run: Start, chosen: Mapping[str, Part]) -> list[Future[None]]:
    """Each part in a thread of its own, which waits for the parts that it needs; all are done on return."""
    futures: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(len(chosen)) as pool:
        for name, part in chosen.items():
            needed = [futures[need] for need in part.needs if need in futures]
            futures[name] = pool.submit(bring_up, run, part, needed)
        try:
            wait(futures.values())
        except KeyboardInterrupt:
            run.interrupted.set()
            raise
    return list(futures.values())


def raise_failures(futures: Iterable[Future[None]]) -> None:
    """Raises the failure, all in one StackError if there are several; a part left out for want of another is none."""
    failures = [error for future in futures if (error := future.exception()) is not None]
    causes = [error for error in failures if not isinstance(error, NeedFailedError)]
    if len(causes) == 1 or not all(isinstance(error, StackError | OSError) for error in causes):
        raise causes[0]
    if causes:
        raise StackError("\n\n".join(map(str, causes)))


def bring_up(run: Start, part: Part, needed: Sequence[Future[None]]) -> None:
    """Start the part if it is not running, wait until it is healthy, give it its finishing touch."""
    if any(future.exception() is not None for future in needed):
        run.say(f"{part.name:<10}not started: it needs {', '.join(part.needs)}")
        raise NeedFailedError(part.name)
    begin = time.monotonic()
    record = record_path(run.stack, part.name)
    child: subprocess.Popen[bytes] | None = None
    if process.running(record) is None:
        launch = part.prepare(lambda text: run.say(f"{part.name:<10}{text}"))
        child = process.start(launch, run.stack.log(part.name), record)
    wait_healthy(run, part, child)
    part.settle()
    took = f"up in {time.monotonic() - begin:5.1f} s" if child else "was already up"
    run.say(f"{part.name:<10}{took:<16}{LOOPBACK}:{part.ports[0]}")


def wait_healthy(run: Start, part: Part, child: subprocess.Popen[bytes] | None) -> None:
    """Raises StackError when the process ends, when the deadline passes first, or at Ctrl-C."""
    begin = time.monotonic()
    while not run.interrupted.wait(PROBE_SECONDS):
        try:
            return part.probe()
        except NotReadyError as error:
            reason = str(error)
        waited = time.monotonic() - begin
        if (child and child.poll() is not None) or not is_running(run.stack, part.name):
            how = process.ending(child.returncode) if child else ""
            raise StackError(failure(run.stack, part, f"its process ended {how}after {waited:.1f} s"))
        if waited > part.deadline:
            why = f"it runs, but was not healthy within {part.deadline:.0f} s; last try: {reason}"
            raise StackError(failure(run.stack, part, why))
    raise StackError(f"{part.name}: interrupted before it was up")


def failure(stack: Stack, part: Part, why: str) -> str:
    """The message for a part that did not come up: which, why, its last words, where to read on."""
    log = stack.log(part.name)
    lines = "".join(f"  | {line}\n" for line in process.last_lines(log, LOG_LINES)) or "  | (nothing)\n"
    return f"{part.name} did not come up: {why}.\nThe last lines it wrote:\n{lines}The whole log: {log}"


def down(stack: Stack, chosen: Mapping[str, Part], say: Say) -> None:
    """Stop in reverse order, so that nothing loses a server that it still talks to."""
    for part in reversed(list(chosen.values())):
        take_down(stack, part, part.stop_signal, say)


def take_down(stack: Stack, part: Part, how: signal.Signals, say: Say) -> None:
    record = record_path(stack, part.name)
    if process.running(record) is None:
        record.unlink(missing_ok=True)
        return
    begin = time.monotonic()
    killed = process.stop(record, how, part.patience)
    word = "killed" if killed else "stopped"
    say(f"{part.name:<10}{word} in {time.monotonic() - begin:.1f} s")


def printer() -> Say:
    """Print whole lines from several threads."""
    lock = threading.Lock()

    def say(text: str) -> None:
        with lock:
            print(text, flush=True)

    return say
