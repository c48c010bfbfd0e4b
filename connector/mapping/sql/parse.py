"""Expression text → sqlglot's syntax tree, with places as offsets into the text."""

from __future__ import annotations

import functools

from sqlglot import Dialect, Parser, Tokenizer, exp
from sqlglot.errors import ParseError, SqlglotError

from connector.mapping.faults import Fault, FaultyTextError

_REMEDY = "Write one SQL expression as you would after SELECT or WHERE; see docs/shop-file.md, SQL expressions."


def parse(text: str, dialect: str) -> exp.Expression:
    """The tree of one expression. Raises FaultyTextError with the place that the parser names."""
    try:
        trees = _trees(text, dialect)
    except ParseError as error:
        raise FaultyTextError(tuple(_fault(text, found) for found in error.errors) or (_empty(),)) from error
    except SqlglotError as error:
        fault = Fault(_open_quote(text), "the expression cannot be read: a quote or comment is not closed", _REMEDY)
        raise FaultyTextError((fault,)) from error
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        fault = Fault(0, f"the expression cannot be read: {error}", _REMEDY)
        raise FaultyTextError((fault,)) from error
    found = [tree for tree in trees if tree is not None]
    if len(found) != 1 or not isinstance(found[0], exp.Expression):
        raise FaultyTextError((Fault(0, "this is more than one expression", _REMEDY) if found else _empty(),))
    return found[0]


def _trees(text: str, name: str) -> list[exp.Expr | None]:
    tokenizer, parser, dialect = _classes(name)
    return parser(dialect=dialect).parse_into(exp.Expr, tokenizer(dialect=dialect).tokenize(text), text)


@functools.cache
def _classes(name: str) -> tuple[type[Tokenizer], type[Parser], Dialect]:
    """The dialect's tokenizer and parser, less what an expression does not need and they would see in it.

    To lambdas `f(a -> 'x')` is a function of `a`, to us it is a JSON path. To commands a text that begins with REPLACE
    is a statement, to us it is the function.
    """
    dialect = Dialect.get_or_raise(name)
    tokenizer = type("ExpressionTokenizer", (dialect.tokenizer_class,), {"COMMANDS": set()})
    return tokenizer, type("ExpressionParser", (dialect.parser_class,), {"LAMBDAS": {}}), dialect


def offset(node: exp.Expression) -> int:
    """Where a node begins, as far as the parser notes it: the first of its words that has a place."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)


def _fault(text: str, found: dict[str, object]) -> Fault:
    line, column, word = found.get("line"), found.get("col"), str(found.get("highlight") or "")
    if not isinstance(line, int) or not isinstance(column, int):
        return Fault(0, f"the expression cannot be read: {found.get('description')}", _REMEDY)
    begin = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
    place = max(begin + column - max(len(word), 1), 0)
    near = f"near `{word}`" if word else "at its end"
    return Fault(min(place, max(len(text) - 1, 0)), f"the SQL expression is wrong {near}", _REMEDY)


def _empty() -> Fault:
    return Fault(0, "the SQL expression is empty", _REMEDY)


def _open_quote(text: str) -> int:
    return max((text.rfind(quote) for quote in ("'", '"', "`", "/*", "$$")), default=0) if text else 0
