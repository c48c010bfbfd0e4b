"""Arithmetic, CASE, casts and functions: which node of sqlglot's tree becomes which closure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from connector.change import Row
from connector.mapping.sql import cast, numeric, text
from connector.mapping.sql.compiler import Compiler, Rule, shown
from connector.mapping.sql.json import Step, path, scalar
from connector.mapping.sql.parse import offset
from connector.mapping.sql.term import Evaluate, Term, constant

Function = Callable[..., Any]


def strict(function: Function, arguments: Sequence[Evaluate]) -> Term:
    """A function that is NULL as soon as one argument is NULL."""

    def evaluate(row: Row) -> Any:
        values = [argument(row) for argument in arguments]
        for value in values:
            if value is None:
                return None
        return function(*values)

    return Term(evaluate)


def _arithmetic(function: Function) -> Rule:
    def rule(compiler: Compiler, node: exp.Binary) -> Term:
        left, right = compiler.term(node.this), compiler.term(node.expression)
        return strict(_with_literals(function, left, right), (left.evaluate, right.evaluate))

    return rule


def _with_literals(function: Function, left: Term, right: Term) -> Function:
    """A quoted literal in arithmetic is a number of the other side's type."""
    if (left.literal is None) == (right.literal is None):
        return function
    if right.literal is not None:
        return lambda a, literal: function(a, cast.like(a, literal))
    return lambda literal, b: function(cast.like(b, literal), b)


def _negative(compiler: Compiler, node: exp.Neg) -> Term:
    return strict(numeric.negate, (compiler.value(node.this),))


def _round(compiler: Compiler, node: exp.Round) -> Term:
    compiler.only(node, "this", "decimals")
    given = [compiler.value(part) for part in (node.this, node.args.get("decimals")) if part is not None]
    return strict(numeric.round_half_up, given)


def _case(compiler: Compiler, node: exp.Case) -> Term:
    compiler.only(node, "this", "ifs", "default")
    subject = compiler.term(node.this) if node.this else None
    found: list[tuple[Evaluate, Evaluate]] = []
    for branch in node.args["ifs"]:
        if subject is None:
            condition = compiler.condition(branch.this)
        else:
            condition = compiler.language.choice(operator.eq, subject, compiler.term(branch.this))
        found.append((condition, compiler.value(branch.args["true"])))
    default = node.args.get("default")
    return branches(found, compiler.value(default) if default else constant(None).evaluate)


def _if(compiler: Compiler, node: exp.If) -> Term:
    return compiler.refuse(node, "`if` is not SQL of PostgreSQL", "Write CASE WHEN ... THEN ... ELSE ... END.")


def branches(choices: Sequence[tuple[Evaluate, Evaluate]], otherwise: Evaluate) -> Term:
    def evaluate(row: Row) -> Any:
        for condition, result in choices:
            if condition(row) is True:
                return result(row)
        return otherwise(row)

    return Term(evaluate)


def _coalesce(compiler: Compiler, node: exp.Coalesce) -> Term:
    compiler.only(node, "this", "expressions")
    choices = [compiler.value(choice) for choice in (node.this, *node.expressions)]

    def evaluate(row: Row) -> Any:
        for choice in choices:
            value = choice(row)
            if value is not None:
                return value
        return None

    return Term(evaluate)


def _nullif(compiler: Compiler, node: exp.Nullif) -> Term:
    value = compiler.term(node.this)
    equal, read = compiler.language.comparison(operator.eq, value, compiler.term(node.expression)), value.evaluate

    def evaluate(row: Row) -> Any:
        return None if equal(row) else read(row)

    return Term(evaluate)


def _piped(compiler: Compiler, node: exp.DPipe) -> Term:
    return strict(text.piped, (compiler.value(node.this), compiler.value(node.expression)))


def _concat(compiler: Compiler, node: exp.Concat) -> Term:
    parts = [compiler.value(part) for part in node.expressions]
    null_wins = not node.args.get("coalesce")  # in the MySQL family one NULL makes the whole NULL

    def evaluate(row: Row) -> str | None:
        values = [part(row) for part in parts]
        if null_wins and None in values:
            return None
        return "".join(text.concatenated(value) for value in values if value is not None)

    return Term(evaluate)


def _trim(compiler: Compiler, node: exp.Trim) -> Term:
    compiler.only(node, "this", "expression", "position")
    characters = node.args.get("expression")
    function = {"LEADING": text.left_trimmed, "TRAILING": text.right_trimmed}.get(
        str(node.args.get("position") or "").upper(), text.trimmed
    )
    return strict(function, [compiler.value(part) for part in (node.this, characters) if part is not None])


def _substring(compiler: Compiler, node: exp.Substring) -> Term:
    start, length = node.args.get("start"), node.args.get("length")
    if start is None or (isinstance(start, exp.Literal) and start.is_string):
        return compiler.refuse(node, "SUBSTRING takes a position, not a pattern", "Write SUBSTRING(text FROM 2 FOR 3).")
    return strict(text.substring, [compiler.value(part) for part in (node.this, start, length) if part is not None])


def _function(function: Function, *arguments: str) -> Rule:
    """A strict function whose arguments are these of the node."""

    def rule(compiler: Compiler, node: exp.Expression) -> Term:
        compiler.only(node, *arguments)
        given = [part for name in arguments if (part := node.args.get(name)) is not None]
        return strict(function, [compiler.value(part) for part in given])

    return rule


def _length(compiler: Compiler, node: exp.Length) -> Term:
    compiler.only(node, "this", "binary")
    binary = bool(node.args.get("binary"))

    def length(value: Any) -> int:
        given = text.as_text(value, "LENGTH")
        return len(given.encode()) if binary else len(given)

    return strict(length, (compiler.value(node.this),))


