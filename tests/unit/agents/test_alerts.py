"""A cause that spoils many rows is told once, and its end once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from connector.agents.alerts import Alerts
from connector.change import Change, Operation, Position
from connector.errors import RowError
from connector.mapping.faults import MissingColumnError

TOPIC = "shop.public.customers"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def told() -> Iterator[LogCapture]:
    """What is logged."""
    before = structlog.get_config()
    capture = LogCapture()
    structlog.configure(processors=[capture], cache_logger_on_first_use=False)
    yield capture
    structlog.configure(**before)


def change(second: int, **after: Any) -> Change:
    at = START + timedelta(seconds=second)
    position = Position(TOPIC, "id", 0, second)
    return Change("customers", Operation.UPDATE, {}, "", None, after, False, position, "s", "", at, False)


def lacks(column: str, property_name: str | None = None) -> MissingColumnError:
    return MissingColumnError("customers", column, f"no column {column}", property_name=property_name)


def events(told: LogCapture) -> list[tuple[str, str | None]]:
    return [(entry["event"], entry.get("column") or entry.get("cause")) for entry in told.entries]


def test_missing_column_is_told_once_and_so_is_its_return(told: LogCapture) -> None:
    """For the whole table, however many properties and rows lack it; a row written before is no return."""
    alerts = Alerts()
    for second in (5, 9, 7):
        alerts.failed(TOPIC, change(second, id=1), lacks("phone", f"property {second}"))
    alerts.mapped(TOPIC, change(8, id=1, phone="early"))
    alerts.mapped(TOPIC, change(10, id=1))
    alerts.mapped(TOPIC, change(10, id=1, phone="back"))
    alerts.mapped(TOPIC, change(11, id=1, phone="there"))
    alerts.failed(TOPIC, change(12, id=1), lacks("phone"))
    lost, back = ("rows cannot be mapped", "phone"), ("rows can be mapped again", "phone")
    assert [lost, back, lost] == events(told)


def test_each_cause_and_each_topic_is_told(told: LogCapture) -> None:
    """Another column, another type of error, another property, another table: each a line."""
    alerts = Alerts()
    for _ in range(2):
        alerts.failed(TOPIC, change(1), lacks("phone"))
        alerts.failed(TOPIC, change(1), lacks("fax"))
        alerts.failed("other", change(1), lacks("phone"))
        alerts.failed(TOPIC, change(1), RowError("UNSUPPORTED_TYPE", "bytes", property_name="x"))
        alerts.failed(TOPIC, None, RowError("UNDECODABLE", "garbage"))
    assert 5 == len(told.entries)
    assert all(entry["remedy"] for entry in told.entries)
