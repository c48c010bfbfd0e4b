"""Numbers of the MySQL family: what a value is as a number, and how a number is shown."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import Any, Final

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.numeric import EXACT, Number, plain, rescale, scale, type_name

_MOST_PLACES: Final = 65
_KEPT_PLACES: Final = 81
_LARGEST: Final = Decimal(10**_MOST_PLACES - 1)
_LONGEST_EXPONENT: Final = 6
_NUMBER: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)").match
_SMALLEST_EXPONENT, _LARGEST_EXPONENT = -15, 14  # beyond, a double is written with an exponent


class Quotient(Decimal):
    """A decimal with other digits behind the point than it shows."""

    __slots__ = ("shown",)
    shown: int


class Rounded(float):
    """A floating point number with a fixed number of digits behind the point, which shows in its text."""

    __slots__ = ("digits",)
    digits: int


class Unsigned(int):
    """A whole number of CAST AS UNSIGNED, or computed of one: 64 bits without a sign."""

    __slots__ = ()


def shown_digits(value: Number) -> int | None:
    """How many digits are shown behind the point; None for floating point, which shows as many as it needs."""
    if isinstance(value, int):
        return 0
    if isinstance(value, float):
        return value.digits if type(value) is Rounded else None
    return value.shown if type(value) is Quotient else scale(value)


def displayed(value: Any) -> Any:
    """The value as it is compared: a decimal with the digits that it shows."""
    return rescale(value, value.shown) if type(value) is Quotient else value


def leaving(value: Any) -> Any:
    """The value as it leaves an expression: with the digits that it shows, and of a plain type."""
    kind = type(value)
    if kind is Rounded:
        return round(float(value), value.digits)
    if kind is Unsigned:
        return int(value)
    return str(value) if isinstance(value, str) and kind is not str else displayed(value)


def number(value: Any) -> Number:
    """A truth value is 1 or 0; of a text its beginning counts, as far as it is a number, as floating point."""
    kind = type(value)
    if kind is int or isinstance(value, float) or kind is Unsigned:
        return value  # type: ignore[no-any-return]
    if kind is Decimal or kind is Quotient:
        return value if kind is Quotient else plain(value)
    if kind is bool:
        return int(value)
    if isinstance(value, str):
        return max(min(float(_leading(value)), sys.float_info.max), -sys.float_info.max)
    raise EvaluationError(f"{type_name(value)} is no number here: CAST it")


def decimal(value: Any) -> Decimal:
    """The value as a decimal; floating point by its shortest digits."""
    if isinstance(value, str):
        return _exact(_leading(value))
    found = number(value)
    if isinstance(found, float):
        return plain(Decimal(repr(float(found))))
    return found if isinstance(found, Decimal) else Decimal(found)


def truth(value: Any) -> bool | None:
    """Whatever is not 0 is true."""
    return value if value is None or value is True or value is False else bool(number(value))


def float_text(value: float) -> str:
    """With an exponent where the number has more than 15 places before or behind the point; zero has no sign."""
    if not value:
        return "0"
    digits, exponent = f"{Decimal(repr(value)):e}".split("e")
    if _SMALLEST_EXPONENT <= int(exponent) <= _LARGEST_EXPONENT:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}e{int(exponent)}"


def _exact(text: str) -> Decimal:
    """The number of up to 65 digits before the point that is nearest; beyond 81 behind it nothing is kept."""
    digits, _, exponent = text.lower().partition("e")
    moved = max(min(int(exponent[:_LONGEST_EXPONENT] or 0), _MOST_PLACES), -_MOST_PLACES)
    found = Decimal(digits).scaleb(moved, EXACT)
    if found and found.adjusted() >= _MOST_PLACES:
        return _LARGEST.copy_sign(found)
    return rescale(found, min(scale(found), _KEPT_PLACES))


def _leading(text: str) -> str:
    match = _NUMBER(text)
    return match[1] if match else "0"
