"""Column types by the names that other settings and other releases of Debezium give them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.capture.columns import Names, column_name, converter
from connector.capture.row import DecodedRow
from connector.capture.values import real, scaled
from connector.change import UNAVAILABLE
from connector.errors import RowError


def named(kind: str, name: str, **parameters: str) -> dict[str, Any]:
    return {"type": kind, "connect.name": name, "connect.parameters": parameters}


def nullable(schema: Any) -> list[Any]:
    return ["null", schema]


DEBEZIUM, CONNECT = "io.debezium.time.", "org.apache.kafka.connect.data."
DAY = datetime(2024, 2, 29, 12)  # noqa: DTZ001 - wall clock
MILLIS = 1709208000000
NANO = DAY.replace(microsecond=987654, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (named("bytes", CONNECT + "Decimal", scale="2"), b"\x07\xc6", Decimal("19.90")),
        (named("bytes", CONNECT + "Decimal", scale="0"), b"\xff", Decimal(-1)),
        (named("int", CONNECT + "Date"), 19782, date(2024, 2, 29)),
        (named("long", CONNECT + "Timestamp"), MILLIS, DAY),
        (named("int", CONNECT + "Time"), 1000, time(0, 0, 1)),
        (named("long", DEBEZIUM + "NanoTimestamp"), MILLIS * 10**6, DAY),
        (named("int", DEBEZIUM + "Time"), 86399999, time(23, 59, 59, 999000)),
        (named("long", DEBEZIUM + "NanoTime"), 86400 * 10**9, timedelta(days=1)),
        (named("long", DEBEZIUM + "MicroTime"), -3600 * 10**6, timedelta(hours=-1)),
        (named("long", DEBEZIUM + "MicroDuration"), 10**6, timedelta(seconds=1)),
        (named("long", DEBEZIUM + "NanoDuration"), 10**9, timedelta(seconds=1)),
        (named("string", DEBEZIUM + "Interval"), "P1M", "P1M"),
        (named("string", DEBEZIUM + "IsoDate"), "2024-02-29Z", date(2024, 2, 29)),
        (named("string", DEBEZIUM + "IsoTimestamp"), "2024-02-29T12:00:00Z", DAY),
        (named("string", DEBEZIUM + "IsoTime"), "12:00:00Z", time(12)),
        (named("string", DEBEZIUM + "ZonedTimestamp"), "2024-02-29T12:00:00.987654321Z", NANO),
        (named("string", DEBEZIUM + "ZonedTimestamp"), "2024-02-29T13:00:00+01:00", DAY.replace(tzinfo=UTC)),
        (named("int", DEBEZIUM + "Year"), 2024, 2024),
        (named("string", "io.debezium.data.Invented"), "text", "text"),
        ({"type": "map", "values": "string"}, {"a": "1", "b": None}, '{"a":"1","b":null}'),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "A", "A"),
        ({"type": {"type": "string"}}, "nested", "nested"),
    ],
    ids=lambda value: value.get("connect.name", "") if isinstance(value, dict) else None,
)
def test_types_by_their_names(schema: Any, value: Any, expected: Any) -> None:
    """A topic may hold records of several settings of the connector; each is read by its own schema."""
    assert expected == converter(nullable(schema), Names())(value)


@pytest.mark.parametrize(
    "schema",
    [
        named("long", DEBEZIUM + "Invented"),
        named("bytes", "io.debezium.data.Invented"),
        {"type": "record", "name": "R", "fields": []},
        {"type": "fixed", "name": "F", "size": 4},
        ["null", "string", "int"],
        "Unheard",
        {"type": "array", "items": ["null", "string", "int"]},
    ],
)
def test_unknown_types_are_refused_when_read(schema: Any) -> None:
    """A number of unknown meaning is not guessed at."""
    convert = converter(schema, Names())

    with pytest.raises(RowError) as caught:
        convert([0])
    assert caught.value.type == "UNSUPPORTED_TYPE"


def test_a_type_mentioned_again_by_name_is_known() -> None:
    """Avro defines a named type once; free numerics of `decimal.handling.mode=precise` are such."""
    inner = [{"name": "scale", "type": "int"}, {"name": "value", "type": "bytes"}]
    full = "io.debezium.data.VariableScaleDecimal"
    record = {"type": "record", "namespace": "io.debezium.data", "name": "VariableScaleDecimal", "fields": inner}
    names = Names()
    names.learn({"type": "record", "name": "V", "fields": [{"name": "a", "type": {**record, "connect.name": full}}]})

    assert converter(nullable(full), names)({"scale": 2, "value": b"\x07\xc6"}) == Decimal("19.90")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("string", "__debezium_unavailable_value"),
        (named("string", "io.debezium.data.Json"), "__debezium_unavailable_value"),
        ("bytes", b"__debezium_unavailable_value"),
        ({"type": "array", "items": "string"}, ["__debezium_unavailable_value"]),
        ({"type": "array", "items": "int"}, list(b"__debezium_unavailable_value")),
        ({"type": "map", "values": "string"}, {"__debezium_unavailable_value": "__debezium_unavailable_value"}),
    ],
)
def test_placeholders_are_unavailable(schema: Any, value: Any) -> None:
    """Sent on, the placeholder would overwrite a long text in HubSpot."""
    assert converter(schema, Names())(value) is UNAVAILABLE


def test_a_column_keeps_its_name() -> None:
    """Where the connector wrote it into the schema; else Avro's name is all there is."""
    parameters = {"__debezium.source.column.name": "line-no"}
    field = {"name": "line_no", "type": nullable({"type": "string", "connect.parameters": parameters})}

    assert column_name(field) == "line-no"
    assert column_name({"name": "line_no", "type": nullable("string")}) == "line_no"


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_are_exact(number: Decimal) -> None:
    """Whatever the number of digits, without rounding by a context."""
    sign, digits, exponent = number.as_tuple()
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    size = unscaled.bit_length() // 8 + 1

    assert isinstance(exponent, int)
    assert str(abs(number)) == str(abs(scaled(unscaled.to_bytes(size, "big", signed=True), -exponent)))


@given(st.floats(width=32, allow_nan=False))
def test_a_real_is_shown_short(number: float) -> None:
    """The shortest form is the same number in 32 bits, and never longer than that in 64."""
    assert len(repr(real(number))) <= len(repr(number))


def test_a_row_with_a_fault() -> None:
    """Counts as having the column, and raises only when its value is asked for."""
    fault = RowError("UNSUPPORTED_TYPE", "column b")
    row = DecodedRow({"a": 1}, {"b": fault})

    assert "b" in row
    assert "c" not in row
    assert row.get("c", 5) == 5
    assert row["a"] == 1
    with pytest.raises(RowError):
        row["b"]
    with pytest.raises(RowError):
        row.get("b")
    with pytest.raises(KeyError):
        row["c"]
