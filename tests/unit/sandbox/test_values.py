"""Single values: what is taken, and in which form it is stored."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox import emails
from connector.sandbox.definitions import Definition
from connector.sandbox.values import Refused, Value, check

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def definition(kind: str) -> Definition:
    field_type = {"string": "text", "number": "number"}.get(kind, "date")
    return Definition("x", "X", kind, field_type, "group")


def checked(kind: str, text: str, *, newest: bool = True) -> Value:
    return check(definition(kind), text, (), newest=newest)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_plain_decimals_are_numbers_kept_as_sent(number: Decimal) -> None:
    """Any plain decimal is taken and comes back character by character."""
    assert Value(f"{number:f}") == checked("number", f"{number:f}")


@given(st.text(min_size=1, max_size=20))
def test_what_is_taken_as_a_number_is_one(text: str) -> None:
    """Nothing is taken as a number that cannot be computed with."""
    with suppress(Refused):
        assert Decimal(checked("number", text).text).is_finite()


@given(st.dates(date(1000, 1, 1)))
def test_dates_come_back_as_days(day: date) -> None:
    """A calendar day, and its midnight in milliseconds, are stored as the day in every version."""
    milliseconds = (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)

    for text in (day.isoformat(), str(milliseconds)):
        assert Value(day.isoformat()) == checked("date", text, newest=False) == checked("date", text)


@given(st.dates(date(1000, 1, 1)), st.times())
def test_instants_come_back_in_milliseconds(day: date, moment: time) -> None:
    """An instant in ISO form is stored in UTC with milliseconds, whatever its precision."""
    instant = datetime.combine(day, moment, UTC)
    text = f"{day.isoformat()}T{moment.isoformat()}Z"
    stored = checked("datetime", text, newest=False).text

    assert instant.replace(microsecond=instant.microsecond // 1000 * 1000) == datetime.fromisoformat(stored)
    assert stored == checked("datetime", stored).text


@pytest.mark.parametrize("kind", ["date", "datetime"])
@pytest.mark.parametrize("text", ["9" * 15, "-" + "9" * 15, "9999-99-99", "0000-01-01", "2026-13-01T00:00:00Z", "NaN"])
def test_impossible_times_are_refused(kind: str, text: str) -> None:
    """Times that no calendar holds are refused, never an error of the server."""
    for newest in (True, False):
        with pytest.raises(Refused):
            checked(kind, text, newest=newest)


@pytest.mark.parametrize(
    "address",
    [
        *("a@example.com", "a.b+c@sub.example.co.uk", "o'brien@example.com", "a@münchen.de", "a@example.shop"),
        *("A@EXAMPLE.COM", "  a@example.com\t", "x_y-z@example.museum", "1@example.io"),
    ],
)
def test_good_addresses(address: str) -> None:
    """Usual addresses are taken, in lower case and without blanks around them."""
    assert address.strip().lower() == emails.check(address, check_top_level_domain=True)


@pytest.mark.parametrize(
    "address",
    [
        *("", "a", "@", "a@", "@example.com", "a@example", "a b@example.com", "a@exa mple.com", "a@@example.com"),
        *(".a@example.com", "a.@example.com", "a..b@example.com", "a@-example.com", "a@example..com", "a@example.c"),
        *("a@example.con", "a@localhost", "ä@example.com", '"a"@example.com', "a@[1.2.3.4]", "x" * 65 + "@example.com"),
    ],
)
def test_bad_addresses(address: str) -> None:
    """Broken addresses, and those under domains nobody runs, are refused."""
    with pytest.raises(Refused, match="is invalid"):
        emails.check(address, check_top_level_domain=True)


def test_top_level_domains_may_be_left_unchecked() -> None:
    """With the check off any domain of two labels will do."""
    assert "a@shop.example" == emails.check("a@shop.example", check_top_level_domain=False)
