"""CAST of the MySQL family: what does not fit is cut, filled or brought to the nearest value, and never an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.mysql.number import Unsigned, decimal, number
from connector.mapping.sql.mysql.text import to_text
from connector.mapping.sql.numeric import EXACT, rescale, type_name

Caster = Callable[[Any], Any]

_LONG: Final = 1 << 63
_WHOLE: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?)([0-9]+)").match
_LONGEST: Final = 40
_STAMP: Final = re.compile(
    r"[ \t\n\v\f\r]*(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6}))?)?)?[ \t\n\v\f\r]*",
    re.ASCII,
).fullmatch
_NO_DATE: Final = re.compile(r"[ \t\n\v\f\r]*(?![ \t\n\v\f\r0-9])").match


def signed(value: Any) -> int:
    found = _whole(value)
    wrapped = found - 2 * _LONG if isinstance(value, str | int) and _LONG <= found < 2 * _LONG else found
    return max(min(wrapped, _LONG - 1), -_LONG)


def unsigned(value: Any) -> Unsigned:
    """A negative whole number becomes its complement of 64 bits; other negative numbers become 0."""
    found = _whole(value)
    if found < 0:
        return Unsigned(found + 2 * _LONG if isinstance(value, str | int) else 0)
    return Unsigned(min(found, 2 * _LONG - 1))


def characters(length: int | None) -> Caster:
    return lambda value: to_text(value)[:length]


def exact(precision: int, digits: int) -> Caster:
    """To DECIMAL; what is too large becomes the largest number."""
    largest = Decimal(10**precision - 1).scaleb(-digits, EXACT)

    def cast(value: Any) -> Decimal:
        return max(min(rescale(decimal(value), digits), largest), largest.copy_negate())

    return cast


def floating(value: Any) -> float:
    return float(number(value))


def day(value: Any) -> date | None:
    """NULL for a text that holds no date."""
    found = stamp(6)(value)
    return None if found is None else found.date()


def stamp(digits: int) -> Callable[[Any], datetime | None]:
    """To DATETIME(digits): further digits are cut. NULL for a text that holds no date."""
    unit = 10 ** (6 - digits)

    def cast(value: Any) -> datetime | None:
        found = _stamp(value)
        return None if found is None else found.replace(microsecond=found.microsecond // unit * unit)

    return cast


def _stamp(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if not isinstance(value, str):
        raise EvaluationError(f"{type_name(value)} cannot be CAST to a date")
    match = _STAMP(value)
    if match is None:
        if not value or _NO_DATE(value):
            return None
        raise EvaluationError(f"{value!r} is no ISO date (YYYY-MM-DD HH:MM:SS)")
    *parts, fraction = match.groups()
    year, month, of_month, hour, minute, second = (int(part or 0) for part in parts)
    try:
        return datetime(year, month, of_month, hour, minute, second, int((fraction or "").ljust(6, "0")))  # noqa: DTZ001
    except ValueError:
        return None


def _whole(value: Any) -> int:
    """Of a text the digits it begins with; decimals half away from zero, floating point half to the even number."""
    if isinstance(value, str):
        match = _WHOLE(value)
        digits = 0 if match is None else min(int(match[2][:_LONGEST]), 2 * _LONG - 1)
        return digits if match is None or match[1] != "-" else max(-digits, -_LONG)
    found = number(value)
    return round(float(found)) if isinstance(found, float) else int(rescale(Decimal(found), 0))
