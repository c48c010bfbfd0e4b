"""fold: what a record should hold, from all that its rows say. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.ledger.state import Contribution, Desired, Fate, Life, Parent, Place, Standing, Wanted
from connector.message import EMAIL, DeletePolicy, LinkKind, ObjectRef, ObjectType, Value
from connector.version import SourceRow

_NO_ROW = SourceRow("", "")

Parents = Callable[[ObjectRef], Parent]
"""What is known of a parent; `NEVER_SEEN` for one that is not."""

PRODUCT_ID = "hs_product_id"
"""HubSpot products take no associations: a line item points at its product by this property (HubSpot docs)."""


@dataclass(frozen=True, slots=True)
class Folded:
    """One object's state: what it wants of its record, its life as its children see it, and where it ended."""

    life: Life
    desired: Desired
    newest_by: Value = None
    ended_at: Place | None = None


def fold(objects: Sequence[Sequence[Contribution]], parents: Parents) -> Desired:
    """The desired state of a record that one or more objects share; each object is given by its contributions.

    Of the live objects the newest speaks, its links joined by those of the others; what ended rows had said is cleared.
    When none lives, the record goes the way of the object that ended last.
    """
    folded = [fold_object(contributions, parents) for contributions in objects]
    live = [each for each in folded if each.life is Life.LIVE and each.desired.fate is Fate.KEEP]
    if not live:
        return _last_ended(folded).desired
    speaker = max(live, key=lambda each: (_rank(each.newest_by), each.desired.speaker or _NO_ROW))
    links = frozenset(link for each in live for link in each.desired.links)
    matches = frozenset(match for each in live for match in each.desired.matches)
    properties = {**_ended(objects), **speaker.desired.properties}
    return replace(speaker.desired, properties=properties, links=links, matches=matches)


def _ended(objects: Sequence[Sequence[Contribution]]) -> dict[str, Value]:
    """The properties of deleted rows of a shared record, empty."""
    every = (each for contributions in objects for each in contributions) if len(objects) > 1 else ()
    return {name: None for each in every if each.bears and each.standing is Standing.ENDED for name in each.properties}


def fold_object(contributions: Iterable[Contribution], parents: Parents) -> Folded:
    """One object: alive while a row that bears it is live; the newest of these speaks alone, others add properties."""
    every = list(contributions)
    bearing = [each for each in every if each.bears]
    live = [each for each in bearing if each.standing is Standing.LIVE]
    if not live:
        return _not_alive(bearing)
    speaker = max(live, key=lambda each: (_rank(each.newest_by), each.row))
    ends = (each.ended_at for each in bearing if each.ended_at is not None)
    ended_at = max(ends, key=lambda place: place.position, default=None)
    if derived := _derived_end(speaker, parents):
        links = frozenset(link for link in _wanted(speaker) if _outlasts(link, derived))
        return Folded(derived, Desired(_DERIVED_FATE[derived], {}, links, speaker.row, speaker.version))
    properties = {**speaker.properties, **_added(every, speaker), **_product(speaker, parents)}
    match_value = normal(speaker.match_by, properties.get(speaker.match_by)) if speaker.match_by else None
    return Folded(
        Life.LIVE,
        Desired(
            fate=Fate.KEEP,
            properties=properties,
            links=frozenset(_wanted(speaker)),
            speaker=speaker.row,
            version=speaker.version,
            match_value=match_value,
            match_by=speaker.match_by,
            matches=frozenset({match_value} if match_value else ()),
        ),
        speaker.newest_by,
        ended_at,
    )


_DERIVED_FATE = {Life.UNSEEN: Fate.WAIT, Life.ENDED: Fate.ARCHIVE, Life.HIDDEN: Fate.ARCHIVE}
_FATE = {DeletePolicy.ARCHIVE: Fate.ARCHIVE, DeletePolicy.CLEAR: Fate.CLEAR, DeletePolicy.IGNORE: Fate.LEAVE}


