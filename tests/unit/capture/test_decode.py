"""Change records of Debezium to changes: the case files, and what no file can hold.

A case file holds a record's key and value by schema (recorded from Debezium 3.6) and datum, or as bytes in hex, and
what is expected: a change (the fields named, by their repr), nothing (ignored), or an error. An event's `after`,
`before` and `source` are written over a whole row and a whole source, so that a file shows only what it is about.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.capture.columns import plain
from connector.capture.decode import ChangeDecoder, row_key, schema_ids
from connector.change import UNAVAILABLE, Change, Row
from connector.errors import RowError
from connector.record import Record
from connector.registry import Registry
from connector.wire import frame

CASES = Path(__file__).parents[2] / "cases" / "capture"
TEXTS = {path.stem: path.read_text() for path in sorted(CASES.glob("*.avsc"))}
IDS = {name: number for number, name in enumerate(TEXTS, start=1)}

ROW = {
    "id": 1,
    "line_no": "2.5",
    "status": "paid",
    "total": "19.90",
    "placed_at": "2026-05-01T10:00:00.5Z",
    "due": 20605,
    "note": "n",
    "tags": ["a", None],
    "photo": b"\x00\xff",
    "spot": None,
}
SOURCE = {
    "version": "3.6.3.Final",
    "connector": "postgresql",
    "name": "main",
    "ts_ms": 1777629600123,
    "ts_us": 1777629600123456,
    "snapshot": "false",
    "db": "shop",
    "sequence": '["209950000","209948312"]',
    "schema": "public",
    "table": "orders",
    "txId": 7,
    "lsn": 209948312,
}


@dataclass(frozen=True)
class Reply:
    """A schema found, or not."""

    status: int
    body: Any
    text: str = ""


class Shelf:
    """A registry with the case files' schemas."""

    async def request(self, method: str, path: str, *, json: Any = None) -> Reply:
        assert (method, json) == ("GET", None)
        texts = dict(enumerate(TEXTS.values(), start=1))
        number = int(path.rpartition("/")[2])
        return Reply(200, {"schema": texts[number]}) if number in texts else Reply(404, None)


async def _no_wait(_seconds: float) -> None:
    return None


async def _load() -> Registry:
    registry = Registry(Shelf(), sleep=_no_wait)
    await registry.load(IDS.values())
    return registry


REGISTRY = asyncio.run(_load())


def encoded(part: Mapping[str, Any] | None) -> bytes | None:
    if part is None:
        return None
    if "datum" not in part:
        payload = bytes.fromhex(part["hex"])
        return frame(IDS[part["schema"]], payload) if "schema" in part else payload
    schema = fastavro.parse_schema(plain(json.loads(TEXTS[part["schema"]])))
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, schema, whole(part["datum"]))
    value = frame(IDS[part["schema"]], stream.getvalue())
    return value[: len(value) - part.get("cut", 0)] + bytes.fromhex(part.get("add", ""))


def whole(datum: Any) -> Any:
    """The datum with bytes made of hex, and an event's parts laid over whole ones."""
    if isinstance(datum, dict) and "$bytes" in datum:
        return bytes.fromhex(datum["$bytes"])
    if isinstance(datum, list):
        return [whole(part) for part in datum]
    if not isinstance(datum, dict):
        return datum
    datum = {name: whole(part) for name, part in datum.items()}
    if "after" in datum:
        rows = {side: None if datum[side] is None else {**ROW, **datum[side]} for side in ("before", "after")}
        datum |= {**rows, "source": {**SOURCE, **datum["source"]}}
    return datum


def record(case: Mapping[str, Any]) -> Record:
    return Record(case["topic"], 3, 77, encoded(case["key"]), encoded(case["value"]))


def decoder(*, full: bool = False) -> ChangeDecoder:
    return ChangeDecoder(REGISTRY, lambda topic: f"id of {topic}", lambda _topic: full)


