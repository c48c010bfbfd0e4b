"""Some rows, all the way: row, message, the request as it would be sent, and what HubSpot holds instead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final

from connector.capture.row import DecodedRow
from connector.change import UNAVAILABLE, Change, Operation
from connector.errors import ShopbridgeError
from connector.ledger.state import Fate, Record
from connector.mapping import Shop
from connector.message import ObjectRef, ObjectType, SyncMessage, Value
from connector.operations.hubspot_reader import HubspotReader, HubspotRecord
from connector.operations.masking import Masking
from connector.operations.previewing.choosing import Asked, Chosen, choose, ended
from connector.operations.previewing.said import Said, Unmapped, said_by
from connector.operations.tracing.nouns import Request
from connector.operations.tracing.request import NEXT, rebuilt
from connector.operations.trial import Trial, trial
from connector.operations.verifying.equality import differing
from connector.settings import Settings

PATIENCE_S: Final = 30.0
"""So long HubSpot is waited for: somebody sits there and waits."""

Held = Mapping[tuple[ObjectType, str], tuple[HubspotRecord, Mapping[str, str]]]
"""HubSpot's record by type and our key, with HubSpot's types of its properties."""


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message and what would come of it. `request` None: nothing would be sent, `why` says why.

    `unavailable`: properties that the change does not carry; what is known of them stays. `differences`: (property, the
    shop's text, HubSpot's); None where HubSpot was not asked, or has no such record.
    """

    ref: ObjectRef
    reason: str
    properties: Mapping[str, Value]
    unavailable: tuple[str, ...]
    links: tuple[str, ...]
    request: Request | None
    why: str | None
    hubspot_id: str | None
    differences: tuple[tuple[str, str | None, str | None], ...] | None


@dataclass(frozen=True, slots=True)
class RowShown:
    """One row with its messages, or the errors that it would become.

    `deleted`: the change is a delete; `gone`: the ledger takes the row for living, and the database has it no more.
    """

    table: str
    row_key: str
    columns: Mapping[str, Any]
    messages: tuple[MessageShown, ...]
    unmapped: tuple[Unmapped, ...]
    deleted: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class RowsPreview:
    """`unseen`: what could not be looked at, with its reason."""

    rows: tuple[RowShown, ...]
    unseen: tuple[str, ...]


def preview_rows(
    settings: Settings, shop: Shop, asked: Asked, masking: Masking, changes: Sequence[Change] | None = None
) -> RowsPreview:
    """`changes`: these instead of rows of the database.

    Raises RetriableError when the shop's database does not answer, CaptureError when it refuses a condition.
    """
    unseen: list[str] = []
    here, revision = settings.ledger.exists(), int(time.time() * 1000)
    if not here:
        unseen.append("what would be sent: there is no ledger here, which knows what HubSpot was told")
    with trial(settings) if here else nullcontext() as it:
        chosen = choose(shop, asked, it, unseen) if changes is None else Chosen(list(changes), [])
        said = list(said_by(shop, [asked.section], chosen.changes, revision))
        gone = [] if it is None else ended(shop, it, chosen.gone, revision)
        known = {} if it is None else _outlook(it, shop, [*said, *gone])
    held = _held(settings, known, unseen)
    rows = [_row(settings, each, known, held, masking) for each in said]
    rows += [replace(_row(settings, each, known, held, masking), gone=True) for each in gone]
    return RowsPreview(tuple(rows), tuple(unseen))


def _outlook(it: Trial, shop: Shop, said: Sequence[Said]) -> dict[ObjectRef, Record]:
    it.meet(shop)
    it.merge([message for each in said for message in each.messages])
    refs = dict.fromkeys(message.ref for each in said for message in each.messages)
    return {ref: record for ref in refs if (record := it.record(ref)) is not None}


def _held(settings: Settings, known: Mapping[ObjectRef, Record], unseen: list[str]) -> Held:
    if not known:
        return {}
    try:
        return asyncio.run(asyncio.wait_for(_ask(settings, list(known.values())), PATIENCE_S))
    except TimeoutError:
        unseen.append(f"what HubSpot holds: it gave no clear answer within {PATIENCE_S:.0f} seconds")
        return {}
    except ShopbridgeError as error:
        unseen.append(f"what HubSpot holds: {error}")
        return {}


