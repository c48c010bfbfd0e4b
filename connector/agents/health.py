"""Is this process alive, and does it do its work? Answered from any thread, in words.

Alive: the event loop turns, and no agent stands still without a reason. Ready: its agents took up their positions, the
ledger takes writes, and the lease is ours if we send.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection

from connector.agents.locks import lock_path
from connector.agents.loop import Loop
from connector.agents.watchdog import STALL_S, Pulse, Watchdog
from connector.sender.exchange import Fence

BEAT_OLD_S: Final = 10.0
STANDING_S: Final = STALL_S / 2
"""An agent that stands for half the time after which the watchdog ends the process is no sign of life."""
PROBE_EVERY_S: Final = 2.0
PROBE_OLD_S: Final = 15.0

OPENING: Final = "it opens its parts: it may wait for Kafka, the schema registry or the ledger"


class Writes(Protocol):
    """The ledger, as far as it is tried here."""

    async def write(self, unit: Callable[[Connection], None]) -> None:
        """Run `unit` in a transaction; raises why it could not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all is well, and if not, why not. `sender`: who sends for this ledger."""

    ok: bool
    reasons: tuple[str, ...]
    sender: str = ""


@dataclass(slots=True)
class Vitals:
    """What the health of a process is judged by; filled as its parts come to be."""

    roles: frozenset[str]
    ledger: Path
    pulse: Pulse
    watchdogs: list[Watchdog] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    is_open: bool = False
    lease: Fence | None = None
    probed_at: float | None = None
    trouble: str = "it was not tried yet"
    clock: Callable[[], float] = time.monotonic

    async def probe(self, ledger: Writes) -> None:
        """Ask for an empty write again and again: it takes the same way and the same lock as every other."""
        while True:
            try:
                await ledger.write(lambda _: None)
                self.probed_at, self.trouble = self.clock(), ""
            except Exception as error:  # noqa: BLE001 - whatever it is, it is why the ledger takes no writes
                self.trouble = f"{type(error).__name__}: {error}"
            await asyncio.sleep(PROBE_EVERY_S)

    def live(self) -> Verdict:
        """Whether restarting the process would be of use if not."""
        reasons = tuple(self._stiff())
        return Verdict(not reasons, reasons)

    def ready(self) -> Verdict:
        """Whether it does its work."""
        reasons = tuple(self._missing()) if self.is_open else (OPENING,)
        return Verdict(not reasons, reasons, self._sender())

    def _stiff(self) -> Iterator[str]:
        age = self.pulse.age_s
        if age > BEAT_OLD_S:
            yield f"the event loop has not turned for {age:.0f} s"
        for watchdog in self.watchdogs:
            for agent, partition, seconds in watchdog.standing():
                if seconds > STANDING_S:
                    yield f"{agent} has stood still in {partition} for {seconds:.0f} s although there is more to read"

    def _missing(self) -> Iterator[str]:
        for name in sorted(loop.work.name for loop in self.loops if not loop.places):
            yield f"{name} has not taken up its positions"
        age = 0.0 if self.probed_at is None else self.clock() - self.probed_at
        if self.trouble:
            yield f"the ledger takes no writes: {self.trouble}"
        elif age > PROBE_OLD_S:
            yield f"the ledger has taken no write for {age:.0f} s: its thread is held up"
        if "send" in self.roles and (self.lease is None or not self.lease.still_ours()):
            yield "the sender's lease is not ours"

    def _sender(self) -> str:
        if "send" in self.roles:
            return "this process"
        pid = holder(self.ledger, "send")
        return "nobody" if pid is None else f"process {pid}"


def holder(ledger: Path, role: str) -> int | None:
    """The process that has a role of this ledger, by what it wrote into the lock's file; None where it is gone."""
    try:
        pid = int(lock_path(ledger, role).read_text())
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError):
        return None
    return pid


def roles_text(roles: Collection[str]) -> str:
    """Roles in the order of the way."""
    order: Sequence[str] = ("map", "apply", "report", "send")
    return ",".join(role for role in order if role in roles)