def _cast(compiler: Compiler, node: exp.Cast) -> Term:
    compiler.only(node, "this", "to")
    if _is_typed_literal_cast(compiler, node):
        remedy = "Put the literal and its type into brackets: (date '2024-01-01')::text."
        return compiler.refuse(node, "a literal with a type in front cannot be CAST without brackets", remedy)
    caster = _caster(node.args["to"])
    if caster is None:
        wanted = "text, smallint, integer, bigint, numeric(p,s), boolean, date, timestamp or timestamptz"
        return compiler.refuse(node, f"CAST to {shown(node.args['to'])} is not supported", f"CAST to {wanted}.")
    return strict(caster, (compiler.value(node.this),))


def _is_typed_literal_cast(compiler: Compiler, node: exp.Cast) -> bool:
    """Whether this is `date '2024-01-01'::text`, which the parser turns inside out: a text cast to a date."""
    inner = node.this
    if type(inner) is not exp.Cast or not isinstance(inner.this, exp.Literal):
        return False
    before = compiler.text[: offset(inner.this)].rstrip()
    after = compiler.text[inner.this.meta.get("end", 0) + 1 :].lstrip()
    return bool(_TYPE_WORD(before)) and after.startswith("::")


_TYPE_WORD = re.compile(
    r"\b(date|timestamptz|timestamp|zone|numeric|decimal|text|varchar|bigint|smallint|int\w*|bool\w*)$", re.IGNORECASE
).search


def _caster(wanted: exp.DataType) -> cast.Caster | None:
    sizes = [int(str(size.this)) for size in wanted.expressions if str(size.this).isdigit()]
    if wanted.this == exp.DataType.Type.DECIMAL:
        return cast.numeric(sizes[0] if sizes else None, sizes[1] if len(sizes) > 1 else 0)
    if wanted.this == exp.DataType.Type.VARCHAR and sizes:
        return lambda value: cast.to_text(value)[: sizes[0]]
    return None if wanted.expressions or wanted.args.get("nested") else _CASTERS.get(wanted.this)


_CASTERS: dict[Any, cast.Caster] = {
    exp.DataType.Type.TEXT: cast.to_text,
    exp.DataType.Type.VARCHAR: cast.to_text,
    exp.DataType.Type.SMALLINT: cast.whole(16),
    exp.DataType.Type.INT: cast.whole(32),
    exp.DataType.Type.BIGINT: cast.whole(64),
    exp.DataType.Type.BOOLEAN: cast.to_boolean,
    exp.DataType.Type.DATE: cast.to_date,
    exp.DataType.Type.TIMESTAMP: cast.to_timestamp,
    exp.DataType.Type.DATETIME: cast.to_timestamp,
    exp.DataType.Type.TIMESTAMPTZ: cast.to_instant,
}


def _json(compiler: Compiler, node: exp.Expression) -> Term:
    steps = json_steps(node.expression)
    if steps is None:
        return compiler.refuse(
            node, f"`{shown(node)}` has no fixed path", "Write the path as literals: a -> 'b' ->> 'c'."
        )
    follow, read = path(steps), compiler.value(node.this)
    as_text = isinstance(node, exp.JSONExtractScalar | exp.JSONBExtractScalar)
    return strict(lambda source: scalar(follow(source)) if as_text else follow(source), (read,))


def json_steps(expression: exp.Expression | None) -> tuple[Step, ...] | None:
    """The path as its steps; None for one that is not fixed."""
    if isinstance(expression, exp.JSONPath):
        return _path_steps(expression)
    if isinstance(expression, exp.Literal) and expression.is_string:  # #> and #>> take '{a,0,b}'
        body = str(expression.this)
        plain = body.startswith("{") and body.endswith("}") and '"' not in body and "\\" not in body
        return tuple(part.strip() for part in body[1:-1].split(",") if part.strip()) if plain else None
    return None


def _path_steps(json_path: exp.JSONPath) -> tuple[Step, ...] | None:
    steps: list[Step] = []
    for step in json_path.expressions:
        if isinstance(step, exp.JSONPathRoot):
            continue
        if not isinstance(step, exp.JSONPathKey | exp.JSONPathSubscript) or not isinstance(step.this, str | int):
            return None
        steps.append(step.this)
    return tuple(steps)


NAMES = (
    "btrim", "cast", "coalesce", "concat", "length", "lower", "ltrim", "nullif", "replace", "round", "rtrim",
    "split_part", "substring", "trim", "upper",
)  # fmt: skip
"""Functions, to be suggested."""

RULES: dict[type[exp.Expression], Rule] = {
    exp.Add: _arithmetic(numeric.add),
    exp.Sub: _arithmetic(numeric.subtract),
    exp.Mul: _arithmetic(numeric.multiply),
    exp.Div: _arithmetic(numeric.divide),
    exp.Mod: _arithmetic(numeric.modulo),
    exp.Neg: _negative,
    exp.Round: _round,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.DPipe: _piped,
    exp.Concat: _concat,
    exp.Lower: _function(lambda value: text.lower(text.as_text(value, "LOWER")), "this"),
    exp.Upper: _function(lambda value: text.upper(text.as_text(value, "UPPER")), "this"),
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.SplitPart: _function(text.split_part, "this", "delimiter", "part_index"),
    exp.Replace: _function(text.replace, "this", "expression", "replacement"),
    exp.Length: _length,
    exp.Cast: _cast,
    exp.JSONExtract: _json,
    exp.JSONExtractScalar: _json,
    exp.JSONBExtract: _json,
    exp.JSONBExtractScalar: _json,
}
