"""Records as Avro and otherwise, made readable; notifications among garbage."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
import pytest

from connector.operations.originals import original, readable
from connector.operations.source import follow
from connector.record import Record
from connector.registry import LAG_DELAYS_S, Registry
from connector.settings import Settings
from connector.version import SourceRow
from connector.wire import frame
from tests.unit.operations.letters_told import letter

ROW = {"type": "record", "name": "Row", "fields": [{"name": "id", "type": "long"}]}
NOTIFICATION = {
    "type": "record",
    "name": "Notification",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "aggregate_type", "type": "string"},
        {"name": "type", "type": "string"},
        {"name": "additional_data", "type": {"type": "map", "values": "string"}},
        {"name": "timestamp", "type": "long"},
    ],
}
SCHEMAS: dict[str, dict[str, Any]] = {"/schemas/ids/1": ROW, "/schemas/ids/2": NOTIFICATION}


class Answer:
    """What the registry says of one path."""

    text = ""

    def __init__(self, schema: dict[str, Any] | None) -> None:
        self.status = 404 if schema is None else 200
        self.body = {"schema": json.dumps(schema)}


class Http:
    """A registry that knows two schemas."""

    async def request(self, method: str, path: str, *, json: Any = None) -> Answer:
        assert ("GET", None) == (method, json)
        return Answer(SCHEMAS.get(path))


async def at_once(seconds: float) -> None:
    assert seconds in LAG_DELAYS_S


@pytest.fixture
def registry() -> Registry:
    return Registry(Http(), sleep=at_once)


def written(number: int, datum: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(SCHEMAS[f"/schemas/ids/{number}"]), datum)
    return frame(number, stream.getvalue())


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (None, None),
        (written(1, {"id": 7}), {"id": 7}),
        (b"plain text", "plain text (this is no Avro record"),
        (b"\xff\xfe\x00", "ff fe 00 (this is no Avro record"),
        (frame(9, b"\x01"), "00 00 00 00 09 01 (the registry knows no schema 9)"),
        (written(1, {"id": 7}) + b"more", "(4 bytes are left over"),
        (b"x" * 900, "... (900 bytes) ("),
    ],
)
async def test_bytes_are_shown_as_well_as_can_be(registry: Registry, data: bytes | None, shown: Any) -> None:
    """Avro is decoded; text stands as it is, other bytes as hex, shortened, with the reason why they stay encoded."""
    found = await readable(registry, data)
    assert found == shown or (isinstance(shown, str) and shown in found)


def test_an_error_that_names_no_record_says_so() -> None:
    """A link's error may be of an object whose speaking row is not known: there is nothing to read."""
    found = original(Settings.model_validate({}), letter("a", row=SourceRow("", "shop:DEAL:1")))
    assert ("the error names no record", None) == (found.found, found.value)


async def test_garbage_among_notifications_is_passed_over(registry: Registry) -> None:
    """What says nothing of a snapshot changes nothing; the newest that does, counts."""
    started = {"id": "s1", "aggregate_type": "Incremental Snapshot", "type": "STARTED", "additional_data": {}}
    values = [written(2, {**started, "timestamp": 5}), b"garbage", None, written(1, {"id": 1})]
    state = await follow(registry, [Record("n", 0, offset, None, value) for offset, value in enumerate(values)])
    assert (True, "s1") == (state.running, state.signal)
