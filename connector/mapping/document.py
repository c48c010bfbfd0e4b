"""YAML text → plain data, and where each piece of it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.errors import Mistake

Path = tuple[str, ...]
"""The way to a piece of the document: keys and list indices, each as text."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a key or value begins; lines and columns count from 1. `raw` is the source text of a scalar."""

    line: int
    column: int
    raw: str = ""

    def inside(self, text: str, offset: int) -> tuple[int, int]:
        """Line and column of the character `offset` of the scalar's value `text`.

        A scalar whose source differs from its value (escapes, folded lines) answers with its own beginning.
        """
        quote = self.raw[:1]
        if quote in ("|", ">"):
            return self._inside_block(text, offset)
        body, shift = (self.raw[1:-1], 1) if quote in ("'", '"') else (self.raw, 0)
        if quote == "'" and body.replace("''", "'") == text:
            return self.line, self.column + shift + offset + text[:offset].count("'")
        return (self.line, self.column + shift + offset) if body == text else (self.line, self.column)

    def _inside_block(self, text: str, offset: int) -> tuple[int, int]:
        before = text[:offset]
        row, column = before.count("\n"), offset - (before.rfind("\n") + 1)
        lines = self.raw.split("\n")[1:]
        wanted = text.split("\n")[row]
        if row >= len(lines) or lines[row].strip() != wanted.strip():
            return self.line, self.column
        indent = len(lines[row]) - len(lines[row].lstrip()) - (len(wanted) - len(wanted.lstrip()))
        return self.line + 1 + row, indent + column + 1


@dataclass(slots=True)
class Document:
    """A YAML file read: its data, the place of every key and value, and what is wrong with the YAML itself."""

    file: str
    data: Any = None
    keys: dict[Path, Spot] = field(default_factory=dict)
    values: dict[Path, Spot] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def path(self, location: Sequence[object]) -> Path:
        """The deepest known path of a location; an index into something that is no list in the file is skipped."""
        path: Path = ()
        for step in location:
            longer = (*path, str(step))
            if longer in self.values:
                path = longer
            elif not isinstance(step, int):
                break
        return path

    def spot(self, location: Sequence[object]) -> Spot:
        """Where the value stands that a location names, or the nearest piece around it that exists."""
        return self.values.get(self.path(location), Spot(1, 1))

    def key_spot(self, location: Sequence[object]) -> Spot:
        """Where the key stands that a location names; list items and the whole file stand where their value does."""
        path = self.path(location)
        return self.keys.get(path) or self.values.get(path, Spot(1, 1))


def read_document(text: str, file: str) -> Document:
    """Reads one YAML document. What is no YAML, and keys given twice, are in `mistakes`."""
    document = Document(file)
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.mistakes.append(Mistake(file, line, column, f"this is no YAML: {error.problem}", _YAML_REMEDY))
    except YAMLError as error:
        document.mistakes.append(Mistake(file, 1, 1, f"this is no YAML: {error}", _YAML_REMEDY))
    else:
        document.data = None if root is None else _Reader(document, text).read(root, ())
    return document


_YAML_REMEDY = "Check indentation, quotes and brackets on this line and the one before it."


class _Reader:
    """Walks the node tree once, building data and noting places."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._text = text

    def read(self, node: Node, path: Path) -> Any:
        start = node.start_mark
        raw = self._text[start.index : node.end_mark.index] if isinstance(node, ScalarNode) else ""
        self._document.values[path] = Spot(start.line + 1, start.column + 1, raw)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, str(index))) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[Any, Any]:
        data: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if str(key_node.tag) == "tag:yaml.org,2002:merge":
                data = {**self._merged(value_node, path), **data}
                continue
            key = self._key(key_node)
            if key in data and (*path, str(key)) in self._document.keys:
                self._mistake(key_node, f"`{key}` is given twice", "Keep one of the two.")
                continue
            self._document.keys[(*path, str(key))] = Spot(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            data[key] = self.read(value_node, (*path, str(key)))
            if isinstance(value_node, ScalarNode) and value_node.start_mark.index == value_node.end_mark.index:
                self._document.values[(*path, str(key))] = self._document.keys[(*path, str(key))]
        return data

    def _merged(self, node: Node, path: Path) -> Mapping[Any, Any]:
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[Any, Any] = {}
        for item in nodes:
            if isinstance(item, MappingNode):
                merged = {**_Reader(Document(self._document.file), self._text).read(item, path), **merged}
            else:
                self._mistake(item, "`<<` merges mappings only", "Give it `*name` of a mapping marked with `&name`.")
        return merged

    def _key(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self._mistake(node, "a key must be one word or number", "Write `key: value`.")
        return "?"

    def _scalar(self, node: Node) -> Any:
        tag = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if tag == "str":
            return node.value
        try:
            return _SCALARS[tag](node.value)
        except (KeyError, ValueError, ArithmeticError):
            self._mistake(node, f"`{node.value}` cannot be read as YAML's {tag}", "Put it into quotes if it is text.")
            return node.value

    def _mistake(self, node: Node, wrong: str, remedy: str) -> None:
        mark = node.start_mark
        self._document.mistakes.append(Mistake(self._document.file, mark.line + 1, mark.column + 1, wrong, remedy))


def _number(text: str) -> int:
    plain = text.replace("_", "")
    return int(plain, 10) if plain.lstrip("+-").isdigit() else int(plain, 0)


_SCALARS: dict[str, Any] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _number,
    "float": lambda text: Decimal(text.replace("_", "")),
    "timestamp": date.fromisoformat,
}
