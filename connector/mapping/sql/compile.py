"""sqlglot's syntax tree → closures over a stated subset of SQL; everything else is refused with its place."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from connector.change import Row
from connector.mapping.faults import FaultyTextError
from connector.mapping.sql import functions, logic
from connector.mapping.sql.compiler import Compiler
from connector.mapping.sql.json import Json
from connector.mapping.sql.parse import parse
from connector.mapping.sql.term import Evaluate, Expression

_RULES = {**logic.RULES, **functions.RULES}


def compile_expression(text: str, dialect: str) -> Expression:
    """Compiles an expression of the dialect, postgres or mysql. Raises FaultyTextError with every fault in it."""
    tree = parse(text, dialect)
    compiler = Compiler(text, dialect, _RULES)
    term = compiler.term(tree)
    if compiler.faults:
        raise FaultyTextError(tuple(compiler.faults))
    return Expression(text, frozenset(compiler.columns), _without_json(term.evaluate, tree))


def _without_json(read: Evaluate, tree: exp.Expression) -> Evaluate:
    """A JSON value that leaves the expression is text."""
    if not any(isinstance(node, exp.JSONExtract | exp.JSONBExtract) for node in tree.walk()):
        return read

    def evaluate(row: Row) -> Any:
        value = read(row)
        return value.text() if type(value) is Json else value

    return evaluate
