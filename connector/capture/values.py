"""What single values mean: the numbers and texts that Debezium uses for decimals, dates and times, as Python's types.

Facts are Debezium's documentation of the PostgreSQL connector's data types and temporal types, tried on 3.6. Functions
raise ValueError, OverflowError or decimal.InvalidOperation for a value that Python's type cannot hold.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from connector.change import Column
from connector.errors import RowError

INFINITY: Final = Decimal("Infinity")
"""Stands for PostgreSQL's `infinity` in date and timestamp columns, and its negative for `-infinity`."""

_SINGLE: Final = struct.Struct("<f")
_BEYOND_REAL: Final = 3.4028235677973366e38

EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock of an unstated zone
DAY: Final = timedelta(days=1)

INFINITE_DAYS: Final[Mapping[int, Decimal]] = {
    # from the change log
    -2147472692: INFINITY,
    -2147472691: -INFINITY,
    # from a snapshot, and inside arrays
    -622191234: INFINITY,
    -625821272: -INFINITY,
}
INFINITE_MILLIS: Final[Mapping[int, Decimal]] = {9223372036825200: INFINITY, -9223372036832400: -INFINITY}
INFINITE_MICROS: Final[Mapping[int, Decimal]] = {9223372036825200000: INFINITY, -9223372036832400000: -INFINITY}
INFINITE_TEXT: Final[Mapping[str, Decimal]] = {"infinity": INFINITY, "-infinity": -INFINITY}
SPECIAL_NUMBERS: Final[Mapping[str, Decimal]] = {
    "NAN": Decimal("NaN"),
    "POSITIVE_INFINITY": INFINITY,
    "NEGATIVE_INFINITY": -INFINITY,
}


def number(text: str) -> Decimal:
    """`decimal.handling.mode=string`."""
    return SPECIAL_NUMBERS[text] if text in SPECIAL_NUMBERS else Decimal(text)


def scaled(unscaled: bytes, scale: int) -> Decimal:
    """Big-endian two's complement times ten to the minus `scale`, exactly, whatever the decimal context."""
    return Decimal(f"{int.from_bytes(unscaled, 'big', signed=True)}E{-scale}")


def real(value: float) -> float:
    """A REAL as PostgreSQL shows it: the shortest number equal to it in 32 bits, as 0.1."""
    for digits in range(1, 9):
        short = float(f"{value:.{digits}g}")
        if abs(short) < _BEYOND_REAL and _SINGLE.unpack(_SINGLE.pack(short))[0] == value:
            return short
    return value


def bits(value: bytes) -> int:
    """BIT and VARBIT come as little-endian bytes."""
    return int.from_bytes(value, "little")


def day(days: int) -> date | Decimal:
    return INFINITE_DAYS[days] if days in INFINITE_DAYS else date.fromordinal(EPOCH_DAY + days)


def timestamp_of_millis(millis: int) -> datetime | Decimal:
    return INFINITE_MILLIS[millis] if millis in INFINITE_MILLIS else EPOCH + timedelta(milliseconds=millis)


def timestamp_of_micros(micros: int) -> datetime | Decimal:
    return INFINITE_MICROS[micros] if micros in INFINITE_MICROS else EPOCH + timedelta(microseconds=micros)


def timestamp_of_nanos(nanos: int) -> datetime:
    return EPOCH + timedelta(microseconds=nanos // 1000)


def instant(text: str) -> datetime | Decimal:
    """ISO 8601 with a zone; digits beyond microseconds are cut."""
    if text in INFINITE_TEXT:
        return INFINITE_TEXT[text]
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(UTC)


def wall_clock(text: str) -> datetime | Decimal:
    """ISO 8601 of a timestamp without a zone, which `time.precision.mode=isostring` writes as if it were UTC."""
    return INFINITE_TEXT[text] if text in INFINITE_TEXT else datetime.fromisoformat(text).replace(tzinfo=None)


def iso_day(text: str) -> date | Decimal:
    return INFINITE_TEXT[text] if text in INFINITE_TEXT else date.fromisoformat(text.removesuffix("Z"))


def iso_time(text: str) -> time:
    return time.fromisoformat(text).replace(tzinfo=None)


def zoned_time(text: str) -> time:
    """`timetz`, which Debezium turns into UTC."""
    return time.fromisoformat(text)


def time_of_millis(millis: int) -> Column:
    return time_of_day(timedelta(milliseconds=millis))


def time_of_micros(micros: int) -> Column:
    return time_of_day(timedelta(microseconds=micros))


def time_of_nanos(nanos: int) -> Column:
    return time_of_day(timedelta(microseconds=nanos // 1000))


def time_of_day(since_midnight: timedelta) -> time | timedelta:
    """A time of day; 24:00:00, and what lies outside a day, stays the duration since midnight."""
    inside = timedelta(0) <= since_midnight < DAY
    return (EPOCH + since_midnight).time() if inside else since_midnight


def duration_of_micros(micros: int) -> timedelta:
    return timedelta(microseconds=micros)


def duration_of_nanos(nanos: int) -> timedelta:
    return timedelta(microseconds=nanos // 1000)


def unsupported(kind: str) -> Callable[[object], Column]:
    """The reading of a column type that has no values here: a RowError for whoever asks for one."""

    def refuse(_value: object) -> Column:
        raise RowError(
            "UNSUPPORTED_TYPE",
            f"no value can be read from a column of type {kind}. Map another column, or cast it in a view",
        )

    return refuse
