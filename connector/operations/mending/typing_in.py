"""Text that an operator types, as a value of the type that stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from connector.change import UNAVAILABLE, Column

T = TypeVar("T")

MOST_DIGITS: Final = 400
"""Before or behind the point. Written out, 1e9999999 would fill the memory."""

_WORDS: Final = {"true": True, "yes": True, "false": False, "no": False}


def typed(old: Column, text: str) -> Column:
    """`text` as a value like `old`; empty text clears (None).

    Where nothing stands that shows a type, the text is text, unless it begins with a type: `number:`, `date:`,
    `instant:`, `bool:` or `text:`. Raises ValueError with what would be right.
    """
    if text == "":
        return None
    if old is None or old is UNAVAILABLE:
        return _stated(text)
    return _like(old)(text)


def _stated(text: str) -> Column:
    name, mark, rest = text.partition(":")
    reader = _STATED.get(name) if mark else None
    return text if reader is None else reader(rest)


def _like(old: Column) -> Callable[[str], Column]:
    """How text becomes a value of the type of `old`. A boolean is an integer too, and an instant a date."""
    match old:
        case bool():
            return _bool
        case int():
            return _number
        case Decimal():
            return _decimal
        case float():
            return _float
        case datetime():
            return _wall_clock if old.tzinfo is None else _instant
        case date():
            return _date
        case time():
            return _time
        case str():
            return str
        case _:
            return _uneditable


def _bool(text: str) -> bool:
    if text.strip().lower() not in _WORDS:
        raise ValueError(f"{text!r} is neither true nor false")
    return _WORDS[text.strip().lower()]


def _number(text: str) -> int | Decimal:
    """Whole where it is written so."""
    found = _decimal(text)
    return int(found) if text.strip().lstrip("+-").isdigit() else found


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number; write it like 1234.50") from None
    if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
        raise ValueError(f"{text!r} is no number that HubSpot can hold")
    return found


def _float(text: str) -> float:
    return float(_decimal(text))


def _instant(text: str) -> datetime:
    found = _read(datetime.fromisoformat, text, "time; write it like 2026-11-24T10:00:00Z")
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; write it like 2026-11-24T10:00:00Z")
    return found


def _wall_clock(text: str) -> datetime:
    found = _read(datetime.fromisoformat, text, "time; write it like 2026-11-24T10:00:00")
    if found.tzinfo is not None:
        raise ValueError(f"{text!r} names a time zone, which the column does not hold; leave it out")
    return found


def _date(text: str) -> date:
    return _read(date.fromisoformat, text, "date; write it like 2026-11-24")


def _time(text: str) -> time:
    return _read(time.fromisoformat, text, "time of day; write it like 10:00:00")


def _read(read: Callable[[str], T], text: str, wanted: str) -> T:
    try:
        return read(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no {wanted}") from None


def _uneditable(text: str) -> Column:
    raise ValueError(f"{text!r} cannot be set here: the value that stands there has a form that cannot be typed")


_STATED: Final[Mapping[str, Callable[[str], Column]]] = {
    "number": _number,
    "date": _date,
    "instant": _instant,
    "bool": _bool,
    "text": str,
}
