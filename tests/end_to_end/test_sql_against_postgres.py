"""Random expressions of the SQL subset, evaluated by us and by PostgreSQL itself."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import set_json_loads

from connector.change import Row
from connector.errors import RowError
from connector.mapping.faults import EvaluationError, FaultyTextError
from connector.mapping.sql import compile_expression
from tests.unit.mapping.expressions import COLLATION, LITERALS, Generator, for_postgres, with_literals

pytestmark = pytest.mark.end_to_end

EXPRESSIONS = int(os.environ.get("SQL_EXPRESSIONS", "3000"))
SEED = int(os.environ.get("SQL_SEED", "4"))
TABLE = f"""
CREATE TEMPORARY TABLE sample (
    k integer, a text{COLLATION}, b text{COLLATION}, i bigint, j bigint, n numeric(12,2), m numeric,
    p boolean, q boolean, d date, e date, s timestamp, js jsonb)
"""
TEXTS = [
    None, "", " ", "a", "Ab", " ab ", "a b c", "Ärger", "ßİĳ ǅ", "Σίσυφος", "😀 x", "5", "-12", " 7.50 ", "1e3",
    "x%_y", "a\\b", "true", "no", "2024-02-29", "2023-01-05 10:11:12.5", "AB,cd,,e", "0", "99999999999", ".5", "1.",
    "abcabc", "line\nbreak",
]  # fmt: skip
INTEGERS = [None, 0, 1, -1, 2, 3, -7, 10, 99, 12345, -1000, 2_000_000, 1 << 40]
NUMERICS = [None, "0", "0.00", "1.50", "-2.25", "0.01", "9999.99", "12345.678", "-0.005", "2.5", "-3.5", "1e2", "7"]
DATES = [None, "1970-01-01", "2024-02-29", "2023-12-31", "1969-07-20", "9999-12-31"]
STAMPS = [None, "2024-02-29 10:11:12.120", "2023-12-31 00:00:00", "1969-07-20 20:17:40.000001"]
DOCUMENTS = [
    None, "{}", '{"x": "y", "n": 1.50, "t": true, "z": null, "l": [1, "two", {"k": 2}], "o": {"a b": [], "u": "é\\n"}}',
    '{"x": 5, "l": [], "o": "text"}', "[1, 2]", '"s"', '{"o": {"a b": {"c": [1.0, 2e3]}}, "n": -7, "x": ""}',
]  # fmt: skip


def fill(connection: psycopg.Connection[Any], seed: int) -> list[dict[str, Any]]:
    """Makes the sample table; gives its rows as a change would carry them, JSON as text."""
    connection.execute(TABLE)
    for name, (kind, literal) in LITERALS.items():
        collation = COLLATION if kind == "text" else ""
        connection.execute(f"ALTER TABLE sample ADD COLUMN c_{name} {kind}{collation} DEFAULT {literal}")
    chance = random.Random(seed)
    pools = (
        TEXTS,
        TEXTS,
        INTEGERS,
        INTEGERS,
        NUMERICS,
        NUMERICS,
        [True, False, None],
        [True, False, None],
        DATES,
        DATES,
    )
    for number in range(40):
        values = [chance.choice(pool) for pool in (*pools, STAMPS, DOCUMENTS)]
        connection.execute(f"INSERT INTO sample VALUES (%s{', %s' * 12})", [number, *values])
    rows = connection.execute("SELECT k, a, b, i, j, n, m, p, q, d, e, s, js FROM sample ORDER BY k")
    names = [column.name for column in rows.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def ours(evaluate: Callable[[Row], Any], row: Row) -> object:
    try:
        return evaluate(row)
    except (EvaluationError, RowError):
        return ERROR


def theirs(connection: psycopg.Connection[Any], sql: str, rows: list[dict[str, Any]]) -> Iterator[object]:
    """PostgreSQL's value for each row; asked row by row where one of them is an error."""
    try:
        yield from [value for (value,) in connection.execute(f"SELECT {sql} FROM sample ORDER BY k")]
    except psycopg.errors.SyntaxError as error:
        raise AssertionError(f"the generator wrote no SQL: {sql}") from error
    except psycopg.Error:
        for row in rows:
            yield single(connection, sql, row["k"])


def single(connection: psycopg.Connection[Any], sql: str, number: int) -> object:
    try:
        found = connection.execute(f"SELECT {sql} FROM sample WHERE k = {number}").fetchone()
    except (psycopg.errors.UndefinedFunction, psycopg.errors.CannotCoerce, psycopg.errors.DatatypeMismatch) as error:
        raise AssertionError(f"the generator mixed types: {sql}: {error}") from error
    except psycopg.Error as error:
        return NARROW if "integer out of range" in str(error) else ERROR
    return found[0] if found else ERROR


ERROR = "<error>"
NARROW = "<too large for 32 bits>"


def same(expected: object, actual: object) -> bool:
    """Equal in type, value and, for decimals, scale. Ours are 64 bits wide where PostgreSQL's integer has 32."""
    return expected is NARROW or (type(expected) is type(actual) and str(expected) == str(actual))


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    """The server of SHOP_DATABASE_URL, or else the tests' own stack's."""
    url = os.environ.get("SHOP_DATABASE_URL") or request.getfixturevalue("stack")["SHOP_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET jit = off")
        set_json_loads(lambda data: data.decode() if isinstance(data, bytes) else str(data), connection)
        yield connection


def test_expressions_give_what_postgres_gives(
    connection: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every generated expression is equal to PostgreSQL's for every row, or an error for both."""
    generator, compared, errors = Generator(SEED), 0, 0
    differences: list[str] = []
    rows = fill(connection, SEED)
    for _ in range(EXPRESSIONS):
        template = generator.expression()
        try:
            evaluate = compile_expression(with_literals(template), "postgres").evaluate
        except FaultyTextError as error:
            differences.append(f"{with_literals(template)}: {error}")
            continue
        for row, expected in zip(rows, theirs(connection, for_postgres(template), rows), strict=True):
            actual = ours(evaluate, row)
            compared, errors = compared + 1, errors + (actual is ERROR)
            if not same(expected, actual):
                differences.append(f"{with_literals(template)}\n  {row}\n  {expected!r} {actual!r}")
                break
    with capsys.disabled():
        sys.stdout.write(
            f"\n{EXPRESSIONS} expressions: {compared} values compared with PostgreSQL's, {errors} errors\n"
        )
    shown = "\n".join(differences[:20])
    assert not differences, f"{len(differences)} expressions differ, first of them:\n{shown}"
