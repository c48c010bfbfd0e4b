"""One record beside what it should hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from connector.ledger.state import Fate
from connector.message import DeletePolicy, LinkKind, ObjectRef, ObjectType, Value
from connector.operations.verifying.equality import Properties, differing
from connector.operations.verifying.findings import Finding, Kind, Reason


@dataclass(frozen=True, slots=True)
class WantedLink:
    """A parent that the record should be associated with. `parent_id` None: it has no record.

    `is_due`: it should stand. Not so where the parent is deleted or filtered: it may stand, nobody misses it. Whose
    record such a parent without `parent_id` shared when its row was there, neither database nor HubSpot tells.
    """

    kind: LinkKind
    parent: ObjectRef
    parent_id: str | None
    is_due: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """What the shop wants of a record. `objects` share it; `has_row`: any of them has a row, inside the filter or not.

    `policy`: what becomes of a record whose row is gone. `waits`: another record has its match value. `is_left_behind`:
    the record bears a key after which a later one was made.
    """

    type: ObjectType
    objects: tuple[str, ...]
    fate: Fate
    properties: Mapping[str, Value] = field(default_factory=dict)
    links: tuple[WantedLink, ...] = ()
    has_row: bool = True
    waits: bool = False
    policy: DeletePolicy = DeletePolicy.ARCHIVE
    is_left_behind: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What HubSpot has. `parents`: by kind of link the parents' ids, with our key where they bear one."""

    hubspot_id: str
    properties: Properties
    parents: Mapping[LinkKind, Mapping[str, str | None]] = field(default_factory=dict)


def judge(expected: Expected, held: Held | None, types: Mapping[str, str]) -> list[Finding]:
    """The differences of one record. `types`: HubSpot's type by property name."""
    fate = expected.fate
    if held is None:
        reason = Reason.VALUE_TAKEN if expected.waits else None
        return [_of(expected, Kind.MISSING, None, reason=reason)] if fate is Fate.KEEP else []
    if not expected.has_row:
        return list(_without_row(expected, held))
    match fate:
        case Fate.KEEP | Fate.CLEAR:
            return [*_values(expected, held, types), *_links(expected, held)]
        case Fate.ARCHIVE | Fate.WAIT:
            return [_of(expected, Kind.EXTRA, held, reason=Reason.NOT_ALIVE)]
        case Fate.LEAVE:
            return []


def _of(expected: Expected, kind: Kind, held: Held | None, *, reason: Reason | None = None) -> Finding:
    return Finding(kind, expected.type, expected.objects, held.hubspot_id if held else None, reason=reason)


def _without_row(expected: Expected, held: Held) -> Iterator[Finding]:
    """A record that bears our key and has no row: the policy says whether it should have gone, or been emptied."""
    if expected.is_left_behind:
        yield _of(expected, Kind.EXTRA, held, reason=Reason.LEFT_BEHIND)
    elif expected.policy is DeletePolicy.ARCHIVE:
        yield _of(expected, Kind.EXTRA, held, reason=Reason.NO_ROW)
    elif expected.policy is DeletePolicy.CLEAR and any(held.properties.get(name) for name in expected.properties):
        yield _of(expected, Kind.EXTRA, held, reason=Reason.NOT_CLEARED)


def _values(expected: Expected, held: Held, types: Mapping[str, str]) -> Iterator[Finding]:
    for name, shop, hubspot in differing(expected.type, expected.properties, held.properties, types):
        yield Finding(Kind.DIFFERENT, expected.type, expected.objects, held.hubspot_id, name, shop, hubspot)


def _links(expected: Expected, held: Held) -> Iterator[Finding]:
    wanted: defaultdict[LinkKind, list[WantedLink]] = defaultdict(list)
    for link in expected.links:
        wanted[link.kind].append(link)
    for kind in (kind for kind in LinkKind if kind in wanted or kind in held.parents):
        if kind is not LinkKind.LINE_ITEM_PRODUCT:
            yield from _links_of(expected, held, kind, wanted[kind], held.parents.get(kind, {}))


def _links_of(
    expected: Expected, held: Held, kind: LinkKind, wanted: Sequence[WantedLink], there: Mapping[str, str | None]
) -> Iterator[Finding]:
    """One that is missing beside one too many is one wrong. What leads to strangers' records is left alone.

    A parent whose row is gone may be any one record that is linked: another row of the same person keeps it.
    """
    known = {link.parent_id for link in wanted}
    adrift = sum(link.parent_id is None and not link.is_due for link in wanted)
    missing = [link for link in wanted if link.is_due and link.parent_id is not None and link.parent_id not in there]
    distinct = list({link.parent_id: link for link in missing}.values())
    others = [(other, key) for other, key in there.items() if key is not None and other not in known]
    for link, other in zip_longest(distinct, sorted(others)[adrift:]):
        found = Kind.ASSOCIATION_WRONG if link and other else Kind.ASSOCIATION_MISSING
        yield Finding(
            found if link else Kind.ASSOCIATION_SUPERFLUOUS,
            expected.type,
            expected.objects,
            held.hubspot_id,
            kind,
            shop=str(link.parent) if link else None,
            hubspot=other[1] if other else None,
            parent_id=link.parent_id if link else None,
            other_id=other[0] if other else None,
        )
