"""The status as people see it: a page, a screen that is drawn anew, and a line for a log."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest
from rich.console import Console, RenderableType

from connector.capture.connect import ConnectorStatus, TaskStatus
from connector.capture.log_status import LogStatus
from connector.capture.signals import SnapshotState
from connector.cli.status_page import line, screen, whole_page
from connector.cli.watching import looks
from connector.ledger.progress import Progress
from connector.operations.accounting import Log, accounts
from connector.operations.acts import State
from connector.operations.lag import Flow, Taken, flow
from connector.operations.lately import Lately
from connector.operations.overall import Seen, Status, judge
from connector.operations.parked import Awaited
from connector.operations.roles_held import Worker
from connector.operations.sender_state import SenderNow
from connector.operations.source import SourceState
from connector.operations.stock import Stock
from connector.record import Partition
from connector.sender.report import PausedLane, SenderReport

AT: Final = datetime(2026, 11, 24, 10, tzinfo=UTC)
REPORT: Final = SenderReport(
    at=AT,
    every_s=2.0,
    pid=812,
    started_at=AT,
    stopped=False,
    condition="WELL",
    condition_since=None,
    condition_details="",
    paused=(PausedLane("DEAL", AT, "PROPERTY_DOESNT_EXIST", "tier", "no property tier"),),
    waiting_until=AT,
    waiting_for="TEN_SECONDLY_ROLLING",
    last_error="HTTP 400: no address",
    requests={"WRITE": 30, "READ": 10},
    day_left=1_000,
    day_limit=250_000,
    day_used=249_000,
    limit_per_10_s=100,
    used_in_10_s=40,
)
SOURCE: Final = SourceState(
    store="main",
    prefix="shop",
    log=LogStatus(True, True, "extended", 3 * 2**20, 2048, "0/1", "0/2", 64 * 2**20),
    captured_until=AT,
    seconds=3.0,
    snapshot=SnapshotState(running=True),
    connector=ConnectorStatus("RUNNING", (TaskStatus(0, "RUNNING", "w"),)),
)


def status(mapped: int = 40, seconds: float = 0.0) -> Status:
    """Something of everything."""
    row = Progress("map:orders", "t", "t1", 0, 0, mapped, {"mapped": mapped})
    seen = Seen(
        stock=Stock({"DEAL": {"equal": 3}}, {"DEAL_CONTACT": {"parked": 2}}, {}, open_errors={"CONFLICT": 2}),
        parents=tuple(Awaited(f"main:CONTACT:{number}", "never seen", 2, 1, AT) for number in range(9)),
        sender=SenderNow(REPORT, 1.0, is_old=False),
        accounts=accounts([row], {Partition("t", 0): Log("t1", 0, 50)}),
        sources=(SOURCE,),
        workers={"map": Worker(812, AT), "send": Worker(812, AT)},
        acts=(Lately("a1", "replay", "eva@desk", AT, "of orders", State.DONE, 3, 4),),
        unseen=("Kafka Connect: no answer",),
    )
    return judge(seen, lambda _account: 7.0, AT.timestamp() + seconds)


def printed(page: RenderableType) -> list[str]:
    """The lines of a page, without the blanks that tables put between their cells."""
    console = Console(file=io.StringIO(), width=240, force_terminal=False)
    console.print(page)
    assert isinstance(console.file, io.StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    "told",
    [
        "database main → change topics 2 KiB 3.0 s",
        "change topics → messages 10 7.0 s",
        "snapshot of main running -",
        "DEAL paused 2026-11-24 10:00:00Z PROPERTY_DOESNT_EXIST: no property tier",
        "calls of the day 249,000 used, 1,000 left of 250,000, 40 of 100 in 10 s",
        "waits until 2026-11-24 10:00:00Z (TEN_SECONDLY_ROLLING)",
        "last error HTTP 400: no address",
        "main RUNNING, task RUNNING extended, read 3.0 MiB 64.0 MiB 3.0 s",
        "map 812 2026-11-24 10:00:00Z",
        "CONFLICT 2",
        "2026-11-24 10:00:00Z eva@desk replay of orders DONE 3 of 4",
        "Kafka Connect: no answer",
        "Accounting: every record is accounted for",
    ],
)
def test_the_page_tells_all(told: str) -> None:
    """Stages, pauses, quota, connector, log, workers, errors, acts, and what was not seen."""
    assert told in printed(whole_page(status()))


def test_the_page_begins_with_what_to_do() -> None:
    """The first line is the verdict with the most urgent problem, the others follow."""
    first, second = printed(whole_page(status()))[:2]
    assert first.startswith("NOT WELL: DEAL is paused since 2026-11-24 10:00:00Z: PROPERTY_DOESNT_EXIST: no property")
    assert first.endswith("(and 1 more)")
    assert second.startswith("only 1,000 of the account's 250,000 calls of the day are left")


def test_the_screen_is_short_and_knows_the_flow() -> None:
    """Long tables are cut, and each stage tells what it took in a second."""
    lines = printed(screen(status(), Flow(5.0, 4.0, 0.0, 2.5)))
    assert 5 == sum(line.startswith("main:CONTACT:") for line in lines)
    assert "change topics → messages 10 7.0 s 5.0" in lines
    assert "ledger → HubSpot, records 0 - 2.5" in lines
    assert "Accounting: every record is accounted for" not in lines
    assert len(lines) < 45


def test_a_line_for_a_log() -> None:
    """Time, verdict, flow."""
    told = line(status(), Flow(5.0, 4.0, 0.0, 2.5))
    assert told.startswith("2026-11-24 10:00:00Z NOT WELL: DEAL is paused")
    assert told.endswith("; mapped 5.0/s, applied 4.0/s, 2.5 calls/s")
    assert line(status(), None).endswith("(and 1 more)")


def test_the_second_look_knows_the_flow() -> None:
    """Records that were taken between two looks, by the time between them."""

    def told() -> Iterator[Status]:
        yield status(40)
        yield status(48, seconds=4.0)

    answers = told()
    watching = looks(lambda: next(answers), 0.01)
    assert [None, Flow(2.0, 0.0, 0.0, 0.0)] == [next(watching)[1] for _ in range(2)]


def test_counts_that_begin_anew_have_no_flow() -> None:
    """Another ledger, or a worker that was started again: nothing is made up."""
    before = Taken(10.0, 50, 50, 0, 20)
    assert flow(before, replace(before, at=12.0, map=10)) is None
    assert flow(before, before) is None
    assert Flow(0.0, 0.0, 0.0, None) == flow(before, replace(before, at=12.0, calls=3))
