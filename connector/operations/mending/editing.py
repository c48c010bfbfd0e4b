"""An edit of what a row says: typed, checked, and told as a difference before anything is sent."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from connector.change import UNAVAILABLE, Column
from connector.errors import ConfigurationError, RowError
from connector.message import EMAIL, Action, ObjectType, Origin, SyncMessage, Value
from connector.operations.mending.typing_in import typed
from connector.sender.render import render_all

V = TypeVar("V", bound=Column)

_ADDRESS: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]{2,}")


@dataclass(frozen=True, slots=True)
class Edit:
    """What an operator wants changed: texts by name, an empty one clears. `new`: the row may not have the name yet."""

    texts: Mapping[str, str] = field(default_factory=dict)
    new: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after. UNAVAILABLE: the change did not carry it."""

    name: str
    before: Column
    after: Column


def differences(known: Mapping[str, Column], edit: Edit, what: str) -> list[Difference]:
    """What the edit changes of `known`, in its order; values are typed like those that they replace.

    Raises ConfigurationError with every name that is not there and every text that is no such value. `what` says what
    the names are of: "property" or "column".
    """
    faults = [_unknown(name, known, what) for name in edit.texts if name not in known and not edit.new]
    found = []
    for name, text in edit.texts.items():
        old = known.get(name)
        if name not in known and not edit.new:
            continue
        try:
            found.append(Difference(name, old, typed(old, text)))
        except ValueError as error:
            faults.append(f"{what} {name}: {error}")
    if faults:
        raise ConfigurationError("This cannot be sent:\n    " + "\n    ".join(faults))
    return [each for each in found if not _is_same(each.before, each.after)]


def _is_same(before: Column, after: Column) -> bool:
    """Empty text says the same as no value."""
    if before in {None, ""} or after in {None, ""}:
        return before in {None, ""} and after in {None, ""}
    return type(before) is type(after) and before == after


def _unknown(name: str, known: Iterable[str], what: str) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(names) or 'none'}"
    hint = " (--new adds one that it has not)" if what == "property" else ""
    return f"the row says no {what} {name}{meant}{hint}"


def said(message: SyncMessage) -> dict[str, Column]:
    """What can be edited of a message: its properties, and the names of those that the change did not carry."""
    return {**message.properties, **dict.fromkeys(sorted(message.unavailable), UNAVAILABLE)}


def edited(message: SyncMessage, changes: Iterable[Difference], revision: int) -> SyncMessage:
    """The message that says the edited values in the place of the row's own, until the row changes.

    Raises ConfigurationError for values that are known to be refused, and for a row that has ended.
    """
    if message.action is Action.DELETE:
        raise ConfigurationError(
            f"The row of {message.ref} has ended or is outside the filter: it has no values to be edited."
        )
    after: dict[str, Value] = {each.name: _sendable(each) for each in changes}
    properties = {**message.properties, **after}
    if faults := _faults(message.object_type, after):
        raise ConfigurationError("HubSpot would refuse this:\n    " + "\n    ".join(faults))
    return replace(
        message,
        properties=properties,
        unavailable=message.unavailable - after.keys(),
        origin=Origin.REPAIR,
        revision=max(revision, message.revision + 1),
    )


def _sendable(change: Difference) -> Value:
    value = change.after
    assert value is None or not isinstance(value, float | bytes | list), "no property holds one, so none is typed"
    return value  # type: ignore[return-value]  # times of day and durations do not stand in properties either


def _faults(object_type: ObjectType, properties: Mapping[str, Value]) -> list[str]:
    """What is known without asking HubSpot: forms that cannot be written, and addresses that are none."""
    faults = []
    for name, value in properties.items():
        try:
            render_all({name: value})
        except RowError as error:
            faults.append(f"{error.type}: {error.details}")
    address = properties.get(EMAIL) if object_type is ObjectType.CONTACT else None
    if address is not None and _ADDRESS.fullmatch(str(address)) is None:
        faults.append(f"INVALID_EMAIL_ADDRESS: {address} is no address like name@example.com")
    return faults
