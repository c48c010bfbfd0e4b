"""Comparison in the MySQL family: two texts by collation, two times as times, everything else as numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from connector.change import Row
from connector.mapping.faults import EvaluationError
from connector.mapping.sql.mysql import collation
from connector.mapping.sql.mysql.cast import stamp
from connector.mapping.sql.mysql.number import decimal, displayed, number, shown_digits
from connector.mapping.sql.mysql.text import to_text
from connector.mapping.sql.numeric import Number, type_name
from connector.mapping.sql.term import Evaluate, Term

Test = Callable[[Any, Any], bool]

_parsed: Final = stamp(6)


@dataclass(frozen=True, slots=True)
class Way:
    """How exact numbers are compared: by which `digits`, and whether a text beside a decimal is a `literal`."""

    digits: Callable[[Any], Any]
    literals: bool = False


BY_ALL_DIGITS: Final = Way(lambda value: value)


def comparison(test: Test, left: Term, right: Term) -> Evaluate:
    """`left test right`; NULL if either is. Decimals are compared by the digits they show, exactly with literals."""
    return _tested(test, left, right, Way(displayed, literals=left.literal is not None or right.literal is not None))


def choice(test: Test, left: Term, right: Term) -> Evaluate:
    """The same in lists and in CASE left WHEN right, where all digits of a decimal count."""
    return _tested(test, left, right, BY_ALL_DIGITS)


def _tested(test: Test, left: Term, right: Term, way: Way) -> Evaluate:
    read_left, read_right = left.evaluate, right.evaluate

    def evaluate(row: Row) -> bool | None:
        a = read_left(row)
        if a is None:
            return None
        b = read_right(row)
        return None if b is None else test(*aligned(a, b, way))

    return evaluate


def among(value: Term, choices: Sequence[Term]) -> Evaluate:
    """IN a list: each choice is compared by its own type; unknown if nothing matches and something is NULL."""
    equal = choice if len(choices) > 1 else comparison
    tests = tuple(equal(operator.eq, value, each) for each in choices)

    def evaluate(row: Row) -> bool | None:
        verdict: bool | None = False
        for test in tests:
            found = test(row)
            if found:
                return True
            verdict = None if found is None else verdict
        return verdict

    return evaluate


def between(value: Evaluate, low: Evaluate, high: Evaluate) -> Evaluate:
    """BETWEEN: one type for all three, so a number among them makes numbers of the texts."""

    def evaluate(row: Row) -> bool | None:
        found = value(row)
        if found is None:
            return None
        bounds = [low(row), high(row)]
        known = [bound for bound in bounds if bound is not None]
        if any(map(_is_number, (found, *known))) and not any(isinstance(each, date) for each in (found, *known)):
            found, bounds = number(found), [None if bound is None else number(bound) for bound in bounds]
        above, below = (
            None if bound is None else test(*aligned(found, bound))
            for test, bound in zip((operator.ge, operator.le), bounds, strict=True)
        )
        return False if above is False or below is False else None if above is None or below is None else True

    return evaluate


def matching(subject: Evaluate, pattern: Evaluate, escape: str, *, negated: bool) -> Evaluate:
    """[NOT] LIKE; numbers and times are compared as texts."""

    def evaluate(row: Row) -> bool | None:
        text, given = subject(row), pattern(row)
        if text is None or given is None:
            return None
        return collation.like(to_text(text), to_text(given), escape) is not negated

    return evaluate


def aligned(a: Any, b: Any, way: Way = BY_ALL_DIGITS) -> tuple[Any, Any]:
    """Both values in one type, as the server would take them. Raises EvaluationError if there is none."""
    if isinstance(a, str) and isinstance(b, str):
        return collation.keys(a, b)
    if isinstance(a, date) or isinstance(b, date):
        return _instant(a), _instant(b)
    if type(a) is type(b) and isinstance(a, bytes | time):
        return a, b
    first, second = _number(a, b, way), _number(b, a, way)
    if isinstance(first, float) or isinstance(second, float):
        return _floating(first, second)
    return way.digits(first), way.digits(second)


def _number(value: Any, other: Any, way: Way) -> Number:
    """A text beside a whole number, and a literal beside a decimal, is as exact as they are."""
    exact = isinstance(other, int) or (way.literals and isinstance(other, Decimal))
    return decimal(value) if exact and isinstance(value, str) else number(value)


def _floating(a: Number, b: Number) -> tuple[float, float]:
    """Equal where both have fixed digits and none of them differs."""
    first, second = float(a), float(b)
    digits = (shown_digits(a), shown_digits(b))
    if None not in digits and abs(first - second) < 5 / 10 ** (max(filter(None, digits), default=0) + 1):
        return first, first
    return first, second


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _instant(value: Any) -> datetime:
    found = _parsed(value) if isinstance(value, date | str) else None
    if found is None:
        raise EvaluationError(f"{type_name(value)} cannot be compared with a date: write it as '2024-02-29'")
    return found.replace(tzinfo=UTC)
