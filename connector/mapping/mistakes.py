"""What pydantic found wrong → mistakes with line, column, what is wrong and what would be right."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from connector.errors import Mistake
from connector.mapping.checks import FAULTS
from connector.mapping.document import Document
from connector.mapping.faults import Fault


def mistakes(document: Document, shape: type[BaseModel], errors: Iterable[ErrorDetails]) -> list[Mistake]:
    """All mistakes behind pydantic's errors, in the order of the file."""
    found: list[Mistake] = []
    for error in errors:
        found += _mistakes_of(document, shape, error)
    return found


def closest(word: str, known: Sequence[str]) -> str:
    """A remedy that names the word that was probably meant, and otherwise all that can be."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else "Possible here: " + ", ".join(f"`{name}`" for name in known) + "."


def at_value(document: Document, location: Sequence[object], fault: Fault) -> Mistake:
    """A mistake inside a scalar of the file, or at it."""
    path = document.path(location)
    spot = document.spot(location)
    text = document.data
    for step in path:
        text = text[int(step)] if isinstance(text, list) else _member(text, step)
    line, column = spot.inside(text, fault.offset) if isinstance(text, str) else (spot.line, spot.column)
    return Mistake(document.file, line, column, fault.wrong, fault.remedy)


def at_key(document: Document, location: Sequence[object], wrong: str, remedy: str) -> Mistake:
    """A mistake about a key."""
    spot = document.key_spot(location)
    return Mistake(document.file, spot.line, spot.column, wrong, remedy)


def _member(mapping: dict[Any, Any], step: str) -> Any:
    return next(value for key, value in mapping.items() if str(key) == step)


def _mistakes_of(document: Document, shape: type[BaseModel], error: ErrorDetails) -> list[Mistake]:
    location, kind = error["loc"], error["type"]
    if kind == FAULTS:
        at = location[:-1] if location and location[-1] == "[key]" else location
        return [_of_fault(document, at, fault, at_its_key=at != location) for fault in error["ctx"]["faults"]]
    if kind == "extra_forbidden":
        word, known = str(location[-1]), _keys_at(shape, location[:-1])
        return [
            at_key(document, location, f"`{word}` is no key of {_where(document, location[:-1])}", closest(word, known))
        ]
    if kind == "missing":
        word = str(location[-1])
        remedy = f"Add `{word}: ...`{_described(shape, location)}."
        return [at_key(document, location[:-1], f"`{word}` is missing in {_where(document, location[:-1])}", remedy)]
    wrong, remedy = _plain(kind, error)
    return [at_value(document, location, Fault(0, wrong, remedy))]


def _of_fault(document: Document, location: Sequence[object], fault: Fault, *, at_its_key: bool) -> Mistake:
    if at_its_key:
        return at_key(document, location, fault.wrong, fault.remedy)
    return at_value(document, location, fault)


def _plain(kind: str, error: ErrorDetails) -> tuple[str, str]:
    given = _shown(error["input"])
    if kind == "literal_error":
        return f"{given} is not possible here", f"Use {error['ctx']['expected']}."
    if kind == "string_too_short":
        return "a text is missing here", "Write the name."
    wanted = _WANTED.get(kind, error["msg"])
    remedy = _REMEDIES.get(kind, "See docs/shop-file.md.")
    if kind == "string_type" and type(error["input"]) in _KINDS:
        remedy = "Write one word or text here."
    return f"{wanted} is wanted here, not {given}", remedy


_WANTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
    "list_type": "a mapping, or a list of mappings,",
    "none_required": "null",
}
_REMEDIES = {
    "string_type": "Put it into quotes if it is meant as text.",
    "bool_type": "Write true or false, without quotes.",
    "dict_type": "Write `key: value` lines below it, indented.",
    "model_type": "Write `key: value` lines below it, indented.",
    "model_attributes_type": "Write `key: value` lines below it, indented.",
    "list_type": "Write `key: value` lines below it, or several such blocks, each begun by `-`.",
    "none_required": "Write null, without quotes.",
}


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"a {_KINDS[type(value)]}" if type(value) in _KINDS else f"`{value}`"


_KINDS: dict[type, str] = {dict: "mapping", list: "list"}


def _where(document: Document, location: Sequence[object]) -> str:
    names = [f"[{step}]" if step.isdigit() else f".{step}" for step in document.path(location)]
    return f"`{''.join(names).removeprefix('.')}`" if names else "the shop file"


def _described(shape: type[BaseModel], location: Sequence[object]) -> str:
    model = _model_at(shape, location[:-1])
    for name, info in model.model_fields.items() if model else ():
        if (info.alias or name) == location[-1] and info.description:
            return f" ({info.description.rstrip('.')})"
    return ""


def _keys_at(shape: type[BaseModel], location: Sequence[object]) -> list[str]:
    model = _model_at(shape, location)
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def _model_at(shape: type[BaseModel], location: Sequence[object]) -> type[BaseModel] | None:
    """The model that describes the piece of the file at a location."""
    annotation: Any = shape
    for step in location:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = {info.alias or name: info.annotation for name, info in annotation.model_fields.items()}
            annotation = _bare(fields.get(str(step)))
        else:
            annotation = _bare((typing.get_args(annotation) or (None,))[-1])
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _bare(annotation: Any) -> Any:
    """An annotation without Annotated and without `| None`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return _bare(next((arg for arg in typing.get_args(annotation) if arg is not type(None)), None))
    return annotation