def _not_alive(bearing: Sequence[Contribution]) -> Folded:
    if not bearing:
        return Folded(Life.UNSEEN, Desired(Fate.WAIT))
    last = max(bearing, key=lambda each: (each.place.position, each.row))
    life = Life.ENDED if all(each.standing is Standing.ENDED for each in bearing) else Life.HIDDEN
    fate = _FATE[last.on_delete]
    cleared = dict.fromkeys(last.properties) if fate is Fate.CLEAR else {}
    return Folded(life, Desired(fate, cleared, speaker=last.row, version=last.version), last.newest_by, last.place)


def _derived_end(speaker: Contribution, parents: Parents) -> Life | None:
    """A line is alive only while its deal is; behind a cascade only if it was written after the deal's last end."""
    for link in speaker.links:
        if link.kind is not LinkKind.LINE_ITEM_DEAL:
            continue
        deal = parents(_parent_ref(speaker.ref, link.kind, link.external_id))
        if deal.life is not Life.LIVE:
            return deal.life
        if link.cascade and deal.ended_at is not None and not speaker.place.later_than(deal.ended_at):
            return Life.ENDED
    return None


def _outlasts(link: Wanted, life: Life) -> bool:
    """Whether a line without its deal still wants a link: to the deal, by which it would come back."""
    return life is Life.UNSEEN or link.kind is LinkKind.LINE_ITEM_DEAL


def _added(every: Sequence[Contribution], speaker: Contribution) -> dict[str, Value]:
    """What rows that do not bear add; where two mappings hold a property the one loaded later owns it."""
    adding = [each for each in every if not each.bears and each.on_delete is not DeletePolicy.IGNORE]
    adding += [each for each in every if not each.bears and each.on_delete is DeletePolicy.IGNORE and _speaks(each)]
    adding.sort(key=lambda each: (_speaks(each), each.version.generation, _rank(each.newest_by), each.row))
    properties: dict[str, Value] = {}
    for each in adding:
        for name, value in each.properties.items():
            if name not in speaker.properties or each.version.generation > speaker.version.generation:
                properties[name] = value if _speaks(each) else None
    return properties


def _speaks(contribution: Contribution) -> bool:
    return contribution.standing is Standing.LIVE


def _product(speaker: Contribution, parents: Parents) -> dict[str, Value]:
    """A line's product as a property: absent until the product has an id, cleared once the product is gone."""
    if PRODUCT_ID in speaker.properties:
        return {}
    for link in speaker.links:
        if link.kind is LinkKind.LINE_ITEM_PRODUCT:
            product = parents(_parent_ref(speaker.ref, link.kind, link.external_id))
            if product.life is Life.LIVE and product.hubspot_id is not None:
                return {PRODUCT_ID: product.hubspot_id}
            if product.life in {Life.ENDED, Life.HIDDEN}:
                return {PRODUCT_ID: None}
            return {}
    return {PRODUCT_ID: None} if speaker.ref.type is ObjectType.LINE_ITEM else {}


def _wanted(speaker: Contribution) -> Iterable[Wanted]:
    return (
        Wanted(link.kind, _parent_ref(speaker.ref, link.kind, link.external_id), link.required)
        for link in speaker.links
    )


def _parent_ref(child: ObjectRef, kind: LinkKind, external_id: str) -> ObjectRef:
    return ObjectRef(child.store, kind.parent_type, external_id)


def _last_ended(folded: Sequence[Folded]) -> Folded:
    seen = [each for each in folded if each.life is not Life.UNSEEN or each.desired.speaker is not None]
    if not seen:
        return Folded(Life.UNSEEN, Desired(Fate.WAIT))
    return max(seen, key=lambda each: each.ended_at.position if each.ended_at else "")


def _rank(newest_by: Value) -> tuple[Any, ...]:
    """Rows without a `newest_by` value are older than all that have one.

    Objects of two shops may share a record: where the kinds of their values differ, the kind decides.
    """
    match newest_by:
        case None:
            return (0,)
        case bool() | int() | Decimal():
            return (1, newest_by)
        case str():
            return (2, newest_by)
        case datetime():
            return (3, newest_by)
        case date():
            return (3, datetime(newest_by.year, newest_by.month, newest_by.day, tzinfo=UTC))


def normal(match_by: str | None, value: Value) -> str | None:
    """The form in which match values compare; HubSpot compares e-mails without regard to case (HubSpot docs)."""
    text = "" if value is None else str(value).strip()
    return (text.lower() if match_by == EMAIL else text) or None
