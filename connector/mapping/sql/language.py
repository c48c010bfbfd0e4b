"""What one dialect of SQL brings to the compiler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from connector.mapping.sql.term import Evaluate, Term


@dataclass(frozen=True, slots=True)
class Language:
    """The rules of a dialect, and what differs between dialects in rules that they share.

    `rules`: kind of node → its compilation. `functions`: names to suggest. `folds_names`: names without quotes are read
    in small letters. `truth`: a value as a condition. `comparison`: makes the closure of `left test right`. `choice`:
    the same for CASE left WHEN right. `leaving`: a value as it leaves the expression.
    """

    rules: Mapping[type[exp.Expression], Callable[..., Term]]
    functions: tuple[str, ...]
    folds_names: bool
    truth: Callable[[Any], bool | None]
    comparison: Callable[[Callable[[Any, Any], bool], Term, Term], Evaluate]
    choice: Callable[[Callable[[Any, Any], bool], Term, Term], Evaluate]
    leaving: Callable[[Any], Any]
