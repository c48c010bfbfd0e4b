"""Property definitions: what may be written to a record, and how it must look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connector.sandbox import seeds
from connector.sandbox.answers import invalid
from connector.sandbox.call import as_text, as_whole, unreadable

FIELD_TYPES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"text", "textarea", "html", "phonenumber", "file", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox"}),
    "bool": frozenset({"booleancheckbox"}),
    "phone_number": frozenset({"phonenumber"}),
}
"""Which `fieldType` goes with which `type`, from HubSpot's properties guide."""

UNIQUE_PER_OBJECT = 10

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")

_REQUIRED = ("name", "label", "type", "fieldType", "groupName")

_KEPT = (
    "description",
    "displayOrder",
    "hidden",
    "formField",
    "calculationFormula",
    "referencedObjectType",
    "dataSensitivity",
    "numberDisplayHint",
    "currencyPropertyName",
    "showCurrencySymbol",
)


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of an enumeration."""

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""

    def body(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "value": self.value,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """One property of one object type.

    `number_error` is the code of a refused number; `minimum` the least number allowed; `currency` marks enumerations
    whose options are the account's currencies. These three are HubSpot's doing and never shown.
    """

    name: str
    label: str
    kind: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    external_options: bool = False
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    hubspot_defined: bool = False
    archived: bool = False
    created_at: str = "2019-08-06T02:41:08.029Z"
    updated_at: str = "2019-08-06T02:41:08.029Z"
    detail: Mapping[str, Any] = field(default_factory=dict)
    number_error: str = "INVALID_LONG"
    minimum: str | None = None
    currency: bool = False

    def body(self) -> dict[str, Any]:
        """Give the form in which the API shows it."""
        locked = self.read_only or self.calculated
        return {
            "updatedAt": self.updated_at,
            "createdAt": self.created_at,
            "name": self.name,
            "label": self.label,
            "type": self.kind,
            "fieldType": self.field_type,
            "description": "",
            "groupName": self.group,
            "options": [option.body() for option in self.options],
            "displayOrder": -1,
            "calculated": self.calculated,
            "externalOptions": self.external_options,
            "archived": self.archived,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": self.hubspot_defined,
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": locked,
                "readOnlyOptions": self.hubspot_defined,
            },
            "formField": False,
            "dataSensitivity": "non_sensitive",
        } | dict(self.detail)

    def stored(self) -> dict[str, Any]:
        """Give the form that the database keeps; `from_stored` reads it."""
        return self.body() | {"readOnly": self.read_only}


def options_from(rows: Any) -> tuple[Option, ...]:
    """Read options as they are sent. Raises `Refusal` for two with one value or one label."""
    if not isinstance(rows or [], list):
        raise unreadable(rows, "java.util.List")
    options = []
    for position, row in enumerate(rows or ()):
        if not isinstance(row, dict) or "label" not in row or "value" not in row:
            raise invalid("Every option needs a label and a value")
        order, hidden = as_whole(row.get("displayOrder"), position), bool(row.get("hidden"))
        texts = [as_text(row.get(name) or "") for name in ("label", "value", "description")]
        options.append(Option(texts[0], texts[1], order, hidden, texts[2]))
    for name in ("label", "value"):
        seen = [getattr(option, name) for option in options]
        if len(set(seen)) != len(seen):
            raise invalid(f"Property option {name}s must be unique")
    return tuple(options)


def from_sent(sent: Mapping[str, Any], at: str) -> Definition:
    """Read a definition as a client sends it for creation. Raises `Refusal` for what HubSpot would not take."""
    missing = [name for name in _REQUIRED if not sent.get(name)]
    if missing:
        raise invalid("Some required fields were not set: [" + ", ".join(missing) + "]", properties=missing)
    name, label, kind, field_type, group = (as_text(sent[name]) for name in _REQUIRED)
    definition = Definition(
        name,
        label,
        kind,
        field_type,
        group,
        options_from(sent.get("options")),
        external_options=bool(sent.get("externalOptions")),
        unique=bool(sent.get("hasUniqueValue")),
        calculated=field_type == "calculation_equation",
        created_at=at,
        updated_at=at,
        detail={name: sent[name] for name in _KEPT if sent.get(name) is not None},
    )
    check(definition)
    return definition


def from_stored(body: Mapping[str, Any]) -> Definition:
    """Read what `Definition.stored` wrote."""
    return replace(
        from_sent(body, body["createdAt"]),
        updated_at=body["updatedAt"],
        archived=body["archived"],
        read_only=body["readOnly"],
    )


def changed(old: Definition, sent: Mapping[str, Any], at: str) -> Definition:
    """Apply a PATCH. Name, uniqueness and sensitivity cannot change: those members are left alone, as HubSpot does."""
    kept = {name: sent[name] for name in _KEPT if sent.get(name) is not None and name != "dataSensitivity"}
    new = replace(
        old,
        label=as_text(sent.get("label") or old.label),
        kind=as_text(sent.get("type") or old.kind),
        field_type=as_text(sent.get("fieldType") or old.field_type),
        group=as_text(sent.get("groupName") or old.group),
        options=options_from(sent["options"]) if sent.get("options") is not None else old.options,
        detail={**old.detail, **kept},
        updated_at=at,
    )
    check(new)
    return new


def check(definition: Definition) -> None:
    """Raise `Refusal` for a definition that contradicts itself."""
    if not NAME.fullmatch(definition.name):
        raise invalid(
            f"Property name '{definition.name}' is not valid: lower-case letters, digits and underscores, "
            "beginning with a letter, at most 100 characters",
            name=[definition.name],
        )
    if definition.field_type not in FIELD_TYPES.get(definition.kind, frozenset()):
        raise invalid(f"Property type '{definition.kind}' does not go with field type '{definition.field_type}'")
    if definition.kind == "enumeration" and not (definition.options or definition.external_options):
        raise invalid(f"Property '{definition.name}' is an enumeration and needs options")
    if definition.kind == "bool" and {option.value for option in definition.options} != {"true", "false"}:
        raise invalid(f"Property '{definition.name}' is a bool and needs the options true and false")
    if definition.unique and definition.kind not in {"string", "number"}:
        raise invalid("Only properties of type string or number can have unique values")


def standard(object_type: str) -> dict[str, Definition]:
    """Give HubSpot's own properties of a type, by name."""
    seed = seeds.properties()[object_type]
    return {row["name"]: _standard(row, seed["group"][0]) for row in seed["properties"]}


def _standard(row: Mapping[str, Any], group: str) -> Definition:
    options = tuple(Option(label, value, order) for order, (label, value) in enumerate(row.get("options", ())))
    return Definition(
        row["name"],
        row["label"],
        row["type"],
        row["fieldType"],
        group,
        options,
        external_options=row.get("externalOptions", False),
        unique=row.get("hasUniqueValue", False),
        read_only=row.get("readOnly", False),
        calculated=row.get("calculated", False),
        hubspot_defined=True,
        number_error=row.get("numberError", "INVALID_LONG"),
        minimum=row.get("minimum"),
        currency=row.get("currency", False),
    )
