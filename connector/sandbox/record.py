"""The nouns that are kept: a record, a link between two records, a line of the write log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link."""

    object_type: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One CRM record. `properties` holds what is set, all as text; times are ISO-8601 UTC with milliseconds.

    `merged_into` is the id of the record that absorbed this one.
    """

    record_id: str
    object_type: str
    properties: Mapping[str, str]
    created_at: str
    updated_at: str
    archived: bool = False
    archived_at: str | None = None
    merged_into: str | None = None

    @property
    def alive(self) -> bool:
        return not self.archived and self.merged_into is None

    @property
    def end(self) -> End:
        return End(self.object_type, self.record_id)


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One direction of an association as HubSpot defines it, and the id of the other direction."""

    from_type: str
    to_type: str
    type_id: int
    label: str | None
    inverse_id: int
    category: str = "HUBSPOT_DEFINED"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One act on one record, as the write log keeps it; `properties` are those that this request wrote."""

    action: str
    subject: End
    properties: Mapping[str, str]
    other: End | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that a write came with."""

    request_id: str
    correlation_id: str
    at: str
    at_monotonic: float
