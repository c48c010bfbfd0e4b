"""The pace: no rolling window that the server can see ever holds more than the limit."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.message import LinkKind, ObjectType
from connector.sender.calls import Answer, CallKind, Failure
from connector.sender.pace import Pace

CONTACT, LINK = ObjectType.CONTACT, LinkKind.DEAL_CONTACT
DONE = Answer(200, {}, None)


@dataclass
class Traffic:
    """Calls that go as soon as the pace lets them, and arrive and are answered after given times."""

    pace: Pace
    lanes: int
    now: float = 0.0
    arrivals: list[tuple[float, CallKind]] = field(default_factory=list)
    out: list[tuple[float, int, CallKind]] = field(default_factory=list)

    def run(self, delays: list[tuple[float, float, CallKind]]) -> None:
        """One call for each (seconds to arrival, seconds from arrival to answer, kind), a few out at a time."""
        for until_arrival, until_answer, kind in delays:
            while len(self.out) >= self.lanes:
                self._answer_next()
            while (moment := self.pace.next_allowed(self.now, kind, CONTACT)) > self.now:
                if self.out and self.out[0][0] <= moment:
                    self._answer_next()
                else:
                    self.now = moment
            number = self.pace.sent(self.now, kind)
            arrival = self.now + until_arrival
            self.arrivals.append((arrival, kind))
            heapq.heappush(self.out, (arrival + until_answer, number, kind))

    def _answer_next(self) -> None:
        at, number, kind = heapq.heappop(self.out)
        self.now = max(self.now, at)
        self.pace.answered(number, self.now, kind, CONTACT, DONE)

    def fullest(self, span_s: float, *kinds: CallKind) -> int:
        """The most arrivals in any window (a, a + span]."""
        times = sorted(at for at, kind in self.arrivals if kind in kinds)
        return max((sum(1 for other in times if at <= other < at + span_s) for at in times), default=0)


SECONDS = st.floats(0, 12, allow_nan=False)
CALLS = st.lists(st.tuples(SECONDS, SECONDS, st.sampled_from(CallKind)), max_size=120)
QUICK = st.floats(0, 0.2, allow_nan=False)
QUICK_CALLS = st.lists(st.tuples(QUICK, QUICK, st.sampled_from(CallKind)), min_size=50, max_size=200)


@given(calls=st.one_of(CALLS, QUICK_CALLS), limit=st.integers(1, 12), links=st.integers(1, 12), lanes=st.integers(1, 6))
@settings(deadline=None, max_examples=200)
def test_no_window_holds_more_than_the_limit(calls: Any, limit: int, links: int, lanes: int) -> None:
    """Whenever a call arrives between its sending and its answer, both windows hold."""
    traffic = Traffic(Pace.of(limit, links), lanes)
    traffic.run(calls)
    assert traffic.fullest(10.0, *CallKind) <= limit
    assert traffic.fullest(10.0, CallKind.ASSOCIATION) <= links


@pytest.mark.parametrize("limit", [10, 100, 190])
def test_a_busy_sender_uses_its_windows(limit: int) -> None:
    """Calls answered in 25 ms, without a pause, use at least 95 % of the limit over ten minutes."""
    traffic = Traffic(Pace.of(limit, limit), lanes=6)
    while traffic.now < 600:
        traffic.run([(0.01, 0.015, CallKind.WRITE)])
    assert len(traffic.arrivals) >= 0.95 * limit * 60


def test_a_busy_sender_never_falls_silent_for_long() -> None:
    """Under full load no gap between two calls is longer than half a second at ten calls a second."""
    traffic = Traffic(Pace.of(100, 100), lanes=6)
    while traffic.now < 120:
        traffic.run([(0.01, 0.015, CallKind.WRITE)])
    times = [at for at, _ in traffic.arrivals]
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 0.5


def test_half_a_window_may_go_at_once() -> None:
    """The first calls after a quiet time wait for nothing."""
    pace = Pace.of(100, 100)
    for _ in range(50):
        assert pace.next_allowed(5.0, CallKind.WRITE, CONTACT) == 5.0
        pace.sent(5.0, CallKind.WRITE)


def test_associations_have_a_window_of_their_own() -> None:
    """A full association window stops associations and nothing else."""
    pace = Pace.of(100, 1)
    pace.answered(pace.sent(0.0, CallKind.ASSOCIATION), 0.1, CallKind.ASSOCIATION, LINK, DONE)
    assert pace.next_allowed(1.0, CallKind.ASSOCIATION, LINK) == pytest.approx(10.15)
    assert pace.next_allowed(1.0, CallKind.WRITE, CONTACT) == 1.0


def test_a_call_that_was_not_sent_counts_nowhere() -> None:
    """A slot that is given back frees its place at once."""
    pace = Pace.of(1, 1)
    number = pace.sent(0.0, CallKind.WRITE)
    assert pace.next_allowed(0.0, CallKind.WRITE, CONTACT) > 0.0
    pace.unsent(number)
    assert pace.next_allowed(0.0, CallKind.WRITE, CONTACT) == 0.0


def answered(pace: Pace, now: float, reply: Answer | Failure, kind: CallKind = CallKind.WRITE) -> None:
    pace.answered(pace.sent(now, kind), now, kind, CONTACT, reply)


def test_headers_correct_the_limit() -> None:
    """HubSpot's own limit and window take the place of the settings'."""
    pace = Pace.of(100, 100)
    headers = {"x-hubspot-ratelimit-max": "190", "x-hubspot-ratelimit-interval-milliseconds": "5000"}
    answered(pace, 0.0, Answer(200, headers, None))
    assert (pace.calls.limit, pace.calls.span_s) == (190, 5.0)


def test_headers_tell_of_others_who_share_the_limit() -> None:
    """Calls that the server counted and we did not send take their places in our window."""
    pace = Pace.of(100, 100)
    headers = {"x-hubspot-ratelimit-max": "100", "x-hubspot-ratelimit-remaining": "0"}
    answered(pace, 0.0, Answer(200, headers, None))
    assert pace.next_allowed(0.1, CallKind.WRITE, CONTACT) == pytest.approx(10.05)


def test_headers_of_associations_do_not_change_the_window_for_all() -> None:
    """The association window's own limit may be the one that its headers name."""
    pace = Pace.of(190, 100)
    answered(pace, 0.0, Answer(200, {"x-hubspot-ratelimit-max": "150"}, None), CallKind.ASSOCIATION)
    assert pace.calls.limit == 190


