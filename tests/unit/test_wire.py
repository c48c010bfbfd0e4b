"""Sync messages and errors over the wire: nothing is lost, nothing foreign gets in, other releases are understood."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import contracts
from connector.errors import RowError
from connector.message import (
    Action,
    DeletePolicy,
    Link,
    LinkKind,
    ObjectRef,
    ObjectType,
    Origin,
    Reason,
    Source,
    SyncMessage,
    Value,
)
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage, SyncError
from connector.version import SourceRow, Version
from connector.wire import Codec, frame, schema_id

CASES = Path(__file__).parents[1] / "cases" / "wire"
SETTINGS = Settings.model_validate({})
IDS = {contracts.MESSAGE: 11, contracts.ERROR: 12, contracts.LETTER: 13}

text = st.text(max_size=20)
instants = st.datetimes(timezones=st.just(UTC))
longs = st.integers(-(2**63), 2**63 - 1)
ints = st.integers(-(2**31), 2**31 - 1)
values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), longs, text, st.decimals(allow_nan=False), st.dates(), instants
)
refs = st.builds(ObjectRef, text, st.sampled_from(ObjectType), text)
links = st.builds(Link, st.sampled_from(LinkKind), text, st.booleans(), st.booleans())
sources = st.builds(Source, text, text, ints, longs, text, text, text, instants, st.booleans())
messages = st.builds(
    SyncMessage,
    store=text,
    object_type=st.sampled_from(ObjectType),
    external_id=text,
    action=st.sampled_from(Action),
    reason=st.sampled_from(Reason),
    changed_at=instants,
    properties=st.dictionaries(text, values, max_size=5),
    unavailable=st.frozensets(text, max_size=3),
    associations=st.lists(links, max_size=3).map(tuple),
    source=sources,
    mapping=text,
    table_mapping=text,
    bears=st.booleans(),
    on_delete=st.sampled_from(DeletePolicy),
    newest_by=values,
    match_by=st.none() | text,
    origin=st.sampled_from(Origin),
    revision=longs,
    forced=st.booleans(),
)
errors = st.builds(
    SyncError,
    id=text,
    state=st.sampled_from(ErrorState),
    stage=st.sampled_from(Stage),
    type=text,
    details=text,
    at=instants,
    portal=text,
    ref=st.none() | refs,
    row=st.builds(SourceRow, text, text),
    version=st.builds(Version, longs, longs, longs, longs),
    partition=ints,
    offset=longs,
    database_position=text,
    property_name=st.none() | text,
    category=st.none() | text,
    correlation_id=st.none() | text,
    attempts=longs,
    original_key=st.none() | st.binary(max_size=20),
    original_value=st.none() | st.binary(max_size=20),
    answer=st.none() | text,
    note=st.none() | text,
    who=st.none() | text,
)

MESSAGE = SyncMessage(
    store="main",
    object_type=ObjectType.DEAL,
    external_id="1042",
    action=Action.UPSERT,
    reason=Reason.ROW_WRITTEN,
    changed_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    properties={"dealname": "Order 1042"},
    unavailable=frozenset(),
    associations=(),
    source=Source("main.public.orders", "T", 0, 7, '{"id":1042}', "s", "0/0", datetime(2026, 5, 1, tzinfo=UTC), False),
    mapping="m",
    table_mapping="orders",
)


class Shelf:
    """A registry's HTTP interface with schemas on a shelf."""

    def __init__(self, schemas: dict[int, str]) -> None:
        self.schemas = schemas

    async def request(self, method: str, path: str, *, json: Any = None) -> Reply:
        assert method == "GET"
        assert json is None
        return Reply(self.schemas[int(path.rpartition("/")[2])])


class Reply:
    """A schema found."""

    status = 200

    def __init__(self, schema: str) -> None:
        self.body = {"schema": schema}
        self.text = json.dumps(self.body)


OURS = {number: contracts.text(contract) for contract, number in IDS.items()}
NEWER_ID, FOREIGN_ID, BROKEN_ID = 21, 22, 23


def newer_message_schema() -> str:
    """The contract of a later release: one field more, with a default."""
    schema = json.loads(contracts.text(contracts.MESSAGE))
    schema["fields"].append({"name": "campaign", "type": ["null", "string"], "default": None, "doc": "Invented."})
    return json.dumps(schema)


async def open_codec() -> Codec:
    """A codec with the ids above, and a few other schemas in the registry's memory."""
    foreign = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]})
    schemas = {**OURS, NEWER_ID: newer_message_schema(), FOREIGN_ID: foreign, BROKEN_ID: '{"type": "no such"}'}
    registry = Registry(Shelf(schemas))
    await registry.load(schemas)
    ids = {subject: IDS[contract] for subject, contract in contracts.subjects(SETTINGS).items()}
    return Codec(registry, SETTINGS, ids)


CODEC = asyncio.run(open_codec())


def read_by_the_reference(contract: str, value: bytes) -> Any:
    """The record as Apache's own library reads it."""
    schema = avro.schema.parse(contracts.text(contract))
    return avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(io.BytesIO(value[5:])))


def written_by_the_reference(contract: str, datum: object) -> bytes:
    """The frame as Apache's own library writes it."""
    stream = io.BytesIO()
    avro.io.DatumWriter(avro.schema.parse(contracts.text(contract))).write(datum, avro.io.BinaryEncoder(stream))
    return frame(IDS[contract], stream.getvalue())


