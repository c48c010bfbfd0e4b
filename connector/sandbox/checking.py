"""The properties of one input, checked against the account: definitions, pipelines, rules of administrators.

All that is wrong with an input is found at once, since HubSpot lists it all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox import emails, values
from connector.sandbox.answers import PropertyError, invalid_properties
from connector.sandbox.call import as_text, unreadable
from connector.sandbox.definitions import Definition, Option
from connector.sandbox.object_types import ObjectType
from connector.sandbox.portal import Portal
from connector.sandbox.values import Refused, Value

_LIFECYCLE = "lifecyclestage"


@dataclass(slots=True)
class Checked:
    """What may be written: texts by name, the empty text clearing; and warnings about dates that were changed."""

    values: dict[str, str] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    errors: list[PropertyError] = field(default_factory=list)

    def resulting(self, current: Mapping[str, str]) -> dict[str, str]:
        """Give the properties as they will be."""
        merged = {**current, **self.values}
        return {name: text for name, text in merged.items() if text != ""}


def checked(portal: Portal, kind: ObjectType, sent: Any, current: Mapping[str, str] | None, *, newest: bool) -> Checked:
    """Check what was sent for a record that has the `current` properties (None: it is to be created).

    A null leaves its property alone. Raises `Refusal` with one error for each bad value.
    """
    if not isinstance(sent, dict):
        raise unreadable(sent, "java.util.Map")
    found = Checked()
    for name, value in sent.items():
        if value is not None:
            _check_one(portal, kind, name, as_text(value), found, newest=newest)
    _append_options(found, current or {})
    _check_pipeline(portal, kind, current, found)
    _keep_lifecycle(portal, kind, current or {}, found)
    if newest:
        found.errors += _rule_errors(portal, kind, found.resulting(current or {}), creating=current is None)
    if found.errors:
        raise invalid_properties(found.errors)
    return found


def _check_one(portal: Portal, kind: ObjectType, name: str, text: str, found: Checked, *, newest: bool) -> None:
    definition = portal.catalogue.definition(kind.name, name)
    if definition is None:
        found.errors.append(PropertyError(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
    elif definition.read_only or definition.calculated:
        message = f'"{name}" is a calculated property; its value cannot be set.'
        found.errors.append(PropertyError(name, "READ_ONLY_VALUE", message))
    elif text == "":
        found.values[name] = ""
    else:
        try:
            value = _value(portal, kind, definition, text, newest=newest)
        except Refused as refused:
            found.errors.append(refused.of(name))
            return
        found.values[name] = value.text
        if value.normalized is not None:
            found.warnings.append(values.warning(name, text, value.normalized))


def _value(portal: Portal, kind: ObjectType, definition: Definition, text: str, *, newest: bool) -> Value:
    for rule in portal.switches.rules:
        broken = rule.broken(text) if rule.meets(kind.name, definition.name) else None
        if broken is not None:
            raise Refused(*broken)
    if kind.name == "contact" and definition.name == "email":
        return Value(_email(portal, text))
    if kind.name == "contact" and definition.name == emails.ADDITIONAL:
        adding = ";" if text.startswith(";") else ""
        return Value(adding + ";".join(_email(portal, part) for part in emails.listed(text)))
    return values.check(definition, text, definition.options, newest=newest)


def _email(portal: Portal, text: str) -> str:
    address = emails.check(text, check_top_level_domain=portal.switches.check_top_level_domain)
    if address in portal.store.blocked:
        raise Refused("INVALID_EMAIL", f"Email address {text} is invalid: email has been GDPR blacklisted")
    return address


def _append_options(found: Checked, current: Mapping[str, str]) -> None:
    """A multi-value that begins with a semicolon adds to what is there."""
    for name, text in found.values.items():
        if text.startswith(";"):
            parts = [*current.get(name, "").split(";"), *text.split(";")]
            found.values[name] = ";".join(dict.fromkeys(part for part in parts if part))


def _check_pipeline(portal: Portal, kind: ObjectType, current: Mapping[str, str] | None, found: Checked) -> None:
    """Check that the stage belongs to the pipeline, as the record will be; a new record gets the default pipeline."""
    if kind.pipeline is None or kind.stage is None:
        return
    pipelines = portal.catalogue.pipelines[kind.name]
    if current is None and not found.values.get(kind.pipeline):
        found.values[kind.pipeline] = next(iter(pipelines))
    if not {kind.pipeline, kind.stage} & found.values.keys():
        return
    after = found.resulting(current or {})
    pipeline, stage = pipelines.get(after.get(kind.pipeline, "")), after.get(kind.stage)
    if pipeline is None or stage is None or any(error.name == kind.stage for error in found.errors):
        return
    if stage not in {s.stage_id for s in pipeline.stages if not s.archived}:
        options = [Option(s.label, s.stage_id) for s in pipeline.stages]
        found.errors.append(values.invalid_option(stage, options).of(kind.stage))


def _keep_lifecycle(portal: Portal, kind: ObjectType, current: Mapping[str, str], found: Checked) -> None:
    """The lifecycle stage moves forward only: an earlier stage is dropped without a word, as HubSpot does."""
    wanted, present = found.values.get(_LIFECYCLE), current.get(_LIFECYCLE)
    if kind.name != "contact" or not wanted or not present:
        return
    order = [option.value for option in portal.catalogue.properties["contact"][_LIFECYCLE].options]
    if wanted in order and present in order and order.index(wanted) < order.index(present):
        del found.values[_LIFECYCLE]


def _rule_errors(
    portal: Portal, kind: ObjectType, after: Mapping[str, str], *, creating: bool
) -> Iterable[PropertyError]:
    """Find what the write rules of 2026-09 miss: properties required on creation, or by the value of another."""
    for name in portal.switches.required.get(kind.name, ()) if creating else ():
        if name not in after:
            yield PropertyError(name, "MISSING_REQUIRED_PROPERTY", f"A value for {name} must be provided")
    for rule in portal.switches.conditional:
        met = rule.object_type == kind.name and after.get(rule.controller) in rule.values
        if met and rule.property not in after:
            message = f"{rule.property} is required because of a conditional property rule based on [{rule.controller}]"
            yield PropertyError(rule.property, "MISSING_CONDITIONAL_REQUIRED_PROPERTY", message)
