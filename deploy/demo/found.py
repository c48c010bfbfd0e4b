"""What the proof is made of: what the shop says must be there, what the sandbox holds, and how they differ.

Object types are named as in HubSpot's CRM API, singular: contact, deal, product, line_item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

TYPES = ("contact", "product", "deal", "line_item")
PARENT_CAUSES = frozenset({"PARENT_NEVER_SEEN", "PARENT_REFUSED"})

Expected = str | Decimal | None
"""A property as the shop's views say it: a Decimal is a number, None a property that is empty."""

Pair = tuple[str, str, str, str]
"""A link between two objects by the shop's ids: from type, from id, to type, to id."""


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """An error that must be open: the object, its row (table and key columns as JSON), and the cause."""

    object_type: str
    external_id: str
    table: str
    row_key: str
    cause: str


@dataclass(frozen=True, slots=True)
class Shop:
    """What HubSpot must hold: objects by type and the shop's id, links, open errors; commit times by rev."""

    objects: Mapping[str, Mapping[str, Mapping[str, Expected]]]
    links: frozenset[Pair]
    errors: tuple[ExpectedError, ...]
    commits: Mapping[int, datetime]

    def causes(self) -> dict[tuple[str, str], frozenset[str]]:
        """The causes of the open errors of each object, by type and the shop's id."""
        causes: dict[tuple[str, str], frozenset[str]] = {}
        for error in self.errors:
            subject = (error.object_type, error.external_id)
            causes[subject] = causes.get(subject, frozenset()) | {error.cause}
        return causes


@dataclass(frozen=True, slots=True)
class Record:
    """One record that is not archived. `external_id`: the shop's id in its key; None if the key is not the store's."""

    id: str
    type: str
    external_id: str | None
    properties: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Write:
    """One line of the sandbox's log of writes."""

    seq: int
    at: datetime
    type: str
    record_id: str
    action: str
    rev: str | None
    marks: frozenset[str]
    """Request, correlation and trace id."""


@dataclass(frozen=True, slots=True)
class OpenError:
    """An open error as the command line lists it; `external_id` is None where the row never became an object."""

    object_type: str | None
    external_id: str | None
    table: str | None
    row_key: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What HubSpot's stand-in holds. `links` are rows (from type, from id, to type, to id), doubles included."""

    records: tuple[Record, ...]
    links: tuple[Pair, ...]
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be, in words. `kind` groups them."""

    kind: str
    type: str
    subject: str
    text: str


@dataclass(slots=True)
class Tally:
    """One line of the final table. `freshness_s`: seconds from commit to record, one for each change that arrived."""

    rows: int = 0
    records: int = 0
    equal: int = 0
    dead_lettered: dict[str, int] = field(default_factory=dict)
    freshness_s: list[float] = field(default_factory=list)
