"""What alerts go by: facts of one moment, and the bounds that are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.figures import Behind
from connector.sender.report import SenderReport
from connector.settings import Settings

Labels = tuple[tuple[str, str], ...]
Held = Callable[[Labels], bool]
"""Whether a rule was told for these labels, so that its lower bound counts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at `at` (seconds since 1970); None always means: it could not be looked at.

    `sender`: its report if that is fresh; `silent_s`: how long nobody has reported. `behind` and `standing_s` by stage:
    what it has to do, and for how many seconds it has not moved although it had. `superseded`: the share of the last
    quarter of an hour's messages that came too late (None too while an operator replays). `failed`: connectors of which
    a task failed. `stopped`: the roles of workers that stopped because going on would have done harm, with the reason.
    """

    at: float
    sender: SenderReport | None = None
    silent_s: float | None = None
    behind: Mapping[str, Behind] | None = None
    standing_s: Mapping[str, float] | None = None
    parked: int | None = None
    parked_s: float | None = None
    superseded: float | None = None
    failed: tuple[str, ...] | None = None
    kafka_away_s: float | None = None
    stopped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is still well; seconds, and shares from 0 to 1. `quota_share`: of the calls of the day, what is left."""

    interval_s: float = 60.0
    error_share: float = 0.05
    lag_s: float = 300.0
    stalled_s: float = 120.0
    away_s: float = 60.0
    quota_share: float = 0.1
    parked_s: float = 3600.0
    superseded_share: float = 0.01

    @classmethod
    def of(cls, settings: Settings) -> Bounds:
        return cls(**{name: getattr(settings, f"alert_{name}") for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not well. Neither text quotes a row. `unsure`: what was told of it before stands."""

    labels: Labels = ()
    summary: str = ""
    remedy: str = ""
    unsure: bool = False
