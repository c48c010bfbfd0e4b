"""Column values → typed property values, and their text in templates.

| column holds | property value | text in templates and ids |
|---|---|---|
| text, whole number, truth value | as it is | `true`, `false` for truth values |
| decimal | as it is, with its scale | plain digits, with its scale |
| floating point | decimal with the shortest digits that give the same number | the same digits |
| date | as it is | YYYY-MM-DD |
| time stamp | the instant; without a zone, the wall clock of the declared zone | ISO 8601, with `Z` or without zone |
| time of day | text HH:MM:SS[.ffffff], with the zone if it has one | the same |
| duration | text [-]H:MM:SS[.ffffff], hours without bound | the same |
| list | text, the elements joined by `;`, as HubSpot writes several choices; NULL elements are left out | the same |
| bytes | refused | lower-case hexadecimal |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connector.change import UNAVAILABLE, Column, Unavailable
from connector.errors import RowError
from connector.message import Value

_LONG = 1 << 63
_INFINITE = (Decimal("Infinity"), Decimal("-Infinity"))
_EPOCH_DAY = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_value(value: Column, zone: ZoneInfo | None = None, *, dated: bool = False) -> Value | Unavailable:
    """The property value of a column value; `dated` says that the property is a date or an instant.

    Infinite dates and time stamps arrive as infinite decimals. Raises RowError UNSUPPORTED_TYPE, INVALID_NUMBER or
    ERROR_INVALID_DATE_PROPERTY.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool or value is UNAVAILABLE:
        return value  # type: ignore[return-value]
    if kind is datetime:
        return _instant(value, zone)  # type: ignore[arg-type]
    if dated and value in _INFINITE:
        raise RowError("ERROR_INVALID_DATE_PROPERTY", f"{value!s} is no date that HubSpot can hold")
    convert = _CONVERSIONS.get(kind)
    if convert is None:
        raise RowError("UNSUPPORTED_TYPE", f"a column of type {kind.__name__} has no property value")
    converted: Value = convert(value)
    return converted


def is_zero_date(value: Column) -> bool:
    """Whether a date or time stamp is 1970-01-01 (midnight UTC), which is how a zero date of MySQL arrives."""
    if isinstance(value, datetime):
        return value == (_EPOCH if value.tzinfo else _EPOCH.replace(tzinfo=None))
    return value == _EPOCH_DAY


def text_of(value: Column) -> str | None:
    """The text of a column value in templates, ids and value maps; None for NULL. Raises RowError."""
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[return-value]
    if kind is int:
        return str(value)
    render = _TEXTS.get(kind)
    if render is None:
        raise RowError("UNSUPPORTED_TYPE", f"a column of type {kind.__name__} has no text")
    text: str = render(value)
    return text


def _instant(value: datetime, zone: ZoneInfo | None) -> datetime:
    if value.tzinfo is not None:
        return value
    if zone is None:
        raise RowError(
            "ERROR_INVALID_DATE_PROPERTY",
            f"the time {value} has no zone: declare it with `zone: Area/City` at the property or at `database`",
        )
    return value.replace(tzinfo=zone).astimezone(UTC)


def whole_value(value: int) -> int | Decimal:
    """A whole number beyond 64 bits is a decimal."""
    return value if -_LONG <= value < _LONG else Decimal(value)


def _decimal(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise RowError("INVALID_NUMBER", f"{value} is no number that HubSpot can hold")
    return value


def _float(value: float) -> Decimal:
    if not math.isfinite(value):
        raise RowError("INVALID_NUMBER", f"{value} is no number that HubSpot can hold")
    return Decimal(repr(value).removesuffix(".0"))


def _list(value: list[Column]) -> str:
    texts = [text_of(item) for item in value if item is not None]
    if any(isinstance(item, list) for item in value):
        raise RowError("UNSUPPORTED_TYPE", "a list of lists has no property value")
    for text in texts:
        if text is not None and ";" in text:
            raise RowError("UNSUPPORTED_TYPE", f"the list element {text!r} holds `;`, which separates elements")
    return ";".join(text for text in texts if text is not None)


def _duration(value: timedelta) -> str:
    sign = "-" if value < timedelta(0) else ""
    seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{micros:06}".rstrip("0") if micros else text


def _stamp(value: datetime) -> str:
    return value.isoformat() if value.tzinfo is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_CONVERSIONS: dict[type, Callable[[Any], Value]] = {
    int: whole_value,
    Decimal: _decimal,
    float: _float,
    date: lambda value: value,
    time: time.isoformat,
    timedelta: _duration,
    list: _list,
}
_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    Decimal: lambda value: f"{_decimal(value):f}",
    float: lambda value: f"{_float(value):f}",
    date: date.isoformat,
    datetime: _stamp,
    time: time.isoformat,
    timedelta: _duration,
    list: _list,
    bytes: bytes.hex,
}
