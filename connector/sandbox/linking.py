"""Associations between records: which are possible, which ends are alive, what is made and removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connector.sandbox.answers import VALIDATION, Refusal, invalid
from connector.sandbox.call import is_whole, unreadable
from connector.sandbox.catalogue import Catalogue
from connector.sandbox.object_types import BY_NAME, ObjectType
from connector.sandbox.record import AssociationType, End, LogEntry
from connector.sandbox.store import Transaction
from connector.sandbox.work import Work


@dataclass(frozen=True, slots=True)
class Wanted:
    """The other end of a link to be made, and the association types it shall have."""

    end: End
    kinds: tuple[AssociationType, ...]


def inline(work: Work, associations: Any) -> list[Wanted]:
    """Read the `associations` of a create: `[{to: {id}, types: [{associationCategory, associationTypeId}]}]`.

    The type ids are those from the new record to the other. Raises `Refusal` for a dead end or a wrong type.
    """
    check_permission(work)
    if not isinstance(associations or [], list):
        raise unreadable(associations, "java.util.List")
    wanted = []
    for row in associations or ():
        kinds = _kinds(work.portal.catalogue, work.kind, row.get("types") if isinstance(row, dict) else None)
        wanted.append(Wanted(End(kinds[0].to_type, id_of(row, "to")), kinds))
    check_alive(work.tx, [link.end for link in wanted])
    return wanted


def check_permission(work: Work) -> None:
    if work.call.newest and not work.portal.switches.edit_associations:
        raise Refusal(400, "Missing 'Edit Associations' permission.", category=VALIDATION)


def id_of(row: Any, name: str) -> str:
    """Read `{name: {id}}`; ids may be numbers or text."""
    end = row.get(name) if isinstance(row, dict) else None
    record_id = end.get("id") if isinstance(end, dict) else None
    if not isinstance(record_id, str | int) or isinstance(record_id, bool):
        raise invalid(f"Some required fields were not set: [{name}]")
    return str(record_id)


def _kinds(catalogue: Catalogue, start: ObjectType, specs: Any) -> tuple[AssociationType, ...]:
    if not isinstance(specs, list) or not specs:
        raise invalid("Some required fields were not set: [types]")
    return tuple(kind_of(catalogue, start, None, spec) for spec in specs)


def kind_of(catalogue: Catalogue, start: ObjectType, end: ObjectType | None, spec: Any) -> AssociationType:
    """Find the association type that a spec names, from `start` to `end`; raises `Refusal` in HubSpot's words."""
    type_id = spec.get("associationTypeId") if isinstance(spec, dict) else None
    if not is_whole(str(type_id)):
        raise invalid("Some required fields were not set: [associationTypeId]")
    known = catalogue.association_by_id(str(spec.get("associationCategory")), int(str(type_id)))
    for kind in known:
        if kind.from_type == start.name and end in (None, BY_NAME[kind.to_type]):
            return kind
    if known:
        expected = BY_NAME[known[0].from_type].type_id
        raise Refusal(
            400,
            f"invalid from object type {start.type_id} for associations to be created. expected: {expected}",
            category=VALIDATION,
        )
    raise invalid("One or more associations are invalid", INVALID_ASSOCIATION_TYPE=[f"{type_id} is not valid"])


def default_kind(catalogue: Catalogue, start: ObjectType, end: ObjectType) -> AssociationType:
    """Find the unlabelled association type; products, for one, cannot be associated with anything."""
    kind = catalogue.default_association(start.name, end.name)
    if kind is None:
        raise invalid(f"No default association type exists between {start.type_id} and {end.type_id}")
    return kind


def dead(tx: Transaction, ends: Iterable[End]) -> list[End]:
    """Find the ends that are no records, or archived, or merged away."""
    missing = []
    for end in dict.fromkeys(ends):
        record = tx.get(end.record_id)
        if record is None or not record.alive or record.object_type != end.object_type:
            missing.append(end)
    return missing


def dead_ends(ends: Iterable[End]) -> Refusal:
    """Refuse associations with ends that are not there."""
    named = [(end.object_type.upper(), end.record_id) for end in ends]
    context = {
        "INVALID_OBJECT_IDS": [f"{kind}={record_id} is not valid" for kind, record_id in named],
        "objectId": [record_id for _, record_id in named],
        "objectType": [kind for kind, _ in named],
    }
    return Refusal(400, "One or more associations are invalid", category=VALIDATION, context=context)


def check_alive(tx: Transaction, ends: Iterable[End]) -> None:
    missing = dead(tx, ends)
    if missing:
        raise dead_ends(missing)


def make(work: Work, start: End, wanted: Wanted) -> None:
    """Associate two records with all wanted types and, beside a label, with the unlabelled type."""
    catalogue = work.portal.catalogue
    plain = catalogue.default_association(start.object_type, wanted.end.object_type)
    for kind in dict.fromkeys((*wanted.kinds, *([plain] if plain else []))):
        work.tx.link(start, wanted.end, kind, catalogue.inverse(kind))
    work.tx.note(LogEntry("associate", start, {}, wanted.end))


def part(work: Work, start: End, end: End) -> None:
    """Remove every association between two records."""
    work.tx.unlink(start, end)
    work.tx.note(LogEntry("disassociate", start, {}, end))
