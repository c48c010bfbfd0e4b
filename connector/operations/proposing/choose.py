"""Which tables are the shop's customers, products, orders and line items, and why."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.capture.structure import Structure, Table, TableColumn
from connector.operations.proposing import columns
from connector.operations.proposing.references import Reference, References
from connector.operations.proposing.types import KEYS, family
from connector.operations.proposing.vocabulary import NEUTRAL, NOUNS, OTHER_THINGS, ROLES, Role
from connector.operations.proposing.words import Words

SHORT_LIST: Final = 6
"""So many tables for each role are tried against those of the others."""

ENOUGH: Final = 7.0
"""A table with fewer points is none of the role."""

CLOSE: Final = 0.75
"""A table with so many of the chosen one's points is named as a second choice."""

EVIDENCE: Final[Mapping[Role, Mapping[str, float]]] = {
    "customers": {"email": 3, "firstname": 1, "lastname": 1, "phone": 1},
    "products": {"price": 2, "hs_sku": 2, "name": 1, "description": 1},
    "orders": {"amount": 3, "closedate": 1, "number": 1, "deal_currency_code": 1},
    "line_items": {"quantity": 3, "price": 2, "name": 1},
}
"""Points for columns that such a table has."""

NAMED: Final = 10.0
"""Points for a name that says it plainly."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table for a role. `why` is for people."""

    role: Role
    table: Table
    points: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen tables by role; those that came second; who refers to whom: (child role, parent role) → reference."""

    chosen: Mapping[Role, Candidate] = field(default_factory=dict)
    seconds: Mapping[Role, Sequence[Candidate]] = field(default_factory=dict)
    references: Mapping[tuple[Role, Role], Reference] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    """Tables that look right and have no key: `name: why`."""


LINKS: Final[Sequence[tuple[Role, Role, float]]] = (
    ("line_items", "orders", 6.0),
    ("line_items", "products", 2.0),
    ("orders", "customers", 4.0),
)
"""Child, parent, and the points for the child's reference to it."""


def choose(structure: Structure) -> Choice:
    """The combination of tables with the most points; a role for which no table will do is left out."""
    references = References(structure)
    scored = {role: _scored(structure, role, references) for role in ROLES}
    usable = {role: [each for each in found if row_key(each.table)] for role, found in scored.items()}
    best = max(_combinations(usable), key=lambda each: _worth(each, references), default={})
    chosen = {role: each for role, each in best.items() if each is not None}
    taken = {each.table.name for each in chosen.values()}
    return Choice(
        chosen=chosen,
        seconds={role: _seconds(role, chosen, usable[role], taken) for role in ROLES},
        references=dict(_links(best, references)),
        left_out=tuple(
            f"{each.table.name}: no primary key, and no unique columns that are never NULL"
            for role in ROLES
            for each in scored[role]
            if not row_key(each.table) and each.points >= ENOUGH
        ),
    )


def row_key(table: Table) -> tuple[str, ...]:
    """The columns that tell rows apart: the primary key, else unique columns that are never NULL; () if there is none.

    A key whose columns the shop file cannot name, or whose values make no id, is none.
    """
    for key in (table.key, *sorted(table.unique, key=len)):
        found = [table.column(name) for name in key]
        if found and all(each and _makes_id(each) and (key == table.key or not each.nullable) for each in found):
            return key
    return ()


def _makes_id(column: TableColumn) -> bool:
    return columns.is_writable(column) and family(column) in {*KEYS, "day"}


def _scored(structure: Structure, role: Role, references: References) -> list[Candidate]:
    """The short list of a role, the best first."""
    found = [_score(table, role, references) for table in structure.tables if _is_nameable(table)]
    ranked = sorted((each for each in found if each.points > 0), key=lambda each: -each.points)
    return ranked[:SHORT_LIST]


def _is_nameable(table: Table) -> bool:
    return bool(table.name) and "." not in table.name and table.name.isprintable()


def _score(table: Table, role: Role, references: References) -> Candidate:
    named = _name_points(references.core(table), role)
    found = {prop: columns.best(columns.properties(table, role, prop)) for prop in EVIDENCE[role]}
    shown = [column.name for column in found.values() if column]
    evidence = sum(points for prop, points in EVIDENCE[role].items() if found[prop])
    points = named + evidence
    if named <= 0 and (role == "line_items" or evidence < 5):
        return Candidate(role, table, 0.0)
    why = (f"has {', '.join(dict.fromkeys(shown))}",) if shown else ()
    if table.rows:
        points += 0.5
    return Candidate(role, table, points, ("chosen by its name", *why) if named > 0 else why)


def _name_points(core: Words, role: Role) -> float:
    """What the table's name says, from -6 to 10."""
    nouns = NOUNS[role]
    others = set(core) & OTHER_THINGS
    if role == "line_items":
        heads = [word for word in core if word in nouns]
        about_orders = max((NOUNS["orders"].get(word, 0.0) for word in core), default=0.0)
        if not heads or others:
            return -6.0 if others else 0.0
        best = max(nouns[word] for word in heads)
        whole = bool(about_orders) or len(heads) > 1
        return NAMED * best * (max(about_orders, 0.9) if whole else 0.5) - 0.5 * max(len(core) - 2, 0)
    best = max((nouns.get(word, 0.0) for word in core), default=0.0)
    if not best:
        return 0.0
    strangers = [word for word in core if word not in nouns and word not in NEUTRAL and word not in others]
    foreign = [word for word in strangers if any(word in NOUNS[each] for each in ROLES)]
    return NAMED * best - 6.0 * len(others) - 5.0 * len(foreign) - 1.0 * (len(strangers) - len(foreign))


def _combinations(usable: Mapping[Role, Sequence[Candidate]]) -> list[dict[Role, Candidate | None]]:
    options = [[*usable[role], None] for role in ROLES]
    found = [dict(zip(ROLES, each, strict=True)) for each in itertools.product(*options)]
    return [each for each in found if _are_different(each)]


def _are_different(combination: Mapping[Role, Candidate | None]) -> bool:
    names = [each.table.name for each in combination.values() if each is not None]
    return len(names) == len(set(names))


def _worth(combination: Mapping[Role, Candidate | None], references: References) -> float:
    """Points beyond what each role asks for, so that a role stays empty rather than wrong."""
    linked = dict(_links(combination, references))
    total = 0.0
    for role, each in combination.items():
        if each is None:
            continue
        gained = sum(points for child, parent, points in LINKS if role == child and (child, parent) in linked)
        lonely = role == "line_items" and (role, "orders") not in linked
        total += each.points + gained - ENOUGH - (20.0 if lonely else 0.0)
    return total


def _links(
    combination: Mapping[Role, Candidate | None], references: References
) -> list[tuple[tuple[Role, Role], Reference]]:
    found = []
    for child, parent, _ in LINKS:
        of, to = combination.get(child), combination.get(parent)
        reference = references.between(of.table, to.table, NOUNS[parent]) if of and to else None
        if reference is not None:
            found.append(((child, parent), reference))
    return found


def _seconds(
    role: Role, chosen: Mapping[Role, Candidate], usable: Sequence[Candidate], taken: set[str]
) -> list[Candidate]:
    if role not in chosen:
        return []
    least = CLOSE * chosen[role].points
    return [each for each in usable if each.table.name not in taken and each.points >= least][:2]
