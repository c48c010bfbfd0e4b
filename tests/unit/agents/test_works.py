"""What each agent does with its records: good ones have their effect, bad ones become errors, none is left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connector import contracts
from connector.agents.alerts import Alerts
from connector.agents.apply_messages import ApplyMessages
from connector.agents.map_changes import MapChanges
from connector.agents.pump_outbox import OutboxPump
from connector.agents.report_errors import ReportErrors
from connector.agents.work import Effect
from connector.change import Change
from connector.errors import RowError
from connector.kafka.limits import LARGEST_CHANGE, LARGEST_RECORD
from connector.ledger import outbox
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import Ledger
from connector.ledger.numbering import Epoch
from connector.mapping import SectionMapper
from connector.message import ObjectRef, ObjectType, SyncMessage
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage, SyncError
from connector.translate.changes import Translator
from connector.translate.numbers import Numbers
from connector.translate.rejects import LONGEST_DETAILS, Rejects, printable
from connector.version import SourceRow, Version
from connector.wire import Codec
from tests.support.story import contact
from tests.unit.agents.bench import Sender

SETTINGS = Settings.model_validate({"portal": "test"})
TOPIC = "shop.public.customers"


class Schemas:
    """A registry's HTTP side that knows our three schemas, by the ids 1, 2 and 3."""

    async def request(self, method: str, path: str, *, json: Any = None) -> Any:
        assert (method, json) == ("GET", None)
        number = int(path.rsplit("/", 1)[1])
        body = {"schema": contracts.text(contracts.CONTRACTS[number - 1])} if number <= 3 else None
        return SimpleNamespace(status=200 if body else 404, body=body, text="")


async def at_once(_: float) -> None:
    """Waiting that takes no time."""


@dataclass
class Kit:
    """Registry, codec and a ledger."""

    registry: Registry
    codec: Codec
    ledger: Ledger

    def rejects(self, stage: Stage) -> Rejects:
        return Rejects(SETTINGS, self.codec, stage)

    @property
    def post(self) -> ErrorPost:
        return ErrorPost(SETTINGS.portal, SETTINGS.errors_topic, self.codec.encode_error, self.codec.encode_message)

    async def write(self, effect: Effect) -> dict[str, int]:
        """The effect's counts, after its commit."""
        return dict(await self.ledger.write(effect.write))

    async def posted(self) -> list[tuple[str, bytes, bytes]]:
        """What the outbox holds: topic, key, value."""
        head = await self.ledger.read(partial(outbox.head, limit=100))
        return [(topic, key, value) for _, topic, key, value in head]

    async def errors(self) -> list[SyncError]:
        """The errors that wait in the outbox."""
        await self.registry.load([2, 3])
        return [self.codec.decode_error(value) for _, _, value in await self.posted()]


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    registry = Registry(Schemas(), sleep=at_once)
    ids = {subject: contracts.CONTRACTS.index(name) + 1 for subject, name in contracts.subjects(SETTINGS).items()}
    ledger = Ledger.open(tmp_path / "ledger.db")
    yield Kit(registry, Codec(registry, SETTINGS, ids), ledger)
    await ledger.close()


def record(offset: int, value: bytes | None, topic: str = TOPIC, key: bytes = b"k") -> Record:
    return Record(topic, 0, offset, key, value)


# --- mapping --------------------------------------------------------------------------------------------------------


@dataclass
class Decoder:
    """Decodes a record to whatever is planned for its value; exceptions are raised."""

    plan: dict[bytes, Any] = field(default_factory=dict)

    def decode(self, record: Record) -> Change | None:
        found = self.plan[record.value or b""]
        if isinstance(found, Exception):
            raise found
        change: Change | None = found
        return change

    def row_key(self, record: Record) -> str | None:
        return None if record.key is None else f"key {record.key!r}"


class Mapper(SectionMapper):
    """Maps a change, which here is a list of messages or an exception."""

    def __init__(self) -> None:
        self.section = "customers"
        self.topics = (TOPIC,)

    def map(self, change: Any) -> list[SyncMessage]:
        if change.error is not None:
            raise change.error
        return list(change.messages)

    def ref(self, change: Any) -> ObjectRef | None:
        return ObjectRef("shop", ObjectType.CONTACT, "1") if change.row_key else None

    def table_mapping(self, table: str) -> str | None:
        return f"{self.section} of {table}"