@given(messages)
def test_a_message_comes_back_as_it_went(message: SyncMessage) -> None:
    """Every message that can be made survives the wire."""
    assert message == CODEC.decode_message(CODEC.encode_message(message))


@given(errors)
def test_an_error_comes_back_as_it_went(error: SyncError) -> None:
    """Every error that can be made survives the wire."""
    assert error == CODEC.decode_error(CODEC.encode_error(error))


@given(errors, longs)
def test_a_dead_letter_keeps_its_number(error: SyncError, seq: int) -> None:
    """A dead letter is an error with the number that the error agent gave it."""
    letter = SyncError(**{**{name: getattr(error, name) for name in SyncError.__slots__}, "seq": seq})

    assert letter == CODEC.decode_letter(CODEC.encode_letter(letter))


@given(messages)
def test_the_reference_implementation_reads_and_writes_the_same(message: SyncMessage) -> None:
    """What we write Apache's library reads, and what it writes of that we read as the same message."""
    datum = read_by_the_reference(contracts.MESSAGE, CODEC.encode_message(message))

    assert message.external_id == datum["externalId"]
    assert message == CODEC.decode_message(written_by_the_reference(contracts.MESSAGE, datum))


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -(2**63), "", "é😀", Decimal("19.90"), Decimal("1E-30"), date(1, 1, 1), date(9999, 12, 31)],
)
def test_values_keep_their_types(value: Value) -> None:
    """True stays a boolean and 19.90 keeps its zero."""
    message = SyncMessage(**{**slots(MESSAGE), "properties": {"p": value}})
    found = CODEC.decode_message(CODEC.encode_message(message)).properties["p"]

    assert (type(value), str(value)) == (type(found), str(found))


def slots(message: SyncMessage) -> dict[str, Any]:
    return {name: getattr(message, name) for name in SyncMessage.__slots__}


def test_an_instant_may_have_any_zone() -> None:
    """The instant counts, not the zone in which it was written."""
    there = datetime(2026, 5, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    message = SyncMessage(**{**slots(MESSAGE), "changed_at": there})

    assert there == CODEC.decode_message(CODEC.encode_message(message)).changed_at


@pytest.mark.parametrize(
    ("value", "error_type"),
    [
        (2**63, "INVALID_NUMBER"),
        (datetime(2026, 5, 1), "MAPPING_FAILED"),  # noqa: DTZ001 - the missing zone is the fault
        ("\ud83d", "MAPPING_FAILED"),
    ],
)
def test_values_that_the_contract_cannot_hold_are_the_rows_fault(value: Value, error_type: str) -> None:
    """A number beyond 64 bits, a time without a zone, half a character."""
    message = SyncMessage(**{**slots(MESSAGE), "properties": {"p": value}})

    with pytest.raises(RowError) as caught:
        CODEC.encode_message(message)
    assert error_type == caught.value.type


def test_a_message_of_a_later_release_is_understood() -> None:
    """Fields that we do not know are passed over."""
    schema = fastavro.parse_schema(json.loads(newer_message_schema()))
    datum = fastavro.schemaless_reader(
        io.BytesIO(CODEC.encode_message(MESSAGE)[5:]),
        fastavro.parse_schema(json.loads(OURS[IDS[contracts.MESSAGE]])),
        None,
    )
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, schema, {**datum, "campaign": "spring"})

    assert MESSAGE == CODEC.decode_message(frame(NEWER_ID, stream.getvalue()))


def test_a_message_with_an_unknown_word_is_refused() -> None:
    """An action that this release does not know is not guessed at."""
    datum = read_by_the_reference(contracts.MESSAGE, CODEC.encode_message(MESSAGE))
    value = written_by_the_reference(contracts.MESSAGE, {**datum, "action": "ARCHIVE"})

    with pytest.raises(RowError) as caught:
        CODEC.decode_message(value)
    assert caught.value.type == "UNDECODABLE"
    assert "ARCHIVE" in caught.value.details


@pytest.mark.parametrize("case", sorted(CASES.glob("*.hex")), ids=lambda path: path.stem)
def test_bytes_that_are_no_message_are_undecodable(case: Path) -> None:
    """Each case file holds bytes in hex, after a line that says what is wrong with them."""
    value = bytes.fromhex("".join(line for line in case.read_text().splitlines() if not line.startswith("#")))

    for decode in (CODEC.decode_message, CODEC.decode_error, CODEC.decode_letter):
        with pytest.raises(RowError) as caught:
            decode(value)
        assert caught.value.type == "UNDECODABLE"


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_row_errors(garbage: bytes) -> None:
    """Whatever lies on the topic, the agents meet no other exception."""
    for value in (garbage, frame(IDS[contracts.MESSAGE], garbage)):
        with contextlib.suppress(RowError):
            CODEC.decode_message(value)


@given(messages, st.data())
def test_a_truncated_message_is_undecodable(message: SyncMessage, data: st.DataObject) -> None:
    """A part of a message is no message."""
    whole = CODEC.encode_message(message)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]

    with pytest.raises(RowError):
        CODEC.decode_message(part)


def test_bytes_left_over_are_undecodable() -> None:
    """A record that ends before its bytes do was written by another schema."""
    with pytest.raises(RowError, match="1 bytes are left over"):
        CODEC.decode_message(CODEC.encode_message(MESSAGE) + b"\0")


def test_the_frame_names_the_schema() -> None:
    """Byte 0, then the id, big-endian."""
    assert b"\x00\x00\x00\x01\x02rest" == frame(258, b"rest")
    assert schema_id(frame(258, b"")) == 258
