"""Whether HubSpot can be talked to at all: away, or refusing our credential. A pure state machine.

While it cannot, one call at a time is let through to try; the pause between tries doubles up to a ceiling while HubSpot
is away, and is constant while the credential is refused, because only a person can mend that.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from connector.sender.calls import Fate

SHORTEST_S: Final = 0.5
LONGEST_S: Final = 30.0


class Condition(enum.StrEnum):
    """Whether calls go through."""

    WELL = "WELL"
    AWAY = "AWAY"
    CREDENTIAL_REFUSED = "CREDENTIAL_REFUSED"


@dataclass(slots=True)
class Backoff:
    """A pause that doubles up to a ceiling, each between half and whole of that, so that waiters fall apart."""

    longest_s: float = LONGEST_S
    jitter: Callable[[], float] = random.random
    failures: int = 0

    def next_s(self) -> float:
        whole = min(self.longest_s, SHORTEST_S * 2.0**self.failures)
        self.failures = min(self.failures + 1, 16)
        return max(SHORTEST_S, whole * (0.5 + self.jitter() / 2))

    def reset(self) -> None:
        self.failures = 0


@dataclass(slots=True)
class Health:
    """The condition of the way to HubSpot, and when the next try is due.

    `began`: when the condition came about; `since`: when the newest failure that counts was seen.
    """

    backoff: Backoff
    credential_retry_s: float = 30.0
    condition: Condition = Condition.WELL
    until: float = 0.0
    since: float = 0.0
    began: float = 0.0
    details: str = ""
    trying: bool = False

    def next_allowed(self, now: float) -> float:
        """When a call may go; while unwell only one at a time is out."""
        if self.condition is Condition.WELL:
            return now
        return now + SHORTEST_S if self.trying else max(now, self.until)

    def sent(self) -> None:
        self.trying = True

    def unsent(self) -> None:
        self.trying = False

    def answered(self, now: float, sent_at: float, fate: Fate, details: str) -> bool:
        """Learn from a call's fate; returns whether the condition changed.

        A call that was sent before the condition began says nothing new by failing in the same way.
        """
        condition = _CONDITION.get(fate, Condition.WELL)
        if condition is not Condition.WELL and condition is self.condition and sent_at < self.since:
            return False
        self.trying = False
        changed = condition is not self.condition
        self.condition = condition
        self.began = now if changed else self.began
        if condition is Condition.WELL:
            self.backoff.reset()
            return changed
        self.since, self.details = now, details
        self.until = now + (self.backoff.next_s() if condition is Condition.AWAY else self.credential_retry_s)
        return changed


_CONDITION: Final = {
    Fate.AWAY: Condition.AWAY,
    Fate.UNREACHED: Condition.AWAY,
    Fate.CREDENTIAL: Condition.CREDENTIAL_REFUSED,
}
