"""Text functions, as PostgreSQL does them."""

from __future__ import annotations

from typing import Any

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.cast import to_text
from connector.mapping.sql.numeric import type_name


def lower(text: str) -> str:
    """Character by character, as the C library does it: no character becomes two."""
    return text.lower() if text.isascii() else "".join(map(_lower_character, text))


def upper(text: str) -> str:
    """Character by character, as the C library does it: ß stays ß."""
    return text.upper() if text.isascii() else "".join(map(_upper_character, text))


def as_text(value: Any, function: str) -> str:
    """The value, if it is text. Raises EvaluationError otherwise."""
    if type(value) is not str:
        raise EvaluationError(f"{function} takes text, not {type_name(value)}: CAST it")
    return value


def piped(a: Any, b: Any) -> str:
    """`||`, of which one side must be text."""
    if type(a) is not str and type(b) is not str:
        raise EvaluationError(f"|| joins texts, not {type_name(a)} with {type_name(b)}: CAST one of them")
    return to_text(a) + to_text(b)


def concatenated(value: Any) -> str:
    """An argument of CONCAT as text; truth values are `t` and `f` there."""
    if type(value) is bool:
        return "t" if value else "f"
    return to_text(value)


def substring(text: Any, start: Any, length: Any = None) -> str:
    """Counts from 1; a start before the text uses up the length."""
    value = as_text(text, "SUBSTRING")
    if type(start) is not int or (length is not None and type(length) is not int):
        raise EvaluationError("SUBSTRING takes whole numbers as start and length")
    if length is None:
        return value[max(start - 1, 0) :]
    if length < 0:
        raise EvaluationError("negative substring length not allowed")
    return value[max(start - 1, 0) : max(start - 1 + length, 0)]


def split_part(text: Any, delimiter: Any, field: Any) -> str:
    """The field between delimiters, counted from 1, or from the end when negative; empty beyond the last."""
    value, separator = as_text(text, "SPLIT_PART"), as_text(delimiter, "SPLIT_PART")
    if type(field) is not int:
        raise EvaluationError("SPLIT_PART takes a whole number as field")
    if field == 0:
        raise EvaluationError("field position must not be zero")
    if not value:
        return ""
    parts = value.split(separator) if separator else [value]
    index = field - 1 if field > 0 else len(parts) + field
    return parts[index] if 0 <= index < len(parts) else ""


def replace(text: Any, old: Any, new: Any) -> str:
    value, searched, replacement = (as_text(argument, "REPLACE") for argument in (text, old, new))
    return value.replace(searched, replacement) if searched else value


def trimmed(text: Any, characters: Any = " ") -> str:
    """Without any of the characters at both ends."""
    return as_text(text, "TRIM").strip(as_text(characters, "TRIM"))


def left_trimmed(text: Any, characters: Any = " ") -> str:
    return as_text(text, "TRIM").lstrip(as_text(characters, "TRIM"))


def right_trimmed(text: Any, characters: Any = " ") -> str:
    return as_text(text, "TRIM").rstrip(as_text(characters, "TRIM"))


def _lower_character(character: str) -> str:
    return character.lower()[0]  # only the Turkish İ becomes two characters, and the first of them is the answer


def _upper_character(character: str) -> str:
    changed = character.upper()
    if len(changed) == 1:
        return changed
    titled = character.title()  # Greek letters with iota below: their title form is their simple upper case
    return titled if len(titled) == 1 else character