def change(*messages: SyncMessage, error: Exception | None = None) -> Any:
    return SimpleNamespace(messages=messages, error=error, table="customers", row_key='{"id":1}', after={})


def mapping(kit: Kit, plan: dict[bytes, Any]) -> MapChanges:
    numbers = Numbers({TOPIC: [Epoch(3, TOPIC, "id", 1)]}, {TOPIC: 5})
    rejects = kit.rejects(Stage.MAP)
    translator = Translator("customers", {TOPIC: Mapper()}, Decoder(plan), rejects, numbers)
    return MapChanges(translator, kit.registry, rejects, Alerts())


async def test_changes_become_messages_or_are_ignored(kit: Kit) -> None:
    """A change may make several messages, or none; each is keyed by its object, so that its order stays."""
    plan = {b"two": change(contact("a", 1), contact("b", 1)), b"none": change(), b"tombstone": None}
    effect = mapping(kit, plan).step([record(n, value) for n, value in enumerate(plan)])
    await kit.registry.load([1])
    sent = [(it.topic, it.key, kit.codec.decode_message(it.value or b"").external_id) for it in effect.outgoing]
    topic = "bridge.sync.contacts"
    store = contact("a", 1).store
    assert [(topic, f"{store}:CONTACT:{each}".encode(), each) for each in ("a", "b")] == sent
    assert {"mapped": 1, "messages": 2, "ignored": 2} == await kit.write(effect)


@pytest.mark.parametrize(
    ("outcome", "error_type"),
    [
        (RowError("UNDECODABLE", "garbage"), "UNDECODABLE"),
        (change(error=RowError("UNMAPPED_VALUE", "no such status")), "UNMAPPED_VALUE"),
        (change(error=ZeroDivisionError("in a function")), "UNEXPECTED"),
        (RecursionError("while decoding"), "UNEXPECTED"),
        (change(replace(contact("a", 1), properties={"x": "y" * LARGEST_RECORD})), "VALUE_TOO_LONG"),
        (change(replace(contact("a", 1), properties={"x": "half a pair \ud800"})), "MAPPING_FAILED"),
    ],
)
async def test_bad_record_is_an_error_and_stops_no_other(kit: Kit, outcome: Any, error_type: str) -> None:
    """Whatever one record makes decoding, mapping or encoding raise is its own fault; the neighbours are mapped."""
    plan = {b"before": change(contact("a", 1)), b"bad": outcome, b"after": change(contact("b", 2))}
    effect = mapping(kit, plan).step([record(n, value) for n, value in enumerate(plan)])
    assert 2 == len(effect.outgoing)
    assert {"mapped": 2, "messages": 2, "rejected": 1} == await kit.write(effect)
    (error,) = await kit.errors()
    assert (error_type, Stage.MAP, ErrorState.OPEN) == (error.type, error.stage, error.state)
    assert (b"k", b"bad") == (error.original_key, error.original_value)


async def test_error_names_the_row_and_its_version(kit: Kit) -> None:
    """Its row is named by the key even if the value cannot be read, and its version by what the ledger numbered."""
    plan = {b"bad": RowError("UNDECODABLE", "garbage"), b"worse": RowError("UNDECODABLE", "garbage")}
    keyless = Record(TOPIC, 2, 9, None, b"worse")
    await kit.write(mapping(kit, plan).step([record(7, b"bad"), keyless]))
    first, second = await kit.errors()
    assert (TOPIC, "key b'k'", Version(3, 7, 5, 0)) == (first.row.topic, first.row.row_key, first.version)
    assert ("2/9", 2, 9) == (second.row.row_key, second.partition, second.offset)
    assert first.id != second.id


async def test_same_fault_of_the_same_row_keeps_its_id(kit: Kit) -> None:
    """A row that stays wrong is one error, however often it is written."""
    plan = {b"bad": change(error=RowError("UNMAPPED_VALUE", "no such status"))}
    await kit.write(mapping(kit, plan).step([record(1, b"bad"), record(2, b"bad")]))
    first, second = await kit.errors()
    assert first.id == second.id
    assert first.version < second.version


