"""Rows read from the database are what changes carry: every type of docs/types.md, with its extreme values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.capture.errors import CaptureError
from connector.capture.row_reader import RowReader
from connector.change import Change, Operation
from tests.end_to_end.test_types import LENIENT, SCHEMAS, SHOP, Samples, read
from tests.support.every_type import SETUP, Sample
from tests.support.lab import Lab, lab_of

pytestmark = pytest.mark.end_to_end


@pytest.fixture(params=["postgres", "mariadb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lab(kind: str, stack: dict[str, str], tmp_path: Path) -> Iterator[Lab]:
    """An empty database; everything is taken away again."""
    with lab_of(kind, stack, tmp_path, SHOP.format(kind=kind, schema=SCHEMAS[kind])) as made:
        if kind == "postgres":
            made.sql("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC")
        yield made


def test_every_type_is_read_as_changes_carry_it(kind: str, lab: Lab) -> None:
    """Where snapshot and stream differ, as one of the two; numbers may be spelt otherwise if they are equal."""
    samples = Samples(kind)
    lab.sql(*(SETUP.split(";")[:-1] if kind == "postgres" else [LENIENT]), samples.create(), *samples.insert(0))
    with RowReader.open(lab.shop) as reader:
        rows = {int(str(change.key["id"])): change for change in reader.rows("sample")}
        assert samples.rows == reader.count("sample") == len(rows)
    odd = [
        (column.sql, sample.sql, sample.value, found)
        for number, column in enumerate(samples.types)
        for row, sample in enumerate(column.samples)
        if not _stands(sample, found := read(rows[row], f"c{number}"))
    ]
    assert [] == odd
    last = rows[samples.rows - 1]
    nullable = [n for n, column in enumerate(samples.types) if not column.sql.endswith("NOT NULL")]
    assert [] == [samples.types[n].sql for n in nullable if read(last, f"c{n}") is not None]


def _stands(sample: Sample, found: Any) -> bool:
    return any(repr(each) == repr(found) or _equal(each, found) for each in (sample.value, sample.in_snapshot))


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


KEYS = {
    "postgres": [
        ("smallint", "-32768", "1"),
        ("bigint", "9223372036854775807", "-1"),
        ("numeric(10,2)", "1.50", "-0.10"),
        ("numeric", "1.500", "1e30"),
        ("double precision", "0.1", "1e300"),
        ("real", "0.1", "-1.5"),
        ("boolean", "true", "false"),
        ("varchar(40)", "'it''s \"5\" \\ é😀'", "''"),
        ("char(6)", "'ab'", "'ä'"),
        ("uuid", "'123e4567-e89b-12d3-a456-426614174000'", "'00000000-0000-0000-0000-000000000000'"),
        ("date", "'2026-02-28'", "'0001-01-01'"),
        ("timestamp", "'2026-02-28 12:00:00.123456'", "'1969-12-31 23:59:59'"),
        ("timestamptz", "'2026-02-28 12:00:00.5+02'", "'1969-12-31 23:59:59+00'"),
        ("time", "'12:00:00.000001'", "'00:00'"),
        ("bytea", "'\\x00ff'", "''"),
        ("bit(1)", "b'1'", "b'0'"),
        ("inet", "'10.0.0.1/8'", "'::1'"),
        ("interval", "'1 month 2 days 03:04:05.5'", "'-1 second'"),
    ],
    "mariadb": [
        ("tinyint unsigned", "255", "0"),
        ("bigint unsigned", "18446744073709551615", "1"),
        ("tinyint(1)", "1", "0"),
        ("decimal(20,4)", "1.5000", "-0.1"),
        ("varchar(40)", "'it''s \"5\" é😀'", "''"),
        ("char(6)", "'ab '", "'ä'"),
        ("binary(4)", "x'00ff'", "x'00000000'"),
        ("varbinary(4)", "x'00ff'", "x''"),
        ("date", "'2026-02-28'", "'1000-01-01'"),
        ("datetime(6)", "'2026-02-28 12:00:00.123456'", "'1969-12-31 23:59:59'"),
        ("timestamp(3) DEFAULT now(3)", "'2026-02-28 12:00:00.5'", "'1970-01-02 00:00:00'"),
        ("time(3)", "'01:00:00.25'", "'12:00:00'"),
        ("bit(1)", "b'1'", "b'0'"),
        ("bit(8)", "b'101'", "b'0'"),
        ("year", "2026", "1901"),
        ("enum('a','b c')", "'b c'", "'a'"),
    ],
}
"""Types that keys are made of, and two values of each."""


async def test_a_row_is_named_as_by_the_connector(kind: str, lab: Lab) -> None:
    """Keys of every type that makes sense as one: the row's name and values, and the row found again by its key."""
    columns = KEYS[kind]
    made = ", ".join(f"c{number} {sql} NOT NULL" for number, (sql, _, _) in enumerate(columns))
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    values = [", ".join(each[row] for each in columns) for row in (1, 2)]
    charset = " CHARACTER SET utf8mb4" if kind == "mariadb" else ""
    rows = [f"INSERT INTO sample VALUES ({number}, {each})" for number, each in enumerate(values)]
    zone = [LENIENT] if kind == "mariadb" else []
    lab.sql(*zone, f"CREATE TABLE sample (id integer, {made}, PRIMARY KEY (id, {names})){charset}", *rows)
    await lab.apply()
    captured = {change.row_key: change.after for change in await lab.wait_for("sample", 2)}
    with RowReader.open(lab.shop) as reader:
        assert captured == {change.row_key: change.after for change in reader.rows("sample")}
        for row_key in captured:
            (again,) = reader.rows("sample", keys=[json.loads(row_key)])
            assert row_key == again.row_key


def test_rows_are_chosen_by_condition_key_and_number(lab: Lab) -> None:
    """As changes of their table, named as the connector names them."""
    lab.sql("CREATE TABLE sample (id integer PRIMARY KEY, name varchar(20))")
    lab.sql("INSERT INTO sample VALUES (1, 'it''s'), (2, NULL), (3, 'x')")
    with RowReader.open(lab.shop) as reader:
        (one,) = reader.rows("sample", keys=[{"id": 1}])
        assert ('{"id":1}', {"id": 1, "name": "it's"}) == (one.row_key, one.after)
        assert (Operation.READ, lab.shop.topic("sample"), -1) == (
            one.operation,
            one.position.topic,
            one.position.offset,
        )
        assert [2] == _ids(reader.rows("sample", where="name IS NULL"))
        assert [] == _ids(reader.rows("sample", keys=[]))
        assert 2 == len(_ids(reader.rows("sample", limit=2)))
        assert [3] == _ids(reader.rows("sample", where="id > 1 OR id > 2", keys=[{"id": 3}, {"id": 9}]))
        assert 1 == reader.count("sample", where="id = 2")


def test_what_the_database_refuses_is_said(lab: Lab) -> None:
    """A condition that is none, and a table that is not there."""
    lab.sql("CREATE TABLE sample (id integer PRIMARY KEY)")
    with RowReader.open(lab.shop) as reader, pytest.raises(CaptureError, match="cannot be read"):
        list(reader.rows("sample", where="nothing = 1"))
    lab.sql("DROP TABLE sample")
    with RowReader.open(lab.shop) as reader, pytest.raises(CaptureError, match="there is no table sample"):
        list(reader.rows("sample"))


def _ids(rows: Iterator[Change]) -> list[int]:
    return sorted(int(str(change.key["id"])) for change in rows)
