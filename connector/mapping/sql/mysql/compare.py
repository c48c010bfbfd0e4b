"""Comparison in the MySQL family: two texts by collation, two times as times, everything else as numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from connector.change import Row
from connector.mapping.faults import EvaluationError
from connector.mapping.sql.mysql import collation
from connector.mapping.sql.mysql.cast import stamp
from connector.mapping.sql.mysql.number import number, shown
from connector.mapping.sql.mysql.text import to_text
from connector.mapping.sql.numeric import type_name
from connector.mapping.sql.term import Evaluate, Term

Test = Callable[[Any, Any], bool]

_parsed: Final = stamp(6)


def comparison(test: Test, left: Term, right: Term) -> Evaluate:
    """`left test right`; NULL if either is."""
    read_left, read_right = left.evaluate, right.evaluate

    def evaluate(row: Row) -> bool | None:
        a, b = read_left(row), read_right(row)
        return None if a is None or b is None else test(*aligned(a, b))

    return evaluate


def among(value: Term, choices: Sequence[Term]) -> Evaluate:
    """IN a list: each choice is compared by its own type; unknown if nothing matches and something is NULL."""
    tests = tuple(comparison(operator.eq, value, choice) for choice in choices)

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
        found, *bounds = value(row), low(row), high(row)
        if found is None:
            return None
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


def aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Both values in one type, as the server would take them. Raises EvaluationError if there is none."""
    if isinstance(a, str) and isinstance(b, str):
        return collation.keys(a, b)
    if isinstance(a, date) or isinstance(b, date):
        return _instant(a), _instant(b)
    if type(a) is type(b) and isinstance(a, bytes | time):
        return a, b
    first, second = shown(number(a)), shown(number(b))
    return (float(first), float(second)) if float in (type(first), type(second)) else (first, second)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _instant(value: Any) -> datetime:
    found = _parsed(value) if isinstance(value, date | str) else None
    if found is None:
        raise EvaluationError(f"{type_name(value)} cannot be compared with a date: write it as '2024-02-29'")
    return found.replace(tzinfo=UTC)
