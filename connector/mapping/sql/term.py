"""What an expression is made of once it is compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.change import Row

Evaluate = Callable[[Row], Any]
"""Gives an expression's value for a row, None for NULL. Raises EvaluationError, UnavailableColumnError, KeyError."""


@dataclass(frozen=True, slots=True)
class Term:
    """A compiled piece of an expression.

    `literal` is the text of a quoted literal, which takes the type of what it meets; None for everything else.
    """

    evaluate: Evaluate
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and the columns it reads."""

    text: str
    columns: frozenset[str]
    evaluate: Evaluate


def constant(value: Any, literal: str | None = None) -> Term:
    """A term with the same value for every row."""

    def evaluate(_: Row) -> Any:
        return value

    return Term(evaluate, literal)
