"""Functions of MariaDB and MySQL: which node of sqlglot's tree becomes which closure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlglot import exp

from connector.change import Row
from connector.mapping.sql.compiler import Compiler, Rule, shown
from connector.mapping.sql.functions import json_steps
from connector.mapping.sql.mysql import arithmetic, cast, json, text
from connector.mapping.sql.term import Evaluate, Term


def strict(function: Callable[..., Any], arguments: Sequence[Evaluate]) -> Term:
    """A function that is NULL at its first argument that is NULL; those after it are not computed."""

    def evaluate(row: Row) -> Any:
        values = []
        for argument in arguments:
            value = argument(row)
            if value is None:
                return None
            values.append(value)
        return function(*values)

    return Term(evaluate)


def _round(compiler: Compiler, node: exp.Round) -> Term:
    compiler.only(node, "this", "decimals")
    digits = node.args.get("decimals") or exp.Literal.number(0)
    fixed = digits.find(exp.Column) is None

    def rounded(value: Any, places: Any) -> Any:
        return arithmetic.rounded(value, text.position(places), fixed=fixed)

    return strict(rounded, (compiler.value(node.this), compiler.value(digits)))


def _concat(compiler: Compiler, node: exp.Concat) -> Term:
    parts = [compiler.value(part) for part in node.expressions]
    return strict(lambda *values: "".join(map(text.to_text, values)), parts)


def _concat_ws(compiler: Compiler, node: exp.ConcatWs) -> Term:
    separator, *parts = (compiler.value(part) for part in node.expressions)

    def evaluate(row: Row) -> str | None:
        between = separator(row)
        found = [value for part in parts if (value := part(row)) is not None]
        return None if between is None else text.to_text(between).join(map(text.to_text, found))

    return Term(evaluate)


def _function(function: Callable[..., Any], *arguments: str) -> Rule:
    """A function that is NULL as soon as one of its arguments, which these of the node are, is NULL."""

    def rule(compiler: Compiler, node: exp.Expression) -> Term:
        compiler.only(node, *arguments)
        given = [part for name in arguments if (part := node.args.get(name)) is not None]
        return strict(function, [compiler.value(part) for part in given])

    return rule


def _length(compiler: Compiler, node: exp.Length) -> Term:
    compiler.only(node, "this", "binary")
    if node.args.get("binary"):
        return strict(lambda value: len(text.to_text(value).encode()), (compiler.value(node.this),))
    return strict(lambda value: len(text.to_text(value)), (compiler.value(node.this),))


def _trim(compiler: Compiler, node: exp.Trim) -> Term:
    compiler.only(node, "this", "expression", "position")
    sides = {"LEADING": text.left_trimmed, "TRAILING": text.right_trimmed}
    function = sides.get(str(node.args.get("position") or "").upper(), text.trimmed)
    return strict(function, [compiler.value(part) for part in (node.this, node.args.get("expression")) if part])


def _substring(compiler: Compiler, node: exp.Substring) -> Term:
    compiler.only(node, "this", "start", "length")
    parts = (node.this, node.args.get("start"), node.args.get("length"))
    if parts[1] is None:
        return compiler.refuse(node, "SUBSTRING takes a position", "Write SUBSTRING(text, 2, 3).")
    return strict(text.substring, [compiler.value(part) for part in parts if part is not None])


def _cast(compiler: Compiler, node: exp.Cast) -> Term:
    compiler.only(node, "this", "to")
    caster = _caster(node.args["to"])
    if caster is None:
        wanted = "CHAR, CHAR(n), SIGNED, UNSIGNED, DECIMAL(p,s), DOUBLE, DATE or DATETIME(n)"
        unknown = node.args["to"].sql(dialect="mysql")
        return compiler.refuse(node, f"CAST to {unknown} is not supported", f"CAST to {wanted}.")
    return strict(caster, (compiler.value(node.this),))


def _caster(wanted: exp.DataType) -> cast.Caster | None:
    kind, sizes = wanted.this, [int(str(size.this)) for size in wanted.expressions]
    if kind == exp.DataType.Type.DECIMAL:
        precision, digits, *_ = (*sizes, 0) if sizes else (10, 0)
        return cast.exact(precision or 10, digits)
    if kind in (exp.DataType.Type.CHAR, exp.DataType.Type.VARCHAR):
        return cast.characters(sizes[0] if sizes else None)
    if kind in (exp.DataType.Type.DATETIME, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ):
        return cast.stamp(sizes[0] if sizes else 0)
    return None if sizes or wanted.args.get("kind") else _CASTERS.get(kind)


_CASTERS: dict[Any, cast.Caster] = {
    exp.DataType.Type.BIGINT: cast.signed,
    exp.DataType.Type.INT: cast.signed,
    exp.DataType.Type.UBIGINT: cast.unsigned,
    exp.DataType.Type.UINT: cast.unsigned,
    exp.DataType.Type.DOUBLE: cast.floating,
    exp.DataType.Type.DATE: cast.day,
}


def _json(ending: Callable[[Any], Any] | None, path: str) -> Rule:
    """`ending`: what becomes of the value found; None where JSON stays, which nothing but JSON_UNQUOTE may take."""

    def rule(compiler: Compiler, node: exp.Expression) -> Term:
        steps = json_steps(node.args.get(path))
        if steps is None:
            remedy = "Write the path as a literal: JSON_VALUE(attributes, '$.size.weight')."
            return compiler.refuse(node, f"`{shown(node)}` has no fixed path", remedy)
        if ending is None and not _may_be_json(node):
            return compiler.refuse(node, "JSON is not computed with here", "Take JSON_VALUE(column, '$.path').")
        follow: Evaluate = strict(json.path(steps), (compiler.value(node.this),)).evaluate
        return Term(follow) if ending is None else Term(lambda row: ending(follow(row)))

    return rule


def _may_be_json(node: exp.Expression) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    tested = isinstance(parent, exp.Is) and isinstance(parent.expression, exp.Null)
    return parent is None or tested or _is_unquote(parent)


def _is_unquote(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).upper() == "JSON_UNQUOTE" and len(node.expressions) == 1


def _anonymous(compiler: Compiler, node: exp.Anonymous) -> Term:
    """Functions that the parser has no name for."""
    argument = node.expressions[0].unnest() if _is_unquote(node) else None
    if not isinstance(argument, exp.JSONExtract):
        return compiler.refuse_unknown(node)
    read = compiler.value(argument)
    return Term(lambda row: json.unquoted(read(row)))


RULES: Final[dict[type[exp.Expression], Rule]] = {
    exp.Round: _round,
    exp.Concat: _concat,
    exp.ConcatWs: _concat_ws,
    exp.Lower: _function(text.lower, "this"),
    exp.Upper: _function(text.upper, "this"),
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.Left: _function(text.left, "this", "expression"),
    exp.Right: _function(text.right, "this", "expression"),
    exp.SubstringIndex: _function(text.until, "this", "delimiter", "count"),
    exp.Replace: _function(text.replace, "this", "expression", "replacement"),
    exp.Length: _length,
    exp.Cast: _cast,
    exp.JSONExtract: _json(None, "expression"),
    exp.JSONExtractScalar: _json(json.unquoted, "expression"),
    exp.JSONValue: _json(json.scalar, "path"),
    exp.Anonymous: _anonymous,
}

NAMES: Final = (
    "cast", "char_length", "coalesce", "concat", "concat_ws", "if", "ifnull", "json_extract", "json_unquote",
    "json_value", "left", "length", "lower", "ltrim", "mod", "nullif", "replace", "right", "round", "rtrim",
    "substring", "substring_index", "trim", "upper",
)  # fmt: skip
"""Functions, to be suggested."""
