"""What only several looks at the figures tell: who stands still, how much came too late, how long Kafka is away."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from connector.agents.alert_facts import Facts
from connector.figures import Figures
from connector.sender.report import SenderReport

WINDOW_S: Final = 900.0
LEAST_MESSAGES: Final = 100
"""Of fewer messages in the window no share is told."""
STAGES: Final = ("map", "apply", "report")
SEND: Final = "send"


@dataclass(frozen=True, slots=True)
class _Look:
    """Messages applied so far, and those of them that were superseded."""

    at: float
    applied: int
    superseded: int


class History:
    """Fed with figures as they are read, and with the facts of each look; times in seconds since 1970."""

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque()
        self._stands: dict[str, tuple[int, float]] = {}
        self._seen_at: float | None = None
        self._away_since: float | None = None

    def saw(self, figures: Figures) -> None:
        """Figures were read."""
        self._seen_at, self._away_since = figures.at, None
        self._looks.append(_Look(figures.at, figures.taken("apply"), figures.ended("apply", "superseded")))
        while figures.at - self._looks[0].at > WINDOW_S:
            self._looks.popleft()

    def saw_nothing(self, now: float) -> None:
        """Kafka did not answer."""
        self._away_since = now if self._away_since is None else self._away_since

    def told(self, facts: Facts, figures: Figures | None) -> Facts:
        """The facts, with what the figures and their course tell."""
        if figures is None or self._seen_at is None:
            return replace(facts, kafka_away_s=self._away_s(facts.at))
        if self._away_since is not None:
            return replace(facts, kafka_away_s=self._away_s(facts.at), parked=figures.parked, parked_s=figures.parked_s)
        return replace(
            facts,
            behind={name: each for name, each in figures.behind.items() if name in {*STAGES, SEND}},
            standing_s=self._standing(facts, figures),
            parked=figures.parked,
            parked_s=figures.parked_s,
            superseded=self._superseded(figures),
            kafka_away_s=0.0,
        )

    def _away_s(self, now: float) -> float | None:
        return None if self._away_since is None else now - self._away_since

    def _standing(self, facts: Facts, figures: Figures) -> Mapping[str, float]:
        """By stage, for how long it has had something to do and not moved."""
        moved = {stage: figures.taken(stage) for stage in STAGES}
        moved[SEND] = _calls(facts.sender)
        for stage, count in moved.items():
            idle = figures.behind.get(stage) is None or not figures.behind[stage].records
            before = self._stands.get(stage)
            if idle or before is None or before[0] != count:
                self._stands[stage] = count, facts.at
        return {stage: facts.at - since for stage, (_, since) in self._stands.items()}

    def _superseded(self, figures: Figures) -> float | None:
        """The share of the window's messages that came too late; none is told while an operator's act goes on."""
        if figures.acts_at is not None and figures.at - figures.acts_at < WINDOW_S:
            return None
        first, last = self._looks[0], self._looks[-1]
        applied = last.applied - first.applied
        return 0.0 if applied < LEAST_MESSAGES else (last.superseded - first.superseded) / applied


def _calls(sender: SenderReport | None) -> int:
    return 0 if sender is None else sum(sender.requests.values())
