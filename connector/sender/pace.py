"""When a call may go: HubSpot's windows as a pure state machine with the clock handed in.

HubSpot counts a call when it arrives, which is some moment between sending and answer. A call is therefore counted
from its sending until one window after its answer; while fewer than the limit are counted, no rolling window that the
server sees can hold more than the limit. (A token bucket would pass up to twice the limit within one window.)

Half of a window may go in a burst, so that single changes are fresh; the other half is spread over the time until the
oldest call leaves the window, so that a busy sender does not fall silent for seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from connector.sender.calls import LIMITED_STATUSES, Answer, CallKind, Lane, Reply

MARGIN_S: Final = 0.05
"""Added to each window for clocks that tick differently."""

LOCK_S: Final = 2.0
"""A 423 means a lock that HubSpot holds for two seconds (HubSpot docs)."""

_MOVING_S: Final = 60.0
_DAY_S: Final = 900.0
_SEARCH_S: Final = 1.0
_BURST: Final = 0.5


@dataclass(slots=True)
class Window:
    """One of HubSpot's rolling windows: at most `limit` calls in `span_s` seconds."""

    limit: int
    span_s: float = 10.0
    counted: dict[int, float | None] = field(default_factory=dict)
    """Number of the call → when it leaves the window; None while it is not answered."""
    last_sent: dict[int, float] = field(default_factory=dict)

    def next_allowed(self, now: float) -> float:
        """The earliest moment for the next call; `now` where it may go at once."""
        self._forget(now)
        leaving = sorted(at for at in self.counted.values() if at is not None)
        used = len(self.counted)
        if used >= self.limit:
            ahead = used - self.limit
            return leaving[ahead] if ahead < len(leaving) else now + MARGIN_S
        if used < self.limit * _BURST or not leaving:
            return now
        spacing = (leaving[0] - now) / (self.limit - used + 1)
        return max(now, max(self.last_sent.values(), default=now) + spacing)

    def sent(self, number: int, now: float) -> None:
        self.counted[number] = None
        self.last_sent[number] = now

    def answered(self, number: int, now: float) -> None:
        if number in self.counted:
            self.counted[number] = now + self.span_s + MARGIN_S

    def unsent(self, number: int) -> None:
        self.counted.pop(number, None)
        self.last_sent.pop(number, None)

    def _forget(self, now: float) -> None:
        gone = [number for number, at in self.counted.items() if at is not None and at <= now]
        for number in gone:
            self.unsent(number)


@dataclass(frozen=True, slots=True)
class Halt:
    """HubSpot asked for a pause: until when, and by which policy."""

    until: float
    reason: str


@dataclass(slots=True)
class Pace:
    """All windows of one HubSpot account, corrected by what HubSpot's headers and refusals say."""

    calls: Window
    associations: Window
    halt: Halt | None = None
    locked: dict[Lane, float] = field(default_factory=dict)
    day_left: int | None = None
    day_limit: int | None = None
    _numbers: count[int] = field(default_factory=count)

    @classmethod
    def of(cls, requests_per_10_s: int, associations_per_10_s: int) -> Pace:
        return cls(Window(requests_per_10_s), Window(associations_per_10_s))

    def next_allowed(self, now: float, kind: CallKind, lane: Lane) -> float:
        """The earliest moment at which a call of this kind may go."""
        moments = [now, self.calls.next_allowed(now), self.locked.get(lane, now)]
        if kind is CallKind.ASSOCIATION:
            moments.append(self.associations.next_allowed(now))
        if self.halt is not None:
            moments.append(self.halt.until)
        return max(moments)

    def halted(self, now: float) -> bool:
        """Whether HubSpot asked for a pause that is not over."""
        return self.halt is not None and self.halt.until > now

    def used(self, now: float) -> int:
        """How many calls HubSpot may count in its window now, those of others that it told of too."""
        return sum(at is None or at > now for at in self.calls.counted.values())

    def sent(self, now: float, kind: CallKind) -> int:
        """Count a call that is about to be sent; returns its number."""
        number = next(self._numbers)
        self.calls.sent(number, now)
        if kind is CallKind.ASSOCIATION:
            self.associations.sent(number, now)
        return number

    def unsent(self, number: int) -> None:
        """Take back a call that was counted and not sent."""
        self.calls.unsent(number)
        self.associations.unsent(number)

    def answered(self, number: int, now: float, kind: CallKind, lane: Lane, reply: Reply) -> None:
        """Count the call's answer (or that none will come), and learn from its headers and status."""
        self.calls.answered(number, now)
        self.associations.answered(number, now)
        if not self.halted(now):
            self.halt = None
        if isinstance(reply, Answer):
            self._learn(now, kind, reply.headers)
            if reply.status in LIMITED_STATUSES:
                self._limited(now, lane, reply)

    def _learn(self, now: float, kind: CallKind, headers: Mapping[str, str]) -> None:
        """Take the limit from the headers, and count calls of others that share the limit with us."""
        day_left = _number(headers, "x-hubspot-ratelimit-daily-remaining")
        self.day_left = int(day_left) if day_left is not None else self.day_left
        day_limit = _number(headers, "x-hubspot-ratelimit-daily")
        self.day_limit = int(day_limit) if day_limit is not None else self.day_limit
        most = _number(headers, "x-hubspot-ratelimit-max")
        if kind is CallKind.ASSOCIATION or most is None or most < 1:
            return
        self.calls.limit = int(most)
        span = _number(headers, "x-hubspot-ratelimit-interval-milliseconds")
        self.calls.span_s = span / 1000 if span else self.calls.span_s
        left = _number(headers, "x-hubspot-ratelimit-remaining")
        if left is not None:
            self._count_others(now, int(most - left) - len(self.calls.counted))

    def _count_others(self, now: float, calls: int) -> None:
        for _ in range(calls):
            self.calls.counted[next(self._numbers)] = now + self.calls.span_s + MARGIN_S

    def _limited(self, now: float, lane: Lane, answer: Answer) -> None:
        asked = _number(answer.headers, "retry-after")
        if answer.status == 423:
            self.locked[lane] = now + max(asked or 0.0, LOCK_S)
            return
        policy, usual = self._policy(answer)
        until = now + (usual if asked is None else asked)
        if self.halt is None or until > self.halt.until:
            self.halt = Halt(until, policy)

    def _policy(self, answer: Answer) -> tuple[str, float]:
        """The policy and its usual pause, which counts where no Retry-After is given."""
        if answer.status == 477:
            return "ACCOUNT_MOVING", _MOVING_S
        text = _policy_text(answer.body)
        if "DAILY" in text:
            return "DAILY", _DAY_S
        return ("SECONDLY", _SEARCH_S) if text.startswith("SECONDLY") else ("TEN_SECONDLY_ROLLING", self.calls.span_s)


def _policy_text(body: object) -> str:
    if not isinstance(body, dict):
        return ""
    named = body.get("policyName")
    if isinstance(named, str):
        return named.upper()
    message = str(body.get("message", "")).upper()
    return message.removeprefix("YOU HAVE REACHED YOUR ")


def _number(headers: Mapping[str, str], name: str) -> float | None:
    """A number of seconds or calls; None where the header is absent or says something else (a date)."""
    try:
        value = float(headers[name])
    except (KeyError, ValueError):
        return None
    return value if 0 <= value < float("inf") else None
