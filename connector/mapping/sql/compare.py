"""Comparison, three-valued logic and pattern matching."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from connector.change import Row
from connector.errors import RowError
from connector.mapping.faults import EvaluationError
from connector.mapping.sql.cast import like as in_type_of
from connector.mapping.sql.numeric import type_name
from connector.mapping.sql.term import Evaluate, Term
from connector.mapping.sql.text import lower

Test = Callable[[Any, Any], bool]

_DIRECT = frozenset({str, int, bool, date})
_NUMBERS = frozenset({int, Decimal, float})
_FLIPPED = {operator.lt: operator.gt, operator.gt: operator.lt, operator.le: operator.ge, operator.ge: operator.le}


def comparison(test: Test, left: Term, right: Term) -> Evaluate:
    """`left test right`; NULL if either is."""
    if left.literal is not None and right.literal is None:
        return _with_literal(_FLIPPED.get(test, test), right.evaluate, left.literal)
    if right.literal is not None and left.literal is None:
        return _with_literal(test, left.evaluate, right.literal)
    read_left, read_right = left.evaluate, right.evaluate

    def evaluate(row: Row) -> bool | None:
        a, b = read_left(row), read_right(row)
        if a is None or b is None:
            return None
        return test(*aligned(a, b))

    return evaluate


def truth(value: Any) -> bool | None:
    """A value as a condition, which only truth values are. Raises EvaluationError for others."""
    if value is None or value is True or value is False:
        return value
    raise EvaluationError(f"a condition must be true or false, this is {type_name(value)}")


def distinct(equal: Evaluate, left: Term, right: Term, *, negated: bool) -> Evaluate:
    """IS [NOT] DISTINCT FROM: NULL is a value like any other."""
    read_left, read_right = left.evaluate, right.evaluate

    def evaluate(row: Row) -> bool:
        verdict = equal(row)
        same = (read_left(row) is None and read_right(row) is None) if verdict is None else verdict
        return same is negated

    return evaluate


def among(value: Term, choices: Sequence[Term]) -> Evaluate:
    """IN a list: unknown if nothing matches and something is NULL."""
    tests = tuple(comparison(operator.eq, value, choice) for choice in choices)
    texts = frozenset(choice.literal for choice in choices if choice.literal is not None)
    only_texts = len(texts) > 0 and all(choice.literal is not None for choice in choices)
    read = value.evaluate

    def evaluate(row: Row) -> bool | None:
        if only_texts and type(given := read(row)) is str:
            return given in texts
        verdict: bool | None = False
        for test in tests:
            found = test(row)
            if found:
                return True
            verdict = None if found is None else verdict
        return verdict

    return evaluate


def conjunction(left: Evaluate, right: Evaluate) -> Evaluate:
    """AND: false wins over unknown."""

    def evaluate(row: Row) -> bool | None:
        a = left(row)
        if a is False:
            return False
        b = right(row)
        if b is False:
            return False
        return None if a is None or b is None else True

    return evaluate


def disjunction(left: Evaluate, right: Evaluate) -> Evaluate:
    """OR: true wins over unknown."""

    def evaluate(row: Row) -> bool | None:
        a = left(row)
        if a is True:
            return True
        b = right(row)
        if b is True:
            return True
        return None if a is None or b is None else False

    return evaluate


def negation(condition: Evaluate) -> Evaluate:
    """NOT: unknown stays unknown."""

    def evaluate(row: Row) -> bool | None:
        value = condition(row)
        return None if value is None else not value

    return evaluate


def matching(subject: Evaluate, pattern: Term, escape: str, *, ignore_case: bool, negated: bool) -> Evaluate:
    """[NOT] LIKE and ILIKE."""
    read_pattern = pattern.evaluate
    ready = None if pattern.literal is None else like_pattern(pattern.literal, escape, ignore_case=ignore_case)

    def evaluate(row: Row) -> bool | None:
        text, given = subject(row), read_pattern(row)
        if text is None or given is None:
            return None
        if type(text) is not str or type(given) is not str:
            raise EvaluationError(f"LIKE compares texts, not {type_name(text)} with {type_name(given)}")
        match = ready or like_pattern(given, escape, ignore_case=ignore_case)
        return (match(lower(text) if ignore_case else text) is not None) is not negated

    return evaluate


@functools.lru_cache(maxsize=1024)
def like_pattern(pattern: str, escape: str, *, ignore_case: bool) -> Callable[[str], re.Match[str] | None]:
    """The matcher of a LIKE pattern. Raises EvaluationError for one that ends with its escape character."""
    pieces: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            literal = next(characters, None)
            if literal is None:
                raise EvaluationError("a LIKE pattern must not end with its escape character")
            pieces.append(re.escape(lower(literal) if ignore_case else literal))
        else:
            plain = re.escape(lower(character) if ignore_case else character)
            pieces.append({"%": ".*", "_": "."}.get(character, plain))
    return re.compile("".join(pieces), re.DOTALL).fullmatch


def aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Both values in one type, as the database would take them. Raises EvaluationError if there is none."""
    kind, other = type(a), type(b)
    if kind is other and kind in _DIRECT:
        return a, b
    if kind in _NUMBERS and other in _NUMBERS:
        if kind is float or other is float:
            return float(a), float(b)
        _refuse_nan(a)
        _refuse_nan(b)
        return a, b
    if isinstance(a, date) and isinstance(b, date):
        return _aligned_times(a, b)
    if _is_infinite(a) and isinstance(b, date):
        return a, Decimal(0)
    if _is_infinite(b) and isinstance(a, date):
        return Decimal(0), b
    raise EvaluationError(f"{type_name(a)} cannot be compared with {type_name(b)}: CAST one of them")


def _with_literal(test: Test, read: Evaluate, literal: str) -> Evaluate:
    def evaluate(row: Row) -> bool | None:
        value = read(row)
        if type(value) is str:
            return test(value, literal)
        return None if value is None else test(*aligned(value, in_type_of(value, literal)))

    return evaluate


def _is_infinite(value: Any) -> bool:
    """An infinite decimal, which is also what an infinite date arrives as."""
    return type(value) is Decimal and value.is_infinite()


def _refuse_nan(value: Any) -> None:
    if type(value) is Decimal and value.is_nan():
        raise RowError("INVALID_NUMBER", f"{value} cannot be compared")


def _aligned_times(a: date, b: date) -> tuple[datetime, datetime]:
    first, second = _stamp(a), _stamp(b)
    if (first.tzinfo is None) != (second.tzinfo is None):
        return _zoned(first), _zoned(second)
    return first, second


def _stamp(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def _zoned(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
