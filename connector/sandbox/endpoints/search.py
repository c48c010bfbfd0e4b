"""Search over the lagging index: filters, a free-text query, one sort, pages by offset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.sandbox import showing, values
from connector.sandbox.answers import Answer, invalid
from connector.sandbox.call import Call, as_members, as_text, is_whole, unreadable
from connector.sandbox.definitions import Definition
from connector.sandbox.object_types import ObjectType, object_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import Record
from connector.sandbox.values import Refused

PAGE_AT_MOST = 200
RESULTS_AT_MOST = 10_000
_PAGE = 10
_GROUPS, _FILTERS_PER_GROUP, _FILTERS = 5, 6, 18

Sortable = tuple[int, Decimal, str]


def search(portal: Portal, call: Call) -> Answer:
    kind = object_type(call.params["object_type"])
    offset, limit = _window(call)
    groups = [_filters(portal, kind, group) for group in _groups(call)]
    query = call.member("query", str, "").lower()
    found = [r for r in portal.search.records(kind.name) if _meets(r, groups) and _mentions(r, query)]
    _sort(found, call)
    names = call.texts("properties") or kind.shown
    body: dict[str, Any] = {
        "total": len(found),
        "results": [showing.shown(portal, call, record, names) for record in found[offset : offset + limit]],
    }
    if len(found) > offset + limit:
        body["paging"] = {"next": {"after": str(offset + limit)}}
    return Answer(200, body)


def _window(call: Call) -> tuple[int, int]:
    after, limit = call.body.get("after") if isinstance(call.body, dict) else None, call.member("limit", int, _PAGE)
    text = as_text(after) if after is not None else "0"
    if not is_whole(text) or not 0 < limit <= PAGE_AT_MOST:
        raise invalid(f"limit must be between 1 and {PAGE_AT_MOST} and after a whole number")
    if int(text) + limit > RESULTS_AT_MOST:
        raise invalid(f"The search results may be paged up to {RESULTS_AT_MOST} only")
    return int(text), limit


def _groups(call: Call) -> list[list[Any]]:
    groups = [as_members(group, "FilterGroup").get("filters") or [] for group in call.member("filterGroups", list, [])]
    if not all(isinstance(group, list) for group in groups):
        raise unreadable(groups, "java.util.List")
    if len(groups) > _GROUPS or any(len(group) > _FILTERS_PER_GROUP for group in groups):
        raise invalid(f"At most {_GROUPS} filter groups of {_FILTERS_PER_GROUP} filters each are allowed")
    if sum(len(group) for group in groups) > _FILTERS:
        raise invalid(f"At most {_FILTERS} filters are allowed")
    return groups


Test = Callable[[Record], bool]


def _meets(record: Record, groups: list[list[Test]]) -> bool:
    """Groups are alternatives, the filters of one must all hold."""
    return not groups or any(all(test(record) for test in group) for group in groups)


def _mentions(record: Record, query: str) -> bool:
    return not query or any(query in text.lower() for text in record.properties.values())


def _filters(portal: Portal, kind: ObjectType, rows: list[Any]) -> list[Test]:
    return [_filter(portal, kind, row) for row in rows]


def _filter(portal: Portal, kind: ObjectType, row: Any) -> Test:
    row = as_members(row, "Filter")
    name, operator = str(row.get("propertyName")), str(row.get("operator"))
    if operator not in _OPERATORS:
        raise invalid(f"Unknown filter operator: {operator}")
    definition = portal.catalogue.definition(kind.name, name)
    if definition is None:
        raise invalid(f"There was a problem with the request: property '{name}' does not exist")
    sent = row.get("values") if isinstance(row.get("values"), list) else [row.get("value"), row.get("highValue")]
    wanted = [_comparable(definition, as_text("" if value is None else value)) for value in [*(sent or []), "", ""]]
    test = _OPERATORS[operator]
    return lambda record: test(record.properties.get(name, "").lower(), wanted)


def _comparable(definition: Definition, text: str) -> str:
    """Give a value as records have it: times may be sent in milliseconds but are kept in ISO form."""
    if definition.kind not in {"date", "datetime"} or not text:
        return text.lower()
    try:
        return values.check(definition, text, (), newest=True).text.lower()
    except Refused as refused:
        raise invalid(refused.message) from refused


def sortable(text: str) -> Sortable:
    """Give a value to compare by: numbers among numbers, before everything else."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return (1, Decimal(0), text)
    return (0, number, "") if number.is_finite() else (1, Decimal(0), text)


def _has_token(text: str, wanted: list[str]) -> bool:
    return wanted[0].strip("*") in text


_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "EQ": lambda text, wanted: bool(text) and sortable(text) == sortable(wanted[0]),
    "NEQ": lambda text, wanted: bool(text) and sortable(text) != sortable(wanted[0]),
    "LT": lambda text, wanted: bool(text) and sortable(text) < sortable(wanted[0]),
    "LTE": lambda text, wanted: bool(text) and sortable(text) <= sortable(wanted[0]),
    "GT": lambda text, wanted: bool(text) and sortable(text) > sortable(wanted[0]),
    "GTE": lambda text, wanted: bool(text) and sortable(text) >= sortable(wanted[0]),
    "BETWEEN": lambda text, wanted: bool(text) and sortable(wanted[0]) <= sortable(text) <= sortable(wanted[1]),
    "IN": lambda text, wanted: bool(text) and text in wanted,
    "NOT_IN": lambda text, wanted: bool(text) and text not in wanted,
    "HAS_PROPERTY": lambda text, _: bool(text),
    "NOT_HAS_PROPERTY": lambda text, _: not text,
    "CONTAINS_TOKEN": lambda text, wanted: bool(text) and _has_token(text, wanted),
    "NOT_CONTAINS_TOKEN": lambda text, wanted: bool(text) and not _has_token(text, wanted),
}


def _sort(found: list[Record], call: Call) -> None:
    """Order by the one sort asked for, given as `name`, `-name` or `{propertyName, direction}`; else by id."""
    sorts = call.member("sorts", list, [])
    if len(sorts) > 1:
        raise invalid("Only one sort is allowed")
    found.sort(key=lambda record: int(record.record_id))
    for sort in sorts:
        named = sort if isinstance(sort, dict) else {"propertyName": str(sort).removeprefix("-")}
        falling = named.get("direction") == "DESCENDING" or str(sort).startswith("-")
        name = str(named.get("propertyName"))
        found.sort(key=lambda record: sortable(record.properties.get(name, "")), reverse=falling)
