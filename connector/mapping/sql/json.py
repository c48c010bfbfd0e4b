"""JSON columns, which arrive as text, and the path operators over them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.mapping.faults import EvaluationError

Step = str | int


class _Number(str):
    """A number as it was written: JSON keeps 1.50 apart from 1.5, and so does the database's text of it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value inside an expression, the result of `->` and `#>`."""

    value: Any

    def text(self) -> str:
        return _dump(self.value)


def path(steps: tuple[Step, ...]) -> Callable[[Any], Any]:
    """Follows the path; gives Json, or None where there is nothing at its end."""

    def follow(value: Any) -> Json | None:
        for step in steps:
            value = _step(value, step)
            if value is MISSING:
                return None
        return Json(value)

    def read(source: Any) -> Json | None:
        return follow(source.value if type(source) is Json else _parsed(source))

    return read


def scalar(found: Json | None) -> str | None:
    """The text that `->>` and `#>>` give: of texts without quotes, NULL for JSON's null."""
    if found is None or found.value is None:
        return None
    if type(found.value) is str:
        return found.value
    return _dump(found.value)


MISSING = object()


def _step(value: Any, step: Step) -> Any:
    if type(value) is dict:
        return value.get(str(step), MISSING)
    if type(value) is not list and step in (0, -1):
        return value  # jsonb takes a lone scalar for a list of one
    if type(value) is list and (index := _index(step)) is not None:
        return value[index] if -len(value) <= index < len(value) else MISSING
    return MISSING


def _index(step: Step) -> int | None:
    if isinstance(step, int):
        return step
    return int(step) if step.lstrip("-").isdigit() else None


@functools.lru_cache(maxsize=64)
def loaded(text: str) -> Any:
    return json.loads(text, parse_int=_Number, parse_float=_Number)


def _parsed(source: Any) -> Any:
    if type(source) is not str:
        raise EvaluationError("a JSON path needs a JSON column")
    try:
        return loaded(source)
    except ValueError as error:
        raise EvaluationError(f"the column holds no JSON: {error}") from error


def _dump(value: Any) -> str:
    if type(value) is dict:
        return "{" + ", ".join(f"{_dump(key)}: {_dump(item)}" for key, item in value.items()) + "}"
    if type(value) is list:
        return "[" + ", ".join(map(_dump, value)) + "]"
    return str(value) if type(value) is _Number else json.dumps(value, ensure_ascii=False)
