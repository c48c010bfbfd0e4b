"""Operators of MariaDB and MySQL, and all rules of their dialect: which node of the tree becomes which closure."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from sqlglot import exp

from connector.change import Row
from connector.errors import RowError
from connector.mapping.faults import EvaluationError
from connector.mapping.sql import functions as common
from connector.mapping.sql import logic
from connector.mapping.sql.compare import negation
from connector.mapping.sql.compiler import Compiler, Rule, shown
from connector.mapping.sql.mysql import arithmetic, collation, compare, functions, text
from connector.mapping.sql.mysql.functions import strict
from connector.mapping.sql.mysql.number import Rounded, displayed, truth
from connector.mapping.sql.term import Term, constant

_LARGEST_WHOLE: Final = 1 << 64


def _literal(_: Compiler, node: exp.Literal) -> Term:
    written = str(node.this)
    if node.is_string:
        return constant(written, written)
    if "e" in written.lower():
        return constant(float(written))
    return constant(int(written) if written.isdigit() and int(written) < _LARGEST_WHOLE else Decimal(written))


def _boolean(_: Compiler, node: exp.Boolean) -> Term:
    return constant(bool(node.this))


def _arithmetic(function: Callable[..., Any]) -> Rule:
    def rule(compiler: Compiler, node: exp.Binary | exp.Neg) -> Term:
        operands = [node.this] if isinstance(node, exp.Neg) else [node.this, node.expression]
        for operand in operands:
            _refuse_char(compiler, operand.unnest())
        return strict(function, [compiler.value(operand) for operand in operands])

    return rule


def _refuse_char(compiler: Compiler, operand: exp.Expr) -> None:
    """The server computes with such a text, and then shows the result without the digits behind the point."""
    if isinstance(operand, exp.Cast) and operand.to.this == exp.DataType.Type.CHAR:
        compiler.refuse(operand, "CAST to CHAR makes a text, here is a number", "Leave the CAST out.")


def _not(compiler: Compiler, node: exp.Not) -> Term:
    """NOT NOT x is `x <> 0`, in which of a decimal the digits count that it shows."""
    inner = node.this.unnest()
    if isinstance(inner, exp.Not):
        read = compiler.value(inner.this)
        return Term(lambda row: truth(displayed(read(row))))
    return Term(negation(compiler.condition(node.this)))


def _xor(compiler: Compiler, node: exp.Xor) -> Term:
    return strict(operator.ne, (compiler.condition(node.this), compiler.condition(node.expression)))


def _in(compiler: Compiler, node: exp.In) -> Term:
    if not compiler.only(node, "this", "expressions"):
        return constant(None)
    return Term(compare.among(compiler.term(node.this), [compiler.term(choice) for choice in node.expressions]))


def _between(compiler: Compiler, node: exp.Between) -> Term:
    compiler.only(node, "this", "low", "high")
    return Term(compare.between(*(compiler.value(node.args[name]) for name in ("this", "low", "high"))))


def _like(compiler: Compiler, node: exp.Like, escape: str = "\\") -> Term:
    compiler.only(node, "this", "expression", "negate")
    subject, pattern = compiler.value(node.this), compiler.value(node.expression)
    return Term(compare.matching(subject, pattern, escape, negated=bool(node.args.get("negate"))))


def _escape(compiler: Compiler, node: exp.Escape) -> Term:
    escape = node.expression
    if not (isinstance(escape, exp.Literal) and escape.is_string and len(str(escape.this)) <= 1):
        return compiler.refuse(escape, "ESCAPE takes one character", "Write it as in ESCAPE '!'.")
    if not isinstance(node.this, exp.Like):
        return compiler.refuse(node, f"`{shown(node)}` is not supported in this form")
    return _like(compiler, node.this, str(escape.this))


def _collate(compiler: Compiler, node: exp.Collate) -> Term:
    name = str(node.expression.this).lower()
    if not name.endswith("_bin"):
        remedy = "Texts are compared as utf8mb4_general_ci does, or exactly: COLLATE utf8mb4_bin."
        return compiler.refuse(node, f"COLLATE {name} is not supported", remedy)
    return strict(lambda value: collation.Exact(text.to_text(value)), (compiler.value(node.this),))


def _if(compiler: Compiler, node: exp.If) -> Term:
    default = node.args.get("false")
    otherwise = compiler.value(default) if default else constant(None).evaluate
    return common.branches([(compiler.condition(node.this), compiler.value(node.args["true"]))], otherwise)


def _chosen(rule: Rule) -> Rule:
    """A value chosen among others has no digits of its own to show."""

    def chosen(compiler: Compiler, node: Any) -> Term:
        read = rule(compiler, node).evaluate

        def evaluate(row: Row) -> Any:
            value = read(row)
            return float(value) if type(value) is Rounded else value

        return Term(evaluate)

    return chosen


def _folded(rule: Rule) -> Rule:
    """What reads no column is computed once; a text of it is a literal."""

    def folded(compiler: Compiler, node: exp.Expression) -> Term:
        term = rule(compiler, node)
        if node.find(exp.Column) is not None:
            return term
        try:
            value = term.evaluate({})
        except (EvaluationError, RowError):
            return term
        return constant(value, str(value) if isinstance(value, str) else None)

    return folded


_NAMING: Final = (exp.Column, exp.Literal)
_SHARED: Final = {**logic.RULES, **common.RULES}
_SAME: Final = (exp.Column, exp.Null, exp.Paren, exp.And, exp.Or, exp.Is, exp.EQ, exp.NEQ, exp.LT, exp.LTE,
                exp.GT, exp.GTE, exp.NullSafeEQ)  # fmt: skip
_CHOOSING: Final = (exp.Case, exp.Coalesce, exp.Nullif)

_OWN: Final[dict[type[exp.Expression], Rule]] = {
    **{kind: _SHARED[kind] for kind in _SAME},
    **{kind: _chosen(_SHARED[kind]) for kind in _CHOOSING},
    exp.Not: _not,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Xor: _xor,
    exp.In: _in,
    exp.Between: _between,
    exp.Like: _like,
    exp.Escape: _escape,
    exp.Collate: _collate,
    exp.Add: _arithmetic(arithmetic.add),
    exp.Sub: _arithmetic(arithmetic.subtract),
    exp.Mul: _arithmetic(arithmetic.multiply),
    exp.Div: _arithmetic(arithmetic.divide),
    exp.IntDiv: _arithmetic(arithmetic.whole_divide),
    exp.Mod: _arithmetic(arithmetic.modulo),
    exp.Neg: _arithmetic(arithmetic.minus),
    exp.If: _chosen(_if),
    **functions.RULES,
}

RULES: Final = {kind: rule if kind in _NAMING else _folded(rule) for kind, rule in _OWN.items()}
