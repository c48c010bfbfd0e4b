"""Some rows, all the way: row, message, the request as it would be sent, and what HubSpot holds instead."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from connector.change import Change, Operation
from connector.ledger.plan import plan
from connector.ledger.state import Fate, Record
from connector.mapping import Shop
from connector.mapping.shop import SECTIONS
from connector.message import ObjectRef, ObjectType, SyncMessage, Value
from connector.operations.masking import Masking
from connector.operations.previewing.choosing import Asked, Chosen, choose, ended
from connector.operations.previewing.held import Difference, Held, InHubspot, compared, held_of
from connector.operations.previewing.hiding import hidden, hidden_faults
from connector.operations.previewing.said import Said, Unmapped, said_by
from connector.operations.tracing.nouns import Request
from connector.operations.tracing.request import NEXT, rebuilt
from connector.operations.trial import Trial, trial
from connector.outcome import Match
from connector.settings import Settings

Place = tuple[ObjectRef, str, str]
"""An object, and the topic and key of a row that speaks of it."""


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message and what would come of it. `request` None: nothing would be sent, `why` says why.

    `followed_by`: sent thereafter, if the request asks for a record and nobody is found. `unavailable`: properties that
    the change does not carry; what is known of them stays. `in_hubspot`: how HubSpot's record stands to what it should
    hold; `differences`: (property, the shop's text, HubSpot's), None where the two were not compared.
    """

    ref: ObjectRef
    reason: str
    properties: Mapping[str, Value]
    unavailable: tuple[str, ...]
    links: tuple[str, ...]
    request: Request | None
    followed_by: Request | None
    why: str | None
    in_hubspot: InHubspot
    hubspot_id: str | None
    differences: tuple[Difference, ...] | None


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


@dataclass(frozen=True, slots=True)
class _View:
    """What every row is shown by. `known`: records as they would be; `newest`: the revision each row ends with."""

    settings: Settings
    masking: Masking
    object_type: ObjectType
    known: Mapping[ObjectRef, Record]
    held: Held | None
    newest: Mapping[Place, int]


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
    newest = {_place(each): each.revision for row in [*said, *gone] for each in row.messages}
    held = held_of(settings, list(known.values()), unseen)
    view = _View(settings, masking, SECTIONS[asked.section], known, held, newest)
    rows = [_row(view, each) for each in said]
    rows += [replace(_row(view, each), gone=True) for each in gone]
    return RowsPreview(tuple(rows), tuple(unseen))


def _outlook(it: Trial, shop: Shop, said: Sequence[Said]) -> dict[ObjectRef, Record]:
    it.meet(shop)
    it.merge([message for each in said for message in each.messages])
    refs = dict.fromkeys(message.ref for each in said for message in each.messages)
    return {ref: record for ref in refs if (record := it.record(ref)) is not None}


def _place(message: SyncMessage) -> Place:
    return message.ref, message.source.topic, message.source.row_key


def _row(view: _View, said: Said) -> RowShown:
    return RowShown(
        table=said.change.table,
        row_key=said.change.row_key,
        columns=hidden(said, view.object_type, view.masking).columns,
        messages=tuple(_message(view, each) for each in said.messages),
        unmapped=hidden_faults(said, view.masking),
        deleted=said.change.operation is Operation.DELETE,
    )


def _message(view: _View, message: SyncMessage) -> MessageShown:
    kind, is_last = message.object_type, view.newest[_place(message)] == message.revision
    record = view.known.get(message.ref) if is_last else None
    there = compared(record, view.held)
    due = _due(view, record)
    return MessageShown(
        ref=message.ref,
        reason=str(message.reason),
        properties={name: view.masking.value(kind, name, value) for name, value in message.properties.items()},
        unavailable=tuple(sorted(message.unavailable)),
        links=tuple(f"{link.kind} {link.external_id}" for link in message.associations),
        request=due,
        followed_by=None if due is None else _following(view, record),
        why=None if due is not None else _why(record) if is_last else "a newer change of the row is sent instead",
        in_hubspot=there.standing,
        hubspot_id=there.hubspot_id,
        differences=_masked(kind, there.differences, view.masking),
    )


def _due(view: _View, record: Record | None) -> Request | None:
    found = None if record is None else rebuilt(record, view.settings.hubspot_api_version, view.masking, with_body=True)
    return found if found is not None and found.which == NEXT else None


def _following(view: _View, record: Record | None) -> Request | None:
    """A record that HubSpot is asked for first is made thereafter, if nobody is found."""
    if record is None or not isinstance(plan(replace(record, in_flight=None)), Match):
        return None
    return _due(view, replace(record, searched=record.desired.match_value))


def _masked(
    kind: ObjectType, differences: tuple[Difference, ...] | None, masking: Masking
) -> tuple[Difference, ...] | None:
    if differences is None:
        return None
    return tuple(
        (name, _text(masking.value(kind, name, mine)), _text(masking.value(kind, name, theirs)))
        for name, mine, theirs in differences
    )


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


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
