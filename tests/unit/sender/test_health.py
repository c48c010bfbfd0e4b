"""Health: when HubSpot is tried again."""

from __future__ import annotations

from connector.sender.calls import Fate
from connector.sender.health import Backoff, Condition, Health


def health() -> Health:
    return Health(Backoff(jitter=lambda: 1.0))


def test_pauses_double_up_to_a_ceiling() -> None:
    """From half a second to thirty, whole pauses where the jitter is at its highest."""
    backoff = Backoff(jitter=lambda: 1.0)
    assert [backoff.next_s() for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    backoff.reset()
    assert backoff.next_s() == 0.5


def test_jitter_takes_at_most_half() -> None:
    """The lowest jitter halves the pause, but never below the shortest."""
    backoff = Backoff(jitter=lambda: 0.0)
    assert [backoff.next_s() for _ in range(4)] == [0.5, 0.5, 1.0, 2.0]


def test_one_call_at_a_time_tries_while_away() -> None:
    """While one try is out the others wait; its success lets all go."""
    state = health()
    assert state.answered(10.0, 9.0, Fate.AWAY, "HTTP 503")
    assert state.next_allowed(10.0) == 10.5
    state.sent()
    assert state.next_allowed(11.0) > 11.0
    assert state.answered(11.2, 11.0, Fate.ANSWERED, "")
    assert state.next_allowed(11.2) == 11.2


def test_failures_of_one_outage_count_once() -> None:
    """Calls that were out already when it began do not lengthen the pause."""
    state = health()
    assert state.answered(10.0, 9.0, Fate.AWAY, "")
    assert not state.answered(10.1, 9.5, Fate.AWAY, "")
    assert state.until == 10.5


def test_a_refused_credential_is_tried_at_a_steady_pace() -> None:
    """Every thirty seconds, told once."""
    state = health()
    assert state.answered(0.0, 0.0, Fate.CREDENTIAL, "HTTP 401")
    assert state.condition is Condition.CREDENTIAL_REFUSED
    assert state.next_allowed(0.0) == 30.0
    assert not state.answered(30.1, 30.0, Fate.CREDENTIAL, "HTTP 401")
    assert state.next_allowed(31.0) == 60.1


def test_a_refusal_of_records_is_no_sickness() -> None:
    """HubSpot that refuses, limits or locks is there."""
    state = health()
    for fate in (Fate.REFUSED, Fate.LIMITED, Fate.STRANGE):
        assert not state.answered(0.0, 0.0, fate, "")
    assert state.condition is Condition.WELL
