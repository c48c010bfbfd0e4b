"""Errors and their records as they may be shown: without personal data, unless it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from connector.change import UNAVAILABLE, Column
from connector.datum import value_of
from connector.message import ObjectType, Value
from connector.operations.letters import Letter
from connector.operations.masking import NOTHING, Masking, mask_text
from connector.operations.originals import Original
from connector.sync_error import SyncError

_IMAGES: Final = ("before", "after")
"""A row in a change, before and after it."""


def hidden(record: Original, error: SyncError, masking: Masking) -> tuple[Original, frozenset[str]]:
    """The record as it may be shown, and the texts of it that are personal: they may stand in what was said of it."""
    value = record.value
    if masking == NOTHING or value is None:
        return record, frozenset()
    if not isinstance(value, dict):
        shown = f"{len(str(value))} characters that cannot be decoded; --show shows them"
        return replace(record, value=shown), frozenset()
    kind = _kind(error)
    if isinstance(value.get("properties"), dict):
        known = {name: _plain(each) for name, each in value["properties"].items()}
        masked = {name: masking.value(kind, name, each) for name, each in known.items()}
        return replace(record, value={**value, "properties": masked}), frozenset(_changed(known, masked))
    personal: set[str] = set()
    for name in _IMAGES:
        row = value.get(name)
        if isinstance(row, dict):
            masked_row = {column: hidden_column(error, column, each, masking) for column, each in row.items()}
            personal.update(_changed(row, masked_row))
            value = {**value, name: masked_row}
    return replace(record, value=value), frozenset(personal)


def _plain(datum: Any) -> Value:
    """A value of a message as it was meant; what has no such form stays as it is."""
    try:
        return value_of(datum)
    except (KeyError, ValueError, ArithmeticError):
        return str(datum)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    return (each for name, each in before.items() if isinstance(each, str) and after[name] != each)


def hidden_column(error: SyncError, name: str, value: Column, masking: Masking) -> Column:
    """One value of a row or a message. What is no property's value, as a list, is told by its type alone."""
    if masking == NOTHING or value is None or value is UNAVAILABLE:
        return value
    if isinstance(value, float | bytes | list | dict):
        return value if isinstance(value, float) else f"({type(value).__name__})"
    return masking.value(_kind(error), name, value)  # type: ignore[arg-type]  # times of day are masked by name alone


def _kind(error: SyncError) -> ObjectType:
    """Of a row that names no object everything is taken for a person's."""
    return ObjectType.CONTACT if error.ref is None else error.ref.type


def hidden_letter(letter: Letter, masking: Masking, personal: Iterable[str] = ()) -> Letter:
    """What was said of an error, without addresses, telephone numbers and the `personal` texts of its record."""
    if masking == NOTHING:
        return letter
    known = frozenset(personal)
    life = tuple(replace(each, details=mask_text(each.details, known)) for each in letter.life)
    refused = None if letter.refused is None else _hidden_error(letter.refused, known)
    return replace(letter, error=_hidden_error(letter.error, known), refused=refused, life=life)


def _hidden_error(error: SyncError, known: frozenset[str]) -> SyncError:
    answer = None if error.answer is None else mask_text(error.answer, known)
    return replace(error, details=mask_text(error.details, known), answer=answer)
