"""What is not as it must be, and what a person does about it; the most urgent first."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Urgency(enum.IntEnum):
    """Why something cannot wait, the worst first."""

    LOSS = 1
    """Changes are lost, or will be."""
    STOPPED = 2
    """A stage does not work, so nothing passes it."""
    HELD_UP = 3
    """HubSpot takes nothing, or nothing of one type."""
    UNSEEN = 4
    """A part could not be looked at."""
    WRONG = 5
    """Something does not add up."""
    LATE = 6
    """It goes on, but not as it should."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem: `what` is wrong, and what to `do`, with the command where there is one."""

    urgency: Urgency
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.do}" if self.do else self.what


def ranked(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The most urgent first, each once; those of one urgency as they were found."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: each.urgency))
