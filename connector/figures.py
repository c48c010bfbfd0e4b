"""Figures of an installation at one moment: what metrics expose and alerts go by. They are counted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Behind:
    """What a stage has still to take: how many, and the age in seconds of the oldest (None: unknown, or nothing)."""

    records: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How one stage (map, apply, report) came through one topic, over all its agents and partitions.

    `read`: offsets taken; `outcomes`: how the records ended; `produced`: sync messages made of them.
    """

    stage: str
    topic: str
    read: int
    outcomes: Mapping[str, int]
    produced: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The ledger's and the broker's figures at `at`, in seconds since 1970.

    `records` by type and standing, `links` by kind and state, `errors` open ones by type: counted at `counted_at`,
    since counting takes time. `parked`: links that wait for a parent, `parked_s` the age of the oldest such child's
    change. `acts_at`: when an operator's act last said something (None: never).
    """

    at: float
    ways: tuple[Way, ...] = ()
    behind: Mapping[str, Behind] = field(default_factory=dict)
    counted_at: float = 0.0
    records: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    in_flight: int = 0
    rechecks: int = 0
    parked: int = 0
    parked_s: float | None = None
    acts_at: float | None = None

    def taken(self, stage: str) -> int:
        """How many offsets a stage has taken in all."""
        return sum(way.read for way in self.ways if way.stage == stage)

    def ended(self, stage: str, outcome: str) -> int:
        """How many records ended so in a stage."""
        return sum(way.outcomes.get(outcome, 0) for way in self.ways if way.stage == stage)


class FigureSource(Protocol):
    """Whoever counts."""

    def read(self) -> Figures:
        """The figures now; blocks.

        Raises RetriableError when Kafka does not answer, ConfigurationError for a ledger that cannot be read.
        """
