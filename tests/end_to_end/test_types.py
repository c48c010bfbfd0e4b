"""Every type of column, with its extreme values, through the real Debezium: what arrives is what docs/types.md says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.capture import signals
from connector.capture.session import session_of
from connector.change import Change, Operation
from connector.errors import RowError
from tests.support.every_type import SETUP, ColumnType, Refused
from tests.support.lab import Lab, lab_of
from tests.support.types_page import DATABASES, PAGE, stated, table

pytestmark = pytest.mark.end_to_end

LIVE = 1000
"""Added to the id of a row that is written while capture runs."""

SHOP = """
store: {{{{id: {{name}}, label: Test}}}}
database: {{{{kind: {kind}, url: "{{url}}", schema: {schema}}}}}
customers:
  from: sample
  id: "{{{{id}}}}"
  properties: {{{{firstname: id}}}}
"""

SCHEMAS = {"postgres": "public", "mariadb": "{name}"}
LENIENT = "SET SESSION sql_mode = '', time_zone = '+00:00'"


@dataclass(frozen=True, slots=True)
class Samples:
    """One row for each n: the n-th sample of each column; the last row holds NULL wherever it may."""

    kind: str

    @property
    def types(self) -> Sequence[ColumnType]:
        return DATABASES[self.kind].types

    @property
    def rows(self) -> int:
        return max(len(column.samples) for column in self.types) + 1

    def create(self) -> str:
        columns = ", ".join(f"c{number} {column.sql}" for number, column in enumerate(self.types))
        return f"CREATE TABLE sample (id integer PRIMARY KEY, {columns})"

    def add(self) -> list[str]:
        """The same columns, added one after the other."""
        mode = "SET STATEMENT sql_mode = '' FOR" if self.kind == "mariadb" else ""
        return [f"{mode} ALTER TABLE sample ADD COLUMN c{n} {column.sql}" for n, column in enumerate(self.types)]

    def insert(self, first_id: int) -> list[str]:
        rows = [
            f"INSERT INTO sample VALUES ({first_id + row}, {', '.join(_sql(column, row) for column in self.types)})"
            for row in range(self.rows)
        ]
        return [LENIENT, *rows] if self.kind == "mariadb" else rows

    def seen(self, changes: Mapping[int, Change], first_id: int) -> list[list[Any]]:
        """By column and sample, what came of the rows that begin with this id."""
        return [
            [read(changes[first_id + row], f"c{number}") for row in range(len(column.samples))]
            for number, column in enumerate(self.types)
        ]


def _sql(column: ColumnType, row: int) -> str:
    if row < len(column.samples):
        return column.samples[row].sql
    return column.samples[-1].sql if column.sql.endswith("NOT NULL") else "NULL"


def read(change: Change, column: str) -> Any:
    assert change.after is not None
    try:
        return change.after[column]
    except RowError as error:
        return Refused(error.type)


def by_id(changes: Sequence[Change]) -> dict[int, Change]:
    return {int(str(change.key["id"])): change for change in changes}


@pytest.fixture(params=["postgres", "mariadb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lab(kind: str, stack: dict[str, str], tmp_path: Path) -> Iterator[Lab]:
    """An empty database, to be captured; everything is taken away again."""
    with lab_of(kind, stack, tmp_path, SHOP.format(kind=kind, schema=SCHEMAS[kind])) as made:
        yield made


async def test_every_type_arrives_as_the_page_says(kind: str, lab: Lab) -> None:
    """Every value of docs/types.md, by the first load and in the stream; the table made of them is the page's."""
    samples = Samples(kind)
    lab.sql(*(SETUP.split(";")[:-1] if kind == "postgres" else [LENIENT]), samples.create(), *samples.insert(0))
    await lab.apply()
    await lab.wait_for("sample", samples.rows)
    lab.sql(*samples.insert(LIVE))
    changes = by_id(await lab.wait_for("sample", 2 * samples.rows))

    snapshot, live = samples.seen(changes, 0), samples.seen(changes, LIVE)
    pairs = [list(zip(first, later, strict=True)) for first, later in zip(snapshot, live, strict=True)]
    assert table(kind, pairs) == stated(kind, PAGE.read_text())
    types = [{name for each in found if (name := python_type(each))} for found in live]
    assert [] == [column.sql for column, found in zip(samples.types, types, strict=True) if not stands(column, found)]
    for row in range(samples.rows):
        assert (Operation.READ, Operation.CREATE) == (changes[row].operation, changes[LIVE + row].operation)


def python_type(value: Any) -> str:
    """The type as the page's second column calls it; nothing for what any column may hold."""
    if value in (None, []) or isinstance(value, Refused):
        return ""
    if isinstance(value, list):
        return "list of " + "".join({python_type(each) for each in value if each is not None})
    return type(value).__name__


def stands(column: ColumnType, found: set[str]) -> bool:
    """Whether the values are of the stated type; infinities and what exceeds a day are of another, as the page says."""
    plain = column.arrives.replace(" without zone", "").replace(" in UTC", "")
    others = {"Decimal"} if plain in {"date", "datetime"} else {"timedelta"} if plain == "time" else set()
    return found <= {plain, *others} or plain.startswith("list of date") or not found


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_columns_added_in_flight_arrive_alike(kind: str, lab: Lab) -> None:
    """Debezium learns them from the log instead of the catalogue, and reads them the same way."""
    samples = Samples(kind)
    lab.sql(*(SETUP.split(";")[:-1] if kind == "postgres" else ()), "CREATE TABLE sample (id integer PRIMARY KEY)")
    await lab.load()
    lab.sql(*samples.add(), *samples.insert(LIVE))
    live = samples.seen(by_id(await lab.wait_for("sample", samples.rows)), LIVE)

    assert [[repr(sample.value) for sample in column.samples] for column in samples.types] == [
        [repr(value) for value in found] for found in live
    ]


