"""PostgreSQL's texts of values, read as the values that a change would carry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from connector.capture import values
from connector.capture.row import DecodedRow
from connector.change import Column
from connector.errors import RowError

Read = Callable[[str], Column]
"""From a text to a value. Raises RowError, ValueError or its like."""

TEXTS: Final = frozenset({
    "bpchar", "char", "varchar", "text", "citext", "name", "uuid", "json", "jsonb", "xml", "ltree", "tsvector",
    "tsquery", "inet", "cidr", "macaddr", "macaddr8", "pg_lsn", "jsonpath", "pg_snapshot", "txid_snapshot",
    "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange",
    "int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange",
})  # fmt: skip
SHAPES: Final = frozenset({"box", "circle", "line", "lseg", "path", "polygon"})
FAR: Final = re.compile(r"BC$|^\d{5,}-")
"""Before Christ, or beyond the year 9999."""

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_INTERVAL: Final = re.compile(
    r"(?:(-?\d+) years? ?)?(?:(-?\d+) mons? ?)?(?:(-?\d+) days? ?)?(?:(-?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?$"
)


def converter(kind: str, sort: str, domain_scale: int | None) -> Read:
    """The reading of a base type (`pg_type.typname` and `typtype`).

    `domain_scale`: of a domain over a numeric with a precision; with scale 0 a change carries it as text.
    """
    if sort == "e" or kind in TEXTS:
        return str
    if kind == "numeric":
        return str if domain_scale == 0 else Decimal
    return _READS.get(kind) or values.unsupported(kind)


def elements(kind: str, sort: str) -> Read:
    """The reading of an array by its elements' type. One that a change carries as NULL is None."""
    if sort == "d":
        return values.unsupported(f"_{kind}")
    read = _clock if kind == "time" else converter(kind, sort, None)

    def array(text: str) -> Column:
        found = [None if each is None else read(each) for each in _split(text)]
        spoilt = (kind == "numeric" and any(isinstance(each, Decimal) and each.is_nan() for each in found)) or (
            sort == "e" and None in found
        )
        return None if spoilt else found

    return array


def decoded(reads: Sequence[tuple[str, Read]], texts: Sequence[str | None]) -> DecodedRow:
    """A row of texts; what cannot be read is kept apart, until somebody asks for it."""
    row: dict[str, Column] = {}
    faults: dict[str, RowError] = {}
    for (name, read), text in zip(reads, texts, strict=True):
        try:
            row[name] = None if text is None else read(text)
        except RowError as error:
            faults[name] = error
        except (ValueError, ArithmeticError) as error:
            faults[name] = RowError("UNSUPPORTED_VALUE", f"the column {name} holds {text!r}: {error}")
    return DecodedRow(row, faults)


def _near(text: str) -> str:
    if FAR.search(text):
        raise ValueError("a date before Christ or beyond the year 9999 has no form here")
    return text


def _day(text: str) -> Column:
    return values.INFINITE_TEXT[text] if text in values.INFINITE_TEXT else date.fromisoformat(_near(text))


def _timestamp(text: str) -> Column:
    return values.INFINITE_TEXT[text] if text in values.INFINITE_TEXT else datetime.fromisoformat(_near(text))


def _instant(text: str) -> Column:
    found = _timestamp(text)
    return found.astimezone(UTC) if isinstance(found, datetime) else found


def _time(text: str) -> Column:
    return timedelta(days=1) if text == "24:00:00" else time.fromisoformat(text)


def _clock(text: str) -> Column:
    return time(0, 0) if text == "24:00:00" else time.fromisoformat(text)


def _zoned_time(text: str) -> Column:
    """In UTC, as Debezium turns it."""
    clock, sign, offset = re.fullmatch(r"([\d:.]+)([+-])([\d:]+)", text).groups()  # type: ignore[union-attr]  # timetz's own form
    parts = [float(part) for part in clock.split(":")]
    away = [int(part) for part in offset.split(":")]
    since = timedelta(hours=parts[0], minutes=parts[1], seconds=round(parts[2], 6))
    shift = timedelta(hours=away[0], minutes=sum(away[1:2]), seconds=sum(away[2:3]))
    utc = (since - shift if sign == "+" else since + shift) % values.DAY
    return (values.EPOCH + utc).time().replace(tzinfo=UTC)


def _interval(text: str) -> Column:
    """ISO 8601 in Debezium's spelling, which names every part."""
    found = _INTERVAL.match(text)
    if found is None:
        raise ValueError("no interval")
    years, months, days, sign, hours, minutes, seconds = found.groups()
    second = Decimal(seconds or 0).normalize()
    clock = [f"{sign or ''}{int(part or 0)}" if int(part or 0) else "0" for part in (hours, minutes)]
    shown = f"{sign or ''}{second:f}" if second else "0"
    return f"P{int(years or 0)}Y{int(months or 0)}M{int(days or 0)}DT{clock[0]}H{clock[1]}M{shown}S"


def _bits(text: str) -> Column:
    return int(text, 2) if text else 0


def _shape(text: str) -> Column:
    """As PostgreSQL's Java driver writes it: every number with a decimal point."""
    return _NUMBER.sub(lambda number: repr(float(number[0])), text)


def _json(text: str) -> Column:
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def _split(text: str) -> list[str | None]:
    """The elements of an array's text, nested ones in a row; an unquoted NULL is None."""
    return [
        None if quoted is None and plain == "NULL" else re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        for quoted, plain in (
            (match[1], match[2] or "") for match in re.finditer(r'"((?:[^"\\]|\\.)*)"|([^{},"]+)', _inner(text))
        )
    ]


def _inner(text: str) -> str:
    """Without the bounds that an array with other ones than usual begins with."""
    return text[text.index("{") :]


_READS: Final[Mapping[str, Read]] = {
    "bool": lambda text: text == "t",
    **dict.fromkeys(("int2", "int4", "int8", "oid"), int),
    **dict.fromkeys(("float4", "float8"), float),
    "money": Decimal,
    "hstore": _json,
    "bytea": lambda text: bytes.fromhex(text[2:]),
    "bit": _bits,
    "varbit": _bits,
    "date": _day,
    "timestamp": _timestamp,
    "timestamptz": _instant,
    "time": _time,
    "timetz": _zoned_time,
    "interval": _interval,
    **dict.fromkeys(SHAPES, _shape),
}
