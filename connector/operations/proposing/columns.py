"""Which column of a table holds what: names weighed, types that cannot hold it left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from connector.capture.structure import Table, TableColumn
from connector.operations.proposing.types import Family, family
from connector.operations.proposing.vocabulary import FITTING, NOUNS, PROPERTIES, SPOILERS, Role, Weights
from connector.operations.proposing.words import Words, words

PART: Final = 0.55
"""What a name is worth that only holds a known one: `billing_city`."""


@dataclass(frozen=True, slots=True)
class Match:
    """A column, and how surely it is what was asked for: from 0 to 1."""

    column: TableColumn
    weight: float


def matches(table: Table, weights: Weights, fitting: Collection[Family], strip: Collection[str] = ()) -> list[Match]:
    """Columns by their weight, the best first. `strip` are words that a column's name may begin with for nothing."""
    found = [
        Match(column, weight)
        for column in table.columns
        if is_writable(column) and family(column) in fitting
        if (weight := _weight(words(column.name), weights, strip)) > 0
    ]
    return sorted(found, key=lambda match: -match.weight)


def properties(table: Table, role: Role, name: str) -> list[Match]:
    """Columns for one of a role's properties."""
    strip = {*NOUNS[role], *own_words(table)}
    return matches(table, PROPERTIES[role][name], FITTING[name], strip)


def own_words(table: Table) -> Words:
    """The words of the table's name: its columns may repeat them (`customers_email`)."""
    return words(table.name)


def is_writable(column: TableColumn) -> bool:
    """Whether the shop file can name the column: it is in the change log, and its name fits into a template."""
    name = column.name
    is_plain = name.isprintable() and name == name.strip() and not set(name) & set("{}")
    return is_plain and name not in {"", "?"} and not column.computed


def _weight(found: Words, weights: Weights, strip: Collection[str]) -> float:
    whole = weights.get("".join(found), 0.0)
    rest = _stripped(found, strip)
    own = max(whole, weights.get("".join(rest), 0.0))
    return own or _part(rest, weights)


def _stripped(found: Words, strip: Collection[str]) -> Words:
    rest = list(found)
    while len(rest) > 1 and rest[0] in strip:
        del rest[0]
    return tuple(rest)


def _part(found: Words, weights: Weights) -> float:
    """The weight of a known name inside a longer one; 0 where another word spoils it."""
    best = 0.0
    for start in range(len(found)):
        for end in range(start + 1, len(found) + 1):
            extra = (*found[:start], *found[end:])
            weight = weights.get("".join(found[start:end]), 0.0)
            if weight >= 0.8 and not SPOILERS & set(extra):
                best = max(best, weight * PART - 0.05 * len(extra))
    return max(best, 0.0)


def best(found: Sequence[Match]) -> TableColumn | None:
    """The surest column, or none."""
    return found[0].column if found else None


def rivals(found: Sequence[Match], *, within: float = 0.8, limit: int = 3) -> tuple[str, ...]:
    """Names of columns that are nearly as sure as the best one: a person should look at them."""
    if not found:
        return ()
    return tuple(each.column.name for each in found[1:] if each.weight >= within * found[0].weight)[:limit]
