"""Values as text for HubSpot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RowError
from connector.message import Value
from connector.sender.render import render, render_all


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        ("  trailing ", "  trailing "),
        ("true", "true"),
        (Decimal("12.3400"), "12.3400"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-0.00"), "0.00"),
        (date(2026, 11, 24), "2026-11-24"),
        (date(1, 1, 1), "0001-01-01"),
        (datetime(2026, 11, 24, 10, 0, 0, 123999, UTC), "2026-11-24T10:00:00.123Z"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T22:30:00.000Z"),
    ],
)
def test_values(value: Value, text: str) -> None:
    """Each type has one form."""
    assert text == render(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_numbers_keep_their_value_and_have_no_exponent(number: Decimal) -> None:
    """Plain digits, at most one point, equal to what was meant."""
    text = render(number)
    assert number == Decimal(text)
    assert set(text) <= set("-0123456789.")


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001 - bounds
def test_instants_are_in_utc(instant: datetime) -> None:
    """The text is the same instant, cut to milliseconds."""
    read = datetime.fromisoformat(render(instant))
    assert timedelta(0) <= instant - read < timedelta(milliseconds=1)


def test_the_property_is_named() -> None:
    """What cannot be sent is told with its property's name."""
    with pytest.raises(RowError, match="amount: NaN is not a number") as raised:
        render_all({"name": "x", "amount": Decimal("NaN")})
    assert (raised.value.type, raised.value.property_name) == ("INVALID_NUMBER", "amount")


def test_an_instant_beyond_the_calendar() -> None:
    """The last instant of the year 9999 west of Greenwich has no UTC form."""
    with pytest.raises(ValueError, match="years 1 to 9999"):
        render(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))))
