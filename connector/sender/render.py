"""Typed values as HubSpot's CRM wants them on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from connector.errors import RowError
from connector.message import Value

LONGEST: Final = 65_536
"""Characters that a text property holds (HubSpot docs)."""


def render(value: Value) -> str:
    """One value as text; `None` becomes the empty text, which clears.

    Numbers are plain decimals without exponent, dates YYYY-MM-DD, instants ISO 8601 in UTC with milliseconds.
    Raises ValueError for what has no such form: a number that is none, an instant without zone, half a character.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return _number(value)
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def render_all(properties: Mapping[str, Value]) -> dict[str, str]:
    """A record's properties as text. Raises RowError naming the property that cannot be sent."""
    return {name: _named(name, value) for name, value in properties.items()}


def _named(name: str, value: Value) -> str:
    try:
        text = render(value)
        text.encode()
    except ValueError as error:
        raise RowError(_error_type(value), f"{name}: {error}", property_name=name) from error
    if len(text) > LONGEST:
        details = f"{name} has {len(text)} characters; HubSpot holds {LONGEST}"
        raise RowError("VALUE_TOO_LONG", details, property_name=name)
    return text


def _error_type(value: Value) -> str:
    if isinstance(value, Decimal):
        return "INVALID_NUMBER"
    return "ERROR_INVALID_DATE_PROPERTY" if isinstance(value, date) else "UNEXPECTED"


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that HubSpot can hold")
    return format(value, "f") if value else format(abs(value), "f")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} names no zone")
    try:
        utc = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value.isoformat()} lies outside the years 1 to 9999 in UTC") from error
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
