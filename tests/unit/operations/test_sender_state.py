"""The sender's state, as a worker writes it beside the ledger, and whether it can still be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.operations.sender_state import SenderNow, read_sender
from connector.sender.report import PausedLane, SenderReport, report_path, write_report

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def read(folder: Path, later_s: float, *, stopped: bool = False, every_s: float = 2.0) -> SenderNow:
    """What is read so many seconds after a report."""
    ledger = folder / "ledger.db"
    told = SenderReport(NOW, every_s, 1, NOW, stopped, "WELL", None, "", (), None, None, None)
    write_report(report_path(ledger), told)
    found = read_sender(ledger, NOW + timedelta(seconds=later_s))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "later_s", "stopped", "every_s"),
    [(False, 10, False, 2.0), (True, 60, False, 2.0), (False, 60, False, 30.0), (True, 1, True, 2.0)],
)
def test_a_state_that_nobody_writes_any_more_is_old(
    tmp_path: Path, *, old: bool, later_s: float, stopped: bool, every_s: float
) -> None:
    """After several of its periods, or at once where the worker said that it ends."""
    assert old == read(tmp_path, later_s, stopped=stopped, every_s=every_s).is_old


def test_a_clock_that_differs_makes_no_negative_age(tmp_path: Path) -> None:
    """Two processes may round differently."""
    assert 0.0 == read(tmp_path, -2).age_s


def test_no_worker_has_written_yet(tmp_path: Path) -> None:
    """Nothing is known, which is no mistake."""
    assert read_sender(tmp_path / "ledger.db", NOW) is None


def test_a_file_of_somebody_else_is_named(tmp_path: Path) -> None:
    """What cannot be read is said with the file's name."""
    report_path(tmp_path / "ledger.db").write_text("[]")
    with pytest.raises(ConfigurationError, match=r"ledger\.db\.state\.json is no state of a sender"):
        read_sender(tmp_path / "ledger.db", NOW)


def test_what_hubspot_quotes_of_people_is_masked(tmp_path: Path) -> None:
    """Its words repeat what it was sent; no command shows them as they are."""
    paused = PausedLane("CONTACT", NOW, "UNEXPECTED", "email", "ann@example.com is odd")
    told = SenderReport(NOW, 2.0, 1, NOW, False, "WELL", None, "", (paused,), None, None, "400: ann@example.com")
    write_report(report_path(tmp_path / "ledger.db"), told)
    found = read_sender(tmp_path / "ledger.db", NOW)
    assert found is not None
    shown = (found.report.paused[0].details, found.report.last_error)
    assert ("a***@e***.com is odd", "400: a***@e***.com") == shown
