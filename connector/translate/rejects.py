"""Sync errors for records that an agent cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector.errors import RowError
from connector.kafka.limits import LARGEST_CHANGE
from connector.message import ObjectRef
from connector.record import Outgoing, Record
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage, SyncError, error_id
from connector.version import SourceRow, Version
from connector.wire import Codec

LONGEST_DETAILS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Rejects:
    """Turns a refused record into a record for the errors topic. `settings` name the portal and the topic.

    `at` is the time of its errors, None: that of each refusal. An act's errors have the act's time, so that a resumed
    act knows again what it said.
    """

    settings: Settings
    codec: Codec
    stage: Stage
    at: datetime | None = None

    def reject(
        self,
        record: Record,
        error: RowError,
        *,
        row: SourceRow,
        subject: str,
        version: Version | None = None,
        ref: ObjectRef | None = None,
    ) -> Outgoing:
        """The record to be put into the outbox; `subject` names what was to be made of the refused one, `ref` which."""
        fits = record.size <= LARGEST_CHANGE
        found = SyncError(
            id=error_id(self.settings.portal, subject, row, self.stage),
            state=ErrorState.OPEN,
            stage=self.stage,
            type=error.type,
            details=printable(error.details),
            at=self.at or datetime.now(UTC),
            portal=self.settings.portal,
            ref=ref,
            row=row,
            version=version or Version(0, record.offset, 0, 0),
            partition=record.partition,
            offset=record.offset,
            property_name=error.property_name,
            original_key=record.key if fits else None,
            original_value=record.value if fits else None,
            note=None if fits else f"the record of {record.size} bytes is too large to be kept with the error",
        )
        return Outgoing(self.settings.errors_topic, found.id.encode(), self.codec.encode_error(found))


def unexpected(error: Exception) -> RowError:
    """What to say of an exception that nobody foresaw: it is the record's fault as long as it is about one record."""
    return RowError("UNEXPECTED", f"{type(error).__name__}: {error}")


def poisonous() -> RowError:
    """What to say of a record that ended the process that worked on it, again and again."""
    return RowError(
        "POISON",
        "the worker died each time it worked on this record, so it is set aside. Look at functions of your own that "
        "the shop file names, and at the worker's last lines before it died",
    )


def printable(text: str) -> str:
    """`text` as any reader can take it: bounded, and without halves of surrogate pairs."""
    shortened = text if len(text) <= LONGEST_DETAILS else f"{text[:LONGEST_DETAILS]} ..."
    return shortened.encode(errors="replace").decode()


def place_name(record: Record) -> str:
    """A row's name when its key cannot be read: where the record lies."""
    return f"{record.partition}/{record.offset}"