async def test_record_too_large_for_its_error_is_left_out_and_said_so(kit: Kit) -> None:
    """The error must fit its own topic; where the record lies is in it anyway."""
    value = b"x" * (LARGEST_CHANGE + 1)
    await kit.write(mapping(kit, {value: RowError("UNDECODABLE", "garbage")}).step([record(1, value)]))
    (error,) = await kit.errors()
    assert error.original_value is None
    assert "too large to be kept" in (error.note or "")


async def test_poison_is_rejected_unread(kit: Kit) -> None:
    """The record that kills its worker is neither decoded nor mapped again."""
    effect = mapping(kit, {}).poison(record(4, b"deadly"))
    assert {"rejected": 1} == await kit.write(effect)
    (error,) = await kit.errors()
    assert ("POISON", b"deadly") == (error.type, error.original_value)


def test_details_are_printable() -> None:
    """Whatever an exception says can be written into any topic."""
    assert "half ?" == printable("half \ud800")
    assert LONGEST_DETAILS + 4 == len(printable("x" * 10_000_000))


# --- applying and reporting -----------------------------------------------------------------------------------------


def an_error() -> SyncError:
    row, version, at = SourceRow(TOPIC, '{"id":1}'), Version(1, 1, 1, 0), datetime(2026, 1, 1, tzinfo=UTC)
    return SyncError("id", ErrorState.OPEN, Stage.MAP, "T", "details", at, "test", None, row, version, 0, 1)


async def test_messages_are_merged_and_bad_ones_rejected(kit: Kit) -> None:
    """Garbage, nothing at all, and another contract's bytes are errors of the apply stage."""
    values = [kit.codec.encode_message(contact("a", 1)), b"garbage", None, kit.codec.encode_error(an_error())]
    work = ApplyMessages("bridge.sync.contacts", kit.registry, kit.rejects(Stage.APPLY), kit.post)
    records = [record(n, value, "bridge.sync.contacts") for n, value in enumerate(values)]
    await work.prepare(records)
    assert {"merged": 1, "rejected": 3} == await kit.write(work.step(records))
    found = await kit.errors()
    assert [("UNDECODABLE", "0/1"), ("UNDECODABLE", "0/2")] == [(it.type, it.row.row_key) for it in found[:2]]
    assert {Stage.APPLY} == {it.stage for it in found}


async def test_errors_become_letters_once(kit: Kit) -> None:
    """An error is published with its number in the series; the same news again is known."""
    value = kit.codec.encode_error(an_error())
    work = ReportErrors(kit.registry, kit.rejects(Stage.APPLY))
    records = [record(n, each, SETTINGS.errors_topic) for n, each in enumerate([value, value, b"garbage"])]
    await work.prepare(records)
    assert {"published": 1, "known": 1, "rejected": 1} == await kit.write(work.step(records))
    (letter, refused) = await kit.posted()
    await kit.registry.load([3])
    assert (SETTINGS.dead_letter_topic, b"id") == letter[:2]
    assert 1 == kit.codec.decode_letter(letter[2]).seq
    assert SETTINGS.errors_topic == refused[0]


# --- the way out ----------------------------------------------------------------------------------------------------


async def test_outbox_is_pumped_in_order_and_emptied(kit: Kit) -> None:
    """What was written first leaves first; what the broker confirmed is forgotten."""

    def write(tx: Any) -> None:
        for n in range(150):
            outbox.put(tx, "t", b"%d" % n, b"v")

    await kit.ledger.write(write)
    sender = Sender()
    pump = OutboxPump(kit.ledger, sender)
    while await pump.pump():
        continue
    assert [Outgoing("t", b"%d" % n, b"v") for n in range(150)] == sender.sent
    assert [] == await kit.posted()


async def test_outbox_keeps_what_was_not_confirmed(kit: Kit) -> None:
    """A failure that stops the worker loses nothing: the record is sent again after the start."""
    await kit.ledger.write(lambda tx: outbox.put(tx, "t", b"k", b"v"))
    sender = Sender(errors=[ValueError("no such topic")])
    with pytest.raises(ValueError, match="no such topic"):
        await OutboxPump(kit.ledger, sender).pump()
    assert 1 == len(await kit.posted())
