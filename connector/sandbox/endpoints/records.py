"""Single records: create, read, list, change, archive."""

from __future__ import annotations

from connector.sandbox import showing, work, writing
from connector.sandbox.answers import NOT_FOUND, Answer, Refusal, invalid, not_found
from connector.sandbox.call import Call, is_whole
from connector.sandbox.emails import normalized
from connector.sandbox.object_types import ObjectType, object_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import Record

PAGE_AT_MOST = 100
_PAGE = 10


def create(portal: Portal, call: Call) -> Answer:
    job = work.begin(portal, call, object_type(call.params["object_type"]))
    done = writing.create(job, call.member("properties", dict, {}), call.member("associations", list, []))
    job.tx.commit()
    return Answer(201, showing.written(portal, call, done), {"Location": f"{call.path}/{done.record.record_id}"})


def read(portal: Portal, call: Call) -> Answer:
    kind = object_type(call.params["object_type"])
    record = _addressed(portal, call, kind, archived=call.flag("archived"))
    body = showing.shown(portal, call, record, call.listed("properties") or kind.shown)
    return Answer(200, _extended(portal, call, record, body))


def page(portal: Portal, call: Call) -> Answer:
    kind = object_type(call.params["object_type"])
    limit, after = _number(call, "limit", _PAGE), _number(call, "after", 0)
    if not 0 < limit <= PAGE_AT_MOST:
        raise invalid(f"limit must be between 1 and {PAGE_AT_MOST}, not {limit}")
    found: list[Record] = []
    for record in portal.store.page(kind.name, after, archived=call.flag("archived")):
        found.append(record)
        if len(found) > limit:
            break
    names = call.listed("properties") or kind.shown
    rows = [_extended(portal, call, r, showing.shown(portal, call, r, names)) for r in found[:limit]]
    if len(found) <= limit:
        return Answer(200, {"results": rows})
    last = found[limit - 1].record_id
    return Answer(200, {"results": rows, "paging": {"next": {"after": last, "link": f"{call.path}?after={last}"}}})


def update(portal: Portal, call: Call) -> Answer:
    kind = object_type(call.params["object_type"])
    job = work.begin(portal, call, kind)
    record = _addressed(portal, call, kind, archived=False)
    done = writing.update(job, record, call.member("properties", dict, {}))
    job.tx.commit()
    return Answer(200, showing.written(portal, call, done, call.query.get("idProperty")))


def archive(portal: Portal, call: Call) -> Answer:
    kind = object_type(call.params["object_type"])
    job = work.begin(portal, call, kind)
    record = portal.store.records.get(_numeric(call.params["record_id"]))
    if record is not None and record.alive and record.object_type == kind.name:
        writing.archive(job, record)
        job.tx.commit()
    return Answer(204)


def _addressed(portal: Portal, call: Call, kind: ObjectType, *, archived: bool) -> Record:
    """Find the record in the path, by id or by the property named in the query; `Refusal` 404 if it is not there."""
    key, value = call.query.get("idProperty"), call.params["record_id"]
    if key is None or key == "hs_object_id":
        record = portal.resolved(_numeric(value))
    else:
        portal.key_property(kind, key, writing=False)
        text = normalized(value) if (kind.name, key) == ("contact", "email") else value
        record = portal.store.records.get(portal.store.owner((kind.name, key, text)) or "")
    if record is None or record.object_type != kind.name or record.archived != archived:
        raise not_found()
    return record


def _numeric(record_id: str) -> str:
    if not is_whole(record_id):
        message = "Object not found.  objectId are usually numeric."
        raise Refusal(404, message, category=NOT_FOUND, context={"id": [record_id]})
    return record_id


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not is_whole(text):
        raise invalid(f"{name} must be a whole number, not '{text}'")
    return int(text)


def _extended(portal: Portal, call: Call, record: Record, body: dict[str, object]) -> dict[str, object]:
    body = showing.with_associations(portal, body, record, call.listed("associations"))
    names = call.listed("propertiesWithHistory")
    return showing.with_history(portal, body, names) if names else body
