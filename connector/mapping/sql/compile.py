"""sqlglot's syntax tree → closures over a stated subset of SQL; everything else is refused with its place."""

from __future__ import annotations

from typing import Any, Final

from connector.change import Row
from connector.mapping.faults import FaultyTextError
from connector.mapping.sql import compare, functions, logic, mysql
from connector.mapping.sql.compiler import Compiler
from connector.mapping.sql.json import Json
from connector.mapping.sql.language import Language
from connector.mapping.sql.mysql import compare as mysql_compare
from connector.mapping.sql.mysql import number as mysql_number
from connector.mapping.sql.parse import parse
from connector.mapping.sql.term import Evaluate, Expression

LANGUAGES: Final = {
    "postgres": Language(
        rules={**logic.RULES, **functions.RULES},
        functions=functions.NAMES,
        folds_names=True,
        truth=compare.truth,
        comparison=compare.comparison,
        choice=compare.comparison,
        leaving=lambda value: value,
    ),
    "mysql": Language(
        rules=mysql.RULES,
        functions=mysql.NAMES,
        folds_names=False,
        truth=mysql_number.truth,
        comparison=mysql_compare.comparison,
        choice=mysql_compare.choice,
        leaving=mysql_number.leaving,
    ),
}


def compile_expression(text: str, dialect: str) -> Expression:
    """Compiles an expression of the dialect, postgres or mysql. Raises FaultyTextError with every fault in it."""
    tree = parse(text, dialect)
    language = LANGUAGES[dialect]
    compiler = Compiler(text, language)
    term = compiler.term(tree)
    if compiler.faults:
        raise FaultyTextError(tuple(compiler.faults))
    return Expression(text, frozenset(compiler.columns), _leaving(term.evaluate, language))


def _leaving(read: Evaluate, language: Language) -> Evaluate:
    """What an expression is only made of on the way becomes a plain value; JSON becomes text."""

    def evaluate(row: Row) -> Any:
        value = read(row)
        return value.text() if type(value) is Json else language.leaving(value)

    return evaluate
