"""Waiting until nothing is under way: the database's log is read, and every stage has caught up."""

from __future__ import annotations

import json
import time
from typing import Any

import psycopg
from rich.live import Live
from rich.table import Table

from deploy.demo.stage import Stage, StageError

POLL_S = 1.0
QUIET_POLLS = 3
"""At rest only when it was seen so several times in a row: a deadline of a waiting child may be about to pass."""


def wait_for_rest(stage: Stage, deadline_s: float) -> dict[str, Any]:
    """The status once the slot has confirmed all that is committed and nothing is under way, else StageError."""
    stage.console.rule("Wait until nothing is under way", align="left", style="dim")
    target = _written(stage)
    deadline = time.monotonic() + deadline_s
    quiet, status = 0, dict[str, Any]()
    with Live(console=stage.console, refresh_per_second=4) as live:
        while quiet < QUIET_POLLS:
            stage.require_worker()
            behind, status = _behind(stage, target), _status(stage)
            quiet = quiet + 1 if behind <= 0 and status.get("at_rest") and _nobody_waits(status) else 0
            live.update(_table(behind, status))
            if time.monotonic() > deadline:
                raise StageError(f"not at rest after {deadline_s:.0f} s: {json.dumps(status.get('lag'))}")
            time.sleep(POLL_S)
    return status


def _nobody_waits(status: dict[str, Any]) -> bool:
    return not status.get("lag", {}).get("waiting_for_parents", 0)


def _written(stage: Stage) -> str:
    with psycopg.connect(stage.environment["SHOP_ADMIN_URL"]) as shop:
        row = shop.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert row is not None
    return str(row[0])


def _behind(stage: Stage, target: str) -> int:
    """Bytes of the log up to `target` that the slowest slot has not confirmed."""
    query = "SELECT coalesce(max(%s::pg_lsn - confirmed_flush_lsn), 1)::bigint FROM pg_replication_slots"
    with psycopg.connect(stage.environment["SHOP_ADMIN_URL"]) as shop:
        row = shop.execute(query, (target,)).fetchone()
    return int(row[0]) if row else 1


def _status(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stage.output(*stage.shopbridge("--json", "status")) or "{}")
    return found


def _table(behind: int, status: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("database log unread", f"{max(behind, 0):,} bytes")
    for name, value in status.get("lag", {}).items():
        text = f"{value.get('records', 0):,}" if isinstance(value, dict) else f"{value:,}"
        table.add_row(name.replace("_", " "), text)
    return table
