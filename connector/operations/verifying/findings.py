"""What may be found where HubSpot is compared with the shop."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from connector.message import ObjectType


class Kind(enum.StrEnum):
    """The kinds of differences; the words are for programs too and do not change."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"
    ASSOCIATION_MISSING = "association missing"
    ASSOCIATION_WRONG = "association wrong"
    ASSOCIATION_SUPERFLUOUS = "association superfluous"


class Reason(enum.StrEnum):
    """Why a record is missing or too many, as far as one can know."""

    NEVER_MADE = "never made, or erased for good"
    ARCHIVED = "archived in HubSpot"
    VALUE_TAKEN = "another record holds its match value"
    NO_ROW = "its row is gone"
    NOT_ALIVE = "its row is outside the filter, or its deal is gone"
    LEFT_BEHIND = "its key has a newer record"
    NOT_CLEARED = "its row is gone and its values should be cleared"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `objects` are the shop's objects that share the record, the one that its key names first.

    DIFFERENT: `name` is the property, `shop` and `hubspot` the two values as text (None: empty). Associations: `name`
    is the kind of link, `shop` the parent object that it should lead to and `parent_id` its record; `hubspot` the key
    of the record that it does lead to and `other_id` that record.
    """

    kind: Kind
    type: ObjectType
    objects: tuple[str, ...]
    hubspot_id: str | None = None
    name: str | None = None
    shop: str | None = None
    hubspot: str | None = None
    reason: Reason | None = None
    parent_id: str | None = None
    other_id: str | None = None

    @property
    def place(self) -> tuple[object, ...]:
        """What a later reading is compared by: still there means the same, while the shop says the same."""
        record = self.hubspot_id if self.kind is not Kind.MISSING else self.objects
        return (self.kind, self.type, record, self.name, self.shop, self.parent_id, self.other_id)


@dataclass(frozen=True, slots=True)
class Refused:
    """A difference that is known: its row has an open error, or cannot be mapped. `error_id` None: no error is open."""

    finding: Finding
    error_id: str | None
    type: str
    details: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A HubSpot record that several rows share: people in two rows, or merged by HubSpot's users (`merged`)."""

    type: ObjectType
    objects: tuple[str, ...]
    hubspot_id: str
    merged: bool = False
