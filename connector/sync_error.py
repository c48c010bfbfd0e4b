"""A refusal, or its resolution, as it travels over the sync-errors and dead-letter topics."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime

from connector.message import ObjectRef
from connector.version import SourceRow, Version


class Stage(enum.StrEnum):
    """Where the error was found."""

    MAP = "MAP"
    APPLY = "APPLY"
    SEND = "SEND"
    LINK = "LINK"


class ErrorState(enum.StrEnum):
    """The life of an error."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"
    IGNORED = "IGNORED"


@dataclass(frozen=True, slots=True)
class SyncError:
    """One error, open or closed.

    `version` is the version of the source row that was refused or came to rest. The original is the record that the
    error is about, so that it can be sent again from here: of stage MAP the change record, else the row's sync message;
    None where it is not known, empty where it was taken out. `answer` is HubSpot's answer, shortened.
    `seq` is given by the error agent alone: the highest per id counts.
    """

    id: str
    state: ErrorState
    stage: Stage
    type: str
    details: str
    at: datetime
    portal: str
    ref: ObjectRef | None
    row: SourceRow
    version: Version
    partition: int
    offset: int
    database_position: str = ""
    property_name: str | None = None
    category: str | None = None
    correlation_id: str | None = None
    attempts: int = 0
    original_key: bytes | None = None
    original_value: bytes | None = None
    answer: str | None = None
    note: str | None = None
    who: str | None = None
    seq: int = 0


def error_id(portal: str, subject: str, row: SourceRow, stage: Stage) -> str:
    """The same fault of the same row keeps its id. `subject`: the object's text, else the table mapping's name."""
    text = f"{portal}\x1f{subject}\x1f{row.topic}\x1f{row.row_key}\x1f{stage}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
