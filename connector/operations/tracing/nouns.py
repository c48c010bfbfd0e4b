"""What a trace is made of."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.operations.objects import ObjectStatus
from connector.version import SourceRow


@dataclass(frozen=True, slots=True)
class Place:
    """A record in Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}] offset {self.offset:,}"


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """A change of a row that speaks in the object.

    `operation` is Debezium's, in a word; None where the record could not be read, so that only the ledger tells of it.
    `committed_at` None: not even that. `captured_at`: when it was written to its topic. `mapped`: whether the map agent
    has passed it. `columns`: those that the change altered, where the old row came with it.
    """

    place: Place
    row: SourceRow
    committed_at: datetime | None
    operation: str | None = None
    captured_at: datetime | None = None
    database_position: str = ""
    snapshot: bool = False
    mapped: bool = True
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A sync message of the object. `of`: the change it was made from; `act`: the operator's act that produced it.

    `applied`: whether the apply agent has passed it. `properties` as they may be shown.
    """

    place: Place
    at: datetime
    of: Place
    action: str
    reason: str
    origin: str
    mapping: str
    table_mapping: str
    revision: int = 0
    forced: bool = False
    applied: bool = True
    act: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


class Stage(enum.StrEnum):
    """Where on its way something happened. SAID: an operator's act produced the message, not a map agent."""

    COMMITTED = "committed"
    CAPTURED = "captured"
    MAPPED = "mapped"
    ACT = "act"
    SAID = "said again"
    SENT = "sent"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `after_s`: seconds since the step that it follows from, where that is known."""

    at: datetime
    stage: Stage
    what: str
    where: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The request that carries the record, made again of what the ledger has: the next one, or the last one whole.

    `body` and `answer` (HubSpot's, shortened) are there where an error is open, as they may be shown.
    """

    which: str
    method: str
    path: str
    properties: tuple[str, ...]
    body: Any = None
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Trace:
    """All that is known of one object's way.

    `status` None: the ledger knows only errors of its row. `in_short`: the way of its newest change with the times
    between the hops. `shared_with`: objects that have the same HubSpot record. `awaited_by`: the first few children
    that wait for it. `unseen`: what could not be looked at.
    """

    object: str
    headline: str
    is_well: bool
    in_short: str
    steps: tuple[Step, ...]
    changes: tuple[ChangeSeen, ...]
    messages: tuple[MessageSeen, ...]
    request: Request | None
    status: ObjectStatus | None
    shared_with: tuple[str, ...] = ()
    awaited_by: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
