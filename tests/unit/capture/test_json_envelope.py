"""Change records in JSON to changes: the case files, every type in every mode, and whatever else may stand in a topic.

A case file holds a record's key and value as JSON, or, after an `@`, as they are: raw text, bytes as `hex:`, nothing as
`null`; a text of `@` and digits inside is that number. Expected are a change (the fields named, by their repr), nothing
(ignored), an error, or a fault of one column.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.capture.json_envelope import JsonDecoder, JsonParser
from connector.capture.json_schema import Schema, convert
from connector.capture.json_types import column_schemas, schema_of
from connector.capture.structure_model import Table, TableColumn
from connector.change import UNAVAILABLE, Change
from connector.errors import RowError
from connector.mapping.shop import External
from connector.record import Record

CASES = sorted((Path(__file__).parents[2] / "cases" / "capture_json").glob("*.json"))
TOPIC = "routed.orders"

ORDERS = Table(
    "orders",
    (
        TableColumn("id", "integer", nullable=False),
        TableColumn("total", "numeric(10,2)"),
        TableColumn("placed_at", "timestamp without time zone"),
        TableColumn("note", "text"),
    ),
    key=("id",),
)


def decoder(*, full_before: bool = False) -> JsonDecoder:
    schemas = column_schemas(ORDERS, External(format="json"))
    return JsonDecoder(lambda _: "topic-id", lambda _: full_before, lambda _: schemas)


def record(key: bytes | None, value: bytes | None) -> Record:
    return Record(TOPIC, 0, 5, key, value, 0, ())


def written(what: Any) -> bytes | None:
    """The bytes that a case file means."""
    if isinstance(what, str) and what.startswith("@"):
        raw = what[1:]
        return None if raw == "null" else bytes.fromhex(raw[4:]) if raw.startswith("hex:") else raw.encode()
    text = json.dumps(what, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r'"@([\d.]+)"', r"\1", text).encode()


def shown(value: Any) -> Any:
    return {name: repr(each) for name, each in value.items()} if isinstance(value, Mapping) else value


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_record_is_read_or_refused(path: Path) -> None:
    """Each case file says what a record means, or with which words it is refused."""
    case = json.loads(path.read_text(encoding="utf-8"))
    expected, found = case["expected"], record(written(case["key"]), written(case["value"]))
    if expected is None:
        assert decoder().decode(found) is None
    elif "error" in expected:
        with pytest.raises(RowError) as refused:
            decoder().decode(found)
        assert (expected["error"], True) == (refused.value.type, expected["says"] in refused.value.details)
    else:
        change = decoder().decode(found)
        assert change is not None
        _require(expected, change)


def _require(expected: Mapping[str, Any], change: Change) -> None:
    if "fault" in expected:
        with pytest.raises(RowError) as refused:
            _ = (change.after or {})[expected["fault"]]
        assert ("UNSUPPORTED_VALUE", True) == (refused.value.type, expected["says"] in refused.value.details)
        return
    for name, value in expected.items():
        found = shown(getattr(change, name))
        if isinstance(value, dict):
            found = {column: found[column] for column in value}
        assert value == found


def test_there_are_cases() -> None:
    """The folder of cases is found."""
    assert len(CASES) > 30


def test_whole_old_rows_are_read_as_rows() -> None:
    """With REPLICA IDENTITY FULL the old row counts, not its key alone."""
    case = json.loads(next(path for path in CASES if path.stem == "delete").read_text())
    case["value"]["before"]["note"] = "old"
    change = decoder(full_before=True).decode(record(written(case["key"]), written(case["value"])))
    assert change is not None
    assert "old" == (change.before or {})["note"]


def test_a_row_has_its_name_by_its_key_alone() -> None:
    """Errors about an unreadable value still name the row; a key that is none names nothing."""
    names = [decoder().row_key(record(key, b"?")) for key in (b'{"id":7}', b'{"id":', b'"7"', None)]
    assert ['{"id":7}', None, None, None] == names


DECIMALS = ("precise", "string", "double")
MOMENT = datetime(2026, 5, 1, 10, 0, 0, 500000)  # noqa: DTZ001 - a wall clock


@pytest.mark.parametrize(
    ("type_", "external", "carried", "expected"),
    [
        ("numeric(10,2)", External(), "B8Y=", Decimal("19.90")),
        ("numeric(10,2)", External(decimals="string"), "19.90", Decimal("19.90")),
        ("numeric(10,2)", External(decimals="string"), "NAN", "NaN"),
        ("numeric(10,2)", External(decimals="double"), Decimal("19.9"), Decimal("19.9")),
        ("numeric(10,2)", External(decimals="double"), "NaN", "NaN"),
        ("numeric(5)", External(), "Bw==", Decimal(7)),
        ("numeric", External(), {"scale": 3, "value": "Bw=="}, Decimal("0.007")),
        ("decimal(15,4) unsigned", External(), "B8Y=", Decimal("0.1990")),
        ("money", External(), "B8Y=", Decimal("19.90")),
        ("numeric(10,2)[]", External(decimals="string"), ["1.50", None], [Decimal("1.50"), None]),
        ("timestamp(3) without time zone", External(), 1777629600500, MOMENT),
        ("timestamp without time zone", External(), 1777629600500000, MOMENT),
        ("timestamp without time zone", External(times="connect"), 1777629600500, MOMENT),
        ("timestamp without time zone", External(times="nanoseconds"), 1777629600500000000, MOMENT),
        ("timestamp without time zone", External(times="isostring"), "2026-05-01T10:00:00.5Z", MOMENT),
        ("datetime", External(), 1777629600500, MOMENT),
        ("datetime(6)", External(), 1777629600500000, MOMENT),
        ("timestamp", External(), "2026-05-01T10:00:00.5Z", "2026-05-01 10:00:00.500000+00:00"),
        ("timestamp with time zone", External(times="connect"), "2026-05-01T10:00:00Z", "2026-05-01 10:00:00+00:00"),
        ("date", External(), 20574, date(2026, 5, 1)),
        ("date", External(times="isostring"), "2026-05-01Z", date(2026, 5, 1)),
        ("time(3)", External(), 90_000_000_000, timedelta(hours=25)),
        ("time without time zone", External(), 3_600_000_000, "01:00:00"),
        ("time(0) without time zone", External(), 3_600_000, "01:00:00"),
        ("time(0) without time zone", External(times="adaptive_time_microseconds"), 3_600_000_000, "01:00:00"),
        ("interval", External(), 3_600_000_000, timedelta(hours=1)),
        ("bytea", External(), "AAH/", b"\x00\x01\xff"),
        ("bit(1)", External(), True, True),
        ("bit(12)", External(), "AQI=", 513),
        ("tinyint(1)", External(), True, True),
        ("tinyint(1)", External(), 1, 1),
        ("int(11) unsigned", External(), 4294967295, 4294967295),
        ("double precision", External(), Decimal("0.1"), 0.1),
        ("real", External(), Decimal("0.10000000149011612"), 0.1),
        ("character varying(64)", External(), "x", "x"),
        ("jsonb", External(), '{"a":1}', '{"a":1}'),
        ("text[]", External(), ["__debezium_unavailable_value"], UNAVAILABLE),
    ],
)
def test_without_a_schema_the_catalogue_tells(type_: str, external: External, carried: Any, expected: Any) -> None:
    """A column's type and the two stated modes decide what a JSON value means."""
    found = convert(schema_of(TableColumn("c", type_), external))(carried)
    assert expected == (str(found) if isinstance(expected, str) and not isinstance(found, str) else found)


