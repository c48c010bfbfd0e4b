"""The nouns of the ledger: contributions, what is desired, records."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.message import DeletePolicy, Link, LinkKind, ObjectRef, ObjectType, Value
from connector.version import SourceRow, Version


class Standing(enum.StrEnum):
    """Whether a source row speaks: LIVE, HIDDEN (outside the filter, values kept), ENDED (the row was deleted)."""

    LIVE = "LIVE"
    HIDDEN = "HIDDEN"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a database's log; positions of two servers are not comparable, another server's is later."""

    server: str
    position: str

    def later_than(self, other: Place) -> bool:
        return self.server != other.server or self.position > other.position


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source row says about one object.

    `held` names the properties whose value is older than `version`, because the newest change did not carry them: the
    version of the value that stands in, or None while none is known. `floor` is the version of the row's last deletion,
    `ended_at` its place: nothing from below comes back, nor what a cascade took then. `forced`: the revision of the
    newest operator's act that took a version's place.
    """

    ref: ObjectRef
    row: SourceRow
    version: Version
    standing: Standing
    properties: Mapping[str, Value]
    held: Mapping[str, Version | None]
    links: frozenset[Link]
    newest_by: Value
    table_mapping: str
    bears: bool
    on_delete: DeletePolicy
    match_by: str | None
    place: Place
    partition: int
    committed_at: datetime
    floor: Version | None = None
    ended_at: Place | None = None
    forced: int = 0


class Life(enum.StrEnum):
    """Whether an object lives in the shop. UNSEEN: named by a child or an added row, its own row never came."""

    UNSEEN = "UNSEEN"
    LIVE = "LIVE"
    HIDDEN = "HIDDEN"
    ENDED = "ENDED"


class Fate(enum.StrEnum):
    """What should become of the HubSpot record.

    KEEP: hold the desired properties. ARCHIVE: be in the recycling bin. CLEAR: stay, without our values. LEAVE: stay
    as it is. WAIT: not be made yet (its own row, or the deal of a line, was never seen).
    """

    KEEP = "KEEP"
    ARCHIVE = "ARCHIVE"
    CLEAR = "CLEAR"
    LEAVE = "LEAVE"
    WAIT = "WAIT"


@dataclass(frozen=True, slots=True)
class Parent:
    """What a child needs to know of the object that it is linked to."""

    life: Life
    hubspot_id: str | None = None
    ended_at: Place | None = None


NEVER_SEEN = Parent(Life.UNSEEN)


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """A link that should be: to which object, and whether a deleted parent is an error."""

    kind: LinkKind
    parent: ObjectRef
    required: bool = False


@dataclass(frozen=True, slots=True)
class Desired:
    """What a record should hold. `speaker` is the row that speaks for it, `version` that row's.

    `match_value` is what the record is recognised by, in the property `match_by`; `matches` are those of all live
    objects that share the record.
    """

    fate: Fate
    properties: Mapping[str, Value] = field(default_factory=dict)
    links: frozenset[Wanted] = frozenset()
    speaker: SourceRow | None = None
    version: Version | None = None
    match_value: str | None = None
    match_by: str | None = None
    matches: frozenset[str] = frozenset()


class Act(enum.StrEnum):
    """The kind of call that is in flight."""

    UPSERT = "UPSERT"
    UPDATE = "UPDATE"
    ARCHIVE = "ARCHIVE"
    LOOKUP = "LOOKUP"
    MATCH = "MATCH"


@dataclass(frozen=True, slots=True)
class InFlight:
    """The copy of what was sent: settling believes this, not what is desired by then. `told`: property → hash.

    `match_value` is the one that was asked for or written; `holds`: what HubSpot holds of match values once this is
    written, None if it does not carry that property.
    """

    act: Act
    generation: int
    told: Mapping[str, str] = field(default_factory=dict)
    row: SourceRow | None = None
    version: Version | None = None
    match_value: str | None = None
    holds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Recheck:
    """What a late write may still change; `repeated`: it was already sent once more because it differed."""

    names: tuple[str, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One HubSpot record, existing or to be made, as far as it is known.

    `told` maps a property to the hash of what HubSpot was last told, None where that is unknown. It is at rest when
    `plan` has nothing for it. `missing`: HubSpot's users deleted it and it is left so. `archive_sent`: we asked for its
    archiving, so that a later disappearance is our own doing. `resolving`: its id answered nothing, look it up.

    `keyed`: HubSpot's record bears our key. `searched`: the match value under which HubSpot had no record. `held`: the
    match values that HubSpot's record may hold. `taken_by`: the record that has the wanted match value; until it is
    free, this one does without. `gives_way`: it clears its own first, because they wait for each other.
    """

    number: int
    ref: ObjectRef
    key: str
    desired: Desired
    hubspot_id: str | None = None
    generation: int = 0
    sent_generation: int = 0
    refused_generation: int = -1
    refused_before: bool = False
    told: Mapping[str, str | None] = field(default_factory=dict)
    in_flight: InFlight | None = None
    recheck: Recheck | None = None
    resolving: bool = False
    missing: bool = False
    archive_sent: bool = False
    keyed: bool = True
    searched: str | None = None
    held: frozenset[str] = frozenset()
    taken_by: int | None = None
    gives_way: bool = False

    @property
    def type(self) -> ObjectType:
        return self.ref.type
