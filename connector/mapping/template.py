"""Templates over columns: `Order {number}`, `{order_id}-{product_id}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from connector.change import UNAVAILABLE, Row
from connector.mapping.faults import Fault, FaultyTextError, UnavailableColumnError
from connector.mapping.values import text_of

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. `render` gives None when a column is NULL, and raises UnavailableColumnError."""

    text: str
    columns: tuple[str, ...]
    render: Callable[[Row], str | None]


def is_template(text: str) -> bool:
    return "{" in text or "}" in text


def compile_template(text: str) -> Template:
    """Compiles a template; `{{` and `}}` stand for braces. Raises FaultyTextError."""
    parts: list[tuple[bool, str]] = []
    faults: list[Fault] = []
    for match in _TOKEN.finditer(text):
        token, column = match.group(), match.group(1)
        if column is not None:
            parts.append((True, column.strip()))
        else:
            parts.append((False, {"{{": "{", "}}": "}"}.get(token, token)))
        if column is not None and not column.strip():
            faults.append(Fault(match.start(), "`{}` names no column", "Write the column's name between the braces."))
        elif token in ("{", "}"):
            remedy = "Write `{column}`, or `{{` and `}}` for the braces themselves."
            faults.append(Fault(match.start(), f"`{token}` has no partner", remedy))
    if faults:
        raise FaultyTextError(tuple(faults))
    columns = tuple(dict.fromkeys(name for is_column, name in parts if is_column))
    return Template(text, columns, _renderer(parts))


def _renderer(parts: list[tuple[bool, str]]) -> Callable[[Row], str | None]:
    if len(parts) == 1 and parts[0][0]:
        return _single(parts[0][1])

    def render(row: Row) -> str | None:
        pieces: list[str] = []
        for is_column, name in parts:
            piece = _text(row, name) if is_column else name
            if piece is None:
                return None
            pieces.append(piece)
        return "".join(pieces)

    return render


def _single(name: str) -> Callable[[Row], str | None]:
    def render(row: Row) -> str | None:
        value = row[name]
        return value if type(value) is str else _text(row, name)

    return render


def _text(row: Row, name: str) -> str | None:
    value = row[name]
    if value is UNAVAILABLE:
        raise UnavailableColumnError(name)
    return text_of(value)