@pytest.mark.parametrize("type_", ["price", "public.mood", "geometry", "geography(Point,4326)", "price[]"])
def test_a_type_that_nobody_can_tell_is_refused(type_: str) -> None:
    """A domain over a decimal would pass as its base64 text; so its values are refused, with what to do."""
    read = convert(schema_of(TableColumn("c", type_), External()))
    with pytest.raises(RowError, match="UNSUPPORTED_TYPE"):
        read(["B8Y="] if type_.endswith("[]") else "B8Y=")


def test_an_enum_is_its_label() -> None:
    """Its type is a name of the shop's own, but the catalogue knows its labels."""
    assert "sad" == convert(schema_of(TableColumn("c", "mood", choices=("sad", "ok")), External()))("sad")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_decimals_are_exact_in_every_mode(value: Decimal) -> None:
    """Base64 with a scale, text, and a number all become the number that the database holds."""
    unscaled = int(value.scaleb(4))
    carried = base64.b64encode(unscaled.to_bytes(16, "big", signed=True)).decode()
    schemas = {mode: schema_of(TableColumn("c", "numeric(16,4)"), External(decimals=mode)) for mode in DECIMALS}
    found = [
        convert(schemas["precise"])(carried),
        convert(schemas["string"])(str(value)),
        convert(schemas["double"])(value),
    ]
    assert [value] * 3 == found


