"""Arithmetic on whole numbers, decimals and floating point, with PostgreSQL's scales and rounding.

Whole numbers are 64 bits wide, whichever width the column has. Decimals carry their scale, as `numeric` does: a sum has
the larger scale of the two, a product the sum of both, a quotient at least 16 significant digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from connector.errors import RowError
from connector.mapping.faults import EvaluationError

EXACT = Context(
    prec=5000, rounding=ROUND_HALF_UP, Emin=-99999, Emax=99999, traps=[InvalidOperation, DivisionByZero, Overflow]
)
_MIN_SIGNIFICANT_DIGITS = 16
_MAX_SCALE = 1000
_BASE_DIGITS = 4  # PostgreSQL keeps `numeric` in digits of base 10,000, which shows in the scale of quotients
_LONG = 1 << 63
Number = int | float | Decimal


def scale(value: Decimal) -> int:
    """The number of digits behind the point."""
    return max(-int(value.as_tuple().exponent), 0)


def plain(value: Decimal) -> Decimal:
    """The number without a positive exponent, which `numeric` does not know. Raises RowError for NaN and infinity."""
    if not value.is_finite():
        raise RowError("INVALID_NUMBER", f"{value} is no number to compute with")
    return EXACT.quantize(value, Decimal(1)) if int(value.as_tuple().exponent) > 0 else value


def add(a: Number, b: Number) -> Number:
    return _pair(a, b, _whole_add, EXACT.add, float.__add__)


def subtract(a: Number, b: Number) -> Number:
    return _pair(a, b, _whole_subtract, EXACT.subtract, float.__sub__)


def multiply(a: Number, b: Number) -> Number:
    return _pair(a, b, _whole_multiply, EXACT.multiply, float.__mul__)


def divide(a: Number, b: Number) -> Number:
    """Whole numbers divide to a whole number, cut towards zero."""
    return _pair(a, _not_zero(b), _whole_divide, _decimal_divide, float.__truediv__)


def modulo(a: Number, b: Number) -> Number:
    """The remainder has the sign of the dividend."""
    return _pair(a, _not_zero(b), _whole_modulo, EXACT.remainder, _no_float_modulo)


def negate(a: Any) -> Number:
    if type(a) is float:
        return -a
    return subtract(0, a)


def round_half_up(value: Any, digits: Any = None) -> Number:
    """ROUND: half away from zero for decimals; a whole number without digits becomes floating point."""
    kind = type(value)
    if digits is not None and type(digits) is not int:
        raise EvaluationError("ROUND takes a whole number of digits")
    if kind is float or (kind is int and digits is None):
        if digits is not None:
            raise EvaluationError("ROUND with digits needs a decimal: CAST the floating point number to numeric")
        return float(round(value))
    if kind not in (int, Decimal):
        raise EvaluationError(f"ROUND takes a number, not {type_name(value)}")
    return rescale(plain(Decimal(value)), min(max(digits or 0, -2000), 2000))


def rescale(value: Decimal, digits: int) -> Decimal:
    """The decimal rounded half away from zero to `digits` behind the point (before it, if negative)."""
    rounded = EXACT.quantize(value, Decimal(1).scaleb(-digits))
    return _unsigned_zero(EXACT.quantize(rounded, Decimal(1)) if digits < 0 else rounded)


def type_name(value: object) -> str:
    """The SQL name of a value's type, for messages."""
    return _NAMES.get(type(value).__name__, type(value).__name__)


_NAMES = {
    "str": "text",
    "int": "a whole number",
    "Decimal": "a decimal",
    "float": "a floating point number",
    "bool": "a boolean",
    "date": "a date",
    "datetime": "a timestamp",
    "Json": "JSON",
    "bytes": "bytes",
    "list": "an array",
}


def _pair(
    a: Number,
    b: Number,
    whole: Callable[[int, int], int],
    exact: Callable[[Decimal, Decimal], Decimal],
    floating: Callable[[float, float], float],
) -> Number:
    kinds = (type(a), type(b))
    if kinds == (int, int):
        return _in_range(whole(a, b))  # type: ignore[arg-type]
    if any(kind not in (int, Decimal, float) for kind in kinds):
        raise EvaluationError(f"no arithmetic between {type_name(a)} and {type_name(b)}: CAST them to numbers")
    if float in kinds:
        return _finite(floating(float(a), float(b)))
    return _unsigned_zero(exact(plain(Decimal(a)), plain(Decimal(b))))


def _in_range(value: int) -> int:
    if not -_LONG <= value < _LONG:
        raise EvaluationError("bigint out of range")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise EvaluationError("floating point number out of range")
    return value


def _unsigned_zero(value: Decimal) -> Decimal:
    return value or value.copy_abs()


def _not_zero(value: Number) -> Number:
    if type(value) in (int, Decimal, float) and not value:
        raise EvaluationError("division by zero")
    return value


def _whole_add(a: int, b: int) -> int:
    return a + b


def _whole_subtract(a: int, b: int) -> int:
    return a - b


def _whole_multiply(a: int, b: int) -> int:
    return a * b


def _whole_divide(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _whole_modulo(a: int, b: int) -> int:
    return a - b * _whole_divide(a, b)


def _no_float_modulo(_: float, __: float) -> float:
    raise EvaluationError("no % for floating point numbers: CAST them to numeric")


def _decimal_divide(a: Decimal, b: Decimal) -> Decimal:
    return quotient(a, b, _quotient_scale(a, b))


def quotient(a: Decimal, b: Decimal, digits: int, *, cut: bool = False) -> Decimal:
    """Exact to so many digits behind the point: rounded half away from zero, or `cut`."""
    dividend = int(a.scaleb(scale(a), EXACT)) * 10 ** max(digits + scale(b) - scale(a), 0)
    divisor = int(b.scaleb(scale(b), EXACT)) * 10 ** max(scale(a) - scale(b) - digits, 0)
    found, rest = divmod(abs(dividend), abs(divisor))
    found += not cut and 2 * rest >= abs(divisor)
    return Decimal(found if (dividend < 0) == (divisor < 0) else -found).scaleb(-digits, EXACT)


def _quotient_scale(a: Decimal, b: Decimal) -> int:
    """At least 16 significant digits and the larger scale of the two, estimated by first digits of base 10,000."""
    weight_a, first_a = _leading(a)
    weight_b, first_b = _leading(b)
    weight = weight_a - weight_b - (first_a <= first_b)
    return min(max(_MIN_SIGNIFICANT_DIGITS - weight * _BASE_DIGITS, scale(a), scale(b), 0), _MAX_SCALE)


def _leading(value: Decimal) -> tuple[int, int]:
    if not value:
        return 0, 0
    weight = value.adjusted() // _BASE_DIGITS
    return weight, int(abs(value).scaleb(-_BASE_DIGITS * weight, EXACT))
