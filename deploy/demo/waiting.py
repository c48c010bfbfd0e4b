"""Waiting until nothing is under way: both databases' logs are read, and every stage has caught up."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.request import urlopen

import psycopg
from rich.live import Live
from rich.table import Table

from deploy.demo.legacy import database
from deploy.demo.stage import Stage, StageError

POLL_S = 1.0
QUIET_POLLS = 3
"""At rest only when it was seen so several times in a row: a deadline of a waiting child may be about to pass."""


def wait_for_rest(stage: Stage, deadline_s: float) -> dict[str, Any]:
    """The status once all that is committed is captured and nothing is under way, else StageError."""
    stage.console.rule("Wait until nothing is under way", align="left", style="dim")
    logs = (Wal(stage.environment["MODERN_ADMIN_URL"]), Binlog(stage.environment))
    deadline = time.monotonic() + deadline_s
    quiet, status = 0, dict[str, Any]()
    with Live(console=stage.console, refresh_per_second=4) as live:
        while quiet < QUIET_POLLS:
            stage.require_worker()
            unread, status = {log.name: log.unread() for log in logs}, _status(stage)
            at_rest = not any(unread.values()) and status.get("at_rest") and _nobody_waits(status)
            quiet = quiet + 1 if at_rest else 0
            live.update(_table(unread, status))
            if time.monotonic() > deadline:
                raise StageError(f"not at rest after {deadline_s:.0f} s: {unread}, {json.dumps(status.get('lag'))}")
            time.sleep(POLL_S)
    return status


class Wal:
    """PostgreSQL's log up to the moment of making, as its slots have confirmed it."""

    name = "log of the modern shop unread"

    def __init__(self, url: str) -> None:
        self._url = url
        self._target = self._ask("SELECT pg_current_wal_lsn()::text")

    def unread(self) -> int:
        """Bytes that the slowest slot has not confirmed."""
        query = (
            f"SELECT coalesce(max('{self._target}'::pg_lsn - confirmed_flush_lsn), 1)::bigint FROM pg_replication_slots"  # noqa: S608
        )
        return max(0, int(self._ask(query)))

    def _ask(self, query: str) -> Any:
        with psycopg.connect(self._url) as shop:
            row = shop.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


class Binlog:
    """MariaDB's log up to the moment of making, as Kafka Connect keeps the offsets of its connector.

    An offset is where the newest transaction that was read begins; heartbeats see to it that another one comes.
    """

    name = "log of the legacy shop unread"

    def __init__(self, environment: Mapping[str, str], connector: str = "shopbridge_legacy") -> None:
        self._offsets = f"{environment['SHOPBRIDGE_CONNECT_URL']}/connectors/{connector}/offsets"
        with database.connect(environment["LEGACY_ADMIN_URL"]) as legacy:
            [now] = database.rows(legacy, "SHOW MASTER STATUS")
        self._target = (str(now["File"]), int(now["Position"]))

    def unread(self) -> int:
        """Bytes that the connector has not passed; 1 where it is still in an older file, or nobody knows."""
        with urlopen(self._offsets, timeout=10) as answer:  # noqa: S310 - http, on this machine
            entries = json.load(answer).get("offsets", ())
        offsets = [entry["offset"] for entry in entries if "file" in (entry.get("offset") or {})]
        name, position = max(((str(each["file"]), int(each["pos"])) for each in offsets), default=("", 0))
        if name == self._target[0]:
            return max(0, self._target[1] - position)
        return int(name < self._target[0])


def _nobody_waits(status: dict[str, Any]) -> bool:
    return not status.get("lag", {}).get("waiting_for_parents", 0)


def _status(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stage.output(*stage.shopbridge("--json", "status")) or "{}")
    return found


def _table(unread: Mapping[str, int], status: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    for name, count in unread.items():
        table.add_row(name, f"{count:,} bytes")
    for name, value in status.get("lag", {}).items():
        text = f"{value.get('records', 0):,}" if isinstance(value, dict) else f"{value:,}"
        table.add_row(name.replace("_", " "), text)
    return table
