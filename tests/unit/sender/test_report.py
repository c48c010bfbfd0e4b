"""The sender's report: written whole, read back as it was, with times that mean the same in every process."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.message import ObjectType
from connector.outcome import Refusal
from connector.sender.calls import CallKind
from connector.sender.health import Condition
from connector.sender.report import PausedLane, SenderReport, read_report, report, report_path, write_report
from connector.sender.state import Pause, SenderState

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))
WELL = SenderState(
    now=1000.0,
    condition=Condition.WELL,
    condition_since=0.0,
    condition_details="",
    paused={},
    waiting_until=None,
    waiting_for=None,
    last_error=None,
    requests={CallKind.WRITE: 3},
    mean_fill=0.5,
    day_left=900,
    day_limit=1000,
    limit_per_10_s=100,
    used_in_10_s=7,
)
REPORTS = st.builds(
    SenderReport,
    at=MOMENTS,
    started_at=MOMENTS,
    every_s=st.floats(0.1, 60),
    condition_since=st.none() | MOMENTS,
    waiting_until=st.none() | MOMENTS,
    paused=st.lists(st.builds(PausedLane, since=MOMENTS)).map(tuple),
    requests=st.dictionaries(st.text(), st.integers()),
    mean_fill=st.none() | st.floats(0, 1),
)


@given(REPORTS)
def test_report_is_read_back_as_it_was(told: SenderReport) -> None:
    """Whatever HubSpot said and whenever: another process reads what this one wrote."""
    assert told == SenderReport.from_json(told.to_json())


def test_times_are_those_of_the_wall() -> None:
    """The courier's clock means nothing to others: what was 10 s ago was 10 s ago on everybody's clock."""
    pause = Pause(Refusal("PROPERTY_DOESNT_EXIST", "no such property", "loyalty"), since=990.0)
    away = dataclasses.replace(
        WELL,
        condition=Condition.AWAY,
        condition_since=940.0,
        condition_details="HTTP 503",
        paused={ObjectType.DEAL: pause},
        waiting_until=1030.0,
        waiting_for="AWAY",
    )
    told = report(away, NOON, started_at=NOON, every_s=2.0)
    assert NOON - timedelta(seconds=60) == told.condition_since
    assert NOON + timedelta(seconds=30) == told.waiting_until
    assert [("DEAL", NOON - timedelta(seconds=10), "loyalty")] == [
        (each.lane, each.since, each.property) for each in told.paused
    ]


def test_calls_of_the_day_add_up() -> None:
    """Used and left are the limit; where HubSpot told no limit, nothing is made up."""
    told = report(WELL, NOON, started_at=NOON, every_s=2.0)
    assert (100, 1000, 900) == (told.day_used, told.day_limit, told.day_left)
    untold = report(dataclasses.replace(WELL, day_limit=None), NOON, started_at=NOON, every_s=2.0)
    assert (None, None, 900) == (untold.day_used, untold.day_limit, untold.day_left)


def test_well_since_nothing() -> None:
    """A sender that was never unwell says no time for it."""
    assert report(WELL, NOON, started_at=NOON, every_s=2.0).condition_since is None


def test_newer_report_takes_the_older_ones_place(tmp_path: Path) -> None:
    """One file, always whole, and nothing left beside it."""
    path = report_path(tmp_path / "ledger.db")
    assert read_report(path) is None
    for condition in Condition:
        write_report(path, report(dataclasses.replace(WELL, condition=condition), NOON, started_at=NOON, every_s=2.0))
    told = read_report(path)
    assert (str(list(Condition)[-1]), ["ledger.db.state.json"]) == (
        told and told.condition,
        [each.name for each in tmp_path.iterdir()],
    )


def test_keys_of_a_later_release_are_passed_over() -> None:
    """A worker of tomorrow may say more."""
    told = report(WELL, NOON, started_at=NOON, every_s=2.0)
    more = {**json.loads(told.to_json()), "mood": "fine", "requests": {"WRITE": 3}}
    assert told == SenderReport.from_json(json.dumps(more))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": 3}', "null", '{"at": "yesterday", "paused": []}'])
def test_what_is_no_report_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    """With the file's name and what to do."""
    path = tmp_path / "ledger.db.state.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"ledger\.db\.state\.json is no state of a sender"):
        read_report(path)