NAMES = st.sampled_from(
    ["schema", "payload", "before", "after", "source", "op", "fields", "field", "type", "id", "name"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(key=JSON, value=JSON)
def test_only_row_errors_leave(key: Any, value: Any) -> None:
    """Whatever JSON stands in a topic is a change, nothing, or one row's fault."""
    _decode_any(json.dumps(key).encode(), json.dumps(value).encode())


@given(key=st.binary(max_size=20), value=st.binary(max_size=40))
def test_only_row_errors_leave_for_bytes(key: bytes, value: bytes) -> None:
    """And so are bytes of any kind."""
    _decode_any(key, value)


@given(change=st.sampled_from(CASES), into=st.lists(st.integers(0, 5000), max_size=3), by=st.binary(max_size=3))
def test_damage_is_one_rows_fault(change: Path, into: list[int], by: bytes) -> None:
    """A good record with bytes replaced never ends more than itself, nor does it spoil the next one."""
    case = json.loads(change.read_text(encoding="utf-8"))
    value = written(case["value"]) or b""
    for place in into:
        value = value[:place] + by + value[place + len(by) :]
    _decode_any(written(case["key"]) or b"", value)


def _decode_any(key: bytes, value: bytes) -> None:
    found = decoder()
    try:
        found.decode(record(key, value))
    except RowError:
        found.row_key(record(key, value))


def test_a_known_schema_is_recognised_by_its_text() -> None:
    """The second record of a schema is parsed without it, and means the same; blanks do not matter."""
    parser = JsonParser()
    schema: Schema = {"type": "struct", "fields": [{"field": "id", "type": "int32"}]}
    tight = json.dumps({"schema": schema, "payload": {"id": 1.5}}, separators=(",", ":")).encode()
    first, second, loose = (
        parser.parse(tight),
        parser.parse(tight),
        parser.parse(json.dumps(json.loads(tight)).encode()),
    )
    assert first == second
    assert (first.payload, first.schema) == (loose.payload, loose.schema)
    assert Decimal("1.5") == first.payload["id"]


def test_what_follows_a_known_schema_must_be_a_whole_record() -> None:
    """A record cut in the middle of its payload, or with more behind it, is no JSON."""
    parser = JsonParser()
    tight = b'{"schema":{"type":"struct"},"payload":{"id":1}}'
    parser.parse(tight)
    for damaged in (tight[:-1], tight[:-3], tight + b"}"):
        with pytest.raises(RowError, match="no JSON"):
            parser.parse(damaged)


def test_more_than_schema_and_payload_is_a_payload() -> None:
    """An object with a third member is no pair of schema and payload, whether its schema is known or not."""
    parser = JsonParser()
    more = b'{"schema":{"type":"struct"},"payload":{"id":1},"more":1}'
    before = parser.parse(more)
    parser.parse(b'{"schema":{"type":"struct"},"payload":{"id":1}}')
    assert before == parser.parse(more)
    assert before.schema is None
