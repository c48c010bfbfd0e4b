"""The timeline of one object: database, topics, ledger, HubSpot, errors and operators' acts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, select

from connector.ledger import progress
from connector.ledger.rows import record_from_row
from connector.ledger.state import Record
from connector.ledger.tables import objects, records
from connector.message import ObjectRef, ObjectType
from connector.operations.acts import Act, read_acts
from connector.operations.asking import Asked, Silence
from connector.operations.broker import admin_of
from connector.operations.ledger_file import reading
from connector.operations.masking import NOTHING, Masking, mask_text
from connector.operations.objects import (
    ErrorStatus,
    ObjectStatus,
    UnknownObjectError,
    describe,
    error_status,
    errors_of_unknown,
)
from connector.operations.parked import children_of
from connector.operations.tracing.nouns import ChangeSeen, Place, Request, Stage, Step, Trace
from connector.operations.tracing.request import rebuilt
from connector.operations.tracing.searching import Wanted, search
from connector.operations.tracing.topics import Found, Looking
from connector.operations.tracing.way import in_short, steps
from connector.settings import Settings
from connector.sync_error import ErrorState
from connector.version import SourceRow

PATIENCE_S: Final = 15.0
"""So long broker and registry have for their answers."""
ONLY_ERRORS: Final = "no change of it was applied; these errors are of its row"
ROWS: Final = 5
"""So many rows of an object are followed, those that changed last."""

Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows. `status` and `record` None: only errors of the row."""

    name: str
    ref: ObjectRef | None
    status: ObjectStatus | None
    record: Record | None
    rows: tuple[ChangeSeen, ...]
    errors: tuple[ErrorStatus, ...]
    shared_with: tuple[str, ...]
    awaited_by: tuple[str, ...]
    read: Mapping[tuple[str, int], int]


def trace(settings: Settings, wanted: Wanted, masking: Masking, *, patience_s: float = PATIENCE_S) -> Trace:
    """Everything that can be seen of the object; what cannot is said.

    Raises UnknownObjectError for one that neither ledger nor errors know, ConfigurationError where there is no ledger.
    """
    with reading(settings.ledger) as tx:
        known = _known(tx, wanted)
    found = _found(settings, known, masking, patience_s)
    hide = _hider(known, masking)
    status = None if known.status is None else _hidden_status(known.status, hide)
    errors = [_hidden_error(each, hide) for each in known.errors]
    changes = tuple(replace(each, row=SourceRow(each.row.topic, hide(each.row.row_key))) for each in found.changes)
    attempts = () if status is None else status.attempts
    is_well = status is not None and status.is_well
    acts = _acts(settings, found, patience_s)
    return Trace(
        object=hide(known.name),
        headline=ONLY_ERRORS if status is None else status.headline,
        is_well=is_well,
        in_short=in_short(changes, found.messages, attempts, rests=is_well),
        steps=steps(changes, found.messages, attempts, errors, acts),
        changes=changes,
        messages=tuple(found.messages),
        request=_request(settings, known, found, masking, hide),
        status=status,
        shared_with=tuple(map(hide, known.shared_with)),
        awaited_by=tuple(map(hide, known.awaited_by)),
        unseen=tuple(map(hide, found.unseen)),
    )


def _known(tx: Connection, wanted: Wanted) -> Known:
    read = _read(tx)
    try:
        row = search(tx, wanted)
    except UnknownObjectError:
        errors = errors_of_unknown(tx, wanted.type, wanted.name) if wanted.name else []
        if not errors:
            raise
        name = errors[0].subject or f"{wanted.type} {wanted.name}"
        return Known(name, None, None, None, (), tuple(map(error_status, errors)), (), (), read)
    status = describe(tx, row)
    ref = ObjectRef(row.store, ObjectType(row.type), row.external_id)
    stored = tx.execute(select(records).where(records.c.number == row.record)).one()
    others = tx.execute(select(objects).where(objects.c.record == row.record, objects.c.number != row.number))
    shared = tuple(f"{each.store}:{each.type}:{each.external_id}" for each in others)
    awaited_by = children_of(tx, row.number) if status.hubspot_id is None else ()
    record, rows = record_from_row(stored), _rows(status)
    return Known(status.object, ref, status, record, rows, status.errors, shared, awaited_by, read)


