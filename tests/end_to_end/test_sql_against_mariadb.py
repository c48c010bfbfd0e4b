"""Random expressions of the SQL subset, evaluated by us and by MariaDB itself."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pymysql
import pytest
import sqlalchemy

from connector.change import Row
from connector.errors import RowError
from connector.mapping.faults import EvaluationError, FaultyTextError
from connector.mapping.sql import compile_expression
from connector.mapping.sql.mysql.collation import folded
from tests.unit.mapping.mysql_expressions import Generator

pytestmark = pytest.mark.end_to_end

EXPRESSIONS = int(os.environ.get("SQL_EXPRESSIONS", "3000"))
SEED = int(os.environ.get("SQL_SEED", "4"))
TABLE = """
CREATE TEMPORARY TABLE sample (
    k bigint, a varchar(60), b varchar(60), i bigint, j bigint, n decimal(12,2), m decimal(20,6), f double, g double,
    p bit(1), q bit(1), d date, e date, s datetime, t datetime(6), js longtext COLLATE utf8mb4_bin,
    w varchar(60)) CHARACTER SET utf8mb4
"""
TEXTS = [
    None, "", " ", "a", "Ab", " ab ", "a b c", "Ärger", "ßİĳ ǅ", "Σίσυφος", "😀 x", "5", "-12", " 7.50 ", "1e3", "5x",
    "x%_y", "a\\b", "true", "no", "2024-02-29", "2023-01-05 10:11:12.5", "AB,cd,,e", "0", "99999999999", ".5", "1.",
    "abcabc", "line\nbreak", "ab", "AB", "ab  ", "ab\t", "arger ", "2024-02-30", "+3",
]  # fmt: skip
INTEGERS = [None, 0, 1, -1, 2, 3, -7, 10, 99, 12345, -1000, 2_000_000, 1 << 25]
SMALL = [None, "0", "0.00", "1.50", "-2.25", "0.01", "9999.99", "-0.01", "2.5", "-3.5", "1e2", "7"]
EXACT = [*SMALL, "12345.678", "-0.005", "0.000001", "1234567890.123456"]
DOUBLES = [None, 0.0, 1.5, -2.5, 0.1, 1e15, 1e-5, 123456789.125, 3.0, -7.0, 1e16, 0.5]
DATES = [None, "1970-01-01", "2024-02-29", "2023-12-31", "1969-07-20", "9999-12-31"]
STAMPS = [None, "2024-02-29 10:11:12", "2023-12-31 00:00:00", "1969-07-20 20:17:40"]
FINE_STAMPS = [None, "2024-02-29 10:11:12.120001", "2023-12-31 00:00:00.000001", "1969-07-20 20:17:40.999999"]
DOCUMENTS = [
    None, "{}", '{"x": "y", "n": 1.50, "t": true, "z": null, "l": [1, "two", {"k": 2}], "o": {"a b": [], "u": "é\\n"}}',
    '{"x": 5, "l": [], "o": "text"}', "[1, 2]", '"s"', '{"o": {"a b": {"c": [1.0, 2e3]}}, "n": -7, "x": ""}', "no JSON",
]  # fmt: skip
MOMENTS = [
    None, "2024-02-29", "2023-01-05 10:11:12.5", "no", "", "2024-02-30", " 2024-2-9 ", "2024-02-29T10:11", "x2024-01-01"
]  # fmt: skip
POOLS = (
    TEXTS, TEXTS, INTEGERS, INTEGERS, SMALL, EXACT, DOUBLES, DOUBLES, [True, False, None], [True, False, None], DATES,
    DATES, STAMPS, FINE_STAMPS, DOCUMENTS,
    MOMENTS,
)  # fmt: skip
ERROR = "<error>"
OVERFLOW = "<out of range>"
DATA_OUT_OF_RANGE = 1690


def fill(cursor: Any, seed: int) -> list[dict[str, Any]]:
    """Makes the sample table; gives its rows as a change would carry them, BIT(1) as truth values."""
    cursor.execute(TABLE)
    chance = random.Random(seed)
    for number in range(40):
        values = [chance.choice(pool) for pool in POOLS]
        cursor.execute(f"INSERT INTO sample VALUES (%s{', %s' * len(values)})", [number, *values])
    cursor.execute("SELECT * FROM sample ORDER BY k")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{key: value != b"\0" if type(value) is bytes else value for key, value in row.items()} for row in rows]


def ours(evaluate: Callable[[Row], Any], row: Row) -> object:
    try:
        return evaluate(row)
    except (EvaluationError, RowError):
        return ERROR


def theirs(cursor: Any, sql: str, rows: list[dict[str, Any]]) -> Iterator[object]:
    """MariaDB's value for each row; asked row by row where one of them is an error."""
    try:
        cursor.execute(f"SELECT {sql} FROM sample ORDER BY k")
        yield from [value for (value,) in cursor.fetchall()]
    except pymysql.err.ProgrammingError as error:
        raise AssertionError(f"the generator wrote no SQL: {sql}") from error
    except pymysql.MySQLError:
        for row in rows:
            yield single(cursor, sql, row["k"])


