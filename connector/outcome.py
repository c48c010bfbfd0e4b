"""What the sender is asked to do to HubSpot (steps), and what became of each (outcomes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.message import LinkKind, ObjectType, Value


@dataclass(frozen=True, slots=True)
class Upsert:
    """Write by our key: create the record or find it. `properties` is everything desired, without empty values."""

    record: int
    type: ObjectType
    key: str
    properties: Mapping[str, Value]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """Write by HubSpot's id the properties that differ from what it was last told. `None` clears.

    `key`: our key, to be written too because the record was found in HubSpot without it.
    """

    record: int
    type: ObjectType
    hubspot_id: str
    properties: Mapping[str, Value]
    alone: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """Move the record to HubSpot's recycling bin."""

    record: int
    type: ObjectType
    hubspot_id: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """Read by HubSpot's id, and by our key where there is no id or nothing under it: to find it, or after no answer.

    `match_value` finds the record where the portal takes no key of ours for its type.
    """

    record: int
    type: ObjectType
    key: str
    hubspot_id: str | None
    properties: tuple[str, ...]
    alone: bool = False
    match_value: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Ask for a record already in HubSpot, made by others, that holds `value` in the unique property `name`.

    Found or Missing. A contact's further e-mails count as its own.
    """

    record: int
    type: ObjectType
    name: str
    value: str
    alone: bool = False


Step = Upsert | Update | Archive | Lookup | Match
"""A call for one record. `alone`: it was refused before, so it travels apart from records that were not."""


@dataclass(frozen=True, slots=True)
class LinkStep:
    """Make (`make`) or unmake the association of two HubSpot records. `link` is the ledger's number of the link."""

    link: int
    kind: LinkKind
    child_id: str
    parent_id: str
    make: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why HubSpot refused. `type` is an entry of the error catalogue; `details` HubSpot's words.

    Of a conflict, `property_name` is the unique property and `existing_id` the record that owns its value. `answer` is
    what HubSpot said of this record, as JSON, shortened; `status` the HTTP status that it came with.
    """

    type: str
    details: str
    property_name: str | None = None
    category: str | None = None
    correlation_id: str | None = None
    existing_id: str | None = None
    answer: str | None = field(default=None, compare=False)
    status: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The record holds what was sent; `hubspot_id` is its id."""

    hubspot_id: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class Archived:
    """The record is in the recycling bin (or was not there)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A look-up's answer: the record's id and its properties as HubSpot's text (`None`: empty)."""

    hubspot_id: str
    properties: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Missing:
    """No record under this id (update) or under id and key (look-up)."""

    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """This record's values are refused; it rests until they change."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class SchemaRefused:
    """The portal's schema or rights are refused: every record of the type would be. The type pauses."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """No answer that can be trusted: the write may have happened, or may still happen."""

    details: str
    request_id: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely not written (limited, locked, connection refused): to be sent again."""

    details: str


Outcome = Written | Archived | Found | Missing | Refused | SchemaRefused | Ambiguous | NotSent
"""What became of one step."""

LinkOutcome = Written | Refused | SchemaRefused | Ambiguous | NotSent
"""What became of one link step; `Written` carries an empty id."""