def load(name: str) -> Mapping[str, Any]:
    case: Mapping[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    return case


def shown(value: Any, column: str) -> str:
    """The column's repr, or the type of error that reading it raises."""
    try:
        return repr(value[column])
    except RowError as error:
        return error.type


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.json")))
def test_case(name: str) -> None:
    """What the case file says comes of the record."""
    case = load(name)
    expected = case["expect"]
    if "error" in expected:
        with pytest.raises(RowError) as caught:
            decoder().decode(record(case))
        assert expected["error"] == caught.value.type
        assert expected["says"] in caught.value.details
        return
    change = decoder().decode(record(case))
    if "ignored" in expected:
        assert change is None
        return
    for field, value in expected["change"].items():
        found = getattr(change, field)
        if isinstance(value, dict):
            assert value == {column: shown(found, column) for column in value}
        else:
            assert value == repr(found)


def test_the_position_is_the_records(expected_change: Change) -> None:
    """Topic, the broker's id of it, partition, offset."""
    position = expected_change.position

    assert ("main.public.orders", "id of main.public.orders", 3, 77) == (
        position.topic,
        position.topic_id,
        position.partition,
        position.offset,
    )


@pytest.fixture
def expected_change() -> Change:
    """The change of a plain case."""
    change = decoder().decode(record(load("created")))
    assert change is not None
    return change


def test_whole_old_rows_are_kept_where_they_can_be_trusted() -> None:
    """With REPLICA IDENTITY FULL a delete's old row holds what was there."""
    change = decoder(full=True).decode(record(load("deleted")))

    assert change is not None
    assert change.full_before
    assert change.before is not None
    assert change.before["status"] == "pending"


def test_the_row_is_named_even_where_its_change_cannot_be_read() -> None:
    """So its error resolves when a change of the same row can."""
    reader = decoder()
    good = reader.decode(record(load("created")))
    broken = replace(record(load("garbage")), key=record(load("created")).key)

    assert good is not None
    assert good.row_key == reader.row_key(broken)


@pytest.mark.parametrize("name", ["key_garbage", "key_missing", "key_is_text"])
def test_a_key_that_cannot_be_read_names_nothing(name: str) -> None:
    """Two such records must not pass for one row."""
    assert decoder().row_key(record(load(name))) is None


def test_schema_ids_are_those_of_key_and_value() -> None:
    """What must be loaded before; undecodable bytes need nothing."""
    assert {IDS["orders-key"], IDS["orders-value"]} == schema_ids(record(load("created")))
    assert set() == schema_ids(Record("t", 0, 0, b"\xff", b""))


def test_a_row_key_is_text_in_every_type() -> None:
    """The same row keeps its name when a connector's settings change how values travel."""
    key: Row = {
        "a": 1,
        "b": Decimal("1.50"),
        "c": date(2026, 1, 2),
        "d": datetime(2026, 1, 2, tzinfo=UTC),
        "e": b"\xff",
    }

    assert '{"a":1,"b":"1.50","c":"2026-01-02","d":"2026-01-02T00:00:00+00:00","e":"ff"}' == row_key(key)


@given(st.binary(max_size=400), st.binary(max_size=40))
def test_garbage_raises_nothing_but_row_errors(value: bytes, key: bytes) -> None:
    """Whatever lies on a change topic, with a frame around it or not."""
    for part in (value, frame(IDS["orders-value"], value), frame(IDS["heartbeat-value"], value)):
        try:
            change = decoder().decode(Record("main.public.orders", 0, 0, key, part))
        except RowError:
            continue
        assert change is None


rows = st.fixed_dictionaries(
    {
        "total": st.none() | st.text(max_size=5) | st.decimals(allow_nan=False).map(str),
        "placed_at": st.text(max_size=30),
        "due": st.none() | st.integers(-(2**31), 2**31 - 1),
        "note": st.none() | st.text(max_size=5),
        "tags": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
        "photo": st.none() | st.binary(max_size=5),
    }
)


@given(rows)
def test_odd_values_harm_only_their_column(row: dict[str, Any]) -> None:
    """Every row that Avro can carry is decoded; its text arrives whatever its dates are."""
    value = {"schema": "orders-value", "datum": {"op": "c", "after": row, "before": None, "source": {}}}
    change = decoder().decode(record({**load("created"), "value": value}))

    assert change is not None
    assert change.after is not None
    assert change.after["note"] == row["note"]
    assert set(change.after) <= {"line-no", *ROW}
    assert UNAVAILABLE not in [change.after["note"], change.after["tags"], change.after["photo"]]
