"""How an upsert finds its record: by a property whose values are unique, or by the e-mail of a contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.sandbox.answers import invalid
from connector.sandbox.batch import Input
from connector.sandbox.object_types import ObjectType
from connector.sandbox.portal import Portal
from connector.sandbox.record import Record
from connector.sandbox.work import Work


def upsert_key(portal: Portal, kind: ObjectType, inputs: Sequence[Input]) -> str:
    """Give the one property by which a batch finds its records. `Refusal` for none, several, or a useless one."""
    keys = list(dict.fromkeys(item.text("idProperty") for item in inputs))
    if len(keys) > 1:
        raise invalid(f"All inputs of a batch must have the same idProperty, not [{', '.join(keys)}]")
    for key in keys:
        portal.key_property(kind, key, writing=True)
    return keys[0] if keys else ""


def by_key(job: Work, key: str, text: str) -> Record | None:
    """Find the record that holds a key. The key of an archived one does not match, unless a switch says otherwise."""
    owner = job.tx.get(job.tx.owner((job.kind.name, key, text)) or "")
    if owner is not None and owner.alive:
        return owner
    wish = job.portal.switches.archived_key
    if wish in {"create", "conflict"}:
        return None
    archived = _archived(job, key, text)
    if archived is not None and wish == "refuse":
        raise invalid(f"The {job.kind.legacy} with {key} {text} is archived: {archived.record_id}")
    return None if archived is None else replace(archived, archived=False, archived_at=None)


def _archived(job: Work, key: str, text: str) -> Record | None:
    for record in job.portal.store.records.values():
        same = record.object_type == job.kind.name and record.properties.get(key) == text
        if same and record.archived and record.merged_into is None:
            return record
    return None


def spare_others(job: Work, record: Record, sent: Mapping[str, Any]) -> dict[str, str]:
    """Say what an upsert by e-mail does to the properties it leaves out: nothing, unless a switch says otherwise.

    The contact's addresses are its identity and no part of this (not documented; assumed).
    """
    wish = job.portal.switches.strict_partial_email
    if wish == "keep":
        return {}
    known = job.portal.catalogue.properties[job.kind.name]
    left_out = [
        name
        for name in record.properties
        if name not in {"email", "hs_additional_emails"}
        and name not in sent
        and not (known[name].read_only or known[name].calculated)
    ]
    if left_out and wish == "reject":
        raise invalid("Partial upserts are not supported when using email as idProperty", properties=left_out)
    return {name: "" for name in left_out if not known[name].archived}