WITH_DEFAULTS = """
CREATE TABLE sample (id integer PRIMARY KEY, a integer DEFAULT 7, b varchar(20) DEFAULT 'ddl',
    c decimal(15, 4) DEFAULT 1.5, d date DEFAULT '2020-01-02', e {flag} DEFAULT {true}, f {stamp} DEFAULT {now},
    g bigint DEFAULT 0, h {binary} DEFAULT 'x', must varchar(5) NOT NULL DEFAULT 'must')
"""
SPELT = {
    "postgres": {"flag": "boolean", "true": "true", "stamp": "timestamptz", "now": "now()", "binary": "bytea"},
    "mariadb": {
        "flag": "tinyint(1)",
        "true": "1",
        "stamp": "timestamp NULL",
        "now": "current_timestamp()",
        "binary": "varbinary(5)",
    },
}
NULLABLE = "abcdefgh"


async def test_null_in_a_column_with_a_default_stays_null(kind: str, lab: Lab) -> None:
    """By snapshot and by stream; a value, and a column that cannot be NULL, stay what they are."""
    lab.sql(WITH_DEFAULTS.format(**SPELT[kind]), insert_nulls(1), "INSERT INTO sample (id) VALUES (2)")
    await lab.load()
    lab.sql(insert_nulls(LIVE + 1), "INSERT INTO sample (id) VALUES (1002)", "UPDATE sample SET g = 1 WHERE id = 1001")
    changes = by_id(await lab.wait_for("sample", 5))

    for first in (0, LIVE):
        nulls, defaults = changes[first + 1], changes[first + 2]
        assert [None] * 6 == [read(nulls, column) for column in "abcdef"]
        assert [7, "ddl", Decimal("1.5000"), date(2020, 1, 2)] == [read(defaults, column) for column in "abcd"]
        assert ["must", "must"] == [read(nulls, "must"), read(defaults, "must")]
    assert [None, 1] == [read(changes[1], "g"), read(changes[1001], "g")]


async def test_without_the_transformation_null_comes_as_the_default(kind: str, lab: Lab) -> None:
    """What the transformation is for: rows read, and rows written, by a connector that has it taken out."""
    lab.sql(WITH_DEFAULTS.format(**SPELT[kind]), insert_nulls(1))
    await lab.load()
    plan = lab.plan()
    async with lab.connect() as connect:
        config = await connect.config(plan.connector)
        assert config is not None
        await connect.stop(plan.connector)
        await connect.put(plan.connector, {key: text for key, text in config.items() if "transforms" not in key})
        await connect.resume(plan.connector)
    lab.sql(insert_nulls(2))
    with session_of(kind, lab.admin) as session:
        signals.snapshot(session, plan, ["sample"], "id = 1")
    first, *later = await lab.wait_for("sample", 3)

    expected = [7, "ddl", Decimal("1.5000"), date(2020, 1, 2)]
    assert [None] * 4 == [read(first, column) for column in "abcd"]
    assert [expected, expected] == [[read(change, column) for column in "abcd"] for change in later]
    assert {Operation.CREATE, Operation.READ} == {change.operation for change in later}


def insert_nulls(number: int) -> str:
    return f"INSERT INTO sample ({', '.join(['id', *NULLABLE])}) VALUES ({number}{', NULL' * len(NULLABLE)})"


CHARACTER_SETS = """
CREATE TABLE sample (id integer PRIMARY KEY, t varchar(20), u varchar(20) CHARACTER SET utf8mb4,
    twice varchar(40) GENERATED ALWAYS AS (concat(t, t)) VIRTUAL) DEFAULT CHARACTER SET latin1
"""


@pytest.mark.parametrize("kind", ["mariadb"])
async def test_texts_follow_the_character_set_of_their_table(kind: str, lab: Lab) -> None:  # noqa: ARG001 - the lab's
    """Also after a table was converted in flight; a generated column comes with the rest."""
    insert = "INSERT INTO sample (id, t, u) VALUES ({}, 'Ärger €', 'žluť 😀')"
    lab.sql(CHARACTER_SETS, insert.format(1))
    await lab.load()
    lab.sql(
        insert.format(2),
        "ALTER TABLE sample CONVERT TO CHARACTER SET utf8mb4",
        insert.format(3),
        "ALTER TABLE sample CONVERT TO CHARACTER SET utf16",
        "INSERT INTO sample (id, t, u) VALUES (4, 'Łódź', 'Łódź')",
    )
    changes = by_id(await asyncio.wait_for(lab.wait_for("sample", 4), 90))

    ours = ("Ärger €", "žluť 😀", "Ärger €Ärger €")
    found = [tuple(read(changes[number], column) for column in ("t", "u", "twice")) for number in (1, 2, 3, 4)]
    assert [ours, ours, ours, ("Łódź", "Łódź", "ŁódźŁódź")] == found
