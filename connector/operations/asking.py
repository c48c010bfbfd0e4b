"""Questions to several parts at once, each with little patience: one that is away holds up nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from connector.errors import ShopbridgeError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Silence:
    """A part that gave no answer, and why."""

    part: str
    why: str

    def __str__(self) -> str:
        return f"{self.part}: {self.why}"


class Asked(Generic[T]):
    """A question that is being asked in a thread of its own; what no longer matters is left to die with the process."""

    def __init__(self, part: str, ask: Callable[[], T]) -> None:
        self._part = part
        self._ask = ask
        self._since = time.monotonic()
        self._answer: T | Silence | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"ask {part}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except ShopbridgeError as error:
            self._answer = Silence(self._part, str(error))
        except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
            self._failure = error

    def answer(self, until: float) -> T | Silence:
        """The answer, at the latest at `until` on the monotonic clock; raises what the question did not foresee."""
        self._thread.join(max(until - time.monotonic(), 0.0))
        if self._thread.is_alive():
            return Silence(self._part, f"no answer within {time.monotonic() - self._since:.0f} s")
        if self._failure is not None:
            raise self._failure
        return self._answer  # type: ignore[return-value]  # a thread that ended without failure has set it
