"""The proposed `customers` section, and contacts that only orders know."""

from __future__ import annotations

from typing import Final

from connector.capture.structure import Table, TableColumn
from connector.operations.proposing import columns
from connector.operations.proposing.choose import row_key
from connector.operations.proposing.columns import Match
from connector.operations.proposing.sheet import ASK, Block, Node, question
from connector.operations.proposing.surroundings import (
    Surroundings,
    about,
    id_template,
    not_deleted,
    or_rivals,
    other_columns,
    put_remark,
    put_where,
    vanishing,
)
from connector.operations.proposing.types import family
from connector.operations.proposing.vocabulary import ACTIVE, FITTING, PROPERTIES, UPDATED
from connector.operations.proposing.words import words

NAMES: Final = ("firstname", "lastname")


def customers(around: Surroundings, table: Table) -> Node:
    """One mapping: the contact's usual properties, recognised by e-mail where rows can be put in order."""
    block, used = Block(), set(row_key(table))
    block.put("from", table.name)
    block.put("id", id_template(table))
    condition = not_deleted(around, table)
    put_where(block, [condition] if condition else [])
    properties = _properties(around, table, used)
    above = [*vanishing(around, table, []), *_remarks(table), *other_columns(table, used)]
    block.put("properties", properties, above=above)
    if "email" in properties.nodes and properties.nodes["email"].value != ASK:
        _matched(block, table)
    return block.node(about(around, "customers"))


def _properties(around: Surroundings, table: Table, used: set[str]) -> Block:
    block = Block()
    for prop in PROPERTIES["customers"]:
        found = [match for match in columns.properties(table, "customers", prop) if match.column.name not in used]
        if not found or found[0].weight < (0.45 if prop == "lastname" else 0.5):
            continue
        column = found[0].column
        used.add(column.name)
        if prop == "email":
            block.put(prop, clean_email(around, column), or_rivals(found))
        else:
            block.put(prop, column.name, _name_note(prop, found, block))
    if not set(block.nodes) & {"email", *NAMES}:
        block.put("email", ASK, question("no column looks like an e-mail or a name: which one is it?"))
    return block


def clean_email(around: Surroundings, column: TableColumn) -> object:
    """HubSpot keeps e-mails in small letters and without blanks; so written, they compare."""
    text = f"lower(trim({around.sql_name(column.name)}))"
    return {"sql": text} if around.is_sql(text) else column.name


def _name_note(prop: str, found: list[Match], block: Block) -> str:
    if prop == "lastname" and "firstname" not in block.nodes:
        return question("does it hold the whole name? HubSpot has firstname and lastname")
    return or_rivals(found)


def _remarks(table: Table) -> list[str]:
    """Flags that may mean: this row shall not be in HubSpot."""
    flags = [match.column.name for match in columns.matches(table, ACTIVE, {"truth", "whole"}) if match.weight >= 0.7]
    flags += [column.name for column in table.columns if {"staff", "admin", "superuser"} & set(words(column.name))]
    if not flags:
        return []
    return [question(f"shall {', '.join(flags[:3])} decide who is in HubSpot? Then by `where:`")]


def _matched(block: Block, table: Table) -> None:
    newest = newest_by(table)
    if newest is not None:
        block.put("match_by", "email")
        block.put("newest_by", newest.name)
        return
    key = [table.column(name) for name in row_key(table)]
    if len(key) == 1 and key[0] is not None and key[0].auto:
        note = question("no column rises with every change; so of two rows with one e-mail the later made one speaks")
        block.put("match_by", "email")
        block.put("newest_by", key[0].name, note)
        return
    asks = question("`match_by: email` would recognise contacts that are in HubSpot already; it needs `newest_by:`,")
    put_remark(block, asks, "a column that rises with every change, and there seems to be none.")


def newest_by(table: Table) -> TableColumn | None:
    """The column that rises with every change, or none: one that the database keeps first, then by name."""
    touched = [column for column in table.columns if column.touched and columns.is_writable(column)]
    named = columns.matches(table, UPDATED, {"instant", "wall_clock", "whole", "number"})
    good = [match.column for match in named if match.weight >= 0.6]
    return next(iter(touched or good), None)


def guests(around: Surroundings, orders: Table, customer: str | None) -> list[str]:
    """Lines for a mapping that makes contacts of orders without a customer, to be taken over by hand; [] if none do."""
    strip = {*words(orders.name), "order", "customer", "guest", "billing", "contact", "buyer", "user"}
    found = columns.matches(orders, PROPERTIES["customers"]["email"], FITTING["email"], strip)
    if not found or found[0].weight < 0.9 or customer is None:
        return []
    email, link = found[0].column, orders.column(customer)
    newest = newest_by(orders)
    speaks = newest or next((each for each in map(orders.column, row_key(orders)) if each and each.auto), None)
    if link is None or speaks is None or not (link.nullable or family(link) == "whole"):
        return []
    name, none = around.sql_name(email.name), around.sql_name(link.name)
    where = f"{none} is null" if link.nullable else f"{none} = 0"
    missing = "NULL" if link.nullable else "0"
    return [
        question(
            f"Guests: if there are rows of {orders.name} whose {link.name} is {missing}, a second mapping makes "
            f"contacts of them. Take it over, and begin each mapping of `customers` with `- `:"
        ),
        "",
        f"- from: {orders.name}",
        f'  id: "guest-{{{email.name}}}"',
        f"  where: \"{where} and {name} <> ''\"",
        "  properties:",
        f'    email: {{sql: "lower(trim({name}))"}}',
        "  match_by: email",
        f"  newest_by: {speaks.name}",
        "  bears: true",
    ]
