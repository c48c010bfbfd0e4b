"""What a call comes to: an `Answer`, or a `Refusal` raised by whoever finds the fault.

HubSpot writes the same refusal in two forms: as the whole body (400, 409, 404 ...) and, inside a 207, as one item of
`errors`, tied to its inputs by `context`. Both are made here, from the same facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

VALIDATION = "VALIDATION_ERROR"
CONFLICT = "CONFLICT"
NOT_FOUND = "OBJECT_NOT_FOUND"

JSON_TYPE = "application/json;charset=utf-8"

_RULE_CODES = frozenset({"MISSING_REQUIRED_PROPERTY", "MISSING_CONDITIONAL_REQUIRED_PROPERTY"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer before it is bytes. `body` None is an empty body; text is sent as it is."""

    status: int
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON_TYPE

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class PropertyError:
    """One property value that HubSpot would not take. `code` is what clients match on (INVALID_EMAIL, ...)."""

    name: str
    code: str
    message: str

    def detail(self) -> dict[str, Any]:
        return {"message": self.message, "code": self.code, "context": {"propertyName": [self.name]}}

    def inline(self, portal_id: int | None) -> dict[str, Any]:
        """Give the form that stands as JSON inside a message; items of a 207 carry the portal too."""
        plain = {"isValid": False, "message": self.message, "error": self.code, "name": self.name}
        return plain if portal_id is None else {**plain, "localizedErrorMessage": self.message, "portalId": portal_id}


class Refusal(Exception):  # noqa: N818 - the domain's word: HubSpot refuses, nothing broke
    """A call, or one input of a batch, that HubSpot refuses, with all that either form of the body needs.

    `context` maps names to lists of strings; `item_context` is more of it that only the item form shows.
    `property_errors` fill `errors` in the body of a whole answer; `more` is added to it at the end.
    `taken` tells a unique value that another record owns from a value that is wrong in itself.
    """

    def __init__(  # noqa: PLR0913 - the members of HubSpot's error body
        self,
        status: int,
        message: str,
        *,
        category: str | None = None,
        sub_category: str | None = None,
        context: Mapping[str, list[str]] | None = None,
        item_context: Mapping[str, list[str]] | None = None,
        property_errors: tuple[PropertyError, ...] = (),
        more: Mapping[str, Any] | None = None,
        taken: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.sub_category = sub_category
        self.context = dict(context or {})
        self.item_context = dict(item_context or {})
        self.property_errors = property_errors
        self.more = dict(more or {})
        self.taken = taken

    def body(self, correlation_id: str) -> dict[str, Any]:
        """Give the body of a whole answer."""
        body: dict[str, Any] = {"status": "error", "message": self.message, "correlationId": correlation_id}
        if self.context:
            body["context"] = self.context
        if self.property_errors:
            body["errors"] = [error.detail() for error in self.property_errors]
        if self.category:
            body["category"] = self.category
        if self.sub_category:
            body["subCategory"] = self.sub_category
        return body | self.more

    def item(self, portal_id: int, context: Mapping[str, list[str]]) -> dict[str, Any]:
        """Give the form inside `errors` of a 207; `context` names the input it belongs to."""
        message = self.message
        if self.property_errors:
            message = validation_message(self.property_errors, portal_id)
        item: dict[str, Any] = {"status": "error", "category": self.category or VALIDATION}
        if self.sub_category:
            item["subCategory"] = self.sub_category
        item |= {"message": message, "context": {**context, **self.context, **self.item_context}}
        if _of_rules(self.property_errors):
            item["errors"] = [error.detail() for error in self.property_errors]
        return item


def validation_message(errors: Iterable[PropertyError], portal_id: int | None = None) -> str:
    """Write the message that lists refused values as JSON, or the plain one of the 2026-09 write rules."""
    listed = list(errors)
    if _of_rules(listed):
        return "The property values provided are invalid"
    inline = json.dumps([error.inline(portal_id) for error in listed], ensure_ascii=False, separators=(",", ":"))
    return f"Property values were not valid: {inline}"


def _of_rules(errors: Iterable[PropertyError]) -> bool:
    """Tell whether the 2026-09 rules alone were broken: such a message lists nothing, so an item lists it beside.

    The plain message and the list beside it in an item are not documented; assumed.
    """
    codes = {error.code for error in errors}
    return bool(codes) and codes <= _RULE_CODES


def invalid_properties(errors: Iterable[PropertyError]) -> Refusal:
    listed = tuple(errors)
    return Refusal(400, validation_message(listed), category=VALIDATION, property_errors=listed)


def invalid(message: str, **context: list[str]) -> Refusal:
    """Refuse with 400 and HubSpot's category for anything that is wrong with what was sent."""
    return Refusal(400, message, category=VALIDATION, context=context)


def not_found() -> Refusal:
    return Refusal(404, "resource not found")


def grouped(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge items with the same message into one whose context lists all their inputs, as HubSpot does."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in items:
        key = (item["category"], item.get("subCategory"), item["message"], str(item.get("errors")))
        first = merged.setdefault(key, {**item, "context": {}})
        for name, values in item["context"].items():
            known = first["context"].setdefault(name, [])
            known.extend(value for value in values if value not in known)
    return list(merged.values())
