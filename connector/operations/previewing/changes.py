"""What would become of objects, as it is shown: which properties would be written, from what to what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from connector.ledger.fold import PRODUCT_ID
from connector.message import LinkKind, ObjectRef, ObjectType, Value
from connector.operations.masking import Masking
from connector.operations.previewing.following import Following
from connector.operations.trial import ObjectChange
from connector.outcome import Archive, Match, Update, Upsert

NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What would become of one object's record, which is under our `key`.

    `action`: create, update, archive, clear, or none: HubSpot would be told nothing. `properties`: those that would be
    written, with the value before and after as they may be shown. Links are texts of kind and parent. `was_refused`:
    HubSpot did not take the record, or the parent that it is linked to, so it may refuse it again. `row_is_gone`: its
    row is not in the database any more, and it goes as soon as the row's delete is read.
    """

    ref: ObjectRef
    key: str
    action: str
    hubspot_id: str | None
    properties: Mapping[str, tuple[Value, Value]]
    links_added: tuple[str, ...] = ()
    links_removed: tuple[str, ...] = ()
    was_refused: bool = False
    row_is_gone: bool = False


def shown(change: ObjectChange, masking: Masking, *, row_is_gone: bool = False) -> FileChange:
    """A change as it is shown. An archived record's links go with it, and are not taken away one by one."""
    stays = change.action in {"create", "update", "clear"}
    added, removed = (_made(links) if stays else () for links in (change.links_added, change.links_removed))
    is_told = change.step is not None or (stays and change.hubspot_id is not None and bool(added or removed))
    if not is_told:
        return FileChange(change.ref, change.key, NONE, change.hubspot_id, {}, row_is_gone=row_is_gone)
    before = change.before if change.hubspot_id is not None else {}
    properties = {
        name: (
            masking.value(change.ref.type, name, before.get(name)),
            masking.value(change.ref.type, name, change.after.get(name)),
        )
        for name in _written(change)
    }
    return FileChange(
        ref=change.ref,
        key=change.key,
        action=change.action,
        hubspot_id=change.hubspot_id,
        properties=properties,
        links_added=added,
        links_removed=removed,
        was_refused=isinstance(change.step, Upsert | Update | Match | Archive) and change.step.alone,
        row_is_gone=row_is_gone,
    )


def _made(links: Iterable[str]) -> tuple[str, ...]:
    """The links that are associations; a line item points at its product by a property."""
    return tuple(each for each in links if not each.startswith(LinkKind.LINE_ITEM_PRODUCT))


def _written(change: ObjectChange) -> tuple[str, ...]:
    """The properties in the calls; one that only asks HubSpot first is followed by one that writes.

    HubSpot does not say whether it made a line item or found it, so that its empty properties are written afterwards.
    """
    if isinstance(change.step, Update):
        return tuple(sorted(change.step.properties))
    if change.step is None or change.action not in {"create", "update"}:
        return ()
    if change.action == "update":
        return tuple(sorted(change.changed))
    makes_sure = change.ref.type is ObjectType.LINE_ITEM
    return tuple(sorted(name for name, value in change.after.items() if makes_sure or value not in {None, ""}))


def with_following(changes: Iterable[FileChange], children: Iterable[Following]) -> list[FileChange]:
    """The changes, with the links of children whose parent would come; by type and id."""
    by_ref = {each.ref: each for each in changes}
    for child in children:
        known = by_ref.get(child.ref)
        if known is None or known.action == NONE:
            known = FileChange(child.ref, child.key, "update", child.hubspot_id, {}, was_refused=child.was_refused)
        by_ref[child.ref] = _linked(known, child) if known.action == "update" else known
    return sorted(by_ref.values(), key=lambda each: (each.ref.type, each.ref.store, each.ref.external_id))


def _linked(change: FileChange, child: Following) -> FileChange:
    if child.kind is LinkKind.LINE_ITEM_PRODUCT:
        told = {PRODUCT_ID: (None, f"the id that HubSpot gives {child.parent}"), **change.properties}
        return replace(change, properties=told)
    added = tuple(dict.fromkeys((*change.links_added, f"{child.kind} {child.parent}")))
    return replace(change, links_added=added)
