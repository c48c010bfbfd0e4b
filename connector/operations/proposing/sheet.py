"""A proposed file as a tree: values with what is remarked on them. A question is a remark that begins with `?`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

ASK: Final = "?"
"""Stands for a value that only a person knows; the loader refuses it until it is answered."""

Scalar = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """`value` is a scalar, a mapping or a list. `note` stands behind it, `above` are lines before it.

    `flow`: a mapping is written on one line. `below`: lines at the end of the file, of the whole tree alone.
    """

    value: Scalar | Mapping[Scalar, Node] | Sequence[Node]
    note: str = ""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    flow: bool = False


@dataclass(slots=True)
class Block:
    """A mapping being written, in the order of its keys."""

    nodes: dict[Scalar, Node] = field(default_factory=dict)

    def put(self, key: Scalar, value: object, note: str = "", above: Sequence[str] = ()) -> None:
        """Add a key; a plain mapping is written on one line."""
        self.nodes[key] = _node(value, note, tuple(above))

    def node(self, above: Sequence[str] = ()) -> Node:
        """What was written."""
        return Node(self.nodes, above=tuple(above))


def _node(value: object, note: str, above: tuple[str, ...]) -> Node:
    if isinstance(value, Block):
        return Node(value.nodes, note, above)
    if isinstance(value, dict):
        return Node({key: _node(each, "", ()) for key, each in value.items()}, note, above, flow=True)
    if isinstance(value, list):
        return Node([_node(each, "", ()) if not isinstance(each, Node) else each for each in value], note, above)
    assert value is None or isinstance(value, str | int | bool), "a scalar"
    return Node(value, note, above)


def question(text: str) -> str:
    """A remark that a person should answer."""
    return f"? {text}"


def remarks(node: Node) -> Iterator[str]:
    """Every remark of a tree."""
    yield from (node.note, *node.above, *node.below)
    if isinstance(node.value, Mapping):
        for each in node.value.values():
            yield from remarks(each)
    elif isinstance(node.value, Sequence) and not isinstance(node.value, str):
        for each in node.value:
            yield from remarks(each)


def unanswered(node: Node) -> int:
    """How many values a person must write."""
    if isinstance(node.value, Mapping):
        return sum(map(unanswered, node.value.values()))
    if isinstance(node.value, Sequence) and not isinstance(node.value, str):
        return sum(map(unanswered, node.value))
    return int(node.value == ASK)
