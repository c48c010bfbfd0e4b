"""Texts of the MySQL family: what a value is as text, and text functions.

Functions raise EvaluationError for what has no text here. Positions count characters from 1, from the end if negative.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from connector.mapping.faults import EvaluationError
from connector.mapping.sql import text as common
from connector.mapping.sql.json import Json
from connector.mapping.sql.mysql.number import Quotient, Rounded, Unsigned, decimal, displayed, float_text
from connector.mapping.sql.numeric import plain, rescale, type_name


def to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    render = _TEXTS.get(type(value))
    if render is None:
        raise EvaluationError(f"{type_name(value)} is no text here")
    return render(value)


def lower(value: Any) -> str:
    return common.lower(to_text(value))


def upper(value: Any) -> str:
    return common.upper(to_text(value))


def substring(value: Any, start: Any, length: Any = None) -> str:
    """Nothing from position 0, or from before the beginning."""
    text, first = to_text(value), position(start)
    begin = first - 1 if first > 0 else len(text) + first
    if first == 0 or begin < 0:
        return ""
    return text[begin:] if length is None else text[begin : begin + max(position(length), 0)]


def left(value: Any, length: Any) -> str:
    return to_text(value)[: max(position(length), 0)]


def right(value: Any, length: Any) -> str:
    kept = max(position(length), 0)
    return to_text(value)[-kept:] if kept else ""


def until(value: Any, delimiter: Any, count: Any) -> str:
    """SUBSTRING_INDEX: what stands before the count-th delimiter, or, for a negative count from the end, after it."""
    text, separator, wanted = to_text(value), to_text(delimiter), position(count)
    if not separator or not wanted:
        return ""
    if wanted > 0:
        return separator.join(text.split(separator)[:wanted])
    parts = text.rsplit(separator, -wanted)
    return separator.join(parts[wanted:])


def replace(value: Any, old: Any, new: Any) -> str:
    """Letters of other case are other letters here."""
    text, searched, replacement = to_text(value), to_text(old), to_text(new)
    return text.replace(searched, replacement) if searched else text


def trimmed(value: Any, word: Any = " ") -> str:
    """Without the whole word, as often as it stands at the beginning, and then at the end."""
    return right_trimmed(left_trimmed(value, word), word)


def left_trimmed(value: Any, word: Any = " ") -> str:
    text, removed = to_text(value), to_text(word)
    while removed and text.startswith(removed):
        text = text[len(removed) :]
    return text


def right_trimmed(value: Any, word: Any = " ") -> str:
    text, removed = to_text(value), to_text(word)
    while removed and text.endswith(removed):
        text = text[: -len(removed)]
    return text


def position(value: Any) -> int:
    """A whole number, rounded half away from zero."""
    return int(value) if isinstance(value, int) else int(rescale(decimal(value), 0))


def _stamp_text(value: datetime) -> str:
    zoned = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return zoned.isoformat(" ", _precision(value.microsecond))


def _precision(microseconds: int) -> str:
    """As many digits as the column is likely to have: its own number of them is not in a change."""
    return "microseconds" if microseconds % 1000 else "milliseconds" if microseconds else "seconds"


def _duration_text(value: timedelta) -> str:
    sign, span = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(span.days * 86400 + span.seconds, 60)
    clock = time(0, minutes % 60, seconds, span.microseconds).isoformat(_precision(span.microseconds))
    return f"{sign}{minutes // 60:02}{clock[2:]}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "1" if value else "0",
    int: str,
    Unsigned: lambda value: str(int(value)),
    Decimal: lambda value: f"{plain(value):f}",
    Quotient: lambda value: f"{displayed(value):f}",
    float: float_text,
    Rounded: lambda value: f"{value:.{value.digits}f}",
    date: date.isoformat,
    datetime: _stamp_text,
    time: lambda value: value.isoformat(_precision(value.microsecond)),
    timedelta: _duration_text,
    Json: Json.text,
}
