"""Text that is typed in takes the type of what stands there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.change import UNAVAILABLE, Column
from connector.operations.mending.editor_text import text_of
from connector.operations.mending.typing_in import typed

INSTANT = datetime(2026, 11, 24, 10, tzinfo=UTC)

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False),
    st.text(min_size=1),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@pytest.mark.parametrize(
    ("old", "text", "value"),
    [
        ("Rme", "Rome", "Rome"),
        ("49", "0049", "0049"),
        (True, "no", False),
        (False, "True", True),
        (7, "8", 8),
        (7, "-8.50", Decimal("-8.50")),
        (Decimal("1.20"), "3", Decimal(3)),
        (date(2026, 1, 1), "2026-02-03", date(2026, 2, 3)),
        (INSTANT, "2026-11-24T11:00:00+01:00", INSTANT),
        (datetime(2026, 1, 1), "2026-11-24 10:00:00", datetime(2026, 11, 24, 10)),  # noqa: DTZ001 - a wall clock
        (time(9), "10:30", time(10, 30)),
        (1.5, "2", 2.0),
        (None, "0049", "0049"),
        (UNAVAILABLE, "long text", "long text"),
        (None, "number:12.5", Decimal("12.5")),
        (None, "date:2026-02-03", date(2026, 2, 3)),
        (None, "instant:2026-11-24T10:00:00Z", INSTANT),
        (None, "bool:true", True),
        (None, "text:number:1", "number:1"),
        (None, "https://x.example", "https://x.example"),
        (Decimal(1), "", None),
        ("Rome", "", None),
        ("text", "number:1", "number:1"),
    ],
)
def test_text_is_read_as_what_stands_there(old: Column, text: str, value: Column) -> None:
    """By the old value's type; empty text clears; where nothing stands it is text unless it says otherwise."""
    found = typed(old, text)
    assert (type(value), value) == (type(found), found)


@pytest.mark.parametrize(
    ("old", "text", "words"),
    [
        (True, "maybe", "neither true nor false"),
        (7, "seven", "no number"),
        (Decimal(1), "NaN", "HubSpot can hold"),
        (Decimal(1), "1e400000000", "HubSpot can hold"),
        (date(2026, 1, 1), "24.11.2026", "2026-11-24"),
        (INSTANT, "2026-11-24T10:00:00", "no time zone"),
        (datetime(2026, 1, 1), "2026-11-24T10:00:00Z", "leave it out"),  # noqa: DTZ001 - a wall clock
        (time(9), "noon", "time of day"),
        (b"\x00", "abc", "cannot be typed"),
        (timedelta(1), "1 day", "cannot be typed"),
        (None, "number:x", "no number"),
    ],
)
def test_text_of_another_type_is_refused_in_words(old: Column, text: str, words: str) -> None:
    """The words say what would be right."""
    with pytest.raises(ValueError, match=words):
        typed(old, text)


@given(SCALARS)
def test_what_is_shown_can_be_typed_again(value: Column) -> None:
    """A value left as it is in the editor stays the same value, of the same type."""
    again = typed(value, text_of(value))
    assert (type(value), value) == (type(again), again)
