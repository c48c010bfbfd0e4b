"""SQL expressions: single values, three-valued logic, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.change import UNAVAILABLE
from connector.errors import RowError
from connector.mapping.faults import EvaluationError, FaultyTextError, UnavailableColumnError
from connector.mapping.sql import compile_expression
from tests.unit.mapping.cases import CASES, read_case
from tests.unit.mapping.expressions import Generator, with_literals

EXPRESSIONS: list[dict[str, Any]] = list(read_case(CASES / "expressions.yaml"))
ROW = {
    "a": "Ab", "b": None, "i": 7, "j": -2, "n": Decimal("12.50"), "m": 3, "p": True, "q": None, "d": date(2024, 2, 29),
    "x": "", "z": 0,
}  # fmt: skip


def value(sql: str, dialect: str = "postgres", row: dict[str, Any] | None = None) -> object:
    return compile_expression(sql, dialect).evaluate(ROW if row is None else row)


@pytest.mark.parametrize("case", EXPRESSIONS, ids=[f"{case.get('dialect', '')}{case['sql']}" for case in EXPRESSIONS])
def test_an_expression_has_its_value(case: dict[str, Any]) -> None:
    """Each expression of the case file gives its value, with its type and scale, or fails with its reason."""
    sql = f"not ({case['sql']})" if case.get("condition") else case["sql"]
    if "fails" in case:
        with pytest.raises(EvaluationError) as failure:
            value(sql, case.get("dialect", "postgres"))
        assert case["fails"] in str(failure.value)
    else:
        expected, actual = case["gives"], value(sql, case.get("dialect", "postgres"))
        assert (type(expected), str(expected)) == (type(actual), str(actual))


Formula = tuple[str, Callable[[dict[str, float]], float]]


def _leaf(name: str) -> Formula:
    return name, lambda row: row[name]


def _not(formula: Formula) -> Formula:
    return f"(not {formula[0]})", lambda row: 1 - formula[1](row)


def _and(pair: tuple[Formula, Formula]) -> Formula:
    left, right = pair
    return f"({left[0]} and {right[0]})", lambda row: min(left[1](row), right[1](row))


def _or(pair: tuple[Formula, Formula]) -> Formula:
    left, right = pair
    return f"({left[0]} or {right[0]})", lambda row: max(left[1](row), right[1](row))


def _grow(smaller: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    pairs = st.tuples(smaller, smaller)
    return st.one_of(smaller.map(_not), pairs.map(_and), pairs.map(_or))


FORMULAS = st.recursive(st.sampled_from("pqr").map(_leaf), _grow, max_leaves=8)
TRUTHS = st.sampled_from([0.0, 0.5, 1.0])


@settings(deadline=None)
@given(FORMULAS, st.fixed_dictionaries({"p": TRUTHS, "q": TRUTHS, "r": TRUTHS}))
def test_unknown_is_half_true(formula: Formula, truths: dict[str, float]) -> None:
    """AND is the minimum, OR the maximum and NOT the complement, with unknown half way between false and true."""
    sql, model = formula
    in_sql = {0.0: False, 0.5: None, 1.0: True}
    row = {name: in_sql[truth] for name, truth in truths.items()}
    assert in_sql[model(truths)] is value(sql, row=row)


@settings(deadline=None)
@given(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=1, max_size=4), st.sampled_from([None, 1, 2, 3]))
def test_in_is_a_chain_of_or(choices: list[int | None], wanted: int | None) -> None:
    """IN a list gives what comparing with each of its elements gives, joined by OR."""
    words = ["null" if choice is None else str(choice) for choice in choices]
    chain = " or ".join(f"i = {word}" for word in words)
    assert value(chain, row={"i": wanted}) is value(f"i in ({', '.join(words)})", row={"i": wanted})


@settings(deadline=None)
@given(st.text(alphabet="ab%_\\.", max_size=6), st.text(alphabet="ab%_\\.\n", max_size=6))
def test_a_pattern_in_a_column_matches_as_a_literal_does(pattern: str, text: str) -> None:
    """LIKE gives the same for a pattern known beforehand and one read from the row."""
    literal = pattern.replace("'", "''")
    row = {"a": text, "b": pattern}
    try:
        expected = value(f"a like '{literal}'", row=row)
    except FaultyTextError:
        with pytest.raises(EvaluationError):
            value("a like b", row=row)
    else:
        assert expected is value("a like b", row=row)


def test_an_expression_knows_its_columns() -> None:
    """Names without quotes are folded to small letters, quoted ones are taken as they are."""
    expected = frozenset({"total", "Shipping Cost", "b"})
    assert expected == compile_expression('coalesce(Total, "Shipping Cost") > b', "postgres").columns


def test_a_column_that_was_not_carried_is_told() -> None:
    """Reading an unavailable column says which it is, and only where it is read."""
    row = {"a": "x", "b": UNAVAILABLE}
    assert "x" == value("coalesce(a, b)", row=row)
    with pytest.raises(UnavailableColumnError, match="b"):
        value("coalesce(b, a)", row=row)


def test_not_a_number_is_refused() -> None:
    """NaN neither computes nor compares."""
    for sql in ("n + 1", "n > 1", "n::text"):
        with pytest.raises(RowError, match="INVALID_NUMBER"):
            value(sql, row={"n": Decimal("NaN")})


def test_infinite_dates_compare() -> None:
    """An infinite date, which arrives as an infinite decimal, is later than every date."""
    row = {"d": Decimal("Infinity"), "e": date(2024, 1, 1)}
    assert [True, True, False] == [value(sql, row=row) for sql in ("d > '2024-01-01'", "d > e", "e > d")]


def test_floating_point_computes_as_doubles() -> None:
    """With one side floating point, arithmetic and comparison are; text shows the shortest digits."""
    row = {"f": 0.5, "n": Decimal("1.5"), "i": 3}
    assert (0.75, "0.5", True, 2) == tuple(
        value(sql, row=row) for sql in ("f * n", "f::text", "f < i", "round(f * i)::int")
    )
    for sql in ("f % i", "round(f, 2)", "f / 0"):
        with pytest.raises(EvaluationError):
            value(sql, row=row)


def test_literals_that_python_cannot_read_are_errors_of_the_row() -> None:
    """Numbers of absurd length fail like any other bad number."""
    for text in ("9" * 5000, "1e9999", "٣"):
        for target in ("bigint", "numeric"):
            with pytest.raises((EvaluationError, ArithmeticError)):
                value(f"cast(a as {target}) + 0", row={"a": text if target == "bigint" or len(text) < 99 else "x"})


def test_random_expressions_compile() -> None:
    """Every generated expression of the subset is accepted, so none is refused that PostgreSQL would take."""
    generator = Generator(1)
    assert all(compile_expression(with_literals(generator.expression()), "postgres") for _ in range(300))
