"""The walk over sqlglot's tree: each node by its rule, everything without a rule refused with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from connector.mapping.faults import Fault
from connector.mapping.sql.language import Language
from connector.mapping.sql.parse import offset
from connector.mapping.sql.term import Evaluate, Term, constant

_ELSE = "For what SQL of the subset cannot say, write a function: {python: module:function}."
_DOCS = f"What is supported stands in docs/shop-file.md, SQL expressions. {_ELSE}"
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(\s*$")
_WORD = re.compile(r"[A-Za-z_]\w*")
_CALLED = re.compile(r"[A-Za-z_]\w*\s*\(")


class Compiler:
    """Walks one tree; collects faults instead of stopping at the first."""

    def __init__(self, text: str, language: Language) -> None:
        self.text = text
        self.language = language
        self.columns: set[str] = set()
        self.faults: list[Fault] = []

    def term(self, node: exp.Expression) -> Term:
        """The compiled node; a node that is not supported leaves a fault and counts as NULL."""
        rule = self.language.rules.get(type(node))
        return self.refuse_unknown(node) if rule is None else rule(self, node)

    def value(self, node: exp.Expression) -> Evaluate:
        return self.term(node).evaluate

    def condition(self, node: exp.Expression) -> Evaluate:
        """A node that must be true, false or unknown."""
        read, truth = self.term(node).evaluate, self.language.truth
        return lambda row: truth(read(row))

    def refuse(self, node: exp.Expression, wrong: str, remedy: str = _DOCS) -> Term:
        self.faults.append(Fault(self._place(node), wrong, remedy))
        return constant(None)

    def refuse_unknown(self, node: exp.Expression) -> Term:
        called = isinstance(node, exp.Func) and (
            not any(node.args.values()) or _CALLED.match(self.text, self._place(node))
        )
        word = _WORD.match(self.text, self._place(node)) if called else None
        if word is None:
            return self.refuse(node, f"`{shown(node)}` is not supported")
        names = self.language.functions
        near = difflib.get_close_matches(word[0].lower(), names, n=1, cutoff=0.75)
        remedy = f"Did you mean `{near[0]}`?" if near else f"Functions here are {', '.join(names)}. {_ELSE}"
        return self.refuse(node, f"`{word[0]}` is not supported", remedy)

    def _place(self, node: exp.Expression) -> int:
        """Where a node begins; of functions it knows the parser notes no place, so their names are looked for."""
        start = offset(node)
        name = _CALL.search(self.text[:start]) if isinstance(node, exp.Func) and "start" not in node.meta else None
        return name.start() if name else start

    def only(self, node: exp.Expression, *known: str) -> bool:
        """Whether the node says nothing but what its rule reads; otherwise it leaves a fault."""
        unread = [name for name, value in node.args.items() if value and name not in known]
        if unread:
            self.refuse(node, f"`{shown(node)}` is not supported in this form")
        return not unread


Rule = Callable[[Compiler, Any], Term]
"""Compiles one kind of node; its children by calling back."""


def shown(node: exp.Expression) -> str:
    """The node as SQL, shortened for messages."""
    text = node.sql(dialect="postgres")
    return text if len(text) <= 60 else text[:57] + "..."
