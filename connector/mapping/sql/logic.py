"""Columns, literals, comparison and logic: which node of sqlglot's tree becomes which closure."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import Any

from sqlglot import exp

from connector.change import UNAVAILABLE, Row
from connector.mapping.faults import EvaluationError, UnavailableColumnError
from connector.mapping.sql import compare
from connector.mapping.sql.compiler import Compiler, Rule, shown
from connector.mapping.sql.term import Evaluate, Term, constant


def _column(compiler: Compiler, node: exp.Column) -> Term:
    identifier = node.this
    if not isinstance(identifier, exp.Identifier) or any(node.args.get(part) for part in ("table", "db", "catalog")):
        return compiler.refuse(node, f"`{shown(node)}` names more than a column", "Write the column's name alone.")
    name = str(identifier.this)
    if compiler.language.folds_names and not identifier.args.get("quoted"):
        name = name.lower()  # as PostgreSQL folds names without quotes
    compiler.columns.add(name)

    def evaluate(row: Row) -> Any:
        value = row[name]
        if value is UNAVAILABLE:
            raise UnavailableColumnError(name)
        return value

    return Term(evaluate)


def _literal(_: Compiler, node: exp.Literal) -> Term:
    text = str(node.this)
    if node.is_string:
        return constant(text, text)
    return constant(int(text) if text.isdigit() and int(text) < 1 << 63 else Decimal(text))


def _boolean(_: Compiler, node: exp.Boolean) -> Term:
    return constant(bool(node.this))


def _null(_: Compiler, __: exp.Null) -> Term:
    return constant(None)


def _paren(compiler: Compiler, node: exp.Paren) -> Term:
    return compiler.term(node.this)


def _comparison(test: compare.Test) -> Rule:
    def rule(compiler: Compiler, node: exp.Binary) -> Term:
        left, right = compiler.term(node.this), compiler.term(node.expression)
        return Term(compiler.language.comparison(test, left, right))

    return rule


def _distinct(*, negated: bool) -> Rule:
    def rule(compiler: Compiler, node: exp.Binary) -> Term:
        left, right = compiler.term(node.this), compiler.term(node.expression)
        equal = compiler.language.comparison(operator.eq, left, right)
        return Term(compare.distinct(equal, left, right, negated=negated))

    return rule


def _and(compiler: Compiler, node: exp.And) -> Term:
    return Term(compare.conjunction(compiler.condition(node.this), compiler.condition(node.expression)))


def _or(compiler: Compiler, node: exp.Or) -> Term:
    return Term(compare.disjunction(compiler.condition(node.this), compiler.condition(node.expression)))


def _not(compiler: Compiler, node: exp.Not) -> Term:
    return Term(compare.negation(compiler.condition(node.this)))


def _in(compiler: Compiler, node: exp.In) -> Term:
    if not compiler.only(node, "this", "expressions"):
        return constant(None)
    choices = [compiler.term(choice) for choice in node.expressions]
    return Term(compare.among(compiler.term(node.this), choices))


def _between(compiler: Compiler, node: exp.Between) -> Term:
    compiler.only(node, "this", "low", "high")
    value = compiler.term(node.this)
    low = compare.comparison(operator.ge, value, compiler.term(node.args["low"]))
    high = compare.comparison(operator.le, value, compiler.term(node.args["high"]))
    return Term(compare.conjunction(low, high))


def _is(compiler: Compiler, node: exp.Is) -> Term:
    negated, wanted = bool(node.args.get("negate")), node.expression
    compiler.only(node, "this", "expression", "negate")
    if isinstance(wanted, exp.Null):
        return Term(_is_value(compiler.value(node.this), None, negated=negated))
    if isinstance(wanted, exp.Boolean):
        return Term(_is_value(compiler.condition(node.this), bool(wanted.this), negated=negated))
    return compiler.refuse(node, f"`{shown(node)}` is not supported", "Use IS NULL, IS TRUE, IS FALSE or IS UNKNOWN.")


def _is_value(read: Evaluate, wanted: bool | None, *, negated: bool) -> Evaluate:  # noqa: FBT001 the value looked for
    def evaluate(row: Row) -> bool:
        return (read(row) is wanted) is not negated

    return evaluate


def _like(compiler: Compiler, node: exp.Like | exp.ILike, escape: str = "\\") -> Term:
    compiler.only(node, "this", "expression", "negate")
    pattern = compiler.term(node.expression)
    ignore_case, negated = isinstance(node, exp.ILike), bool(node.args.get("negate"))
    subject = compiler.value(node.this)
    try:
        return Term(compare.matching(subject, pattern, escape, ignore_case=ignore_case, negated=negated))
    except EvaluationError as error:
        return compiler.refuse(node.expression, str(error), "Double the escape character to mean itself.")


def _escape(compiler: Compiler, node: exp.Escape) -> Term:
    escape = node.expression
    if not (isinstance(escape, exp.Literal) and escape.is_string and len(str(escape.this)) <= 1):
        return compiler.refuse(escape, "ESCAPE takes one character", "Write it as in ESCAPE '!'.")
    if not isinstance(node.this, exp.Like | exp.ILike):
        return compiler.refuse(node, f"`{shown(node)}` is not supported in this form")
    return _like(compiler, node.this, str(escape.this))


RULES: dict[type[exp.Expression], Rule] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Paren: _paren,
    exp.EQ: _comparison(operator.eq),
    exp.NEQ: _comparison(operator.ne),
    exp.LT: _comparison(operator.lt),
    exp.LTE: _comparison(operator.le),
    exp.GT: _comparison(operator.gt),
    exp.GTE: _comparison(operator.ge),
    exp.NullSafeEQ: _distinct(negated=True),
    exp.NullSafeNEQ: _distinct(negated=False),
    exp.And: _and,
    exp.Or: _or,
    exp.Not: _not,
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Escape: _escape,
}
