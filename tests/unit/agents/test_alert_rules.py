"""Operators are called once for each trouble, told once that it is over, and never more often than is set."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.agents.alert_facts import Bounds, Facts
from connector.agents.alert_rules import RULES
from connector.agents.alert_states import FIRING, RESOLVED, AlertState, Key, Notice, judge
from connector.figures import Behind
from connector.sender.health import Condition
from connector.sender.report import PausedLane, SenderReport

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
STAGES = ("map", "apply", "report", "send")
BOUNDS = Bounds()
LONG_S = 600.0


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def sender(**told: object) -> SenderReport:
    """A sender that is well, but for what is told."""
    well = SenderReport(
        at=moment(NOON),
        every_s=2.0,
        pid=1,
        started_at=moment(NOON),
        stopped=False,
        condition=Condition.WELL,
        condition_since=None,
        condition_details="",
        paused=(),
        waiting_until=None,
        waiting_for=None,
        last_error=None,
    )
    return dataclasses.replace(well, **told)  # type: ignore[arg-type]  # a field's name and value


WELL = Facts(
    at=NOON,
    sender=sender(),
    silent_s=0.0,
    behind=dict.fromkeys(STAGES, Behind()),
    standing_s=dict.fromkeys(STAGES, 0.0),
    parked=0,
    superseded=0.0,
    failed=(),
    kafka_away_s=0.0,
)
PAUSED = PausedLane("DEAL", moment(NOON), "PROPERTY_DOESNT_EXIST", "loyalty", 'Property "loyalty" ann@example.com')

ILL: dict[str, Facts] = {
    "worker_stopped": dataclasses.replace(WELL, stopped={"map,apply": "GapError"}),
    "nobody_sends": dataclasses.replace(WELL, sender=None, silent_s=61.0),
    "credential_refused": dataclasses.replace(WELL, sender=sender(condition=Condition.CREDENTIAL_REFUSED)),
    "hubspot_away": dataclasses.replace(
        WELL, sender=sender(condition=Condition.AWAY, condition_since=moment(NOON) - timedelta(seconds=61))
    ),
    "type_paused": dataclasses.replace(WELL, sender=sender(paused=(PAUSED,))),
    "quota_low": dataclasses.replace(WELL, sender=sender(day_left=99, day_limit=1000)),
    "error_share": dataclasses.replace(WELL, sender=sender(settled=100, refused=6)),
    "kafka_away": dataclasses.replace(WELL, kafka_away_s=61.0),
    "connector_failed": dataclasses.replace(WELL, failed=("shop",)),
    "stalled": dataclasses.replace(WELL, standing_s={**dict.fromkeys(STAGES, 0.0), "map": 121.0}),
    "lag": dataclasses.replace(WELL, behind={**dict.fromkeys(STAGES, Behind()), "apply": Behind(9, 301.0)}),
    "parked": dataclasses.replace(WELL, parked=1, parked_s=3601.0),
    "superseded": dataclasses.replace(WELL, superseded=0.011),
}
UNKNOWN = Facts(at=NOON)


def at(facts: Facts, seconds: float) -> Facts:
    """The same facts at another moment; an outage goes on."""
    told = facts.sender
    if told is not None and told.condition_since is not None:
        told = dataclasses.replace(told, condition_since=moment(NOON + seconds - 61))
    return dataclasses.replace(facts, at=NOON + seconds, sender=told)


def tell(story: Iterable[tuple[float, Facts]], bounds: Bounds = BOUNDS) -> list[Notice]:
    """All that is told of a story of facts, each with its seconds."""
    states: dict[Key, AlertState] = {}
    told: list[Notice] = []
    for seconds, facts in story:
        states, notices = judge(at(facts, seconds), states, bounds)
        told += notices
    return told


def held(facts: Facts, start: float, seconds: float, step: float = 5.0) -> list[tuple[float, Facts]]:
    """The facts, looked at again and again."""
    return [(start + step * number, facts) for number in range(int(seconds / step) + 1)]


def test_there_is_an_ill_fact_for_each_rule() -> None:
    """So that no rule goes untried here."""
    assert {rule.name for rule in RULES} == set(ILL)


@pytest.mark.parametrize("name", ILL)
def test_one_call_and_one_all_clear(name: str) -> None:
    """However often it is looked at: told once when it begins, once when it is over, with what to do."""
    told = tell([*held(WELL, 0, 10), *held(ILL[name], 15, LONG_S), *held(WELL, 15 + LONG_S + 5, LONG_S)])
    assert [(name, FIRING), (name, RESOLVED)] == [(each.alert, each.state) for each in told]
    assert all(each.summary and each.remedy for each in told)
    assert {NOON + 15} == {each.since for each in told}


@pytest.mark.parametrize("name", ILL)
def test_what_is_well_calls_nobody(name: str) -> None:
    """Each rule alone speaks of its trouble."""
    assert [] == tell(held(WELL, 0, LONG_S))
    assert {name} == {each.alert for each in tell(held(ILL[name], 0, LONG_S))}


@pytest.mark.parametrize("name", ILL)
def test_what_cannot_be_looked_at_changes_nothing(name: str) -> None:
    """Neither an alarm nor an all-clear comes of not knowing; a worker that stopped is known of by its own file."""
    blind = dataclasses.replace(UNKNOWN, stopped=ILL[name].stopped)
    assert [] == tell(held(UNKNOWN, 0, LONG_S))
    assert [FIRING] == [each.state for each in tell([*held(ILL[name], 0, LONG_S), *held(blind, LONG_S + 5, LONG_S)])]


@pytest.mark.parametrize("name", ILL)
def test_what_is_told_quotes_no_row(name: str) -> None:
    """HubSpot's words may quote a value; a chat room is no place for it."""
    assert "ann@example.com" not in str(tell(held(ILL[name], 0, LONG_S)))


