"""A structure and what its rows told → the proposed shop file as a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connector.capture.structure import Structure, Table
from connector.errors import ConfigurationError
from connector.operations.proposing.choose import Choice, choose, row_key
from connector.operations.proposing.contacts import customers, guests
from connector.operations.proposing.deals import orders
from connector.operations.proposing.goods import line_items, products
from connector.operations.proposing.questions import Ask, Zone
from connector.operations.proposing.sheet import ASK, Block, Node, question, remarks, unanswered
from connector.operations.proposing.surroundings import Surroundings
from connector.operations.proposing.types import family
from connector.operations.proposing.vocabulary import ROLES, Role

SECTIONS: Final[Mapping[Role, Callable[[Surroundings, Table], Node]]] = {
    "customers": customers,
    "products": products,
    "orders": orders,
    "line_items": line_items,
}

VARIABLE: Final = "SHOP_DATABASE_URL"
"""Where a file takes the database's address from unless told otherwise: it never holds a password."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The file as a tree, the tables it is made of, and how many answers and looks it needs."""

    sheet: Node
    choice: Choice
    needed: int
    asked: int


def propose(structure: Structure, ask: Ask, name: str, variable: str = VARIABLE) -> Proposal:
    """`name` is the database's, from which the store's id is made; `variable` is to hold the database's address.

    Raises ConfigurationError where nothing in the structure looks like a shop; the text names what is there.
    """
    choice = choose(structure)
    if not choice.chosen:
        raise ConfigurationError(_nothing(structure, choice))
    around = Surroundings(structure, choice, ask)
    sections = {role: SECTIONS[role](around, table) for role in ROLES if (table := around.table(role))}
    root = Block()
    root.put("store", _store(name))
    root.put("database", _database(around, sections, variable))
    if keyless := list(_keyless(around, sections)):
        named = Node({"message.key.columns": Node(";".join(keyless))})
        root.put("capture", Block({"config": named}), above=("", _KEYLESS))
    missing: tuple[str, ...] = ()
    for role in ROLES:
        if role in sections:
            root.nodes[role] = Node(sections[role].value, above=("", *sections[role].above))
        else:
            missing = (*missing, question(f"no table looks like {role}: add the section by hand if there is one"))
    sheet = Node(root.nodes, above=tuple(_head(structure, choice)), below=(*missing, *_guests(around)))
    asked = sum(text.startswith("?") for text in remarks(sheet))
    return Proposal(sheet, choice, unanswered(sheet), asked)


_KEYLESS: Final = "Tables without a primary key: these unique columns tell their rows apart."


def _guests(around: Surroundings) -> list[str]:
    orders_table, reference = around.table("orders"), around.choice.references.get(("orders", "customers"))
    return guests(around, orders_table, reference.columns[0]) if orders_table and reference else []


def _store(name: str) -> Block:
    block = Block()
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-_.")[:40] or "main"
    block.put("id", plain, question("part of every key in HubSpot: settle it before the first row is written"))
    block.put("label", plain.replace("_", " ").replace("-", " ").title(), question("the shop's name for people"))
    return block


def _database(around: Surroundings, sections: Mapping[Role, Node], variable: str) -> Block:
    block = Block()
    block.put("kind", around.structure.kind)
    block.put("url", f"${{{variable}}}", "the address with its password stays in the environment")
    block.put("schema", around.structure.schema)
    zoneless = sorted({name for role, node in sections.items() for name in _zoneless(around.table(role), node)})
    if zoneless:
        clock = str((around.ask(Zone()).pairs or ((None, 1),))[0][0] or "unknown")
        note = question(
            f"times without a zone: {', '.join(zoneless[:4])}. In which zone did the shop write them? Many shops write "
            f"UTC; the server's clock runs in {clock}"
        )
        block.put("zone", ASK, note)
    return block


def _zoneless(table: Table | None, node: Node) -> Iterator[str]:
    """Columns of times without a zone that the section names."""
    named = set(_scalars(node))
    for column in table.columns if table else ():
        if family(column) == "wall_clock" and column.name in named:
            yield f"{table.name}.{column.name}" if table else column.name


def _scalars(node: Node) -> Iterator[object]:
    if isinstance(node.value, Mapping):
        for each in node.value.values():
            yield from _scalars(each)
    elif isinstance(node.value, str) or not isinstance(node.value, list | tuple):
        yield node.value
    else:
        for each in node.value:
            yield from _scalars(each)


def _keyless(around: Surroundings, sections: Mapping[Role, Node]) -> Iterator[str]:
    names = {str(found) for node in sections.values() for found in _tables(node)}
    for table in around.structure.tables:
        if table.name in names and not table.key:
            yield f"{around.structure.schema}.{table.name}:{','.join(row_key(table))}"


def _tables(node: Node) -> Iterator[object]:
    if isinstance(node.value, Mapping):
        yield node.value["from"].value
    elif isinstance(node.value, list):
        for each in node.value:
            yield from _tables(each)


def _head(structure: Structure, choice: Choice) -> Iterator[str]:
    of = f"the {len(structure.tables)} tables of {structure.schema}"
    yield f"Proposed by `shopbridge init` from {of}."
    yield "What each word of it means stands in docs/shop-file.md."
    yield ""
    yield 'A remark marked `# ?` asks. Where a value is "?", an answer must be written in its place; `shopbridge check`'
    yield "says where one is missing."
    for each in choice.left_out[:5]:
        yield question(f"left out {each}")


def _nothing(structure: Structure, choice: Choice) -> str:
    names = [table.name for table in structure.tables]
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    reasons = "".join(f"\n    {each}" for each in choice.left_out)
    return (
        f"Nothing in {structure.schema} looks like a shop's customers, products, orders or line items. Its tables are "
        f"{shown}.{reasons}\nName another schema with --schema, or write the file by hand: docs/shop-file.md has a "
        f"whole example."
    )
