"""What every part of the stack says of itself."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.process import Launch

Say = Callable[[str], None]


def nothing() -> None:
    """The `settle` of a part that needs no finishing touch."""


@dataclass(frozen=True, slots=True)
class Part:
    """One server.

    `ports`: what it listens on, the one for clients first.
    `needs`: the parts that must be up before it is started.
    `programs`: of the operating system: postgres, java.
    `prepare`: makes folders and configuration files, fetches jars, and returns the command; may be called again.
    `probe`: returns when the server answers, raises NotReadyError with the reason when it does not.
    `settle`: brings the server to the state that others expect, such as a database in it; may be called again.
    `deadline`: seconds from start to the first good probe on a slow machine.
    `patience`: seconds from the signal to stop until it is killed.
    """

    name: str
    ports: tuple[int, ...]
    prepare: Callable[[Say], Launch]
    probe: Callable[[], None]
    needs: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    settle: Callable[[], None] = nothing
    deadline: float = 90
    patience: float = 20
    stop_signal: signal.Signals = signal.SIGTERM