def _rows(status: ObjectStatus) -> tuple[ChangeSeen, ...]:
    """The rows that speak in the object, those that changed last."""
    newest = sorted(status.rows, key=lambda each: each.committed_at, reverse=True)[:ROWS]
    return tuple(
        ChangeSeen(Place(e.topic, e.partition, e.offset), SourceRow(e.topic, e.row_key), e.committed_at) for e in newest
    )


def _read(tx: Connection) -> dict[tuple[str, int], int]:
    """(topic, partition) → how far the slowest of its agents has come."""
    found: dict[tuple[str, int], int] = {}
    for each in progress.current(tx):
        place = (each.topic, each.partition)
        found[place] = min(each.next, found.get(place, each.next))
    return found


def _found(settings: Settings, known: Known, masking: Masking, patience_s: float) -> Found:
    """What the topics hold; without a broker, what the ledger alone knows of the rows."""
    open_errors = [each.id for each in known.errors if each.state == ErrorState.OPEN]
    names = {each.place.topic for each in known.rows} | {settings.dead_letter_topic}
    names |= {topic for topic, _ in known.read}

    def look() -> Found:
        admin = admin_of(settings)
        looking = Looking(settings, admin, admin.topic_ids(names), known.read, masking)
        return looking.look(known.ref, known.rows, open_errors)

    answer = Asked("the topics", look).answer(time.monotonic() + patience_s)
    if isinstance(answer, Silence):
        return Found(changes=list(known.rows), unseen=[str(answer)])
    return answer


def _acts(settings: Settings, found: Found, patience_s: float) -> list[Step]:
    """The operators' acts whose messages touched the object."""
    ids = {message.act for message in found.messages if message.act is not None}
    if not ids:
        return []
    answer = Asked("operators' acts", lambda: read_acts(settings)).answer(time.monotonic() + patience_s)
    if isinstance(answer, Silence):
        found.unseen.append(str(answer))
        return []
    return [_act(each) for each in answer if each.id in ids]


def _act(act: Act) -> Step:
    return Step(act.at, Stage.ACT, f"{act.kind} by {act.who}: {act.text} ({act.state})", f"act {act.id}")


def _request(settings: Settings, known: Known, found: Found, masking: Masking, hide: Hide) -> Request | None:
    """The request made again; its body, and HubSpot's answer, where an error is open."""
    if known.record is None:
        return None
    open_ids = [each.id for each in known.errors if each.state == ErrorState.OPEN]
    made = rebuilt(known.record, settings.hubspot_api_version, masking, with_body=bool(open_ids))
    answers = [hide(found.answers[each]) for each in open_ids if each in found.answers]
    return replace(made, answer=answers[0]) if made is not None and answers else made


def _hider(known: Known, masking: Masking) -> Hide:
    """What takes personal data out of a text that others wrote: addresses, and the record's own personal values."""
    if masking == NOTHING:
        return str
    record = known.record
    properties = {} if record is None else record.desired.properties
    personal = frozenset(
        value
        for name, value in properties.items()
        if isinstance(value, str) and record is not None and masking.value(record.type, name, value) != value
    )
    return lambda text: mask_text(text, personal)


def _hidden_error(error: ErrorStatus, hide: Hide) -> ErrorStatus:
    return replace(error, details=hide(error.details), note=None if error.note is None else hide(error.note))


def _hidden_status(status: ObjectStatus, hide: Hide) -> ObjectStatus:
    return replace(
        status,
        object=hide(status.object),
        external_id=hide(status.external_id),
        key=hide(status.key),
        links=tuple(
            replace(each, parent=hide(each.parent), waits_for=None if each.waits_for is None else hide(each.waits_for))
            for each in status.links
        ),
        rows=tuple(replace(each, row_key=hide(each.row_key)) for each in status.rows),
        errors=tuple(_hidden_error(each, hide) for each in status.errors),
        attempts=tuple(
            replace(each, details=None if each.details is None else hide(each.details)) for each in status.attempts
        ),
    )
