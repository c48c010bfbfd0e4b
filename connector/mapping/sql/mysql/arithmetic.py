"""Arithmetic of the MySQL family, with its types and digits.

Facts are MariaDB's documentation of numeric functions and its answers, which the tests compare with. A quotient of
decimals shows four digits more than its dividend has and is computed to more, in groups of nine, as the server keeps
them; sums and products of it go on with all its digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.mysql.number import Quotient, Rounded, Unsigned, decimal, number, shown_digits
from connector.mapping.sql.numeric import EXACT, Number, quotient, rescale, scale

_MORE_DIGITS: Final = 4  # div_precision_increment
_GROUP: Final = 9
_MOST_DIGITS: Final = 38
_LONG: Final = 1 << 63


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
    if isinstance(dividend, float) or isinstance(divisor, float):
        return _floating(float(dividend) / float(divisor), dividend, divisor, more=_MORE_DIGITS)
    first, second = Decimal(dividend), Decimal(divisor)
    kept = _digits_kept(scale(first), scale(second)) if first else 0
    return _with_shown(quotient(first, second, kept, cut=True), (shown_digits(dividend) or 0) + _MORE_DIGITS)


def whole_divide(a: Any, b: Any) -> int | None:
    """`DIV`: cut towards zero; NULL for division by zero."""
    first, second = decimal(a), decimal(b)
    return _in_range(int(quotient(first, second, 0, cut=True)), a, b) if second else None


def modulo(a: Any, b: Any) -> Number | None:
    """`%` and MOD: with the sign of the dividend; NULL for division by zero."""
    first, second = number(a), number(b)
    if not second:
        return None
    if isinstance(first, int) and isinstance(second, int):
        return _in_range(_whole_modulo(first, second), first)
    return _computed(first, second, _whole_modulo, _remainder, math.fmod, max)


def minus(value: Any) -> Number:
    found = number(value)
    if isinstance(found, int):
        return _in_range(-found)
    if isinstance(found, float):
        return _floating(-float(found), found)
    return _with_shown(Decimal(EXACT.minus(found)), shown_digits(found) or 0)


def rounded(value: Any, digits: int, *, fixed: bool) -> Number:
    """ROUND: half away from zero, but for floating point half to the even digit.

    `fixed`: the digits are the same for all rows, and shown; otherwise a decimal shows as many as it has.
    """
    found = number(value)
    digits = min(max(digits, -100), _MOST_DIGITS)
    if type(found) is Unsigned:
        return rescale(Decimal(found), min(digits, 0))
    if isinstance(found, int):
        return found if digits >= 0 else _in_range(int(rescale(Decimal(found), digits)))
    if isinstance(found, float):
        result = _finite(_rounded_float(float(found), digits))
        return _with_digits(result, max(digits, 0)) if fixed else result
    if fixed:
        return rescale(found, digits)
    most = shown_digits(found) or 0
    return _with_shown(rescale(found, min(digits, most)), most)


def _rounded_float(value: float, digits: int) -> float:
    power = 10.0 ** abs(digits)
    if digits < 0:
        return float(round(value / power)) * power
    moved = value * power
    return float(round(moved)) / power if math.isfinite(moved) else value


def _computed(
    a: Any,
    b: Any,
    whole: Callable[[int, int], int],
    exact: Callable[[Decimal, Decimal], Decimal],
    floating: Callable[[float, float], float],
    digits: Callable[[int, int], int],
) -> Number:
    first, second = number(a), number(b)
    if isinstance(first, int) and isinstance(second, int):
        return _in_range(whole(first, second), first, second)
    if isinstance(first, float) or isinstance(second, float):
        return _floating(floating(float(first), float(second)), first, second)
    found = exact(Decimal(first), Decimal(second))
    return _with_shown(found, digits(shown_digits(first) or 0, shown_digits(second) or 0))


def _with_shown(value: Decimal, digits: int) -> Decimal:
    digits = min(digits, _MOST_DIGITS)
    value = value or value.copy_abs()
    if scale(value) == digits:
        return value
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


def _in_range(value: int, *operands: Any) -> int:
    """Of 64 bits, with a sign unless an operand has none or is too large for one. Raises EvaluationError otherwise."""
    unsigned = any(type(each) is Unsigned or (type(each) is int and each >= _LONG) for each in operands)
    if (0 if unsigned else -_LONG) <= value < (2 * _LONG if unsigned else _LONG):
        return Unsigned(value) if unsigned else value
    raise EvaluationError("BIGINT value is out of range")


def _floating(value: float, *operands: Number, more: int = 0) -> float:
    """With fixed digits if all operands have such."""
    digits = [each for operand in operands if (each := shown_digits(operand)) is not None]
    finite = _finite(value)
    return finite if len(digits) < len(operands) else _with_digits(finite, max(digits) + more)


def _with_digits(value: float, digits: int) -> Rounded:
    found = Rounded(value)
    found.digits = digits
    return found


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise EvaluationError("DOUBLE value is out of range")
    return value


def _remainder(a: Decimal, b: Decimal) -> Decimal:
    """A zero has no digits behind the point, which shows in what is computed of it."""
    return EXACT.remainder(a, b) if a else Decimal(0)


def _whole_modulo(a: int, b: int) -> int:
    return int(math.copysign(1, a)) * (abs(a) % abs(b))
