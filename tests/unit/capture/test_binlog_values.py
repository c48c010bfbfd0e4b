"""Values that MariaDB's log holds otherwise than its answers to a query, which is what a snapshot reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector.capture import binlog_columns
from connector.capture.columns import Names


def column(kind: str, source_type: str, name: str | None = None, **more: str) -> dict[str, Any]:
    parameters = {"__debezium.source.column.type": source_type}
    parameters |= {f"__debezium.source.column.{key}": text for key, text in more.items()}
    named = {"connect.name": name} if name else {}
    return {"type": kind, "connect.parameters": parameters, **named}


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (0.1, 0.10000000149011612),
        (12345.7, 12345.669921875),
        (16777200.0, 16777216.0),
        (3.40282e38, 3.4028234663852886e38),
    ],
)
def test_float_has_the_digits_that_the_server_shows(expected: float, value: float) -> None:
    """Six of them, whatever the 32 bits would give."""
    assert expected == binlog_columns.converter(column("float", "FLOAT"), Names())(value)


def test_float_with_declared_digits_has_those() -> None:
    """FLOAT(10,2), which comes with the bits of a double."""
    convert = binlog_columns.converter(column("double", "FLOAT UNSIGNED", length="10", scale="2"), Names())
    assert 12345.67 == convert(12345.669921875)


@pytest.mark.parametrize(
    ("expected", "text"),
    [(None, "1970-01-01T00:00:00Z"), (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "1970-01-01T00:00:01Z")],
)
def test_the_epoch_is_no_time_stamp(expected: object, text: str) -> None:
    """MariaDB's TIMESTAMP begins a second later: the epoch is Debezium's form of 0000-00-00."""
    schema = column("string", "TIMESTAMP", "io.debezium.time.ZonedTimestamp")
    assert expected == binlog_columns.converter(schema, Names())(text)
