"""Whether HubSpot's text says what the shop says, by the property's type in HubSpot. Pure.

HubSpot trims texts, lower-cases e-mails, gives numbers and instants another spelling, reads a day as its midnight in
UTC, and keeps the chosen options of a checkbox in an order of its own (HubSpot docs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from connector.errors import RowError
from connector.ledger.fold import normal
from connector.message import EMAIL, FURTHER_EMAILS, ObjectType, Value
from connector.sender.render import render_all

Properties = Mapping[str, str | None]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def differing(
    object_type: ObjectType, wanted: Mapping[str, Value], held: Properties, types: Mapping[str, str]
) -> Iterable[tuple[str, str | None, str | None]]:
    """(property, the shop's text, HubSpot's) of each property that differs. `types`: HubSpot's type by name."""
    for name, value in wanted.items():
        text = as_sent(name, value)
        there = held.get(name) or None
        if is_address(object_type, name) and _holds(held, text):
            continue
        if not equal(text, there, types.get(name, "string"), is_address=is_address(object_type, name)):
            yield name, text, there


def as_sent(name: str, value: Value) -> str | None:
    """A value as the sender would write it, None for an empty one; what cannot be sent, as Python writes it."""
    try:
        return render_all({name: value})[name] or None
    except RowError:
        return str(value)


def is_address(object_type: ObjectType, name: str) -> bool:
    return object_type is ObjectType.CONTACT and name == EMAIL


def addresses(held: Properties) -> frozenset[str]:
    """All e-mail addresses of a contact, in the form in which they compare."""
    every = [held.get(EMAIL) or "", *(held.get(FURTHER_EMAILS) or "").split(";")]
    return frozenset(address for each in every if (address := normal(EMAIL, each)))


def _holds(held: Properties, text: str | None) -> bool:
    """A contact found by a further address keeps its first one, so each of them will do."""
    return text is not None and normal(EMAIL, text) in addresses(held)


def equal(text: str | None, there: str | None, kind: str, *, is_address: bool = False) -> bool:
    """Whether the text that was sent and the one that HubSpot gives mean the same value of a property of this type."""
    first, second = (text or "").strip(), (there or "").strip()
    if first == second:
        return True
    if not first or not second:
        return False
    if is_address:
        return first.lower() == second.lower()
    same = _SAME.get(kind)
    try:
        return same is not None and same(first, second)
    except (ValueError, InvalidOperation, OverflowError):
        return False


def _same_number(first: str, second: str) -> bool:
    return Decimal(first) == Decimal(second)


def _same_truth(first: str, second: str) -> bool:
    return first.casefold() == second.casefold()


def _same_day(first: str, second: str) -> bool:
    return _instant(first).date() == _instant(second).date()


def _same_instant(first: str, second: str) -> bool:
    return abs(_instant(first) - _instant(second)) < timedelta(milliseconds=1)


def _same_choice(first: str, second: str) -> bool:
    return _chosen(first) == _chosen(second)


def _same_text(first: str, second: str) -> bool:
    return first.replace("\r\n", "\n") == second.replace("\r\n", "\n")


def _chosen(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(";") if each.strip())


def _instant(text: str) -> datetime:
    """An instant in UTC: epoch milliseconds, or ISO 8601; a day is its midnight, as is a time without a zone."""
    if text.lstrip("-").isdigit():
        return _EPOCH + timedelta(milliseconds=int(text))
    if len(text) == len("2026-01-31"):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


_SAME: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "number": _same_number,
    "bool": _same_truth,
    "date": _same_day,
    "datetime": _same_instant,
    "enumeration": _same_choice,
    "string": _same_text,
}
