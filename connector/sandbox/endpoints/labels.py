"""Association labels: HubSpot's own and the account's."""

from __future__ import annotations

from dataclasses import replace

from connector.sandbox.answers import Answer, invalid
from connector.sandbox.call import Call
from connector.sandbox.object_types import object_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import AssociationType


def page(portal: Portal, call: Call) -> Answer:
    start, end = object_type(call.params["from_type"]), object_type(call.params["to_type"])
    return _listed(portal.catalogue.association_types(start.name, end.name))


def create(portal: Portal, call: Call) -> Answer:
    """Create a label for both directions; the answer lists one type per direction."""
    start, end = object_type(call.params["from_type"]), object_type(call.params["to_type"])
    label, name = call.member("label", str, ""), call.member("name", str, "")
    if not (label and name):
        raise invalid("Some required fields were not set: [label, name]")
    if portal.catalogue.default_association(start.name, end.name) is None:
        raise invalid(f"No association type exists between {start.type_id} and {end.type_id}")
    first = portal.catalogue.fresh_label_id()
    there = AssociationType(start.name, end.name, first, label, first + 1, "USER_DEFINED")
    back = replace(there, from_type=end.name, to_type=start.name, type_id=first + 1, inverse_id=first)
    back = replace(back, label=call.member("inverseLabel", str, label))
    portal.catalogue.define_labels([there, back])
    return _listed([there, back])


def _listed(kinds: list[AssociationType]) -> Answer:
    rows = [{"category": kind.category, "typeId": kind.type_id, "label": kind.label} for kind in kinds]
    return Answer(200, {"results": rows})
