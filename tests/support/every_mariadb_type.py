"""Every column type of MariaDB that a shop may have, with extreme values and what a change holds for them.

They are written with an empty `sql_mode`, which lets impossible dates in, and `time_zone` UTC.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.support.every_type import TYPE, UUID, VALUE, ColumnType, Sample, instant, same

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001


def text(kind: str, *values: str) -> ColumnType:
    return ColumnType(kind, "str", same(*values))


def charset(name: str, value: str) -> ColumnType:
    return text(f"text character set {name}", value)


def whole(kind: str, *values: int) -> ColumnType:
    return ColumnType(kind, "int", tuple(Sample(str(value), value) for value in values))


def exact(kind: str, *values: str) -> ColumnType:
    return ColumnType(kind, "Decimal", tuple(Sample(value, Decimal(value)) for value in values))


def of(kind: str, arrives: str, *samples: tuple[Any, ...]) -> ColumnType:
    return ColumnType(kind, arrives, tuple(Sample(*sample) for sample in samples))


NUMBERS: Final = (
    of("boolean", "int", ("true", 1), ("false", 0)),
    whole("tinyint(1)", 1, -128, 127),
    whole("tinyint", -128, 127),
    whole("tinyint unsigned", 255),
    whole("smallint", -32768, 32767),
    whole("smallint unsigned", 65535),
    whole("mediumint", -8388608, 8388607),
    whole("mediumint unsigned", 16777215),
    whole("int", -(2**31), 2**31 - 1),
    whole("int unsigned", 2**32 - 1),
    whole("int(6) zerofill", 42),
    whole("bigint", -(2**63), 2**63 - 1),
    whole("bigint unsigned", 2**64 - 1, 2**63, 0),
    of("float", "float", ("0.1", 0.1), ("16777217", 16777200.0), ("3.4028234e38", 3.40282e38), ("-1e-45", -1.4013e-45)),
    of("float(10,2)", "float", ("12345.67", 12345.67), ("-0.05", -0.05)),
    of("double", "float", ("0.1", 0.1), ("1.7976931348623157e308", 1.7976931348623157e308), ("5e-324", 5e-324)),
    of("double(10,2)", "float", ("1.5", 1.5)),
    exact("decimal(15,4)", "19.9000", "-99999999999.9999", "0.0000"),
    exact("decimal(65,30)", f"-{'9' * 35}.{'9' * 30}", "1E-30"),
    exact("decimal(38,38)", f"0.{'1' * 38}"),
    exact("decimal(10,0)", "-9999999999"),
    exact("decimal(12,2) unsigned", "9999999999.99"),
    exact("decimal(10,0) unsigned", "12"),
    exact("decimal(12,2) zerofill", "1.50"),
    of("bit(1)", "bool", ("b'1'", True), ("b'0'", False)),
    of("bit(8)", "int", ("b'10000001'", 129), ("b'0'", 0)),
    of("bit(9)", "int", ("b'100000010'", 258)),
    of("bit(64)", "int", (f"b'{'1' * 64}'", 2**64 - 1), ("1", 1)),
)

TEXTS: Final = (
    of("char(5)", "str", ("'ab  '", "ab"), ("''", "")),
    text("varchar(20)", "xé😀", "ab  ", ""),
    text("varchar(20) character set latin1", "Ärger€", "naïve ß"),
    text("varchar(10) collate utf8mb4_bin", "aB"),
    text("tinytext", "a"),
    text("text", "😀 O'Neil  ", "&amp; <b>", ""),
    text("mediumtext", "é"),
    text("longtext", "é"),
    charset("ascii", "a"),
    charset("latin1", "naïve ß€"),
    charset("latin2", "Łódź"),
    charset("latin5", "İş"),
    charset("latin7", "ą"),
    charset("cp1250", "Łódź"),
    charset("cp1251", "Привет"),
    charset("cp1256", "ع"),
    charset("cp1257", "ą"),
    charset("cp850", "é"),
    charset("cp852", "Ł"),
    charset("cp866", "П"),
    charset("dec8", "é"),
    charset("greek", "Σ"),
    charset("hebrew", "א"),
    charset("koi8r", "Привет"),
    charset("macroman", "é"),
    charset("macce", "č"),
    charset("tis620", "ก"),
    charset("big5", "中文"),
    charset("gb2312", "中"),
    charset("gbk", "中文"),
    charset("euckr", "한"),
    charset("sjis", "日本"),
    charset("ujis", "日"),
    charset("eucjpms", "日"),
    charset("ucs2", "aé"),
    charset("utf16", "a😀"),
    charset("utf16le", "a😀"),
    charset("utf32", "a😀"),
    charset("utf8mb3", "aé€"),
    text("enum('a','b,c','é','')", "b,c", "é", ""),
    text("enum('ä','€') character set latin1", "€"),
    text("set('a','b','é')", "a,é", "b", ""),
    text("json", '{"a": 1.10}', "null"),
    text("uuid", UUID, "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    of("binary(4)", "bytes", ("X'00FF'", b"\x00\xff\x00\x00"), ("X'00000000'", bytes(4))),
    of("varbinary(4)", "bytes", ("X'00FF'", b"\x00\xff"), ("''", b"")),
    of("tinyblob", "bytes", ("X'00FF'", b"\x00\xff")),
    of("blob", "bytes", ("X'00FF'", b"\x00\xff"), ("''", b"")),
    of("mediumblob", "bytes", ("X'00FF'", b"\x00\xff")),
    of("longblob", "bytes", ("X'00FF'", b"\x00\xff")),
)

TIMES: Final = (
    of(
        "date",
        "date",
        ("'2024-02-29'", date(2024, 2, 29)),
        ("'0001-01-01'", date(1, 1, 1)),
        ("'9999-12-31'", date(9999, 12, 31)),
        ("'1582-10-10'", date(1582, 10, 10)),
        ("'0000-00-00'", None),
        ("'2024-00-00'", None),
        ("'0000-01-01'", None, VALUE),
    ),
    of(
        "date NOT NULL",
        "date",
        ("'0000-00-00'", date(1970, 1, 1)),
        ("'2024-01-00'", date(1970, 1, 1)),
        ("'1970-01-01'", date(1970, 1, 1)),
    ),
    of(
        "datetime",
        "datetime without zone",
        ("'2024-03-31 02:30:00'", wall(2024, 3, 31, 2, 30)),
        ("'0001-01-01'", wall(1, 1, 1)),
        ("'9999-12-31 23:59:59'", wall(9999, 12, 31, 23, 59, 59)),
        ("'1582-10-10'", wall(1582, 10, 10), wall(1582, 10, 20)),
        ("'0000-00-00'", None),
        ("'2024-00-00'", None),
    ),
    of("datetime NOT NULL", "datetime without zone", ("'0000-00-00'", EPOCH), ("'1970-01-01'", EPOCH)),
    of(
        "datetime(3)",
        "datetime without zone",
        ("'2024-03-31 02:30:00.123'", wall(2024, 3, 31, 2, 30, 0, 123000)),
        ("'9999-12-31 23:59:59.999'", wall(9999, 12, 31, 23, 59, 59, 999000)),
    ),
    of(
        "datetime(6)",
        "datetime without zone",
        ("'2024-03-31 02:30:00.123456'", wall(2024, 3, 31, 2, 30, 0, 123456)),
        ("'0001-01-01 00:00:00.000001'", wall(1, 1, 1, 0, 0, 0, 1)),
        ("'9999-12-31 23:59:59.999999'", wall(9999, 12, 31, 23, 59, 59, 999999)),
        ("'0000-00-00'", None),
    ),
    of("datetime(6) NOT NULL", "datetime without zone", ("'0000-00-00'", EPOCH)),
    of(
        "timestamp NULL",
        "datetime in UTC",
        ("'2024-03-31 00:30:00'", instant(2024, 3, 31, 0, 30)),
        ("'1970-01-01 00:00:01'", instant(1970, 1, 1, 0, 0, 1)),
        ("'2038-01-19 03:14:07'", instant(2038, 1, 19, 3, 14, 7)),
        ("'0000-00-00'", None),
    ),
    of(
        "timestamp(6) NULL",
        "datetime in UTC",
        ("'2024-03-31 00:30:00.1'", instant(2024, 3, 31, 0, 30, 0, 100000)),
        ("'2038-01-19 03:14:07.999999'", instant(2038, 1, 19, 3, 14, 7, 999999)),
        ("'0000-00-00'", None),
    ),
    of("timestamp NOT NULL", "datetime in UTC", ("'2001-01-01'", instant(2001, 1, 1)), ("'0000-00-00'", None)),
    of(
        "time",
        "time",
        ("'12:34:56'", time(12, 34, 56)),
        ("'23:59:59'", time(23, 59, 59)),
        ("'24:00:00'", timedelta(days=1)),
        ("'838:59:59'", timedelta(hours=838, minutes=59, seconds=59)),
        ("'-838:59:59'", -timedelta(hours=838, minutes=59, seconds=59)),
        ("'-00:00:01'", -timedelta(seconds=1)),
    ),
    of("time(3)", "time", ("'-01:00:00.5'", -timedelta(hours=1, seconds=0.5))),
    of(
        "time(6)",
        "time",
        ("'00:00:00.000001'", time(0, 0, 0, 1)),
        ("'838:59:59.999999'", timedelta(hours=838, minutes=59, seconds=59, microseconds=999999)),
        ("'-838:59:59.999999'", -timedelta(hours=838, minutes=59, seconds=59, microseconds=999999)),
    ),
    of("year", "int", ("1901", 1901), ("2155", 2155), ("70", 1970), ("'0000'", 1900, 2000)),
    of("year NOT NULL", "int", ("'0000'", 1900, 2000)),
)

SHAPES: Final = (
    of("point", "UNSUPPORTED_TYPE", ("POINT(1, 2)", TYPE)),
    of("geometry", "UNSUPPORTED_TYPE", ("ST_GeomFromText('POINT(1 2)', 4326)", TYPE)),
)

MARIADB_TYPES: Final = (*NUMBERS, *TEXTS, *TIMES, *SHAPES)
