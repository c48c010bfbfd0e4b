"""Values as JSON, their hash, and whether HubSpot's text says the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.message import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_json(value: Value) -> Any:
    """JSON as it is for what JSON has; a pair of tag and text for decimals, dates and instants (microseconds)."""
    match value:
        case datetime():
            return ["instant", str((value - _EPOCH) // timedelta(microseconds=1))]
        case date():
            return ["date", value.isoformat()]
        case Decimal():
            return ["decimal", str(value)]
        case _:
            return value


def from_json(stored: Any) -> Value:
    """The inverse of `to_json`."""
    if not isinstance(stored, list):
        return stored  # type: ignore[no-any-return]  # null, boolean, number or text, as to_json left it
    tag, text = stored
    if tag == "instant":
        return _EPOCH + timedelta(microseconds=int(text))
    return date.fromisoformat(text) if tag == "date" else Decimal(text)


def properties_to_json(properties: Mapping[str, Value]) -> dict[str, Any]:
    return {name: to_json(value) for name, value in properties.items()}


def properties_from_json(stored: Mapping[str, Any]) -> dict[str, Value]:
    return {name: from_json(value) for name, value in stored.items()}


def digest(value: Value) -> str:
    """A short hash of the value and its type: what HubSpot was told, without keeping it. Empty text equals None."""
    if value is None or value == "":
        return EMPTY
    text = f"{type(value).__name__}:{value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value}"
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


EMPTY = ""
"""The digest of an empty value."""


def same(value: Value, text: str | None) -> bool:
    """Whether HubSpot's text holds `value`, by its type: 12.50 is 12.5, an instant may be ISO text or epoch ms."""
    if value is None or value == "" or text is None or text == "":
        return (value is None or value == "") and (text is None or text == "")
    try:
        return _same(value, text)
    except (ValueError, InvalidOperation):
        return False


def _same(value: Value, text: str) -> bool:
    match value:
        case bool():
            return text.lower() == str(value).lower()
        case int() | Decimal():
            return Decimal(text) == value
        case datetime():
            return abs(_instant(text) - value) < timedelta(milliseconds=1)
        case date():
            return _instant(text).date() == value
        case str():
            return text.strip().casefold() == value.strip().casefold()
        case None:
            return False


def _instant(text: str) -> datetime:
    if text.lstrip("-").isdigit():
        return _EPOCH + timedelta(milliseconds=int(text))
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
