"""What is wrong with a shop's capture, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector.capture.connect import ConnectorStatus, TaskStatus
from connector.capture.log_status import LogStatus
from connector.capture.plan import plan_capture
from connector.capture.signals import SnapshotState
from connector.mapping import load_shop
from connector.operations.problems import Urgency
from connector.operations.source import SourceState, source_problems

RUNS = ConnectorStatus("RUNNING", (TaskStatus(0, "RUNNING", "w"),))
READ = LogStatus(exists=True, active=True, state="reserved", retained_bytes=2**20, behind_bytes=0)
WELL = SourceState("small", "p", READ, None, 3.0, SnapshotState(), connector=RUNS)
SHOP = Path(__file__).parents[2] / "cases/end_to_end/parents.yaml"


def wrong(state: SourceState, *, answered: bool = True) -> list[tuple[Urgency, str]]:
    """What is wrong, in short."""
    environment = {"SHOP_DATABASE_URL": "postgresql://shop:x@127.0.0.1/shop"}
    plan = plan_capture(load_shop(SHOP, environment))
    return [(each.urgency, str(each)) for each in source_problems(plan, state, connect_answered=answered)]


def test_a_connector_that_runs_is_well() -> None:
    """Connector and task run, the log is kept, the heartbeat is young."""
    assert [] == wrong(WELL)


@pytest.mark.parametrize("state", ["STOPPED", "PAUSED"])
def test_a_connector_that_was_stopped(state: str) -> None:
    """Nothing is captured until somebody starts it again, by the command that is named."""
    ((urgency, text),) = wrong(replace(WELL, connector=ConnectorStatus(state, ())))
    assert Urgency.STOPPED is urgency
    assert f"is {state}, so no change is captured: run `shopbridge capture apply`" in text


def test_a_connector_that_is_not_there() -> None:
    """Connect answered, and has none of the name; where it did not answer, nothing is said of it."""
    gone = replace(WELL, connector=None)
    assert "Kafka Connect has no connector" in wrong(gone)[0][1]
    assert [] == wrong(gone, answered=False)


def test_a_task_that_failed_says_why() -> None:
    """The first line of its cause is enough to know whom to call."""
    trace = "org.apache.kafka.ConnectException: no slot\n\tat org.apache\nCaused by: more\n"
    failed = ConnectorStatus("RUNNING", (TaskStatus(0, "FAILED", "w", trace),))
    ((_, text),) = wrong(replace(WELL, connector=failed))
    assert "failed (org.apache.kafka.ConnectException: no slot): mend the cause" in text


def test_a_connector_that_is_being_moved_is_no_problem() -> None:
    """Connect gives tasks to another of its workers for a moment."""
    moved = ConnectorStatus("UNASSIGNED", (TaskStatus(0, "UNASSIGNED", "w"),))
    assert [] == wrong(replace(WELL, connector=moved))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (LogStatus(exists=False), "there is no replication slot"),
        (replace(READ, state="lost"), "so changes are lost: run `shopbridge capture remove`"),
        (replace(READ, state="unreserved"), "is about to drop log"),
        (replace(READ, retained_bytes=100 * 2**20, safe_bytes=2**20), "(100 MiB kept)"),
    ],
)
def test_a_log_that_goes(log: LogStatus, words: str) -> None:
    """Whatever loses changes is the most urgent of all."""
    ((urgency, text),) = wrong(replace(WELL, log=log))
    assert (Urgency.LOSS, True) == (urgency, words in text)


def test_a_slot_with_room_is_no_problem() -> None:
    """Log is kept, and much more of it may be."""
    assert [] == wrong(replace(WELL, log=replace(READ, retained_bytes=100 * 2**20, safe_bytes=4 * 2**30)))


def test_parts_that_do_not_answer_matter_once_the_heartbeat_is_late() -> None:
    """While the heartbeat is young, changes arrive, whatever cannot be looked at."""
    silent = replace(WELL, log=None, connector=None, unseen=("Kafka Connect: no answer",))
    late = wrong(replace(silent, seconds=90.0), answered=False)
    assert [] == wrong(silent, answered=False)
    assert [Urgency.UNSEEN, Urgency.LATE] == [urgency for urgency, _ in late]


def test_a_snapshot_that_failed_is_asked_for_again() -> None:
    """The table is named in the command."""
    failed = replace(WELL, snapshot=SnapshotState(failures=("public.orders: STOPPED",)))
    assert wrong(failed)[0][1].endswith("ask for it again: `shopbridge capture snapshot orders`")
