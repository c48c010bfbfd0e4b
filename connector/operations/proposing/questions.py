"""What the rows themselves must tell before a shop file can be proposed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_VALUES: Final = 40
"""A column with more different values is no status; of a lookup table so many rows are read."""


@dataclass(frozen=True, slots=True)
class Values:
    """Which different values has this column, and how often? Answered by (text, count), the most frequent first."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Labels:
    """What do the rows of a lookup table say? Answered by (text of `key`, label), in the order of the key."""

    table: str
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class ZeroDates:
    """Does this column hold 0000-00-00? Answered by one pair, or by none."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Zone:
    """In which time zone does the server's clock run? Answered by (name, 1)."""


Question = Values | Labels | ZeroDates | Zone
Pairs = tuple[tuple[str | None, str | int | None], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`refused` says why there is no answer, where there is none."""

    pairs: Pairs = ()
    refused: str = ""


Ask = Callable[[Question], Answer]


def nobody(_: Question) -> Answer:
    """For a structure whose rows nobody can be asked about."""
    return Answer(refused="the rows were not looked at")
