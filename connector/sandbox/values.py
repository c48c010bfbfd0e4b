"""One value for one property: the text HubSpot would store, or why it refuses.

Types and texts of refusal are those of HubSpot's property documentation and of recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.sandbox.answers import PropertyError
from connector.sandbox.clock import iso
from connector.sandbox.definitions import Definition, Option

LONGEST = 65_536

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_EPOCH = re.compile(r"-?\d{1,15}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII)
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW = 100_000_000_000
"""An epoch of fewer than 12 digits is read as seconds by the 2026-09 rules: as milliseconds it would lie in 1970-73."""


@dataclass(frozen=True, slots=True)
class Value:
    """A text to store; `normalized` is what the warning of 2026-09 names if HubSpot changed what was sent."""

    text: str
    normalized: str | None = None


class Refused(Exception):  # noqa: N818 - an outcome of checking, not a failure
    """The value is not taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def of(self, name: str) -> PropertyError:
        return PropertyError(name, self.code, self.message)


def check(definition: Definition, text: str, options: Iterable[Option], *, newest: bool) -> Value:
    """Check a text that is not empty against its definition; raises `Refused`.

    `options` are the allowed ones (those of pipelines and currencies are the account's); `newest` applies the
    normalisation of dates that came with 2026-09.
    """
    if len(text) > LONGEST:
        raise Refused("PROPERTY_VALUE_TOO_LONG", f"Property values may have at most {LONGEST} characters")
    if definition.kind == "number":
        return _number(definition, text)
    if definition.kind == "enumeration" and not definition.external_options:
        return _enumeration(definition, text, tuple(options))
    if definition.kind == "bool":
        return Value(_option(text, definition.options))
    if definition.kind in _DATES:
        return _DATES[definition.kind](text, newest)
    return Value(text)


def _number(definition: Definition, text: str) -> Value:
    if not _NUMBER.fullmatch(text):
        if definition.number_error == "INVALID_INTEGER":
            raise Refused("INVALID_INTEGER", f"{definition.name} was not a valid number")
        raise Refused("INVALID_LONG", f"{text} was not a valid long.")
    if definition.minimum is not None and Decimal(text) < Decimal(definition.minimum):
        raise Refused("NUMBER_OUT_OF_RANGE", f'"{definition.name}" must not be less than {definition.minimum}')
    return Value(text)


def _enumeration(definition: Definition, text: str, options: tuple[Option, ...]) -> Value:
    if definition.field_type != "checkbox":
        return Value(_option(text, options))
    parts = [_option(part, options) for part in text.removeprefix(";").split(";") if part]
    return Value((";" if text.startswith(";") else "") + ";".join(parts))


def _option(text: str, options: tuple[Option, ...]) -> str:
    """Find the option's value; blanks around it do not matter, case does."""
    wanted = text.strip()
    for option in options:
        if wanted == option.value:
            return wanted
    raise invalid_option(text, options)


def invalid_option(text: str, options: Iterable[Option]) -> Refused:
    allowed = ", ".join(f'label: "{option.label}" value: "{option.value}"' for option in options)
    return Refused("INVALID_OPTION", f"{text} was not one of the allowed options: [{allowed}]")


def _date(text: str, newest: bool) -> Value:  # noqa: FBT001 - one of a table of checks
    """Read a `date`: a calendar day, or an epoch in milliseconds that is a UTC midnight."""
    if _DATE.fullmatch(text):
        return Value(_day(text).isoformat())
    instant = _instant(text, newest=newest, midnight=True)
    if _EPOCH.fullmatch(text) and int(text) % 86_400_000 == 0:
        return Value(instant.date().isoformat())
    if not newest:
        raise Refused("INVALID_DATE", _not_midnight(text, instant))
    day = instant.date()
    return Value(day.isoformat(), str((day - date(1970, 1, 1)).days * 86_400_000))


def _not_midnight(text: str, instant: datetime) -> str:
    if not _EPOCH.fullmatch(text):
        return f"{text} was not a valid date."
    moment = instant.strftime("%H:%M:%S") + f".{instant.microsecond // 1000:03d}"
    return f"{text} is at {moment} UTC, not midnight!"


def _datetime(text: str, newest: bool) -> Value:  # noqa: FBT001 - one of a table of checks
    """Read a `datetime`: ISO-8601 ending in `Z`, or an epoch in milliseconds."""
    if _DATE.fullmatch(text):
        instant = datetime.combine(_day(text), datetime.min.time(), UTC)
        exact = False
    else:
        instant = _instant(text, newest=newest, midnight=False)
        exact = text.endswith("Z") or (_EPOCH.fullmatch(text) is not None and _milliseconds(instant) == int(text))
    if exact:
        return Value(iso(instant))
    if not newest:
        raise Refused("INVALID_LONG", f"{text} was not a valid long.")
    return Value(iso(instant), str(_milliseconds(instant)))


def _instant(text: str, *, newest: bool, midnight: bool) -> datetime:
    """Read an epoch or an ISO instant; 2026-09 takes short epochs for seconds unless they fit as milliseconds."""
    if _EPOCH.fullmatch(text):
        epoch = int(text)
        fits = midnight and epoch % 86_400_000 == 0
        in_seconds = newest and not fits and abs(epoch) < _SECONDS_BELOW
        return _shifted(text, epoch * 1000 if in_seconds else epoch)
    if not _INSTANT.fullmatch(text):
        raise Refused("INVALID_LONG", f"{text} was not a valid long.")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("INVALID_LONG", f"{text} was not a valid long.") from error


def _shifted(text: str, milliseconds: int) -> datetime:
    try:
        return _EPOCH_START + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise Refused("INVALID_LONG", f"{text} was not a valid long.") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("INVALID_LONG", f"{text} was not a valid long.") from error


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH_START) // timedelta(milliseconds=1)


_DATES: dict[str, Callable[[str, bool], Value]] = {"date": _date, "datetime": _datetime}


def warning(name: str, raw: str, normalized: str) -> dict[str, Any]:
    """Give the warning of 2026-09 about a date that HubSpot changed."""
    return {
        "category": "PROPERTY_VALUE_NORMALIZED",
        "context": {"normalizedValue": normalized, "propertyName": name, "rawValue": raw},
        "message": f"{name} was normalized",
    }
