"""CAST between text, whole numbers, numeric, boolean, date and timestamp, as PostgreSQL does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.json import Json
from connector.mapping.sql.numeric import plain, rescale, type_name

Caster = Callable[[Any], Any]

BLANKS = " \t\n\v\f\r"
_WHOLE = re.compile(r"[+-]?[0-9]+").fullmatch
_LONGEST_WHOLE = 4000  # Python reads no longer ones; they are out of every range anyway
_NUMERIC = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?").fullmatch
_STAMP = re.compile(
    r"(?P<day>\d{4}-\d{1,2}-\d{1,2})"
    r"([ T](?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2})(\.(?P<fraction>\d{1,6}))?)?"
    r"\s?(?P<zone>Z|[+-]\d{2}(:?\d{2})?)?)?",
    re.ASCII,
).fullmatch
_TRUE = {"t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"}
_FALSE = {"f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"}


def to_text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    render = _TEXTS.get(kind)
    if render is None:
        raise _no_cast(value, "text")
    return render(value)


def whole(bits: int) -> Caster:
    """To a whole number of so many bits; decimals are rounded half away from zero."""
    limit = 1 << (bits - 1)

    def cast(value: Any) -> int:
        number = _to_whole(value)
        if not -limit <= number < limit:
            raise EvaluationError(f"{number} is out of the range of {bits} bits")
        return number

    return cast


def numeric(precision: int | None, digits: int) -> Caster:
    """A cast to numeric: its scale as it is, or `digits` behind the point, rounded half away from zero."""

    def cast(value: Any) -> Decimal:
        number = _to_numeric(value)
        if precision is None:
            return number
        rounded = rescale(number, digits)
        if abs(rounded) >= Decimal(10) ** (precision - digits):
            raise EvaluationError(f"{number} does not fit numeric({precision},{digits})")
        return rounded

    return cast


def to_boolean(value: Any) -> bool:
    kind = type(value)
    if kind is bool:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value != 0  # type: ignore[no-any-return]
    if kind is not str:
        raise _no_cast(value, "boolean")
    word = value.strip(BLANKS).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise EvaluationError(f"{value!r} is no boolean")


def to_date(value: Any) -> date:
    """From text only ISO dates, so that no reader guesses which number is the month."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    return _parsed_stamp(value, "date").date()


def to_timestamp(value: Any) -> datetime:
    """Without zone. Instants become UTC; a zone written in the text is passed over, as PostgreSQL does."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return _parsed_stamp(value, "timestamp").replace(tzinfo=None)


def to_instant(value: Any) -> datetime:
    """With zone; what states none is UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    stamp = _parsed_stamp(value, "timestamp with time zone")
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def like(sample: Any, literal: str) -> Any:
    """A quoted literal in the type of the value it meets."""
    kind = type(sample)
    if kind is str:
        return literal
    if kind is datetime:
        return (to_instant if sample.tzinfo else to_timestamp)(literal)
    if kind is Decimal and sample.is_infinite() and _STAMP(literal):
        return to_timestamp(literal)  # an infinite date arrives as an infinite decimal
    cast = _LITERALS.get(kind)
    if cast is None:
        raise EvaluationError(f"{literal!r} cannot be compared with {type_name(sample)}")
    return cast(literal)


def _to_whole(value: Any) -> int:
    kind = type(value)
    if kind is int or kind is bool:
        return int(value)
    if kind is Decimal:
        return int(rescale(plain(value), 0))
    if kind is float:
        return round(float(value))
    if kind is not str:
        raise _no_cast(value, "a whole number")
    text = value.strip(BLANKS)
    if not _WHOLE(text):
        raise EvaluationError(f"{value!r} is no whole number")
    return int(text) if len(text) <= _LONGEST_WHOLE else 1 << 64


def _to_numeric(value: Any) -> Decimal:
    kind = type(value)
    if kind is Decimal:
        return plain(value)
    if kind is int:
        return Decimal(value)
    if kind is float:
        return plain(Decimal(f"{value:.15g}"))
    if kind is not str:
        raise _no_cast(value, "numeric")
    text = value.strip(BLANKS)
    if not _NUMERIC(text):
        raise EvaluationError(f"{value!r} is no number")
    number = plain(Decimal(text))
    return number or number.copy_abs()


def _parsed_stamp(value: Any, wanted: str) -> datetime:
    if type(value) is not str:
        raise _no_cast(value, wanted)
    match = _STAMP(value.strip(BLANKS))
    if match is None:
        raise EvaluationError(f"{value!r} is no ISO {wanted} (YYYY-MM-DD HH:MM:SS)")
    day = "-".join(part.zfill(2) for part in match["day"].split("-"))
    clock = f"{int(match['hour'] or 0):02}:{match['minute'] or '00'}:{match['second'] or '00'}"
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{(match['fraction'] or '').ljust(6, '0')}{match['zone'] or ''}")
    except ValueError as error:
        raise EvaluationError(f"{value!r} is no {wanted}: {error}") from error


def _no_cast(value: Any, wanted: str) -> EvaluationError:
    return EvaluationError(f"{type_name(value)} cannot be CAST to {wanted}")


def _stamp_text(value: datetime) -> str:
    zoned = value.astimezone(UTC) if value.tzinfo else value
    text = zoned.replace(tzinfo=None).isoformat(" ")
    return (text.rstrip("0") if zoned.microsecond else text) + ("+00" if value.tzinfo else "")


def _float_text(value: float) -> str:
    return repr(value).removesuffix(".0")


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: lambda value: f"{plain(value):f}",
    float: _float_text,
    date: date.isoformat,
    datetime: _stamp_text,
    Json: Json.text,
}
_LITERALS: dict[type, Caster] = {
    int: whole(64),
    Decimal: numeric(None, 0),
    float: lambda literal: float(numeric(None, 0)(literal)),
    bool: to_boolean,
    date: to_date,
}