def single(cursor: Any, sql: str, number: int) -> object:
    try:
        cursor.execute(f"SELECT {sql} FROM sample WHERE k = {number}")
        return cursor.fetchone()[0]
    except pymysql.MySQLError as error:
        return OVERFLOW if error.args[0] == DATA_OUT_OF_RANGE else ERROR


def same(expected: object, actual: object) -> bool:
    """Equal in type and value; a truth value is 1 or 0, and a whole number may be a decimal.

    Whole numbers that overflow beside a NULL are NULL to us, which the server does only for other numbers.
    """
    if expected is OVERFLOW:
        return actual in (ERROR, None)
    if type(actual) is bool:
        return expected in (int(actual), bytes([actual]))
    if type(expected) is float and type(actual) is float:
        return expected == actual or f"{expected:.14g}" == f"{actual:.14g}"
    if {type(expected), type(actual)} == {Decimal, int}:
        return expected == actual
    return type(expected) is type(actual) and expected == actual


@pytest.fixture
def cursor(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The server of LEGACY_DATABASE_URL, or else the tests' own stack's."""
    given = os.environ.get("LEGACY_DATABASE_URL") or request.getfixturevalue("stack")["LEGACY_DATABASE_URL"]
    url = sqlalchemy.make_url(given)
    address: dict[str, Any] = {"host": url.host, "port": url.port, "user": url.username, "password": url.password or ""}
    with pymysql.connect(**address, database=url.database, charset="utf8mb4") as connection:
        cursor = connection.cursor()
        cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci")
        cursor.execute("SET SESSION time_zone = '+00:00', collation_database = utf8mb4_general_ci")
        yield cursor


def test_expressions_give_what_mariadb_gives(cursor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every generated expression is equal to MariaDB's for every row, or an error for both."""
    generator, compared, errors = Generator(SEED), 0, 0
    differences: list[str] = []
    rows = fill(cursor, SEED)
    for _ in range(EXPRESSIONS):
        sql = generator.expression()
        try:
            evaluate = compile_expression(sql, "mysql").evaluate
        except FaultyTextError as error:
            differences.append(f"{sql}: {error}")
            continue
        for row, expected in zip(rows, theirs(cursor, sql, rows), strict=True):
            actual = ours(evaluate, row)
            compared, errors = compared + 1, errors + (actual is ERROR)
            if not same(expected, actual):
                differences.append(f"{sql}\n  {row}\n  {expected!r} {actual!r}")
                break
    with capsys.disabled():
        sys.stdout.write(f"\n{EXPRESSIONS} expressions: {compared} values compared with MariaDB's, {errors} errors\n")
    shown = "\n".join(differences[:20])
    assert not differences, f"{len(differences)} expressions differ, first of them:\n{shown}"


def test_characters_count_as_in_the_server(cursor: Any) -> None:
    """Every character of the first 65,536 has the weight that utf8mb4_general_ci gives it."""
    codes = [code for code in range(1, 0x10000) if not 0xD800 <= code <= 0xDFFF]
    for start in range(0, len(codes), 2000):
        part = codes[start : start + 2000]
        weights = (f"HEX(WEIGHT_STRING(CONVERT(_ucs2 0x{code:04X} USING utf8mb4)))" for code in part)
        cursor.execute(f"SELECT {', '.join(weights)}")
        assert list(cursor.fetchone()) == [f"{ord(folded(chr(code))):04X}" for code in part]
