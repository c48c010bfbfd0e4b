"""What the sender tells of itself: alerts at changes of state, notes on single calls, a snapshot for `status`."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.outcome import Refusal
from connector.sender.calls import Call, CallKind, Fate, Lane, Reply, fate, words
from connector.sender.health import Condition


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of state, told once. `event` is the structured log's event name, `facts` its fields."""

    event: str
    facts: Mapping[str, str]


class Moment(enum.StrEnum):
    """A moment in the life of a call. AMBIGUOUS: what it carried may or may not have been written."""

    SENT = "SENT"
    ANSWERED = "ANSWERED"
    AMBIGUOUS = "AMBIGUOUS"


@dataclass(frozen=True, slots=True)
class Note:
    """One moment of one call, by the id that HubSpot was sent in `X-Request-Id`."""

    moment: Moment
    request_id: str
    lane: Lane
    details: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a type or a kind of link is paused, and since when (the courier's clock, seconds)."""

    refusal: Refusal
    since: float


@dataclass(frozen=True, slots=True)
class SenderState:
    """The sender at one moment; its times, `now` among them, are the courier's clock in seconds.

    `waiting_until` and `waiting_for` name the longest thing that holds up every call (None: nothing does). `mean_fill`:
    the mean share, 0 to 1, to which writes were full. `day_limit` and `day_left` are HubSpot's count of all calls on
    the account (None: it was not told), `used_in_10_s` what it may count in its window now, of `limit_per_10_s`.
    """

    now: float
    condition: Condition
    condition_since: float
    condition_details: str
    paused: Mapping[Lane, Pause]
    waiting_until: float | None
    waiting_for: str | None
    last_error: str | None
    requests: Mapping[CallKind, int]
    mean_fill: float | None
    day_left: int | None
    day_limit: int | None
    limit_per_10_s: int
    used_in_10_s: int


Observer = Callable[[Call, Reply, float], None]
"""Told of each call that came back, with the reply and the seconds that it took."""


def unobserved(_call: Call, _reply: Reply, _seconds: float) -> None:
    """Nobody looks."""


@dataclass(slots=True)
class Tally:
    """Counts of calls since the start."""

    observe: Observer = unobserved
    requests: Counter[CallKind] = field(default_factory=Counter)
    inputs: int = 0
    capacity: int = 0
    last_error: str | None = None

    def count(self, call: Call) -> None:
        self.requests[call.kind] += 1
        if call.kind is CallKind.WRITE:
            self.inputs += call.inputs
            self.capacity += call.capacity

    def answered(self, call: Call, reply: Reply, seconds: float) -> None:
        """Take in what came back of a call."""
        if fate(reply) is not Fate.ANSWERED:
            self.last_error = words(reply)
        self.observe(call, reply, seconds)

    @property
    def mean_fill(self) -> float | None:
        return self.inputs / self.capacity if self.capacity else None
