"""Associations: default and labelled, single and in batches, read and removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.sandbox import batch, linking, work
from connector.sandbox.answers import NOT_FOUND, Answer, Refusal, grouped, invalid, not_found
from connector.sandbox.call import Call, as_whole, is_whole, unreadable
from connector.sandbox.linking import Wanted
from connector.sandbox.object_types import ObjectType, object_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import AssociationType, End
from connector.sandbox.work import Work

CREATE_AT_MOST = 2000
READ_AT_MOST = 1000
_PAGE = 500

Pair = tuple[End, Wanted]


def associate_default(portal: Portal, call: Call) -> Answer:
    """Associate pairs without a label; each pair gives two results, one per direction."""
    start, end = _types(call)
    kind = linking.default_kind(portal.catalogue, start, end)
    pairs = [
        (End(start.name, linking.id_of(row, "from")), Wanted(End(end.name, linking.id_of(row, "to")), (kind,)))
        for row in _rows(call, CREATE_AT_MOST)
    ]
    job = work.begin(portal, call, start)
    made, errors = _make(job, pairs)
    return batch.answer(portal, call, [row for pair in made for row in _both(portal, pair, kind)], errors)


def default_single(portal: Portal, call: Call) -> Answer:
    start, end = _types(call)
    kind = linking.default_kind(portal.catalogue, start, end)
    pair = (End(start.name, call.params["from_id"]), Wanted(End(end.name, call.params["to_id"]), (kind,)))
    job = work.begin(portal, call, start)
    linking.check_permission(job)
    linking.check_alive(job.tx, [pair[0], pair[1].end])
    _make(job, [pair])
    return batch.answer(portal, call, _both(portal, pair, kind), [])


def create(portal: Portal, call: Call) -> Answer:
    """Associate pairs with labels, which replace the labels that a pair had."""
    start, end = _types(call)
    pairs = [_labelled(portal, start, end, row) for row in _rows(call, CREATE_AT_MOST)]
    job = work.begin(portal, call, start)
    made, errors = _make(job, pairs, replacing=True)
    return batch.answer(portal, call, [_labels(start, end, pair) for pair in made], errors, status=201)


def create_single(portal: Portal, call: Call) -> Answer:
    start, end = _types(call)
    if not isinstance(call.body, list) or not call.body:
        raise unreadable(call.body, "java.util.List")
    kinds = tuple(linking.kind_of(portal.catalogue, start, end, spec) for spec in call.body)
    pair = (End(start.name, call.params["from_id"]), Wanted(End(end.name, call.params["to_id"]), kinds))
    job = work.begin(portal, call, start)
    linking.check_alive(job.tx, [pair[0], pair[1].end])
    _make(job, [pair], replacing=True)
    return Answer(201, _labels(start, end, pair))


def read(portal: Portal, call: Call) -> Answer:
    """Read what up to 1,000 records are associated with; one without any is an error of its own, and harmless."""
    start, end = _types(call)
    results, errors = [], []
    for row in _rows(call, READ_AT_MOST):
        record_id = linking.id_of({"from": row}, "from")
        ends = _ends(portal, call, End(start.name, record_id), end)
        if ends:
            results.append(_page(record_id, ends, as_whole(row.get("after"), 0)))
        else:
            errors.append(_none_found(start, end, record_id))
    return batch.answer(portal, call, results, grouped(errors))


def read_single(portal: Portal, call: Call) -> Answer:
    start, end = _types(call)
    record = portal.resolved(call.params["from_id"])
    if record is None or not record.alive or record.object_type != start.name:
        raise not_found()
    after, limit = (call.query.get(name) or default for name, default in (("after", "0"), ("limit", str(_PAGE))))
    if not (is_whole(after) and is_whole(limit) and 0 < int(limit) <= _PAGE):
        raise invalid(f"limit must be between 1 and {_PAGE}")
    page = _page(record.record_id, _ends(portal, call, record.end, end), int(after), int(limit))
    del page["from"]
    return Answer(200, {"results": page.pop("to"), **page})


def archive(portal: Portal, call: Call) -> Answer:
    """Remove all associations of pairs; `to` is a list here. Pairs that are not associated are no error."""
    start, end = _types(call)
    job = work.begin(portal, call, start)
    linking.check_permission(job)
    for row in _rows(call, CREATE_AT_MOST):
        ends = row.get("to") if isinstance(row, dict) else None
        if not isinstance(ends, list):
            raise unreadable(ends, "java.util.List")
        for other in ends:
            first = End(start.name, linking.id_of(row, "from"))
            linking.part(job, first, End(end.name, linking.id_of({"to": other}, "to")))
    job.tx.commit()
    return Answer(204)


def archive_labels(portal: Portal, call: Call) -> Answer:
    """Remove single association types of pairs and leave the others."""
    start, end = _types(call)
    job = work.begin(portal, call, start)
    linking.check_permission(job)
    for first, wanted in [_labelled(portal, start, end, row) for row in _rows(call, CREATE_AT_MOST)]:
        present = portal.store.links(first, end.name).get(wanted.end, frozenset())
        gone = {kind.type_id for kind in wanted.kinds}
        kept = [k for k in portal.catalogue.association_types(start.name, end.name) if k.type_id in present - gone]
        linking.part(job, first, wanted.end)
        for kind in kept:
            job.tx.link(first, wanted.end, kind, portal.catalogue.inverse(kind))
    job.tx.commit()
    return Answer(204)


def archive_single(portal: Portal, call: Call) -> Answer:
    start, end = _types(call)
    job = work.begin(portal, call, start)
    linking.check_permission(job)
    linking.part(job, End(start.name, call.params["from_id"]), End(end.name, call.params["to_id"]))
    job.tx.commit()
    return Answer(204)


def _types(call: Call) -> tuple[ObjectType, ObjectType]:
    return object_type(call.params["from_type"]), object_type(call.params["to_type"])


def _rows(call: Call, at_most: int) -> list[Any]:
    rows: list[Any] = call.member("inputs", list, [])
    if len(rows) > at_most:
        raise invalid(f"The number of inputs, {len(rows)}, is greater than the maximum of {at_most}")
    return rows


def _make(job: Work, pairs: list[Pair], *, replacing: bool = False) -> tuple[list[Pair], list[dict[str, Any]]]:
    """Make the links whose ends are alive and commit. A dead end refuses all, or its pair, as the switch says."""
    linking.check_permission(job)
    dead = set(linking.dead(job.tx, [end for start, wanted in pairs for end in (start, wanted.end)]))
    if dead and job.portal.switches.association_dead_id == "batch":
        raise linking.dead_ends(sorted(dead, key=lambda end: int(end.record_id) if is_whole(end.record_id) else 0))
    made = [pair for pair in pairs if not {pair[0], pair[1].end} & dead]
    for start, wanted in made:
        if replacing:
            job.tx.unlink(start, wanted.end)
        linking.make(job, start, wanted)
    job.tx.commit()
    return made, [_dead_item(job.portal, pair, dead) for pair in pairs if {pair[0], pair[1].end} & dead]


def _dead_item(portal: Portal, pair: Pair, dead: Iterable[End]) -> dict[str, Any]:
    start, wanted = pair
    context = {"fromObjectId": [start.record_id], "toObjectId": [wanted.end.record_id]}
    refusal = linking.dead_ends([end for end in (start, wanted.end) if end in set(dead)])
    return refusal.item(portal.settings.portal_id, context)


def _both(portal: Portal, pair: Pair, kind: AssociationType) -> list[dict[str, Any]]:
    start, wanted = pair
    return [_result(start, wanted.end, kind), _result(wanted.end, start, portal.catalogue.inverse(kind))]


def _result(start: End, end: End, kind: AssociationType) -> dict[str, Any]:
    spec = {"associationCategory": kind.category, "associationTypeId": kind.type_id}
    return {"from": {"id": start.record_id}, "to": {"id": end.record_id}, "associationSpec": spec}


def _labelled(portal: Portal, start: ObjectType, end: ObjectType, row: Any) -> Pair:
    specs = row.get("types") if isinstance(row, dict) else None
    if not isinstance(specs, list) or not specs:
        raise invalid("Some required fields were not set: [types]")
    kinds = tuple(linking.kind_of(portal.catalogue, start, end, spec) for spec in specs)
    return End(start.name, linking.id_of(row, "from")), Wanted(End(end.name, linking.id_of(row, "to")), kinds)


def _labels(start: ObjectType, end: ObjectType, pair: Pair) -> dict[str, Any]:
    return {
        "fromObjectTypeId": start.type_id,
        "fromObjectId": pair[0].record_id,
        "toObjectTypeId": end.type_id,
        "toObjectId": pair[1].end.record_id,
        "labels": [kind.label for kind in pair[1].kinds if kind.label],
    }


def _ends(portal: Portal, call: Call, start: End, kind: ObjectType) -> list[dict[str, Any]]:
    """List the other ends in order of id, each with its association types; v4 gives ids as numbers."""
    types = {k.type_id: k for k in portal.catalogue.association_types(start.object_type, kind.name)}
    return [
        {
            "toObjectId": end.record_id if call.dated else int(end.record_id),
            "associationTypes": [_spec(types[type_id]) for type_id in sorted(type_ids)],
        }
        for end, type_ids in portal.store.links(start, kind.name).items()
    ]


def _spec(kind: AssociationType) -> dict[str, Any]:
    return {"category": kind.category, "typeId": kind.type_id, "label": kind.label}


def _page(record_id: str, ends: list[dict[str, Any]], after: int, limit: int = _PAGE) -> dict[str, Any]:
    page: dict[str, Any] = {"from": {"id": record_id}, "to": ends[after : after + limit]}
    if len(ends) > after + limit:
        page["paging"] = {"next": {"after": str(after + limit)}}
    return page


def _none_found(start: ObjectType, end: ObjectType, record_id: str) -> dict[str, Any]:
    refusal = Refusal(
        207,
        f"No {end.name} is associated with {start.name} {record_id}.",
        category=NOT_FOUND,
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
    )
    context = {"fromObjectId": [record_id], "fromObjectType": [start.name], "toObjectType": [end.name]}
    return refusal.item(0, context)
