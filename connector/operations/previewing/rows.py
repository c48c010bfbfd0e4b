"""Some rows, all the way: row, message, the request as it would be sent, and what HubSpot holds instead."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import select

from connector.capture.row import DecodedRow
from connector.capture.row_reader import RowReader
from connector.change import Change
from connector.errors import ConfigurationError, ShopbridgeError
from connector.ledger.state import Fate, Record, Standing
from connector.ledger.tables import contributions, objects
from connector.mapping import Shop
from connector.mapping.shop import SECTIONS
from connector.message import ObjectRef, ObjectType, SyncMessage, Value
from connector.operations.hubspot_reader import HubspotReader, HubspotRecord
from connector.operations.ledger_file import reading
from connector.operations.masking import Masking
from connector.operations.previewing.said import Said, Unmapped, said_by
from connector.operations.tracing.nouns import Request
from connector.operations.tracing.request import NEXT, rebuilt
from connector.operations.trial import Trial, trial
from connector.operations.verifying.equality import differing
from connector.settings import Settings

CHECKED: Final = 2_000
"""So many rows that the ledger knows of a table are looked for in the database, to find deleted ones."""
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: of a section, those of its first table that an SQL condition takes, or of one object."""

    section: str
    where: str | None = None
    ref: ObjectRef | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message and what would come of it. `request` None: nothing would be sent, `why` says why.

    `differences`: (property, the shop's text, HubSpot's); None where HubSpot was not asked, or has no such record.
    """

    ref: ObjectRef
    reason: str
    properties: Mapping[str, Value]
    links: tuple[str, ...]
    request: Request | None
    why: str | None
    hubspot_id: str | None
    differences: tuple[tuple[str, str | None, str | None], ...] | None


@dataclass(frozen=True, slots=True)
class RowShown:
    """One row with its messages, or the errors that it would become."""

    table: str
    row_key: str
    columns: Mapping[str, Any]
    messages: tuple[MessageShown, ...]
    unmapped: tuple[Unmapped, ...]


@dataclass(frozen=True, slots=True)
class RowsPreview:
    """`gone`: objects whose row the ledger knows and the database has no more, with what would become of the record.

    `unseen`: what could not be looked at, with its reason.
    """

    rows: tuple[RowShown, ...]
    gone: tuple[tuple[ObjectRef, str], ...]
    unseen: tuple[str, ...]


def preview_rows(
    settings: Settings, shop: Shop, asked: Asked, masking: Masking, changes: Sequence[Change] | None = None
) -> RowsPreview:
    """`changes`: these instead of rows of the database.

    Raises RetriableError when the shop's database does not answer, CaptureError when it refuses a condition.
    """
    unseen: list[str] = []
    said = list(said_by(shop, [asked.section], changes or _changes(settings, shop, asked), int(time.time() * 1000)))
    here = settings.ledger.exists()
    if not here:
        unseen.append("what would be sent: there is no ledger here, which knows what HubSpot was told")
    with trial(settings) if here else nullcontext() as it:
        known = {} if it is None else _outlook(it, shop, said)
    held = _held(settings, known, unseen)
    rows = tuple(_row(settings, each, known, held, masking) for each in said)
    gone = _gone(settings, shop, asked, unseen) if here and changes is None else ()
    return RowsPreview(rows, gone, tuple(unseen))


def _tables(shop: Shop, section: str) -> list[str]:
    if section not in shop.sections:
        raise ConfigurationError(f"{shop.file} has no section {section}; there are {', '.join(shop.sections)}")
    return list(dict.fromkeys(each.table for each in shop.sections[section]))


def _changes(settings: Settings, shop: Shop, asked: Asked) -> list[Change]:
    tables = _tables(shop, asked.section)[: None if asked.where is None else 1]
    keys = None if asked.ref is None else _keys_of(settings, shop, asked.ref)
    with RowReader.open(shop) as reader:
        every = (
            change
            for table in tables
            for change in reader.rows(
                table,
                where=asked.where,
                keys=None if keys is None else keys.get(shop.topic(table), []),
                limit=asked.limit,
            )
        )
        return list(islice(every, asked.limit))


def _keys_of(settings: Settings, shop: Shop, ref: ObjectRef) -> dict[str, list[Any]]:
    """Topic → the keys of the rows that speak in an object, as the ledger has them."""
    if not settings.ledger.exists():
        raise ConfigurationError(
            "Which rows make an object is known by the ledger, and there is none here: use --where"
        )
    query = (
        select(contributions.c.topic, contributions.c.row_key)
        .join(objects, objects.c.number == contributions.c.object)
        .where(objects.c.store == ref.store, objects.c.type == str(ref.type), objects.c.external_id == ref.external_id)
    )
    found: dict[str, list[Any]] = {}
    with reading(settings.ledger) as tx:
        for row in tx.execute(query):
            found.setdefault(row.topic, []).append(json.loads(row.row_key))
    if not found:
        raise ConfigurationError(f"The ledger knows no row of {ref} in {shop.store.id}; choose rows by --where")
    return found


def _outlook(it: Trial, shop: Shop, said: Sequence[Said]) -> dict[ObjectRef, Record]:
    it.meet(shop)
    it.merge([message for each in said for message in each.messages])
    refs = dict.fromkeys(message.ref for each in said for message in each.messages)
    return {ref: record for ref in refs if (record := it.record(ref)) is not None}


def _held(
    settings: Settings, known: Mapping[ObjectRef, Record], unseen: list[str]
) -> dict[str, tuple[HubspotRecord, Mapping[str, str]]]:
    """HubSpot's record by our key, with HubSpot's types of its properties."""
    if not known:
        return {}
    try:
        return asyncio.run(_ask(settings, list(known.values())))
    except ShopbridgeError as error:
        unseen.append(f"what HubSpot holds: {error}")
        return {}


async def _ask(settings: Settings, records: Sequence[Record]) -> dict[str, tuple[HubspotRecord, Mapping[str, str]]]:
    found: dict[str, tuple[HubspotRecord, Mapping[str, str]]] = {}
    async with HubspotReader.open(settings) as reader:
        for kind in dict.fromkeys(record.type for record in records):
            mine = [record for record in records if record.type is kind]
            names = sorted({name for record in mine for name in record.desired.properties})
            types = await reader.types(kind)
            with_id = {record.hubspot_id: record.key for record in mine if record.hubspot_id is not None}
            by_id = await reader.by_ids(kind, with_id, names) if with_id else {}
            found |= {with_id[each]: (record, types) for each, record in by_id.items()}
            without = [record.key for record in mine if record.hubspot_id is None]
            by_key = await reader.by_key(kind, without, names) if without else {}
            found |= {key: (record, types) for key, record in by_key.items()}
    return found


def _row(
    settings: Settings,
    said: Said,
    known: Mapping[ObjectRef, Record],
    held: Mapping[str, tuple[HubspotRecord, Mapping[str, str]]],
    masking: Masking,
) -> RowShown:
    kind = next((each.object_type for each in said.messages), ObjectType.CONTACT)
    columns = {name: _shown(masking, kind, name, value) for name, value in _columns(said.change)}
    messages = tuple(_message(settings, each, known.get(each.ref), held, masking) for each in said.messages)
    return RowShown(said.change.table, said.change.row_key, columns, messages, said.unmapped)


def _columns(change: Change) -> Iterator[tuple[str, Any]]:
    row = change.after if change.after is not None else change.key
    yield from row.items()
    if isinstance(row, DecodedRow):
        yield from ((name, f"({fault.type})") for name, fault in row.faults.items())


def _shown(masking: Masking, kind: ObjectType, name: str, value: Any) -> Any:
    return masking.value(kind, name, value if isinstance(value, str | int | bool | None) else str(value))


def _message(
    settings: Settings,
    message: SyncMessage,
    record: Record | None,
    held: Mapping[str, tuple[HubspotRecord, Mapping[str, str]]],
    masking: Masking,
) -> MessageShown:
    shown = {name: masking.value(message.object_type, name, value) for name, value in message.properties.items()}
    links = tuple(f"{link.kind} {link.external_id}" for link in message.associations)
    request = None if record is None else rebuilt(record, settings.hubspot_api_version, masking, with_body=True)
    due = request if request is not None and request.which == NEXT else None
    there = None if record is None else held.get(record.key)
    differences = None
    if record is not None and there is not None and record.desired.fate is Fate.KEEP:
        found, types = there
        differences = tuple(
            (name, _text(masking, message, name, mine), _text(masking, message, name, theirs))
            for name, mine, theirs in differing(message.object_type, record.desired.properties, found.properties, types)
        )
    why = None if due is not None else _why(record)
    hubspot_id = there[0].id if there else None if record is None else record.hubspot_id
    return MessageShown(message.ref, str(message.reason), shown, links, due, why, hubspot_id, differences)


def _text(masking: Masking, message: SyncMessage, name: str, text: str | None) -> str | None:
    found = masking.value(message.object_type, name, text)
    return None if found is None else str(found)


def _why(record: Record | None) -> str:
    if record is None:
        return "cannot be told without the ledger"
    fate = record.desired.fate
    if record.missing:
        return "HubSpot's users deleted the record, and it is left so"
    if record.taken_by is not None:
        return "another record has its match value"
    if fate is Fate.WAIT:
        return "its own row, or its deal, is not known yet"
    if fate in {Fate.ARCHIVE, Fate.LEAVE, Fate.CLEAR} and record.hubspot_id is None:
        return "there is no record to be archived or cleared"
    return "HubSpot was told all of it already"


def _gone(settings: Settings, shop: Shop, asked: Asked, unseen: list[str]) -> tuple[tuple[ObjectRef, str], ...]:
    """Objects whose rows the ledger takes for living and the database does not have."""
    kind = SECTIONS[asked.section]
    found: list[tuple[ObjectRef, str]] = []
    for table in _tables(shop, asked.section) if asked.where is None and asked.ref is None else []:
        query = (
            select(contributions.c.row_key, objects.c.external_id)
            .join(objects, objects.c.number == contributions.c.object)
            .where(contributions.c.topic == shop.topic(table), contributions.c.standing == str(Standing.LIVE))
            .where(objects.c.type == str(kind), objects.c.store == shop.store.id)
            .limit(CHECKED + 1)
        )
        with reading(settings.ledger) as tx:
            rows = tx.execute(query).all()
        if len(rows) > CHECKED:
            unseen.append(f"deleted rows of {table}: only {CHECKED:,} of those that the ledger knows were looked for")
        with RowReader.open(shop) as reader:
            for start in range(0, min(len(rows), CHECKED), AT_ONCE):
                part = rows[start : start + AT_ONCE]
                there = {each.row_key for each in reader.rows(table, keys=[json.loads(row.row_key) for row in part])}
                gone = [row for row in part if row.row_key not in there]
                found += [(ObjectRef(shop.store.id, kind, row.external_id), row.row_key) for row in gone]
    return tuple(found)
