"""The rate limits of an account: calls in 10 rolling seconds, calls a day, searches a second, association calls.

Numbers are the plan's; the texts of the refusals are HubSpot's. A call that is refused for a limit uses nothing up.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from connector.sandbox.answers import Refusal
from connector.sandbox.clock import Clock
from connector.sandbox.settings import Plan

WINDOW_S = 10.0
_MESSAGES = {
    "DAILY": "You have reached your daily limit.",
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
}
POLICIES = tuple(_MESSAGES)


def too_many(policy: str) -> Refusal:
    """Refuse a call for a limit, by HubSpot's name of the policy."""
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": str(uuid.uuid4())}
    return Refusal(429, _MESSAGES[policy], more=more)


class Window:
    """Counts events in a rolling window."""

    def __init__(self, seconds: float, at_most: int) -> None:
        self._seconds = seconds
        self.at_most = at_most
        self._events: deque[float] = deque()

    def left(self, now: float) -> int:
        while self._events and self._events[0] <= now - self._seconds:
            self._events.popleft()
        return max(0, self.at_most - len(self._events))

    def add(self, now: float) -> None:
        self._events.append(now)


class Limiter:
    """Admits calls or refuses them. `used_before` tells what the day has used before this process began."""

    def __init__(
        self, plan: Plan, time_zone: str, clock: Clock, used_before: Callable[[datetime], int] = lambda _: 0
    ) -> None:
        self.plan = plan
        self._zone = self.zone(time_zone)
        self._clock = clock
        self.clear()
        self._today = used_before(self._midnight(clock.now()))

    @staticmethod
    def zone(name: str) -> tzinfo:
        return ZoneInfo(name)

    def clear(self) -> None:
        """Forget what was used."""
        self._all = Window(WINDOW_S, self.plan.burst)
        self._associations = Window(WINDOW_S, self.plan.association_burst)
        self._searches = Window(1.0, self.plan.search_per_second)
        self._day = self._clock.now().astimezone(self._zone).date()
        self._today = 0
        self._associations_today = 0

    def admit(self, *, search: bool, association: bool) -> str | None:
        """Count a call, or name the policy that refuses it."""
        now = self._clock.monotonic()
        self._turn_day(self._clock.now())
        over_associations = self.plan.association_daily is not None and (
            self._associations_today >= self.plan.association_daily
        )
        if self._today >= self.plan.daily or (association and over_associations):
            return "DAILY"
        if search and not self._searches.left(now):
            return "SECONDLY"
        if not self._all.left(now) or (association and not self._associations.left(now)):
            return "TEN_SECONDLY_ROLLING"
        self._count(now, search=search, association=association)
        return None

    def _count(self, now: float, *, search: bool, association: bool) -> None:
        self._all.add(now)
        self._today += 1
        if search:
            self._searches.add(now)
        if association:
            self._associations.add(now)
            self._associations_today += 1

    def headers(self) -> dict[str, str]:
        """Give the headers that every answer but those of search carries."""
        left = self._all.left(self._clock.monotonic())
        searches = self.plan.search_per_second
        return {
            "X-HubSpot-RateLimit-Max": str(self.plan.burst),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(WINDOW_S * 1000)),
            "X-HubSpot-RateLimit-Daily": str(self.plan.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.plan.daily - self._today)),
            "X-HubSpot-RateLimit-Secondly": str(self.plan.burst // 10 or searches),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(min(left, self.plan.burst // 10)),
        }

    def used_today(self, now: datetime) -> int:
        self._turn_day(now)
        return self._today

    def next_midnight(self, now: datetime) -> datetime:
        """Give the instant at which the day's counter starts anew: midnight where the account is."""
        return self._midnight(now + timedelta(days=1))

    def _midnight(self, now: datetime) -> datetime:
        return datetime.combine(now.astimezone(self._zone).date(), time(), self._zone)

    def _turn_day(self, now: datetime) -> None:
        day = now.astimezone(self._zone).date()
        if day != self._day:
            self._day, self._today, self._associations_today = day, 0, 0
