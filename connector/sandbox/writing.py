"""One record created, changed, archived: the acts that single calls and batches share.

Each act checks everything before it touches the transaction, so a refused input leaves no trace in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.sandbox import linking
from connector.sandbox.answers import CONFLICT, VALIDATION, Refusal
from connector.sandbox.checking import Checked, checked
from connector.sandbox.computed import INHERITED, completed
from connector.sandbox.object_types import BY_NAME, ObjectType
from connector.sandbox.portal import Portal
from connector.sandbox.record import LogEntry, Record
from connector.sandbox.store import UniqueValue
from connector.sandbox.work import Work


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it is after an act, which properties the act wrote, and warnings about changed dates."""

    record: Record
    names: tuple[str, ...]
    warnings: tuple[Mapping[str, Any], ...] = ()
    new: bool = False
    trace_id: str | None = None


def create(work: Work, sent: Any, associations: Any = None, trace_id: str | None = None) -> Written:
    """Create a record with its inline associations. Raises `Refusal`."""
    links = linking.inline(work, associations)
    found = checked(work.portal, work.kind, sent, None, newest=work.call.newest)
    _require(work.kind, found)
    given = dict(found.values)
    if work.kind.name == "line_item":
        _inherit(work, found)
    record_id = work.portal.store.fresh_id()
    record = Record(record_id, work.kind.name, found.resulting({}), work.at, work.at)
    record = _placed(work, record)
    for link in links:
        linking.make(work, record.end, link)
    work.tx.note(LogEntry("create", record.end, given, trace_id=trace_id))
    return Written(record, tuple(given), tuple(found.warnings), new=True, trace_id=trace_id)


def update(work: Work, current: Record, sent: Any, trace_id: str | None = None) -> Written:
    """Write properties to a record; those not sent stay. Raises `Refusal`."""
    found = checked(work.portal, work.kind, sent, current.properties, newest=work.call.newest)
    record = replace(current, properties=found.resulting(current.properties), updated_at=work.at)
    record = _placed(work, record)
    work.tx.note(LogEntry("update", record.end, found.values, trace_id=trace_id))
    return Written(record, tuple(found.values), tuple(found.warnings), trace_id=trace_id)


def archive(work: Work, record: Record) -> None:
    """Move a record to the recycling bin; its associations go with it."""
    work.tx.put(replace(record, archived=True, archived_at=work.at, updated_at=work.at))
    work.tx.drop_links(record.end)
    work.tx.note(LogEntry("archive", record.end, {}))


def _placed(work: Work, record: Record) -> Record:
    """Complete a record and put it into the transaction, unless one of its unique values is taken."""
    record = replace(record, properties=completed(record, work.portal.catalogue))
    taken = work.tx.conflict(record)
    if taken is not None:
        updating = work.tx.get(record.record_id) is not None
        raise conflict(work.portal, record, *taken, updating=updating)
    work.tx.put(record)
    return record


def _require(kind: ObjectType, found: Checked) -> None:
    if kind.needs_one_of and not any(found.values.get(name) for name in kind.needs_one_of):
        raise Refusal(
            400,
            f"Error creating {kind.legacy}. Some required properties were not set.",
            category=VALIDATION,
            context={"properties": list(kind.needs_one_of)},
        )


def _inherit(work: Work, found: Checked) -> None:
    """Copy from the product, once, what a new line item does not say itself."""
    product = work.tx.get(found.values.get("hs_product_id", ""))
    if product is not None and product.alive and product.object_type == "product":
        known = {name: product.properties[name] for name in INHERITED if name in product.properties}
        found.values = {**known, **found.values}


def conflict(portal: Portal, record: Record, value: UniqueValue, owner: str, *, updating: bool) -> Refusal:
    """Refuse a unique value that another record owns; the e-mail of a contact has a status of its own.

    Which of the two forms an update of an e-mail meets is not documented: a switch decides.
    """
    kind, (_, name, text) = BY_NAME[record.object_type], value
    own_form = not updating or portal.switches.email_taken_by_update == "existing"
    if (kind.name, name) == ("contact", "email") and own_form:
        message = f"Contact already exists. Existing ID: {owner}"
        return Refusal(409, message, category=CONFLICT, item_context={"existingId": [owner]}, taken=True)
    coordinates = (
        f"portalId={portal.settings.portal_id}, objectTypeId=ObjectTypeId{{legacyObjectType={kind.legacy}}}, "
        f"propertyName={name}, value={text}"
    )
    on = f"{record.record_id}. {owner} already has that value."
    return Refusal(
        400, f"Cannot set PropertyValueCoordinates{{{coordinates}}} on {on}", category=VALIDATION, taken=True
    )