async def _ask(settings: Settings, records: Sequence[Record]) -> Held:
    found: dict[tuple[ObjectType, str], tuple[HubspotRecord, Mapping[str, str]]] = {}
    async with HubspotReader.open(settings) as reader:
        for kind in dict.fromkeys(record.type for record in records):
            mine = [record for record in records if record.type is kind]
            names = sorted({name for record in mine for name in record.desired.properties})
            types = await reader.types(kind)
            with_id = {record.hubspot_id: record.key for record in mine if record.hubspot_id is not None}
            by_id = await reader.by_ids(kind, with_id, names) if with_id else {}
            found |= {(kind, with_id[each]): (record, types) for each, record in by_id.items()}
            without = [record.key for record in mine if record.hubspot_id is None]
            by_key = await reader.by_key(kind, without, names) if without else {}
            found |= {(kind, key): (record, types) for key, record in by_key.items()}
    return found


def _row(
    settings: Settings,
    said: Said,
    known: Mapping[ObjectRef, Record],
    held: Held,
    masking: Masking,
) -> RowShown:
    kind = next((each.object_type for each in said.messages), ObjectType.CONTACT)
    columns = {name: _shown(masking, kind, name, value) for name, value in _columns(said.change)}
    messages = tuple(_message(settings, each, known.get(each.ref), held, masking) for each in said.messages)
    deleted = said.change.operation is Operation.DELETE
    return RowShown(said.change.table, said.change.row_key, columns, messages, said.unmapped, deleted)


def _columns(change: Change) -> Iterator[tuple[str, Any]]:
    row = change.after if change.after is not None else change.key
    yield from row.items()
    if isinstance(row, DecodedRow):
        yield from ((name, f"({fault.type})") for name, fault in row.faults.items())


def _shown(masking: Masking, kind: ObjectType, name: str, value: Any) -> Any:
    if value is UNAVAILABLE:
        return "(not in the change)"
    return masking.value(kind, name, value if isinstance(value, str | int | bool | None) else str(value))


def _message(
    settings: Settings,
    message: SyncMessage,
    record: Record | None,
    held: Held,
    masking: Masking,
) -> MessageShown:
    shown = {name: masking.value(message.object_type, name, value) for name, value in message.properties.items()}
    links = tuple(f"{link.kind} {link.external_id}" for link in message.associations)
    request = None if record is None else rebuilt(record, settings.hubspot_api_version, masking, with_body=True)
    due = request if request is not None and request.which == NEXT else None
    there = None if record is None else held.get((record.type, record.key))
    differences = None
    if record is not None and there is not None and record.desired.fate is Fate.KEEP:
        found, types = there
        differences = tuple(
            (name, _text(masking, message, name, mine), _text(masking, message, name, theirs))
            for name, mine, theirs in differing(message.object_type, record.desired.properties, found.properties, types)
        )
    why = None if due is not None else _why(record)
    hubspot_id = there[0].id if there else None if record is None else record.hubspot_id
    return MessageShown(
        ref=message.ref,
        reason=str(message.reason),
        properties=shown,
        unavailable=tuple(sorted(message.unavailable)),
        links=links,
        request=due,
        why=why,
        hubspot_id=hubspot_id,
        differences=differences,
    )


def _text(masking: Masking, message: SyncMessage, name: str, text: str | None) -> str | None:
    found = masking.value(message.object_type, name, text)
    return None if found is None else str(found)


def _why(record: Record | None) -> str:
    if record is None:
        return "cannot be told without the ledger"
    fate = record.desired.fate
    if record.refused_generation == record.generation:
        return "HubSpot refused just that, and it is not sent again before it changes: see `shopbridge errors`"
    if record.missing:
        return "HubSpot's users deleted the record, and it is left so"
    if record.taken_by is not None:
        return "another record has its match value"
    if fate is Fate.WAIT:
        return "its own row, or its deal, is not known yet"
    if fate in {Fate.ARCHIVE, Fate.LEAVE, Fate.CLEAR} and record.hubspot_id is None:
        return "there is no record to be archived or cleared"
    return "HubSpot was told all of it already"
