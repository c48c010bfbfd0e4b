"""What a HubSpot account must have, as nouns, and what it has, as read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.http import HttpAnswer
from connector.mapping import Shop
from connector.message import ObjectType
from connector.sender.crm import DEFAULT_KEY
from connector.sender.exchange import Transport
from connector.sender.paths import Paths
from connector.sender.refusals import Constants
from connector.sender.render import render

GROUP: Final = "shopbridge"
PIPELINE: Final = "75e28846-ad0d-4be2-a027-5e1da6590b98"
"""The id that the eCommerce Bridge's pipeline had in every account."""

PIPELINE_LABEL: Final = "Ecommerce Pipeline"
STAGES: Final = (
    ("checkout_abandoned", "Checkout Abandoned", "0.1"),
    ("checkout_pending", "Checkout Pending", "0.2"),
    ("checkout_completed", "Checkout Completed", "0.6"),
    ("processed", "Processed", "1.0"),
    ("shipped", "Shipped", "1.0"),
    ("cancelled", "Cancelled", "0.0"),
)
"""Id, label and probability; 1.0 is won, 0.0 lost."""


@dataclass(frozen=True, slots=True)
class WantedProperty:
    """A property that must exist. `type` is HubSpot's (None: any); `place` is where the shop file says so.

    `match`: records in use are recognised by it, so its values must be unique.
    """

    name: str
    type: str | None = None
    options: tuple[str, ...] = ()
    place: str = ""
    match: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must exist, by object type; `pipeline`: the shop's deal pipeline as well."""

    paths: Paths
    key: str
    properties: Mapping[ObjectType, tuple[WantedProperty, ...]]
    pipeline: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is as it must be, what it is, and what to do where it is not."""

    ok: bool
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What one object type has: its groups' names, its property definitions by name."""

    groups: frozenset[str]
    properties: Mapping[str, Mapping[str, Any]]


def wanted_by(shops: Iterable[Shop], api_version: str, key: str = DEFAULT_KEY) -> Wanted:
    """What the shop files need. Raises ConfigurationError for an API version that is none."""
    properties: dict[ObjectType, dict[str, WantedProperty]] = {}
    for object_type, wanted in _needs(shops):
        known = properties.setdefault(object_type, {}).get(wanted.name)
        if known is not None:
            options = tuple(dict.fromkeys((*known.options, *wanted.options)))
            kind, match = known.type or wanted.type, known.match or wanted.match
            wanted = WantedProperty(wanted.name, kind, options, known.place, match)  # noqa: PLW2901
        properties[object_type][wanted.name] = wanted
    whole = {object_type: tuple(of_type.values()) for object_type, of_type in properties.items()}
    return Wanted(Paths(api_version), key, whole)


def constants_of(shops: Iterable[Shop]) -> Constants:
    """The values that the shop files state themselves: HubSpot's lacking one of them is no row's fault."""
    return frozenset(
        (object_type, wanted.name, option) for object_type, wanted in _needs(shops) for option in wanted.options
    )


def _needs(shops: Iterable[Shop]) -> Iterator[tuple[ObjectType, WantedProperty]]:
    for shop in shops:
        matched = {(mapping.type, mapping.match_by) for mapping in shop.mappings()}
        for object_type, needs in shop.properties().items():
            for need in needs.values():
                options = tuple(render(option) for option in need.options)
                match = (object_type, need.name) in matched
                yield object_type, WantedProperty(need.name, need.type, options, str(need.place), match)


def is_ours(definition: Mapping[str, Any]) -> bool:
    """Whether `setup` made the property and so may change it; HubSpot's own and those of others stay as they are."""
    return definition.get("groupName") == GROUP and definition.get("hubspotDefined") is not True


def lacking_options(wanted: WantedProperty, definition: Mapping[str, Any]) -> list[str]:
    """Values that the shop file states and the enumeration does not list."""
    if definition.get("type") != "enumeration":
        return []
    options = {str(option.get("value")) for option in definition.get("options") or ()}
    return [value for value in wanted.options if options and value not in options]


async def read_account(http: Transport, paths: Paths, object_type: ObjectType, answer: HttpAnswer) -> Found:
    groups = await http.request("GET", f"{paths.properties(object_type)}/groups")
    named = {str(group.get("name")) for group in results(groups)}
    return Found(frozenset(named), {str(each.get("name")): each for each in results(answer)})


def rights(answer: HttpAnswer) -> str:
    if answer.status == 401:
        return "Check SHOPBRIDGE_HUBSPOT_TOKEN."
    if answer.status == 403:
        return "Add the missing scope to the service key or private app."
    return "Correct the cause, or do it by hand in HubSpot, then run `shopbridge setup` again."


def unreadable(object_type: ObjectType, answer: HttpAnswer) -> Finding:
    what = f"{object_type}: HubSpot does not show its properties: {words(answer)}"
    return Finding(ok=False, what=what, remedy=rights(answer))


def results(answer: HttpAnswer) -> list[dict[str, Any]]:
    return objects(answer, "results")


def errors(answer: HttpAnswer) -> list[dict[str, Any]]:
    return objects(answer, "errors")


def objects(answer: HttpAnswer, name: str) -> list[dict[str, Any]]:
    listed = answer.body.get(name) if isinstance(answer.body, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def words(answer: HttpAnswer) -> str:
    message = answer.body.get("message") if isinstance(answer.body, dict) else None
    return f"HTTP {answer.status}: {message or answer.text[:200] or 'no text'}"
