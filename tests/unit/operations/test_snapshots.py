"""How a snapshot goes, by what the connector notifies; and which tables are read, in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import pytest

from connector.capture.errors import CaptureError
from connector.capture.signals import Notification
from connector.mapping import Shop, load_shop
from connector.operations.snapshots import Course, in_order, observe

AT = datetime(2026, 5, 1, tzinfo=UTC)
CASES = Path(__file__).parents[2] / "cases/end_to_end"


def told(kind: str, signal: str = "mine", **data: str) -> Notification:
    return Notification(signal, kind, data, AT)


def scanned(table: str, status: str = "SUCCEEDED", signal: str = "mine") -> Notification:
    return told(
        "TABLE_SCAN_COMPLETED", signal, scanned_collection=f"shop.public.{table}", status=status, total_rows_scanned="5"
    )


def after(*seen: Notification) -> Course:
    return reduce(observe, seen, Course("mine", ("a", "b")))


def test_every_table_read_is_good() -> None:
    """Rows are counted by table; the table that is being read is named."""
    reading = told("IN_PROGRESS", current_collection_in_progress="shop.public.a")
    assert "a" == after(told("STARTED"), reading).current
    course = after(told("STARTED"), reading, scanned("a"), scanned("b", "EMPTY"), told("COMPLETED"))
    assert ({"a": 5, "b": 5}, True, []) == (course.rows, course.is_good, course.problems)


def test_another_snapshot_before_it_does_not_count() -> None:
    """Until the connector takes ours up, what it tells is of others."""
    course = after(told("STARTED", "theirs"), scanned("a", signal="theirs"), told("COMPLETED", "theirs"))
    assert (False, {}, None) == (course.heard, course.rows, course.ended)


def test_a_snapshot_that_another_joins_ends_with_it() -> None:
    """From then on both go by the newer name."""
    course = after(told("STARTED"), scanned("a"), scanned("b", signal="theirs"), told("COMPLETED", "theirs"))
    assert course.is_good


def test_what_could_not_be_read_is_told() -> None:
    """Debezium completes all the same; a table that it never came to is lost too."""
    course = after(told("STARTED"), scanned("a", "SQL_EXCEPTION"), told("STOPPED"))
    assert not course.is_good
    assert [
        "a could not be read: SQL_EXCEPTION",
        "b was not read: the snapshot ended as STOPPED",
    ] == course.problems


@pytest.fixture(scope="module")
def shop() -> Shop:
    return load_shop(CASES / "changing.yaml", {"SHOP_DATABASE_URL": "postgresql://shop@127.0.0.1/shop"})


def test_parents_come_first(shop: Shop) -> None:
    """Whatever the order in which they are named; without names all are read."""
    assert ("customers", "sales") == in_order(shop, ["sales", "customers"])
    assert ("customers", "goods", "sales") == in_order(shop, [])


def test_unknown_table_is_refused(shop: Shop) -> None:
    """By name, with those that there are."""
    with pytest.raises(CaptureError, match="odd, even is not captured; there are customers, goods, sales"):
        in_order(shop, ["goods", "odd", "even"])
