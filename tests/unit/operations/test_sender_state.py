"""The sender's state, as a worker writes it beside the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.operations.sender_state import Paused, SenderNow, read_sender, state_path

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def read(folder: Path, told: object, later_s: float = 1.0) -> SenderNow | None:
    ledger = folder / "ledger.db"
    state_path(ledger).write_text(json.dumps(told))
    return read_sender(ledger, NOW + timedelta(seconds=later_s))


def test_a_whole_state(tmp_path: Path) -> None:
    """Pauses with their reason, the wait and the day's calls, with their times."""
    told = {
        "at": NOW.isoformat(),
        "condition": "WELL",
        "paused": [
            {"lane": "DEAL", "since": NOW.isoformat(), "type": "NO_TIER", "property": "tier", "details": "no tier"}
        ],
        "waiting_until": "2026-11-25T00:00:00+00:00",
        "waiting_for": "DAILY",
        "requests": {"WRITE": 3},
        "day_left": 7,
        "something_newer": 1,
    }
    found = read(tmp_path, told)
    assert found is not None
    assert (1.0, False, {"WRITE": 3}, 7, None) == (
        found.age_s,
        found.is_old,
        found.requests,
        found.day_left,
        found.day_limit,
    )
    assert (Paused("DEAL", NOW, "NO_TIER", "tier", "no tier"),) == found.paused
    assert ("DAILY", datetime(2026, 11, 25, tzinfo=UTC)) == (found.waiting_for, found.waiting_until)


@pytest.mark.parametrize(("old", "later_s", "more"), [(False, 10, {}), (True, 60, {}), (True, 1, {"stopped": True})])
def test_a_state_that_nobody_writes_any_more_is_old(
    tmp_path: Path, *, old: bool, later_s: float, more: dict[str, object]
) -> None:
    """After a while, or at once where the worker said that it ends."""
    found = read(tmp_path, {"at": NOW.isoformat(), "condition": "WELL", **more}, later_s)
    assert found is not None
    assert old == found.is_old


def test_a_clock_that_differs_makes_no_negative_age(tmp_path: Path) -> None:
    """Two processes may round differently."""
    found = read(tmp_path, {"at": NOW.isoformat(), "condition": "WELL"}, -2)
    assert found is not None
    assert 0.0 == found.age_s


def test_no_worker_has_written_yet(tmp_path: Path) -> None:
    """Nothing is known, which is no mistake."""
    assert read_sender(tmp_path / "ledger.db", NOW) is None


@pytest.mark.parametrize("told", [[], {"condition": "WELL"}, {"at": "yesterday", "condition": "WELL"}, "text", 3, None])
def test_a_file_of_somebody_else_is_named(tmp_path: Path, told: object) -> None:
    """What cannot be read is said with the file's name."""
    with pytest.raises(ConfigurationError, match=r"ledger\.db\.state\.json is no state of a sender"):
        read(tmp_path, told)
