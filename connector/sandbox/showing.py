"""Records as the API shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from connector.sandbox.call import Call
from connector.sandbox.object_types import BY_NAME, object_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import Record
from connector.sandbox.writing import Written


def shown(portal: Portal, call: Call, record: Record, names: Iterable[str]) -> dict[str, Any]:
    """Give a record with the named properties and those that every answer carries.

    Unset properties are null; names that are not defined are left out.
    """
    kind = BY_NAME[record.object_type]
    known = portal.catalogue.properties[kind.name]
    wanted = [name for name in dict.fromkeys((*names, *kind.system)) if name in known and not known[name].archived]
    body: dict[str, Any] = {
        "id": record.record_id,
        "properties": {name: record.properties.get(name) for name in sorted(wanted)},
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "archived": record.archived,
    }
    if record.archived_at is not None:
        body["archivedAt"] = record.archived_at
    if call.newest:
        body["url"] = (
            f"https://app.hubspot.com/contacts/{portal.settings.portal_id}/record/{kind.type_id}/{record.record_id}"
        )
    return body


def written(portal: Portal, call: Call, done: Written, key: str | None = None) -> dict[str, Any]:
    """Give a record as the answer to a write: a new one whole, else what was written and the key it was found by."""
    names = [*done.names, *([key] if key else [])]
    if done.new:
        names += done.record.properties
    body = shown(portal, call, done.record, names)
    if done.warnings:
        body["warnings"] = list(done.warnings)
    if done.trace_id is not None and portal.switches.echo_trace_id_in_results:
        body["objectWriteTraceId"] = done.trace_id
    return body


def with_history(portal: Portal, body: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Add the values that the named properties had, newest first."""
    history: dict[str, list[dict[str, str]]] = {name: [] for name in names}
    query = (
        "SELECT at, properties FROM write_log WHERE record_id = ? AND action IN ('create', 'update') ORDER BY seq DESC"
    )
    for at, text in portal.database.connection.execute(query, (body["id"],)):
        values = json.loads(text)
        for name in history.keys() & values.keys():
            history[name].append({"value": values[name], "timestamp": at, "sourceType": "INTEGRATION"})
    return {**body, "propertiesWithHistory": history}


def with_associations(portal: Portal, body: dict[str, Any], record: Record, segments: Iterable[str]) -> dict[str, Any]:
    """Add what a record is associated with, by the plural names of the other types."""
    found = {}
    for segment in segments:
        kind = object_type(segment)
        rows = [
            {"id": end.record_id, "type": f"{record.object_type}_to_{kind.name}"}
            for end in portal.store.links(record.end, kind.name)
        ]
        if rows:
            found[kind.plural] = {"results": rows}
    return {**body, "associations": found} if found else body
