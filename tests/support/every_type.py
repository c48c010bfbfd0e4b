"""Every column type of PostgreSQL that a shop may have, with extreme values and what a change holds for them.

docs/types.md is held to this list by a unit test, and the list to the real thing by an end-to-end test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands for a column that raises a RowError of this type when it is read."""

    error_type: str


@dataclass(frozen=True, slots=True)
class Sample:
    """SQL that makes a value, and what arrives; of a snapshot `snapshot`, where that differs."""

    sql: str
    value: Any
    snapshot: Any = ...

    @property
    def in_snapshot(self) -> Any:
        return self.value if self.snapshot is ... else self.snapshot


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type as SQL spells it, the Python type that arrives, as docs/types.md spells it, and samples."""

    sql: str
    arrives: str
    samples: tuple[Sample, ...]


INFINITY: Final = Decimal("Infinity")
TYPE: Final = Refused("UNSUPPORTED_TYPE")
VALUE: Final = Refused("UNSUPPORTED_VALUE")
NAN: Final = float("nan")
UUID: Final = "00000000-0000-0000-0000-000000000001"

SETUP: Final = """
CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN price AS numeric(12, 4);
CREATE DOMAIN free_price AS numeric;
CREATE DOMAIN whole_price AS numeric(10, 0);
CREATE DOMAIN short_text AS varchar(10);
CREATE DOMAIN birthday AS date;
"""


def instant(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def same(*values: str) -> tuple[Sample, ...]:
    """Texts that arrive as they are."""
    return tuple(Sample("'" + value.replace("'", "''") + "'", value) for value in values)


TYPES: Final[tuple[ColumnType, ...]] = (
    ColumnType("boolean", "bool", (Sample("true", True), Sample("false", False))),
    ColumnType("smallint", "int", (Sample("-32768", -32768), Sample("32767", 32767))),
    ColumnType("integer", "int", (Sample("-2147483648", -(2**31)), Sample("2147483647", 2**31 - 1))),
    ColumnType("bigint", "int", (Sample("-9223372036854775808", -(2**63)), Sample("9223372036854775807", 2**63 - 1))),
    ColumnType("oid", "int", (Sample("4294967295", 2**32 - 1),)),
    ColumnType(
        "real",
        "float",
        (
            Sample("0.1", 0.1),
            Sample("'3.4028235e38'", 3.4028235e38),
            Sample("'1e-45'", 1e-45),
            Sample("'-0'", -0.0),
            Sample("'NaN'", NAN),
            Sample("'-Infinity'", float("-inf")),
        ),
    ),
    ColumnType(
        "double precision",
        "float",
        (Sample("0.1", 0.1), Sample("'1.7e308'", 1.7e308), Sample("'5e-324'", 5e-324), Sample("'NaN'", NAN)),
    ),
    ColumnType(
        "numeric(12,2)",
        "Decimal",
        (
            Sample("19.9", Decimal("19.90")),
            Sample("-9999999999.99", Decimal("-9999999999.99")),
            Sample("0", Decimal("0.00")),
            Sample("'NaN'", Decimal("NaN")),
        ),
    ),
    ColumnType("numeric(38,0)", "Decimal", (Sample("9" * 38, Decimal("9" * 38)), Sample("-1", Decimal(-1)))),
    ColumnType("numeric(3,5)", "Decimal", (Sample("0.00999", Decimal("0.00999")),)),
    ColumnType(
        "numeric",
        "Decimal",
        (
            Sample("1.10", Decimal("1.10")),
            Sample("1e-30", Decimal("1E-30")),
            Sample("1e40", Decimal("1" + "0" * 40)),
            Sample("'NaN'", Decimal("NaN")),
            Sample("'Infinity'", INFINITY),
            Sample("'-Infinity'", -INFINITY),
        ),
    ),
    ColumnType("money", "Decimal", (Sample("'-92233720368547758.08'", Decimal("-92233720368547758.08")),)),
    ColumnType("price", "Decimal", (Sample("1234.5", Decimal("1234.5000")),)),
    ColumnType("free_price", "Decimal", (Sample("12.5", Decimal("12.5")),)),
    ColumnType("whole_price", "str", (Sample("12", "12"),)),
    ColumnType("char(5)", "str", (Sample("'ab'", "ab   "), Sample("''", "     "))),
    ColumnType("varchar(10)", "str", same("xé", "", "\t \n")),
    ColumnType("text", "str", same("😀 O'Neil  ", "", "a\u00a0b")),
    ColumnType("citext", "str", same("MiXed")),
    ColumnType("name", "str", same("nm")),
    ColumnType("short_text", "str", same("s")),
    ColumnType("uuid", "str", same("00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
    ColumnType("mood", "str", same("happy", "sad")),
    ColumnType("json", "str", same('{"a": 1.10}', "[1, 2]", "null")),
    ColumnType("jsonb", "str", same('{"a": 1.10}', "[1, 2]", "null")),
    ColumnType("xml", "str", same("<a/>", "")),
    ColumnType("hstore", "str", (Sample("'a=>1,b=>NULL'", '{"a":"1","b":null}'), Sample("''", "{}"))),
    ColumnType("ltree", "str", same("a.b", "")),
    ColumnType("tsvector", "str", (Sample("'a fat cat'", "'a' 'cat' 'fat'"),)),
    ColumnType("inet", "str", same("10.0.0.1/8", "::1")),
    ColumnType("cidr", "str", same("10.0.0.0/8")),
    ColumnType("macaddr", "str", same("08:00:2b:01:02:03")),
    ColumnType("macaddr8", "str", same("08:00:2b:01:02:03:04:05")),
    ColumnType("int4range", "str", same("[1,5)", "empty")),
    ColumnType("numrange", "str", same("[1.5,2.5]", "(,)")),
    ColumnType("daterange", "str", same("[2020-01-01,2020-01-05)")),
    ColumnType("tsrange", "str", same('["2020-01-01 00:00:00","2020-01-02 00:00:00")')),
    ColumnType("tstzrange", "str", same('["2020-01-01 00:00:00+00","2020-01-02 00:00:00+00")')),
    ColumnType("int8multirange", "str", same("{[1,2),[3,4)}", "{}")),
    ColumnType("pg_lsn", "str", same("16/B374D848")),
    ColumnType("jsonpath", "str", (Sample("'$.a'", '$."a"'),)),
    ColumnType("line", "str", (Sample("'{1,2,3}'", "{1.0,2.0,3.0}"),)),
    ColumnType("box", "str", (Sample("'(1,2),(0,0)'", "(1.0,2.0),(0.0,0.0)"),)),
    ColumnType("polygon", "str", (Sample("'((0,0),(1,1),(1,0))'", "((0.0,0.0),(1.0,1.0),(1.0,0.0))"),)),
    ColumnType("bytea", "bytes", (Sample(r"'\x00ff'", b"\x00\xff"), Sample("''", b""))),
    ColumnType("bit", "bool", (Sample("B'1'", True), Sample("B'0'", False))),
    ColumnType("bit(8)", "int", (Sample("B'10000001'", 129), Sample("B'00000000'", 0))),
    ColumnType("varbit(16)", "int", (Sample("B'101'", 5), Sample("B''", 0))),
    ColumnType(
        "date",
        "date",
        (
            Sample("'2024-02-29'", date(2024, 2, 29)),
            Sample("'0001-01-01'", date(1, 1, 1)),
            Sample("'9999-12-31'", date(9999, 12, 31)),
            Sample("'infinity'", INFINITY),
            Sample("'-infinity'", -INFINITY),
            Sample("'5874897-12-31'", VALUE),
            Sample("'0044-03-15 BC'", VALUE, date(44, 3, 15)),
        ),
    ),
    ColumnType("birthday", "date", (Sample("'2020-01-02'", date(2020, 1, 2)),)),
    ColumnType(
        "timestamp(0)",
        "datetime without zone",
        (
            Sample("'0001-01-01'", datetime(1, 1, 1)),  # noqa: DTZ001
            Sample("'9999-12-31 23:59:59'", datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001
            Sample("'infinity'", INFINITY),
            Sample("'-infinity'", -INFINITY),
            Sample("'294276-12-31 23:59:59'", VALUE),
        ),
    ),
    ColumnType(
        "timestamp",
        "datetime without zone",
        (
            Sample("'2024-03-31 02:30:00.123456'", datetime(2024, 3, 31, 2, 30, 0, 123456)),  # noqa: DTZ001
            Sample("'0001-01-01 00:00:00.000001'", datetime(1, 1, 1, 0, 0, 0, 1)),  # noqa: DTZ001
            Sample("'9999-12-31 23:59:59.999999'", datetime(9999, 12, 31, 23, 59, 59, 999999)),  # noqa: DTZ001
            Sample("'infinity'", INFINITY),
            Sample("'-infinity'", -INFINITY),
            Sample("'0044-03-15 BC'", VALUE),
            Sample("'294276-12-31 23:59:59'", VALUE),
        ),
    ),
    ColumnType(
        "timestamptz",
        "datetime in UTC",
        (
            Sample("'2024-03-31 02:30:00.1+02'", instant(2024, 3, 31, 0, 30, 0, 100000)),
            Sample("'0001-01-01 00:00:00.000001+00'", instant(1, 1, 1, 0, 0, 0, 1)),
            Sample("'9999-12-31 23:59:59.999999+00'", instant(9999, 12, 31, 23, 59, 59, 999999)),
            Sample("'infinity'", INFINITY),
            Sample("'-infinity'", -INFINITY),
            Sample("'0044-03-15 BC'", VALUE),
            Sample("'10000-01-01 00:00:00+00'", VALUE),
        ),
    ),
    ColumnType("timestamptz(0)", "datetime in UTC", (Sample("'2000-01-01 00:00:00+00'", instant(2000, 1, 1)),)),
    ColumnType(
        "time",
        "time",
        (
            Sample("'00:00:00.000001'", time(0, 0, 0, 1)),
            Sample("'23:59:59.999999'", time(23, 59, 59, 999999)),
            Sample("'24:00:00'", timedelta(days=1)),
        ),
    ),
    ColumnType("time(0)", "time", (Sample("'12:00'", time(12)),)),
    ColumnType(
        "timetz",
        "time in UTC",
        (
            Sample("'12:34:56.789+05:30'", time(7, 4, 56, 789000, tzinfo=UTC)),
            Sample("'24:00:00+15:59'", time(8, 1, tzinfo=UTC)),
        ),
    ),
    ColumnType(
        "interval",
        "str",
        (
            Sample("'1 year 2 mons 3 days 04:05:06.789'", "P1Y2M3DT4H5M6.789S"),
            Sample("'-1 mon'", "P0Y-1M0DT0H0M0S"),
            Sample("'1 day'", "P0Y0M1DT0H0M0S"),
        ),
    ),
    ColumnType("integer[]", "list of int", (Sample("'{1,NULL,3}'", [1, None, 3]), Sample("'{}'", []))),
    ColumnType("text[]", "list of str", (Sample("""'{a,NULL,"b,c"}'""", ["a", None, "b,c"]),)),
    ColumnType(
        "numeric(12,2)[]",
        "list of Decimal",
        (Sample("'{1.1,NULL}'", [Decimal("1.10"), None]), Sample("'{NaN}'", None)),
    ),
    ColumnType("uuid[]", "list of str", (Sample(f"'{{{UUID}}}'", [UUID]),)),
    ColumnType("date[]", "list of date", (Sample("'{2020-01-01,infinity}'", [date(2020, 1, 1), INFINITY]),)),
    ColumnType(
        "timestamp[]",
        "list of datetime without zone",
        (Sample("'{2020-01-01 01:02:03.123456,infinity}'", [datetime(2020, 1, 1, 1, 2, 3, 123456), INFINITY]),),  # noqa: DTZ001
    ),
    ColumnType(
        "timestamptz[]",
        "list of datetime in UTC",
        (Sample("'{2020-01-01 01:02:03+02,infinity}'", [instant(2019, 12, 31, 23, 2, 3), INFINITY]),),
    ),
    ColumnType("boolean[]", "list of bool", (Sample("'{t,f,NULL}'", [True, False, None]),)),
    ColumnType("mood[]", "list of str", (Sample("'{sad,ok}'", ["sad", "ok"]), Sample("'{sad,NULL}'", None))),
    ColumnType("double precision[]", "list of float", (Sample("'{1.5,NaN}'", [1.5, NAN]),)),
    ColumnType("jsonb[]", "list of str", (Sample("""ARRAY['{"a": 1}'::jsonb]""", ['{"a": 1}']),)),
    ColumnType("bytea[]", "list of bytes", (Sample(r"ARRAY['\x00ff'::bytea]", [b"\x00\xff"]),)),
    ColumnType("time[]", "list of time", (Sample("'{01:02:03.5,24:00:00}'", [time(1, 2, 3, 500000), time(0)]),)),
    ColumnType("price[]", "UNSUPPORTED_TYPE", (Sample("'{1.5}'", TYPE),)),
    ColumnType("point", "UNSUPPORTED_TYPE", (Sample("'(1,2)'", TYPE),)),
    ColumnType("pair", "UNSUPPORTED_TYPE", (Sample("ROW(1, 'x')", TYPE),)),
)
