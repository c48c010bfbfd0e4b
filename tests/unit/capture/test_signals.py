"""Snapshots as the connector's notifications tell of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.capture.signals import Notification, SnapshotState, observe

AT = datetime(2026, 5, 1, tzinfo=UTC)


def told(signal: str, kind: str, **data: str) -> Notification:
    return Notification(signal, kind, data, AT)


def state_after(*notifications: Notification) -> SnapshotState:
    state = SnapshotState()
    for seen in notifications:
        state = observe(state, seen)
    return state


def scan(table: str, status: str = "SUCCEEDED", rows: str = "5") -> Notification:
    return told("s", "TABLE_SCAN_COMPLETED", scanned_collection=table, status=status, total_rows_scanned=rows)


def test_nothing_told_nothing_runs() -> None:
    """Before the first snapshot."""
    assert not SnapshotState().running


@pytest.mark.parametrize(
    ("kinds", "running"),
    [
        (["STARTED"], True),
        (["STARTED", "IN_PROGRESS"], True),
        (["STARTED", "PAUSED"], True),
        (["STARTED", "PAUSED", "RESUMED"], True),
        (["STARTED", "COMPLETED"], False),
        (["STARTED", "ABORTED"], False),
        (["IN_PROGRESS"], True),
    ],
)
def test_a_snapshot_runs_from_its_start_to_its_end(kinds: list[str], running: bool) -> None:  # noqa: FBT001 - a column
    """Also one whose start is no longer on the topic; a paused one is not over."""
    assert running == state_after(*(told("s", kind) for kind in kinds)).running


def test_tables_and_rows_are_counted() -> None:
    """Of the tables that are done."""
    state = state_after(told("s", "STARTED"), scan("public.a"), scan("public.b", "EMPTY", "0"), told("s", "COMPLETED"))

    assert (("public.a", "public.b"), 5, ()) == (state.tables_done, state.rows, state.failures)


def test_a_table_that_could_not_be_read_is_a_failure() -> None:
    """Debezium skips it, completes, and says so only here."""
    state = state_after(told("s", "STARTED"), scan("public.a", "SQL_EXCEPTION", "0"), told("s", "COMPLETED"))

    assert (False, ("public.a: SQL_EXCEPTION",)) == (state.running, state.failures)


def test_a_new_snapshot_begins_anew() -> None:
    """What a former one did is no longer told."""
    state = state_after(
        told("r", "STARTED"), scan("public.a", "SQL_EXCEPTION"), told("r", "COMPLETED"), told("s", "STARTED")
    )

    assert SnapshotState(running=True, signal="s", kind="STARTED", at=AT) == state
