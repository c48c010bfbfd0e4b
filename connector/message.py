"""The sync message: what one source row says about one HubSpot object. The contract on the sync topics."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

Value = None | bool | int | str | Decimal | date | datetime
"""A typed property value; `None` clears; a `datetime` is an instant with a zone. Dialects render, mapping never."""


EMAIL = "email"
FURTHER_EMAILS = "hs_additional_emails"
"""A contact's first address, and those beside it, parted by semicolons (HubSpot docs)."""


class ObjectType(enum.StrEnum):
    """The four objects of the eCommerce Bridge."""

    CONTACT = "CONTACT"
    DEAL = "DEAL"
    PRODUCT = "PRODUCT"
    LINE_ITEM = "LINE_ITEM"


TYPE_NAMES: Final[Mapping[str, ObjectType]] = {
    "contact": ObjectType.CONTACT,
    "customer": ObjectType.CONTACT,
    "deal": ObjectType.DEAL,
    "order": ObjectType.DEAL,
    "product": ObjectType.PRODUCT,
    "line-item": ObjectType.LINE_ITEM,
}
"""What people call the types, HubSpot's name of each first."""


class Action(enum.StrEnum):
    """UPSERT: the row speaks for the object. DELETE: it does so no longer, for the stated reason."""

    UPSERT = "UPSERT"
    DELETE = "DELETE"


class Reason(enum.StrEnum):
    """Why the message was made. A row outside the filter still sends its values: they stand when it comes back."""

    ROW_WRITTEN = "ROW_WRITTEN"
    ROW_DELETED = "ROW_DELETED"
    OUTSIDE_FILTER = "OUTSIDE_FILTER"


class DeletePolicy(enum.StrEnum):
    """What a DELETE does to the HubSpot record: archive it, leave it as it is, or clear the properties we own."""

    ARCHIVE = "ARCHIVE"
    IGNORE = "IGNORE"
    CLEAR = "CLEAR"


class Origin(enum.StrEnum):
    """What set the message off; live ones go first, snapshot ones behind them.

    REPLAY: mapped again from the same change. REPAIR: HubSpot is to be told again what the record should hold, whatever
    it was told before; forced, also where HubSpot's users deleted the record.
    """

    LIVE = "LIVE"
    SNAPSHOT = "SNAPSHOT"
    REPLAY = "REPLAY"
    REPAIR = "REPAIR"
    TIMER = "TIMER"
    GATEWAY = "GATEWAY"


class LinkKind(enum.StrEnum):
    """How a child is bound to a parent; the parent's type follows from it."""

    DEAL_CONTACT = "DEAL_CONTACT"
    LINE_ITEM_DEAL = "LINE_ITEM_DEAL"
    LINE_ITEM_PRODUCT = "LINE_ITEM_PRODUCT"

    @property
    def parent_type(self) -> ObjectType:
        return _PARENT_TYPE[self]


_PARENT_TYPE = {
    LinkKind.DEAL_CONTACT: ObjectType.CONTACT,
    LinkKind.LINE_ITEM_DEAL: ObjectType.DEAL,
    LinkKind.LINE_ITEM_PRODUCT: ObjectType.PRODUCT,
}


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One object: its store, type and the shop's own id (printable ASCII, at most 100 characters)."""

    store: str
    type: ObjectType
    external_id: str

    def __str__(self) -> str:
        return f"{self.store}:{self.type}:{self.external_id}"

    @classmethod
    def parse(cls, text: str) -> ObjectRef:
        """The inverse of `str`; raises ValueError for anything else."""
        store, object_type, external_id = text.split(":", 2)
        return cls(store, ObjectType(object_type), external_id)


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A wanted association to a parent of the same store.

    `required`: a parent known as deleted or filtered is an error, not waived. `cascade`: the child goes with its parent
    without an event of its own, and only a row written later than the parent's end lives again.
    """

    kind: LinkKind
    external_id: str
    required: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The row change that a message was made from. `row_key` with `topic` names the source row."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    row_key: str
    server: str
    database_position: str
    committed_at: datetime
    snapshot: bool


@dataclass(frozen=True, slots=True)
class SyncMessage:
    """What one source row says about one object.

    `bears`: the object lives while a bearing row does; one that does not only adds properties. `newest_by` decides
    which of several bearing rows speaks (None where the mapping names no column). `match_by` names the property
    by which a record already in HubSpot is recognised. `unavailable` names properties the change did not carry.
    `mapping` is the hash of the mapping that made the message. `revision` rises when the same change is said again by a
    timer, an edit or a forced replay. `forced`: it takes the place of whatever version is known, once for each revision
    (an operator's act: milliseconds since 1970), until the row's next change. `bulk`: it is served behind live changes.
    """

    store: str
    object_type: ObjectType
    external_id: str
    action: Action
    reason: Reason
    changed_at: datetime
    properties: Mapping[str, Value]
    unavailable: frozenset[str]
    associations: tuple[Link, ...]
    source: Source
    mapping: str
    table_mapping: str
    bears: bool = True
    on_delete: DeletePolicy = DeletePolicy.ARCHIVE
    newest_by: Value = None
    match_by: str | None = None
    origin: Origin = Origin.LIVE
    revision: int = 0
    forced: bool = False
    bulk: bool = False

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.store, self.object_type, self.external_id)

    def ended(self) -> SyncMessage:
        """The message that ends what this one says, as if the same change had deleted its row."""
        return replace(
            self,
            action=Action.DELETE,
            reason=Reason.ROW_DELETED,
            properties={},
            unavailable=frozenset(),
            associations=(),
        )
