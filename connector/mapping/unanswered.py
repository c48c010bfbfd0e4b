"""Places of a proposed shop file that a person has not filled in yet: `"?"` where a value belongs."""

from __future__ import annotations

from typing import Final

from connector.errors import Mistake
from connector.mapping.document import Document

PLACE: Final = "?"


def unanswered(document: Document) -> list[Mistake]:
    """A mistake for each scalar that is just a question mark. As a key of a value map it is a text like others."""
    return [
        Mistake(document.file, spot.line, spot.column, f"{_what(path)} is not answered yet", _REMEDY)
        for path, spot in document.values.items()
        if spot.raw.strip("\"' ") == PLACE
    ]


def instead_of(asked: list[Mistake], found: list[Mistake]) -> list[Mistake]:
    """The mistakes, where an open place speaks for whatever else is wrong with it, at its quote or behind it."""
    open_places = {(mistake.line, mistake.column + shift) for mistake in asked for shift in (0, 1)}
    return [*asked, *(mistake for mistake in found if (mistake.line, mistake.column) not in open_places)]


def _what(path: tuple[str, ...]) -> str:
    return f"`{path[-1]}`" if path else "this"


_REMEDY: Final = "Write the value in place of the question mark; the remark beside it or above it says what is asked."
