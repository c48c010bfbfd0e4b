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


Subject = tuple[str, str]
"""One thing that HubSpot must hold: its type, and `store:id`; of a contact its e-mail, or the row if it has none."""


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """An error that must be open: the object, its row (table and key columns as JSON), and the cause."""

    store: str
    object_type: str
    external_id: str
    table: str
    row_key: str
    cause: str


@dataclass(frozen=True, slots=True)
class Person:
    """What one row says of a person. `row` names it in HubSpot too; the `newest` of several rows speaks."""

    store: str
    external_id: str
    row: str
    email: str | None
    newest: datetime
    properties: Mapping[str, Expected]


@dataclass(frozen=True, slots=True)
class Shop:
    """What one shop's views say: people, other objects by type and id, links, open errors; commit times by rev.

    `adrift`: deals whose buyer's row is gone, though another row of the same person may be there.
    """

    store: str
    people: tuple[Person, ...]
    objects: Mapping[str, Mapping[str, Mapping[str, Expected]]]
    links: frozenset[Pair]
    errors: tuple[ExpectedError, ...]
    commits: Mapping[int, datetime]
    adrift: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What HubSpot must hold of all shops together, by subject.

    `stores` says whose row speaks; `rows` counts rows by store and type; `names` finds the subject of (store,
    type, id); `refused` that of the row of a refused person; `together` are people in several rows. `dead` are
    refused themselves, or lines without a deal; one that lacks only its contact or its product is not.
    """

    objects: Mapping[Subject, Mapping[str, Expected]]
    stores: Mapping[Subject, str]
    rows: Mapping[tuple[str, str], int]
    names: Mapping[tuple[str, str, str], Subject]
    links: frozenset[tuple[Subject, Subject]]
    adrift: frozenset[Subject]
    errors: tuple[ExpectedError, ...]
    causes: Mapping[Subject, frozenset[str]]
    dead: frozenset[Subject]
    refused: Mapping[str, Subject]
    commits: Mapping[int, tuple[str, datetime]]
    together: Mapping[Subject, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Record:
    """One record that is not archived. `subject` is None where no shop has written it, `row` the person's row.

    `further`: more addresses of a contact, as it has after a merge; it is found by them too.
    """

    id: str
    type: str
    subject: Subject | None
    row: str | None
    properties: Mapping[str, str | None]
    further: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Write:
    """One line of the sandbox's log of writes; `row` where it says which row of a person speaks."""

    seq: int
    at: datetime
    type: str
    record_id: str
    action: str
    rev: str | None
    row: str | None
    marks: frozenset[str]
    """Request, correlation and trace id."""


@dataclass(frozen=True, slots=True)
class OpenError:
    """An open error as the command line lists it; `external_id` is None where the row never became an object."""

    object_type: str | None
    store: str | None
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
