"""Errors by fate.

    ShopbridgeError                 the root; its text says what, where and what to do
     ├── ConfigurationError         a file or setting is wrong: refused at start (exit 2)
     ├── RetriableError             the other side is away or busy: wait and try again
     ├── RowError                   this row's fault: a sync error, the others go on
     └── FatalError                 going on would lose or corrupt: the worker stops (exit 70)
          ├── GapError              records are missing between what was read and what there is
          └── StalePositionError    someone else moved our position: drop the batch and seek again
"""

from __future__ import annotations

from dataclasses import dataclass


class ShopbridgeError(Exception):
    """The root of what we raise on purpose."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file: `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.wrong}\n    {self.remedy}"


class ConfigurationError(ShopbridgeError):
    """A configuration that is refused at start, with all its mistakes at once."""

    def __init__(self, message: str, mistakes: tuple[Mistake, ...] = ()) -> None:
        super().__init__("\n".join([message, *map(str, mistakes)]))
        self.mistakes = mistakes


class RetriableError(ShopbridgeError):
    """The other side did not answer or asked to wait; `retry_after_s` is what it asked for."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RowError(ShopbridgeError):
    """A row that cannot go on as it is. `type` is an entry of the error catalogue."""

    def __init__(self, error_type: str, details: str, *, property_name: str | None = None) -> None:
        super().__init__(f"{error_type}: {details}")
        self.type = error_type
        self.details = details
        self.property_name = property_name


class FatalError(ShopbridgeError):
    """Going on would lose or corrupt something; the worker stops and says why."""


class GapError(FatalError):
    """Records are missing between the next position and what the broker has."""


class StalePositionError(FatalError):
    """The stored position is not the one this batch starts at; nothing of the batch was kept."""
