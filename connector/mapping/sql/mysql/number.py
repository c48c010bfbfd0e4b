"""Numbers of the MySQL family: what a value is as a number, and arithmetic with its types and digits.

Facts are MariaDB's documentation of numeric functions and its answers, which the tests compare with. A quotient of
decimals shows four digits more than its dividend has and is computed to more, in groups of nine, as the server keeps
them; sums and products of it go on with all its digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.numeric import EXACT, Number, negate, plain, quotient, rescale, scale, type_name

_MORE_DIGITS: Final = 4  # div_precision_increment
_GROUP: Final = 9
_MOST_DIGITS: Final = 38
_LONG: Final = 1 << 63
_NUMBER: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?)").match
_SMALLEST_EXPONENT, _LARGEST_EXPONENT = -15, 14  # beyond, a double is written with an exponent


class Quotient(Decimal):
    """A decimal with digits beyond those that it shows."""

    __slots__ = ("shown",)
    shown: int


def shown_digits(value: Decimal) -> int:
    return value.shown if type(value) is Quotient else scale(value)


def shown(value: Any) -> Any:
    """The value as it leaves an expression or is compared: a decimal with the digits that it shows."""
    return rescale(value, value.shown) if type(value) is Quotient else value


def number(value: Any) -> Number:
    """A truth value is 1 or 0; of a text its beginning counts, as far as it is a number, as floating point."""
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[no-any-return]
    if kind is Decimal or kind is Quotient:
        return value if kind is Quotient else plain(value)
    if kind is bool:
        return int(value)
    if isinstance(value, str):
        return _finite(float(_leading(value)))
    raise EvaluationError(f"{type_name(value)} is no number here: CAST it")


def decimal(value: Any) -> Decimal:
    """The value as a decimal; floating point by its shortest digits."""
    if isinstance(value, str):
        return plain(Decimal(_leading(value)))
    found = number(value)
    return plain(Decimal(repr(found))) if type(found) is float else Decimal(found) if type(found) is int else found  # type: ignore[return-value]


def truth(value: Any) -> bool | None:
    """Whatever is not 0 is true."""
    return value if value is None or value is True or value is False else bool(number(value))


def float_text(value: float) -> str:
    """With an exponent where the number has more than 15 places before or behind the point."""
    digits, exponent = f"{Decimal(repr(value)):e}".split("e")
    if _SMALLEST_EXPONENT <= int(exponent) <= _LARGEST_EXPONENT:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}e{int(exponent)}"


def add(a: Any, b: Any) -> Number:
    return _computed(a, b, int.__add__, EXACT.add, float.__add__, max)


def subtract(a: Any, b: Any) -> Number:
    return _computed(a, b, int.__sub__, EXACT.subtract, float.__sub__, max)


def multiply(a: Any, b: Any) -> Number:
    return _computed(a, b, int.__mul__, EXACT.multiply, float.__mul__, int.__add__)


def divide(a: Any, b: Any) -> Number | None:
    """`/`: never a whole number; NULL for division by zero."""
    dividend, divisor = number(a), number(b)
    if not divisor:
        return None
    if type(dividend) is float or type(divisor) is float:
        return _finite(float(dividend) / float(divisor))
    first, second = Decimal(dividend), Decimal(divisor)
    kept = _digits_kept(scale(first), scale(second))
    return _with_shown(quotient(first, second, kept, cut=True), min(_shown_of(dividend) + _MORE_DIGITS, _MOST_DIGITS))


def whole_divide(a: Any, b: Any) -> int | None:
    """`DIV`: cut towards zero; NULL for division by zero."""
    first, second = decimal(a), decimal(b)
    return _in_range(int(quotient(first, second, 0, cut=True)), first, second) if second else None


def modulo(a: Any, b: Any) -> Number | None:
    """`%` and MOD: with the sign of the dividend; NULL for division by zero."""
    return None if not number(b) else _computed(a, b, _whole_modulo, EXACT.remainder, math.fmod, max)


def minus(value: Any) -> Number:
    found = number(value)
    if type(found) is int:
        return _in_range(-found, found)
    return _with_shown(EXACT.minus(found), found.shown) if type(found) is Quotient else negate(found)


def rounded(value: Any, digits: int, *, fixed: bool) -> Number:
    """ROUND: half away from zero, but for floating point half to the even digit.

    `fixed`: the digits are the same for all rows, and shown; otherwise a decimal shows as many as it has.
    """
    found = number(value)
    digits = min(max(digits, -100), _MOST_DIGITS)
    if type(found) is int:
        return found if digits >= 0 else _in_range(int(rescale(Decimal(found), digits)), found)
    if type(found) is float:
        return _finite(_rounded_float(found, digits))
    exact = rescale(found, digits)  # type: ignore[arg-type]
    return exact if fixed else rescale(exact, shown_digits(found))  # type: ignore[arg-type]


def _rounded_float(value: float, digits: int) -> float:
    power = 10.0 ** abs(digits)
    if digits < 0:
        return float(round(value / power)) * power
    moved = value * power
    return float(round(moved)) / power if math.isfinite(moved) else value


def _leading(text: str) -> str:
    match = _NUMBER(text)
    return match[1] if match else "0"


def _computed(
    a: Any,
    b: Any,
    whole: Callable[[int, int], int],
    exact: Callable[[Decimal, Decimal], Decimal],
    floating: Callable[[float, float], float],
    digits: Callable[[int, int], int],
) -> Number:
    first, second = number(a), number(b)
    if type(first) is int and type(second) is int:
        return _in_range(whole(first, second), first, second)
    if type(first) is float or type(second) is float:
        return _finite(floating(float(first), float(second)))
    found = exact(Decimal(first), Decimal(second))
    return _with_shown(found, min(digits(_shown_of(first), _shown_of(second)), _MOST_DIGITS))


def _shown_of(value: Number) -> int:
    return 0 if type(value) is int else shown_digits(value)  # type: ignore[arg-type]


def _with_shown(value: Decimal, digits: int) -> Decimal:
    value = value or value.copy_abs()
    if scale(value) <= digits:
        return rescale(value, digits)
    found = Quotient(value)
    found.shown = digits
    return found


def _digits_kept(first: int, second: int) -> int:
    """Digits behind the point of a quotient, from those of dividend and divisor: whole groups, which may suffice."""
    spare = _groups(first) * _GROUP - first + _groups(second) * _GROUP - second
    more = max(_MORE_DIGITS - spare, 0)
    return _groups((_groups(first) + _groups(second)) * _GROUP + more) * _GROUP


def _groups(digits: int) -> int:
    return -(-digits // _GROUP)


def _in_range(value: int, *operands: Number) -> int:
    """Signed 64 bits, or unsigned if an operand is already beyond them. Raises EvaluationError beyond that."""
    unsigned = any(operand >= _LONG for operand in operands)
    if (0 if unsigned else -_LONG) <= value < (2 * _LONG if unsigned else _LONG):
        return value
    raise EvaluationError("BIGINT value is out of range")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise EvaluationError("DOUBLE value is out of range")
    return value


def _whole_modulo(a: int, b: int) -> int:
    return int(math.copysign(1, a)) * (abs(a) % abs(b))
