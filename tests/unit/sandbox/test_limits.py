"""The rate limiter by itself, on a clock that is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox.limits import Limiter, Window
from connector.sandbox.settings import PLANS, Plan

SMALL = Plan(burst=1000, daily=3, association_burst=1000, association_daily=2, search_per_second=5)


def call(limiter: Limiter, **kinds: bool) -> str | None:
    return limiter.admit(search=kinds.get("search", False), association=kinds.get("association", False))


def test_daily_limit_ends_at_the_accounts_midnight(clock: Any) -> None:
    """The day is used up until it is midnight where the account is, not in UTC."""
    limiter = Limiter(SMALL, "America/New_York", clock)
    assert [None, None, None, "DAILY"] == [call(limiter) for _ in range(4)]

    clock.advance(16.9 * 3600)  # 04:54 UTC, 23:54 in New York
    assert "DAILY" == call(limiter)

    clock.advance(0.2 * 3600)
    assert call(limiter) is None


def test_associations_have_a_day_of_their_own(clock: Any) -> None:
    """Association calls run out before the others do."""
    limiter = Limiter(SMALL, "UTC", clock)

    assert [None, None, "DAILY"] == [call(limiter, association=True) for _ in range(3)]
    assert call(limiter) is None


def test_the_day_so_far_survives_a_restart(clock: Any) -> None:
    """A new process asks how much of the day is used, from the account's midnight on."""
    midnight = datetime(2026, 3, 4, 5, tzinfo=UTC)
    limiter = Limiter(SMALL, "America/New_York", clock, lambda since: 2 if since == midnight else 0)

    assert [None, "DAILY"] == [call(limiter) for _ in range(2)]


def test_day_of_the_clock_change(clock: Any) -> None:
    """The day on which clocks go forward ends at midnight all the same."""
    clock.advance(4 * 86_400)  # 2026-03-08, the change in New York
    limiter = Limiter(SMALL, "America/New_York", clock)

    assert "2026-03-09T00:00:00-04:00" == limiter.next_midnight(clock.now()).isoformat()


@pytest.mark.parametrize(
    ("plan", "burst", "daily"), [("free", 100, 250_000), ("professional", 190, 625_000), ("enterprise", 190, 1_000_000)]
)
def test_plans(plan: str, burst: int, daily: int) -> None:
    """Each plan has HubSpot's documented numbers."""
    assert (burst, daily) == (PLANS[plan].burst, PLANS[plan].daily)


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_allowed(gaps: list[float], at_most: int) -> None:
    """However calls are spaced, any 10 seconds hold at most the limit."""
    window, now, admitted = Window(10.0, at_most), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if window.left(now):
            window.add(now)
            admitted.append(now)

    assert all(len([t for t in admitted if start <= t < start + 10.0]) <= at_most for start in admitted)
