"""A proposed file as a tree → YAML text with its remarks."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from connector.operations.proposing.sheet import ASK, Node, Scalar

WIDTH: Final = 112
"""Remarks are broken at so many characters; values never are."""

BESIDE: Final = 72
"""A remark of so many characters may stand behind its value."""


_QUOTED: Final = frozenset("{}()<>=' ")
"""Texts with one of these stand in double quotes, as templates and conditions do in the whole documentation."""


def write(sheet: Node) -> str:
    """The text of the file."""
    yaml = YAML()
    yaml.width = 1 << 20
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_value(sheet, 0), stream)
    head, tail = _commented(sheet.above), _commented(sheet.below)
    return "".join((*head, "\n", stream.getvalue(), *(["\n"] if tail else []), *tail))


def _value(node: Node, indent: int) -> Any:
    if isinstance(node.value, Mapping):
        return _mapping(node, indent)
    if isinstance(node.value, Sequence) and not isinstance(node.value, str):
        return _sequence(node.value, indent)
    return _scalar(node.value)


def _scalar(value: Scalar) -> Any:
    """Templates and open places in double quotes, as people write them."""
    if isinstance(value, str) and (value == ASK or set(value) & _QUOTED):
        return DoubleQuotedScalarString(value)
    return value


def _mapping(node: Node, indent: int) -> CommentedMap:
    assert isinstance(node.value, Mapping)
    made = CommentedMap()
    for key, each in node.value.items():
        made[key] = _value(each, indent + 2)
    if node.flow:
        made.fa.set_flow_style()
        return made
    for key, each in node.value.items():
        beside = bool(each.note) and len(each.note) <= BESIDE and _is_short(each)
        if above := _lines((*each.above, *([each.note] if each.note and not beside else []))):
            made.yaml_set_comment_before_after_key(key, before="\n".join(above), indent=indent)
        if beside:
            made.yaml_add_eol_comment(each.note, key)
    return made


def _is_short(node: Node) -> bool:
    """Whether the value ends on its key's line."""
    return node.flow or not isinstance(node.value, Mapping | list | tuple) or not node.value


def _sequence(nodes: Sequence[Node], indent: int) -> CommentedSeq:
    made = CommentedSeq([_value(each, indent + 2) for each in nodes])
    for index, each in enumerate(nodes):
        if lines := _lines(each.above):
            made.yaml_set_comment_before_after_key(index, before="\n".join(lines), indent=indent)
    return made


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in _broken(text)]


def _broken(text: str) -> list[str]:
    """One remark in lines; what is set in (an example to take over) stays as it is."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    if not plain.strip() or plain.startswith((" ", "-")):
        return [plain]
    return textwrap.wrap(plain, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _commented(texts: Iterable[str]) -> list[str]:
    return [f"# {line}".rstrip() + "\n" for line in _lines(texts)]