@pytest.mark.parametrize("text", ["", "many", "-1", "nan", "inf", "0"])
def test_headers_that_make_no_sense_are_passed_over(text: str) -> None:
    """A header that is no count of calls leaves the limit as it is."""
    pace = Pace.of(100, 100)
    answered(pace, 0.0, Answer(200, {"x-hubspot-ratelimit-max": text}, None))
    assert pace.calls.limit == 100


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait_s", "policy"),
    [
        (429, {}, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0, "TEN_SECONDLY_ROLLING"),
        (429, {}, {"message": "You have reached your ten_secondly_rolling limit."}, 10.0, "TEN_SECONDLY_ROLLING"),
        (429, {}, {"policyName": "SECONDLY"}, 1.0, "SECONDLY"),
        (429, {}, {"message": "You have reached your secondly limit."}, 1.0, "SECONDLY"),
        (429, {"retry-after": "3"}, {"policyName": "TEN_SECONDLY_ROLLING"}, 3.0, "TEN_SECONDLY_ROLLING"),
        (429, {"retry-after": "Wed, 21 Oct"}, None, 10.0, "TEN_SECONDLY_ROLLING"),
        (429, {}, {"policyName": "DAILY"}, 900.0, "DAILY"),
        (477, {"retry-after": "7200"}, None, 7200.0, "ACCOUNT_MOVING"),
        (477, {}, None, 60.0, "ACCOUNT_MOVING"),
    ],
)
def test_limits_stop_every_call(status: int, headers: dict[str, str], body: Any, wait_s: float, policy: str) -> None:
    """Each policy has its pause; Retry-After is honoured where it is a number of seconds."""
    pace = Pace.of(100, 100)
    answered(pace, 100.0, Answer(status, headers, body))
    assert pace.next_allowed(100.0, CallKind.READ, CONTACT) == 100.0 + wait_s
    assert pace.halt is not None
    assert pace.halt.reason == policy
    assert pace.halted(100.0 + wait_s - 0.1)
    assert not pace.halted(100.0 + wait_s)


def test_a_shorter_limit_does_not_end_a_longer_one() -> None:
    """Of two pauses the one that ends later counts."""
    pace = Pace.of(100, 100)
    answered(pace, 0.0, Answer(429, {}, {"policyName": "DAILY"}))
    answered(pace, 0.0, Answer(429, {}, {"policyName": "SECONDLY"}))
    assert pace.next_allowed(0.0, CallKind.READ, CONTACT) == 900.0


def test_a_lock_stops_its_lane_alone() -> None:
    """423 holds up the type that met it, for at least two seconds."""
    pace = Pace.of(100, 100)
    answered(pace, 50.0, Answer(423, {}, None))
    assert pace.next_allowed(50.0, CallKind.WRITE, CONTACT) == 52.0
    assert pace.next_allowed(50.0, CallKind.WRITE, ObjectType.DEAL) == 50.0


def test_the_day_is_told_by_the_headers() -> None:
    """What is left of the day, and the day's limit, are what HubSpot last said."""
    pace = Pace.of(100, 100)
    headers = {"x-hubspot-ratelimit-daily-remaining": "249000", "x-hubspot-ratelimit-daily": "250000"}
    answered(pace, 0.0, Answer(200, headers, None))
    answered(pace, 0.0, Failure(sent=True, details="lost"))
    assert (249000, 250000) == (pace.day_left, pace.day_limit)


def test_calls_of_the_window_are_counted_until_they_have_left_it() -> None:
    """Those that are out, those answered within the window, and those of others that HubSpot told of."""
    pace = Pace.of(100, 100)
    out = pace.sent(0.0, CallKind.READ)
    answered(pace, 0.0, Answer(200, {"x-hubspot-ratelimit-max": "100", "x-hubspot-ratelimit-remaining": "90"}, None))
    assert 10 == pace.used(5.0)
    assert 1 == pace.used(11.0)
    pace.answered(out, 11.0, CallKind.READ, CONTACT, DONE)
    assert (1, 0) == (pace.used(20.0), pace.used(22.0))
