"""The errors of records that HubSpot refuses, or that wait too long for a match value."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from connector.ledger.book import Book
from connector.ledger.error_book import ErrorPost
from connector.ledger.state import Contribution, InFlight, Record
from connector.message import ObjectRef
from connector.outcome import Refusal
from connector.sync_error import ErrorState, Stage, SyncError, error_id
from connector.version import SourceRow, Version


def refusal_error(
    tx: Connection, book: Book, post: ErrorPost, number: int, refusal: Refusal, sent: InFlight, attempts: int
) -> SyncError:
    """The error of a refused record, laid to the row that owns the named property, else to the one that speaks.

    Its version is that which was sent, unless an older one of the row stands by now.
    """
    record = book.shelf.record(number).record
    owner = _owner(book, number, refusal.property_name)
    row, version = (owner.row, owner.version) if owner else (sent.row, sent.version)
    if row is None or version is None:
        row, version = SourceRow("", record.key), Version(0, 0, 0, 0)
    said = _said(book, number, row)
    return post.with_message(tx, _error(record, said, row, version, refusal, post.portal, attempts), said)


def waiting_error(tx: Connection, book: Book, post: ErrorPost, number: int, details: str) -> SyncError | None:
    """The error of a record whose match value another one has; None where no row speaks for it any more."""
    record = book.shelf.record(number).record
    row, version = record.desired.speaker, record.desired.version
    if row is None or version is None:
        return None
    refusal = Refusal("MATCH_VALUE_TAKEN", details, record.desired.match_by)
    said = _said(book, number, row)
    return post.with_message(tx, _error(record, said, row, version, refusal, post.portal, 0), said)


def _error(
    record: Record,
    said: Contribution | None,
    row: SourceRow,
    version: Version,
    refusal: Refusal,
    portal: str,
    attempts: int,
) -> SyncError:
    ref: ObjectRef = record.ref if said is None else said.ref
    return SyncError(
        id=error_id(portal, str(ref), row, Stage.SEND),
        state=ErrorState.OPEN,
        stage=Stage.SEND,
        type=refusal.type,
        details=refusal.details,
        at=datetime.now(UTC),
        portal=portal,
        ref=ref,
        row=row,
        version=version if said is None else min(version, said.version),
        partition=0 if said is None else said.partition,
        offset=version.offset,
        property_name=refusal.property_name,
        category=refusal.category,
        correlation_id=refusal.correlation_id,
        attempts=attempts,
        answer=refusal.answer,
    )


def _owner(book: Book, number: int, name: str | None) -> Contribution | None:
    """What an adding row says that supplies the named property."""
    every = (said for _, said in _contributions(book, number))
    return next((said for said in every if name is not None and not said.bears and name in said.properties), None)


def _said(book: Book, number: int, row: SourceRow) -> Contribution | None:
    return next((said for known, said in _contributions(book, number) if known == row), None)


def _contributions(book: Book, number: int) -> list[tuple[SourceRow, Contribution]]:
    return [
        (said.row, said)
        for subject in book.shelf.objects_of(number)
        for said in book.shelf.contributions(subject.number).values()
    ]
