"""Batches of records: create, read, update, upsert, archive; at most 100 inputs each."""

from __future__ import annotations

from typing import Any

from connector.sandbox import batch, showing, work, writing
from connector.sandbox.answers import Answer, invalid
from connector.sandbox.batch import Input
from connector.sandbox.call import Call, as_members, as_text
from connector.sandbox.emails import normalized
from connector.sandbox.keys import by_key, spare_others, upsert_key
from connector.sandbox.object_types import ObjectType, object_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import Record
from connector.sandbox.work import Work
from connector.sandbox.writing import Written

_WITH_HISTORY_AT_MOST = 50


def create(portal: Portal, call: Call) -> Answer:
    job = work.begin(portal, call, object_type(call.params["object_type"]))
    inputs = batch.inputs_of(call)
    done, failures = batch.attempt(
        inputs,
        lambda item: writing.create(job, item.raw.get("properties") or {}, item.raw.get("associations"), item.trace_id),
    )
    if failures and not batch.traced(inputs):
        raise batch.refuse_whole(failures)
    return _settled(job, done, batch.failure_items(portal, failures), status=201)


def upsert(portal: Portal, call: Call) -> Answer:
    job = work.begin(portal, call, object_type(call.params["object_type"]))
    inputs = batch.inputs_of(call)
    key = upsert_key(portal, job.kind, inputs)
    batch.check_duplicates(_key_text(job.kind, key, item.text("id")) for item in inputs)
    done, failures = batch.attempt(inputs, lambda item: _upsert_one(job, key, item))
    whole = [f for f in failures if f.refusal.taken] if portal.switches.upsert_conflict == "batch" else []
    if failures and (whole or not batch.traced(inputs)):
        raise batch.refuse_whole(whole if batch.traced(inputs) else failures)
    return _settled(job, done, batch.failure_items(portal, failures), key=key, upserted=True)


def update(portal: Portal, call: Call) -> Answer:
    job = work.begin(portal, call, object_type(call.params["object_type"]))
    inputs = batch.inputs_of(call)
    for key in dict.fromkeys(_key_of(item) for item in inputs):
        if key is not None:
            _check_update_key(portal, job.kind, key)
    found = [(item, _find(job, _key_of(item), item.text("id"))) for item in inputs]
    batch.check_duplicates(_input_id(job.kind, item) for item in inputs)
    records = {id(item): record for item, record in found if record is not None}
    done, failures = batch.attempt(inputs, lambda item: _update_one(job, records.get(id(item)), item))
    if failures and (portal.switches.update_invalid == "batch" or not batch.traced(inputs)):
        raise batch.refuse_whole(failures)
    missing = [item for item, record in found if record is None or record.archived]
    return _settled(job, done, _missing(portal, job.kind, missing) + batch.failure_items(portal, failures))


def read(portal: Portal, call: Call) -> Answer:
    kind = object_type(call.params["object_type"])
    names = call.texts("properties") or kind.shown
    history = call.texts("propertiesWithHistory")
    inputs = batch.inputs_of(call, _WITH_HISTORY_AT_MOST if history else batch.INPUTS_AT_MOST)
    key = call.member("idProperty", str, None)
    if key is not None and key != "hs_object_id":
        portal.key_property(kind, key, writing=False)
    batch.check_duplicates(_key_text(kind, key, item.text("id")) for item in inputs)
    job = work.begin(portal, call, kind)
    found = [(item, _read_one(job, key, item, archived=call.flag("archived"))) for item in inputs]
    results = [showing.shown(portal, call, record, names) for _, record in found if record is not None]
    if history:
        results = [showing.with_history(portal, body, history) for body in results]
    missing = [item for item, record in found if record is None]
    return batch.answer(portal, call, results, _missing(portal, kind, missing))


def archive(portal: Portal, call: Call) -> Answer:
    job = work.begin(portal, call, object_type(call.params["object_type"]))
    inputs = batch.inputs_of(call)
    batch.check_duplicates(item.text("id") for item in inputs)
    for item in inputs:
        record = job.tx.get(item.text("id"))
        if record is not None and record.alive and record.object_type == job.kind.name:
            writing.archive(job, record)
    job.tx.commit()
    return Answer(204)


def _settled(
    job: Work,
    done: list[Written],
    errors: list[dict[str, Any]],
    *,
    status: int = 200,
    key: str | None = None,
    upserted: bool = False,
) -> Answer:
    """Commit and answer."""
    job.tx.commit()
    results = [showing.written(job.portal, job.call, written, key) for written in done]
    if upserted:
        results = [{**body, "new": written.new} for body, written in zip(results, done, strict=True)]
    return batch.answer(job.portal, job.call, results, errors, status)


def _upsert_one(job: Work, key: str, item: Input) -> Written:
    sent = as_members(item.raw.get("properties"), "java.util.Map")
    text = _key_text(job.kind, key, item.text("id"))
    record = by_key(job, key, text)
    if record is None:
        return writing.create(job, {key: text, **sent}, None, item.trace_id)
    if (job.kind.name, key) == ("contact", "email"):
        sent = {**spare_others(job, record, sent), **sent}
    return writing.update(job, record, sent, item.trace_id)


def _update_one(job: Work, record: Record | None, item: Input) -> Written | None:
    """Change a record; one that is missing, or was merged into another, has no result here."""
    if record is None or not record.alive:
        return None
    return writing.update(job, record, item.raw.get("properties") or {}, item.trace_id)


def _check_update_key(portal: Portal, kind: ObjectType, key: str) -> None:
    """Batch update finds contacts by record id only, other objects by a unique property too."""
    if (kind.name, key) == ("contact", "email") or key == "hs_object_id":
        message = f"Unable to perform update/upsert by non-unique {kind.type_id} property {key}"
        raise invalid(f"{message} in portal ID {portal.settings.portal_id}")
    portal.key_property(kind, key, writing=True)


def _key_of(item: Input) -> str | None:
    sent = item.raw.get("idProperty")
    return None if sent is None or sent == "" else as_text(sent)


def _find(job: Work, key: str | None, text: str) -> Record | None:
    record = job.tx.get(text) if key is None else by_key(job, key, text)
    return record if record is not None and record.object_type == job.kind.name else None


def _read_one(job: Work, key: str | None, item: Input, *, archived: bool) -> Record | None:
    text = _key_text(job.kind, key, item.text("id"))
    if key is None or key == "hs_object_id":
        record = job.portal.resolved(text)
    else:
        record = job.tx.get(job.tx.owner((job.kind.name, key, text)) or "")
    fits = record is not None and record.object_type == job.kind.name and record.archived == archived
    return record if fits else None


def _missing(portal: Portal, kind: ObjectType, inputs: list[Input]) -> list[dict[str, Any]]:
    if not inputs:
        return []
    return [batch.missing_item(kind, [item.text("id") for item in inputs], batch.trace_context(portal, inputs))]


def _key_text(kind: ObjectType, key: str | None, text: str) -> str:
    return normalized(text) if (kind.name, key) == ("contact", "email") else text


def _input_id(kind: ObjectType, item: Input) -> str:
    return _key_text(kind, _key_of(item), item.text("id"))
