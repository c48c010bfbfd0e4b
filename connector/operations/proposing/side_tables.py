"""Tables beside the main one that hold what it lacks: names by language, prices by shop."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from connector.capture.structure import Table, TableColumn
from connector.operations.proposing import columns
from connector.operations.proposing.choose import row_key
from connector.operations.proposing.contacts import newest_by
from connector.operations.proposing.lookups import LANGUAGE, STORE, is_writable_name, words_about
from connector.operations.proposing.questions import Values
from connector.operations.proposing.references import Reference, References
from connector.operations.proposing.sheet import ASK, Block, Node, question
from connector.operations.proposing.surroundings import Surroundings, link_template, vanishing
from connector.operations.proposing.types import family
from connector.operations.proposing.vocabulary import NOUNS, OTHER_THINGS, Role

_HOLD: Final = {"name", "description", "price", "hs_sku"}
_ALLOWED: Final = LANGUAGE | {
    "description", "translation", "stock", "record", "price", "meta", "lookup", "text", "inventory", "content", "shop",
    "store", "detail",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A further mapping of the section, and the properties that it adds."""

    node: Node
    properties: tuple[str, ...]


def side_tables(around: Surroundings, main: Table, role: Role, have: Collection[str]) -> Iterator[Side]:
    """Mappings that add what the main table lacks, each property once, the table with the most of them first."""
    missing = _HOLD - set(have)
    references = References(around.structure)
    taken = {each.table.name for each in around.choice.chosen.values()}
    offers = []
    for table in around.structure.tables:
        reference = references.between(table, main, NOUNS[role]) if _is_aside(references, table, role, taken) else None
        found = _columns(table, role, missing) if reference else {}
        if reference is not None and found and link_template(reference, main) and row_key(table):
            offers.append((table, reference, found))
    for table, reference, _ in sorted(offers, key=lambda each: (-len(each[2]), each[0].name)):
        found = _columns(table, role, missing)
        if found:
            missing -= found.keys()
            yield Side(_node(around, table, main, reference, found), tuple(found))


def _is_aside(references: References, table: Table, role: Role, taken: Collection[str]) -> bool:
    core = set(references.core(table)) - set(NOUNS[role])
    return table.name not in taken and is_writable_name(table.name) and not (core & OTHER_THINGS) - _ALLOWED


def _columns(table: Table, role: Role, missing: Collection[str]) -> dict[str, TableColumn]:
    found = {prop: columns.properties(table, role, prop) for prop in sorted(missing)}
    return {prop: each[0].column for prop, each in found.items() if each and each[0].weight >= 0.8}


def _node(around: Surroundings, table: Table, main: Table, reference: Reference, found: dict[str, TableColumn]) -> Node:
    block = Block()
    block.put("from", table.name)
    block.put("id", link_template(reference, main) or ASK)
    rest = [name for name in row_key(table) if name not in reference.columns]
    conditions, note = _conditions(around, table, rest)
    if conditions:
        block.put("where", conditions, note)
    properties = Block()
    for prop, column in found.items():
        properties.put(prop, column.name)
    block.put("properties", properties)
    unique = not rest or bool(conditions) or reference.columns in table.unique
    newest = newest_by(table)
    if not unique and newest is not None:
        block.put(
            "newest_by", newest.name, question(f"several rows of {table.name} may speak of one; the newest counts")
        )
    elif not unique:
        block.nodes["id"] = Node(block.nodes["id"].value, question(f"several rows of {table.name} may speak of one"))
    has = f"{table.name}: has {', '.join(each.name for each in found.values())} for {main.name}."
    return block.node([has, *vanishing(around, table, [])])


def _conditions(around: Surroundings, table: Table, rest: list[str]) -> tuple[str, str]:
    """One language and one shop of several."""
    parts, notes = [], []
    for name in rest:
        column = table.column(name)
        if column is None or family(column) == "bytes" or not words_about(name, LANGUAGE | STORE):
            continue
        values = [value for value, _ in around.ask(Values(table.name, name)).pairs if value is not None]
        chosen = min(values, default="1" if family(column) == "whole" else "")
        literal = chosen if family(column) == "whole" else "'" + chosen.replace("'", "''") + "'"
        part = f"{around.sql_name(name)} = {literal}"
        if around.is_sql(part):
            parts.append(part)
        if len(values) != 1:
            notes.append(f"which {name}?" + (f" There are {', '.join(values[:8])}" if values else ""))
    return " and ".join(parts), question("; ".join(notes)) if notes else ""
