"""Rows, and what is said of them, as they may be shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.capture.row import DecodedRow
from connector.change import UNAVAILABLE, Change
from connector.mapping.shop import SECTIONS
from connector.message import ObjectType, Value
from connector.operations.masking import NOTHING, Masking, mask_text
from connector.operations.previewing.said import Said, Unmapped


@dataclass(frozen=True, slots=True)
class Hidden:
    """A row's columns as they may be shown, and the texts hidden in it: they may stand in what is said of the row."""

    columns: Mapping[str, Any]
    personal: frozenset[str]


def hidden(said: Said, object_type: ObjectType, masking: Masking) -> Hidden:
    """The row, masked as the properties of an object of this type are; what its messages hide is hidden in it too.

    A column that holds no value to be shown says why, in brackets.
    """
    row = {name: _plain(value) for name, value in _row(said.change).items() if value is not UNAVAILABLE}
    shown = {name: masking.value(object_type, name, value) for name, value in row.items()}
    personal = frozenset({*_changed(row, shown), *_in_messages(said, masking)})
    if personal and object_type is not ObjectType.CONTACT:  # of which every text is hidden already
        shown = {name: mask_text(each, personal) if each == row[name] and isinstance(each, str) else each
                 for name, each in shown.items()}  # fmt: skip
    return Hidden({**shown, **_without_value(said.change)}, personal)


def hidden_faults(said: Said, masking: Masking) -> tuple[Unmapped, ...]:
    """Why sections cannot map the row, without what is personal in it."""
    if masking == NOTHING:
        return said.unmapped
    return tuple(
        replace(each, details=mask_text(each.details, hidden(said, SECTIONS[each.section], masking).personal))
        for each in said.unmapped
    )


def _row(change: Change) -> Mapping[str, Any]:
    return change.after if change.after is not None else change.key


def _without_value(change: Change) -> dict[str, str]:
    row = _row(change)
    left_out = {name: "(not in the change)" for name, value in row.items() if value is UNAVAILABLE}
    faults = row.faults if isinstance(row, DecodedRow) else {}
    return {**left_out, **{name: f"({fault.type})" for name, fault in faults.items()}}


def _in_messages(said: Said, masking: Masking) -> Iterator[str]:
    for message in said.messages:
        shown = {name: masking.value(message.object_type, name, each) for name, each in message.properties.items()}
        yield from _changed(message.properties, shown)


def _changed(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[str]:
    return (each for name, each in before.items() if isinstance(each, str) and after[name] != each)


def _plain(value: Any) -> Value:
    return value if isinstance(value, str | int | bool | None) else str(value)
