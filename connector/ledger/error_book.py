"""Errors and their life: raised, resolved when their row comes to rest, never reopened by old news."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select

from connector.ledger import outbox
from connector.ledger.messages import message_of
from connector.ledger.rows import record_from_row
from connector.ledger.state import Contribution
from connector.ledger.tables import contributions, errors, links, objects, records
from connector.ledger.verdicts import Verdicts
from connector.message import ObjectRef, ObjectType, SyncMessage
from connector.sync_error import ErrorState, Stage, SyncError
from connector.version import SourceRow, Version

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class ErrorPost:
    """Where errors are published: their portal, their topic, and how they and sync messages are written."""

    portal: str
    topic: str
    encode: Callable[[SyncError], bytes]
    encode_message: Callable[[SyncMessage], bytes]

    def with_message(self, tx: Connection, error: SyncError, said: Contribution | None) -> SyncError:
        """The error with what its row says as the original, so that it can be sent again from the letter alone."""
        if said is None:
            return error
        message = message_of(tx, said)
        key, value = str(message.ref).encode(), self.encode_message(message)
        placed = replace(error, partition=said.partition, database_position=said.place.position)
        return replace(placed, original_key=key, original_value=value)

    def put(self, tx: Connection, error: SyncError) -> None:
        """Hand an error to the outbox, in the transaction of what it tells of."""
        outbox.put(tx, self.topic, error.id.encode(), self.encode(error))


def report_errors(tx: Connection, reported: Sequence[SyncError]) -> list[SyncError]:
    """Take errors into the table, in the order of their topic; the letters to be published.

    An error about a version that is at rest already is closed at once: the row was mended before its refusal was read.
    """
    return [letter for error in reported if (letter := _report(tx, error)) is not None]


def _report(tx: Connection, error: SyncError) -> SyncError | None:
    stored = tx.execute(select(errors).where(errors.c.id == error.id)).first()
    if stored is not None and (_version(stored) > error.version or _same_news(stored, error)):
        return None
    if stored is not None and _is_ignored(stored, error):
        return None
    if stored is None and error.state is ErrorState.RESOLVED and error.who is None:
        return None
    state = error.state
    if state is ErrorState.OPEN and _overtaken(tx, error):
        state = ErrorState.RESOLVED
    letter = replace(error, state=state, seq=1 if stored is None else stored.seq + 1)
    tx.execute(insert(errors).prefix_with("OR REPLACE").values(_to_row(letter)))
    return letter


def _same_news(stored: Row[Any], error: SyncError) -> bool:
    return stored.state == error.state and stored.at == error.at.timestamp() and _version(stored) == error.version


def _is_ignored(stored: Row[Any], error: SyncError) -> bool:
    """Whether an operator closed it for this version: only a newer one that is refused opens it again."""
    return stored.state == ErrorState.IGNORED and error.state is ErrorState.OPEN and _version(stored) == error.version


def _overtaken(tx: Connection, error: SyncError) -> bool:
    if error.stage is Stage.LINK:
        return not _link_is_failed(tx, error)
    subject = None if error.ref is None else str(error.ref)
    return _verdicts(tx, error.row).closer(error.stage, subject, error.row, error.version) is not None


def _link_is_failed(tx: Connection, error: SyncError) -> bool:
    """Whether the child still has a failed link: the error's details name which."""
    ref = error.ref
    if ref is None:
        return False
    query = (
        select(links.c.number)
        .join(objects, objects.c.record == links.c.child)
        .where(objects.c.store == ref.store, objects.c.type == str(ref.type), objects.c.external_id == ref.external_id)
        .where(links.c.failed == error.type)
    )
    return tx.execute(query).first() is not None


def _verdicts(tx: Connection, row: SourceRow) -> Verdicts:
    """How the records stand in which this row speaks."""
    query = (
        select(records, contributions.c.epoch, contributions.c.offset, contributions.c.generation.label("mapped"))
        .add_columns(contributions.c.revision, objects.c.external_id.label("of"))
        .join(objects, objects.c.record == records.c.number)
        .join(contributions, contributions.c.object == objects.c.number)
        .where(contributions.c.topic == row.topic, contributions.c.row_key == row.row_key)
    )
    verdicts = Verdicts()
    for each in tx.execute(query):
        subject = str(ObjectRef(each.store, ObjectType(each.type), each.of))
        verdicts.hear(record_from_row(each), subject, row, Version(each.epoch, each.offset, each.mapped, each.revision))
    return verdicts


def resolve(tx: Connection, post: ErrorPost, verdicts: Verdicts) -> int:
    """Publish the resolution of every open error that is over; how many."""
    resolved = 0
    for stored in _open_errors(tx, verdicts.rows):
        row = SourceRow(stored.topic, stored.row_key)
        version = verdicts.closer(Stage(stored.stage), stored.subject, row, _version(stored))
        if version is not None:
            post.put(tx, closing(stored, post.portal, version))
            resolved += 1
    return resolved


def _open_errors(tx: Connection, rows: Iterable[SourceRow]) -> Iterable[Row[Any]]:
    if tx.execute(select(errors.c.id).where(errors.c.state == ErrorState.OPEN).limit(1)).first() is None:
        return
    names = list(rows)
    for start in range(0, len(names), _CHUNK):
        any_of = [and_(errors.c.topic == row.topic, errors.c.row_key == row.row_key) for row in names[start:][:_CHUNK]]
        yield from tx.execute(select(errors).where(errors.c.state == ErrorState.OPEN, or_(*any_of))).all()


def closing(stored: Row[Any], portal: str, version: Version) -> SyncError:
    """The news that an open error is resolved by `version`."""
    return SyncError(
        id=stored.id,
        state=ErrorState.RESOLVED,
        stage=Stage(stored.stage),
        type=stored.type,
        details=stored.details,
        at=datetime.now(UTC),
        portal=portal,
        ref=None if stored.subject is None else ObjectRef.parse(stored.subject),
        row=SourceRow(stored.topic, stored.row_key),
        version=version,
        partition=0,
        offset=version.offset,
    )


def _version(stored: Row[Any]) -> Version:
    return Version(stored.epoch, stored.offset, stored.generation, stored.revision)


def _to_row(letter: SyncError) -> dict[str, Any]:
    return {
        "id": letter.id,
        "state": letter.state,
        "stage": letter.stage,
        "type": letter.type,
        "subject": None if letter.ref is None else str(letter.ref),
        "topic": letter.row.topic,
        "row_key": letter.row.row_key,
        "epoch": letter.version.epoch,
        "offset": letter.version.offset,
        "generation": letter.version.generation,
        "revision": letter.version.revision,
        "at": letter.at.timestamp(),
        "details": letter.details,
        "note": letter.note,
        "who": letter.who,
        "seq": letter.seq,
    }