def test_value_between_its_two_bounds_keeps_what_was_told() -> None:
    """Above 300 s it is late; it is well again below 240."""
    nearly = dataclasses.replace(WELL, behind={"apply": Behind(9, 270.0)})
    assert [] == tell(held(nearly, 0, LONG_S))
    assert [FIRING] == [each.state for each in tell([*held(ILL["lag"], 0, LONG_S), *held(nearly, LONG_S, LONG_S)])]


def test_quota_between_its_two_bounds_keeps_what_was_told() -> None:
    """With a tenth left it is nearly used; it is well again with an eighth."""
    nearly = dataclasses.replace(WELL, sender=sender(day_left=110, day_limit=1000))
    enough = dataclasses.replace(WELL, sender=sender(day_left=126, day_limit=1000))
    assert [] == tell(held(nearly, 0, LONG_S))
    story = [*held(ILL["quota_low"], 0, 60), *held(nearly, 65, LONG_S), *held(enough, 70 + LONG_S, 10)]
    assert [FIRING, RESOLVED] == [each.state for each in tell(story)]


def test_day_that_is_used_up_is_told_though_no_count_was() -> None:
    """HubSpot says it by its refusal."""
    used = dataclasses.replace(WELL, sender=sender(waiting_for="DAILY"))
    assert ["quota_low"] == [each.alert for each in tell(held(used, 0, 10))]


@pytest.mark.parametrize("cause", ["credential_refused", "hubspot_away", "type_paused"])
def test_sender_that_is_held_up_is_not_called_late_too(cause: str) -> None:
    """One trouble, one alert: that records wait follows from it."""
    late = {**dict.fromkeys(STAGES, Behind()), "send": Behind(9, 900.0)}
    facts = dataclasses.replace(ILL[cause], behind=late, standing_s={"send": 900.0})
    assert {cause} == {each.alert for each in tell(held(facts, 0, LONG_S))}


def test_few_records_make_no_share() -> None:
    """One refused of three is no share of a third."""
    assert [] == tell(held(dataclasses.replace(WELL, sender=sender(settled=19, refused=19)), 0, LONG_S))


def test_each_paused_type_is_an_alert_of_its_own() -> None:
    """One may be mended before the other."""
    both = (PAUSED, dataclasses.replace(PAUSED, lane="CONTACT"))
    story = [
        *held(dataclasses.replace(WELL, sender=sender(paused=both)), 0, 60),
        *held(dataclasses.replace(WELL, sender=sender(paused=both[:1])), 65, 60),
    ]
    assert [("DEAL", FIRING), ("CONTACT", FIRING), ("CONTACT", RESOLVED)] == [
        (each.labels["lane"], each.state) for each in tell(story)
    ]


def test_flapping_alert_calls_once_a_minute_at_most() -> None:
    """In ten minutes of coming and going every five seconds, not more than ten calls."""
    flapping = [(5.0 * number, ILL["credential_refused"] if number % 2 else WELL) for number in range(120)]
    assert 0 < len(tell(flapping)) <= 10


FACTS = st.sampled_from([WELL, UNKNOWN, *ILL.values()])
STORIES = st.lists(st.tuples(st.floats(0.5, 200.0), FACTS), min_size=1, max_size=60)


def timed(story: Sequence[tuple[float, Facts]]) -> list[tuple[float, Facts]]:
    """Pauses between looks, as moments."""
    moments, now = [], 0.0
    for pause, facts in story:
        now += pause
        moments.append((now, facts))
    return moments


@given(STORIES)
def test_calls_and_all_clears_take_turns(story: list[tuple[float, Facts]]) -> None:
    """Never two calls in a row, never an all-clear without a call, and never two tellings within the interval."""
    told = defaultdict(list)
    for notice in tell(timed(story)):
        told[notice.alert, tuple(notice.labels.items())].append(notice)
    for notices in told.values():
        assert [(FIRING, RESOLVED)[number % 2] for number in range(len(notices))] == [each.state for each in notices]
        gaps = [later.at - earlier.at for earlier, later in pairwise(notices)]
        assert all(gap >= BOUNDS.interval_s - 1e-6 for gap in gaps)


@given(STORIES)
def test_all_clear_always_follows(story: list[tuple[float, Facts]]) -> None:
    """Whatever happened: once all is well for a while, every call had its all-clear, and all is forgotten."""
    moments = timed(story)
    states: dict[Key, AlertState] = {}
    open_calls: dict[Key, str] = {}
    for seconds, facts in [*moments, *held(WELL, moments[-1][0] + 1, LONG_S)]:
        states, notices = judge(at(facts, seconds), states, BOUNDS)
        open_calls |= {(each.alert, tuple(each.labels.items())): each.state for each in notices}
    assert set() == {key for key, state in open_calls.items() if state == FIRING}
    assert {} == states
