"""Property definitions and their groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.sandbox import batch, definitions
from connector.sandbox.answers import CONFLICT, NOT_FOUND, Answer, Refusal, invalid
from connector.sandbox.batch import Input
from connector.sandbox.call import Call, as_members, as_text, as_whole, unreadable
from connector.sandbox.definitions import UNIQUE_PER_OBJECT, Definition
from connector.sandbox.object_types import object_type
from connector.sandbox.portal import Portal

_EXISTS = "OBJECT_ALREADY_EXISTS"


def page(portal: Portal, call: Call) -> Answer:
    known = portal.catalogue.properties[_type(call)].values()
    return Answer(200, {"results": [d.body() for d in known if d.archived == call.flag("archived")]})


def read(portal: Portal, call: Call) -> Answer:
    definition = _found(portal, call, call.params["name"])
    if definition.archived != call.flag("archived"):
        raise _unknown(call.params["name"])
    return Answer(200, definition.body())


def create(portal: Portal, call: Call) -> Answer:
    definition = _create(portal, call, call.body)
    return Answer(201, definition.body(), {"Location": f"{call.path}/{definition.name}"})


def update(portal: Portal, call: Call) -> Answer:
    if not isinstance(call.body, dict):
        raise unreadable(call.body, "PropertyUpdate")
    old = _found(portal, call, call.params["name"])
    kind = object_type(call.params["object_type"])
    if old.name in {kind.pipeline, kind.stage} or old.currency:
        raise invalid(f"Property '{old.name}' has a read-only definition")
    new = definitions.changed(old, call.body, call.origin.at)
    _check_group(portal, _type(call), new.group)
    _define(portal, call, new)
    return Answer(200, new.body())


def archive(portal: Portal, call: Call) -> Answer:
    _archive(portal, call, _found(portal, call, call.params["name"]))
    return Answer(204)


def create_many(portal: Portal, call: Call) -> Answer:
    """Create each that can be created; names that exist are errors of a 207, the others are created all the same."""
    done, failures = batch.attempt(_inputs(call), lambda item: _create(portal, call, item.raw).body())
    refused = [failure for failure in failures if failure.refusal.category != _EXISTS]
    if refused:
        raise refused[0].refusal
    return batch.answer(portal, call, done, batch.failure_items(portal, failures), status=201)


def read_many(portal: Portal, call: Call) -> Answer:
    archived = bool(call.member("archived", bool, default=False))

    def find(item: Input) -> dict[str, Any]:
        definition = _found(portal, call, item.text("name"))
        if definition.archived != archived:
            raise _unknown(definition.name)
        return definition.body()

    done, failures = batch.attempt(_inputs(call), find)
    return batch.answer(portal, call, done, batch.failure_items(portal, failures))


def archive_many(portal: Portal, call: Call) -> Answer:
    """Archive each; names that do not exist are passed over."""
    for item in _inputs(call):
        definition = portal.catalogue.definition(_type(call), item.text("name"))
        if definition is not None:
            _archive(portal, call, definition)
    return Answer(204)


def page_groups(portal: Portal, call: Call) -> Answer:
    groups = portal.catalogue.groups[_type(call)].values()
    return Answer(200, {"results": [group for group in groups if not group["archived"]]})


def read_group(portal: Portal, call: Call) -> Answer:
    return Answer(200, _group(portal, call))


def create_group(portal: Portal, call: Call) -> Answer:
    sent = as_members(call.body, "PropertyGroupCreate")
    missing = [name for name in ("name", "label") if not sent.get(name)]
    if missing:
        raise invalid("Some required fields were not set: [" + ", ".join(missing) + "]", properties=missing)
    name, label = as_text(sent["name"]), as_text(sent["label"])
    known = portal.catalogue.groups[_type(call)].get(name)
    if known is not None and not known["archived"]:
        message = f"A property group named '{name}' already exists."
        raise Refusal(409, message, category=CONFLICT, context={"name": [name]})
    if not definitions.NAME.fullmatch(name):
        raise invalid(f"Property group name '{name}' is not valid", name=[name])
    order = as_whole(sent.get("displayOrder"), -1)
    group = {"name": name, "label": label, "displayOrder": order, "archived": False}
    portal.catalogue.define_group(_type(call), group)
    return Answer(201, group, {"Location": f"{call.path}/{group['name']}"})


def update_group(portal: Portal, call: Call) -> Answer:
    sent, old = as_members(call.body, "PropertyGroupUpdate"), _group(portal, call)
    label, order = as_text(sent.get("label") or old["label"]), as_whole(sent.get("displayOrder"), old["displayOrder"])
    group = {**old, "label": label, "displayOrder": order}
    portal.catalogue.define_group(_type(call), group)
    return Answer(200, group)


def archive_group(portal: Portal, call: Call) -> Answer:
    group = _group(portal, call)
    used = [d.name for d in portal.catalogue.properties[_type(call)].values() if d.group == group["name"]]
    if used:
        raise invalid(f"Property group '{group['name']}' still has properties", properties=used)
    portal.catalogue.define_group(_type(call), {**group, "archived": True})
    return Answer(204)


def _type(call: Call) -> str:
    return object_type(call.params["object_type"]).name


def _inputs(call: Call) -> list[Input]:
    inputs = batch.inputs_of(call)
    batch.check_duplicates(item.text("name") for item in inputs)
    return inputs


def _found(portal: Portal, call: Call, name: str) -> Definition:
    definition = portal.catalogue.properties[_type(call)].get(name)
    if definition is None:
        raise _unknown(name)
    return definition


def _unknown(name: str) -> Refusal:
    return Refusal(404, f"Property '{name}' does not exist", category=NOT_FOUND, context={"name": [name]})


def _create(portal: Portal, call: Call, sent: Any) -> Definition:
    """Create a property, or restore an archived one of that name."""
    if not isinstance(sent, Mapping):
        raise unreadable(sent, "PropertyCreate")
    definition = definitions.from_sent(sent, call.origin.at)
    kind = _type(call)
    if definition.kind == "phone_number" and not call.newest:
        raise invalid("Property type 'phone_number' is not valid")
    if portal.catalogue.definition(kind, definition.name) is not None:
        raise Refusal(
            409,
            f"A property named '{definition.name}' already exists.",
            category=_EXISTS,
            sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
            context={"name": [definition.name]},
        )
    _check_group(portal, kind, definition.group)
    own = [d for d in portal.catalogue.properties[kind].values() if d.unique and not (d.hubspot_defined or d.archived)]
    if definition.unique and len(own) >= UNIQUE_PER_OBJECT:
        raise invalid(f"At most {UNIQUE_PER_OBJECT} properties of an object may have unique values")
    _define(portal, call, definition)
    return definition


def _check_group(portal: Portal, kind: str, name: str) -> None:
    group = portal.catalogue.groups[kind].get(name)
    if group is None or group["archived"]:
        raise invalid(f"Property group '{name}' does not exist", groupName=[name])


def _archive(portal: Portal, call: Call, definition: Definition) -> None:
    if definition.hubspot_defined:
        raise invalid(f"Property '{definition.name}' is defined by HubSpot and cannot be archived")
    _define(portal, call, replace(definition, archived=True, updated_at=call.origin.at))


def _define(portal: Portal, call: Call, definition: Definition) -> None:
    portal.catalogue.define(_type(call), definition)
    portal.store.reindex()


def _group(portal: Portal, call: Call) -> dict[str, Any]:
    name = call.params["name"]
    group = portal.catalogue.groups[_type(call)].get(name)
    if group is None or group["archived"]:
        message = f"Property group '{name}' does not exist"
        raise Refusal(404, message, category=NOT_FOUND, context={"name": [name]})
    return dict(group)
