"""The proposed `products` and `line_items` sections."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from connector.capture.structure import Table
from connector.operations.proposing import columns
from connector.operations.proposing.choose import row_key
from connector.operations.proposing.columns import Match
from connector.operations.proposing.references import References
from connector.operations.proposing.sheet import Block, Node, question
from connector.operations.proposing.side_tables import side_tables
from connector.operations.proposing.surroundings import (
    Surroundings,
    about,
    id_template,
    link_template,
    not_deleted,
    or_rivals,
    other_columns,
    put_remark,
    put_where,
    vanishing,
)
from connector.operations.proposing.types import family
from connector.operations.proposing.vocabulary import ACTIVE, NOUNS, PROPERTIES, TOTALS, Role
from connector.operations.proposing.words import words

_CENTS: Final = frozenset({"cent", "cents", "minor"})


def products(around: Surroundings, table: Table) -> Node:
    """One mapping of the products' table, and one for each table that holds what it lacks."""
    block, used = Block(), set(row_key(table))
    block.put("from", table.name)
    block.put("id", id_template(table))
    condition = not_deleted(around, table)
    put_where(block, [condition] if condition else [])
    properties = property_block(around, table, "products", used)
    sides = list(side_tables(around, table, "products", {str(name) for name in properties.nodes}))
    block.put(
        "properties", properties, above=[*vanishing(around, table, []), *active(table), *other_columns(table, used)]
    )
    ask_for(block, table, "name", [name for side in sides for name in side.properties])
    above = about(around, "products")
    return Node([block.node(), *(side.node for side in sides)], above=tuple(above)) if sides else block.node(above)


def line_items(around: Surroundings, table: Table) -> Node:
    """One mapping, linked to its deal and its product."""
    block, used = Block(), set(row_key(table))
    block.put("from", table.name)
    block.put("id", id_template(table))
    condition = not_deleted(around, table)
    put_where(block, [condition] if condition else [])
    properties = property_block(around, table, "line_items", used)
    if "price" not in properties.nodes:
        _price_of_total(around, table, properties, used)
    links = [around.choice.references.get(("line_items", parent)) for parent in ("orders", "products")]
    used |= {name for reference in links if reference for name in reference.columns}
    block.put("properties", properties, above=[*vanishing(around, table, links), *other_columns(table, used)])
    for prop in ("name", "quantity", "price"):
        ask_for(block, table, prop)
    put_link(around, block, "line_items", "orders", "order")
    put_link(around, block, "line_items", "products", "product")
    return block.node(about(around, "line_items"))


def property_block(around: Surroundings, table: Table, role: Role, used: set[str]) -> Block:
    """The role's properties that the table has columns for; their columns join `used`."""
    block = Block()
    for prop in PROPERTIES[role]:
        found = columns.properties(table, role, prop)
        if prop not in {"hs_sku", "number"}:
            found = [match for match in found if match.column.name not in used]
        found = [match for match in found if match.weight >= 0.4 and not match.column.auto]
        if found and prop != "number":
            used.add(found[0].column.name)
            put_money(around, block, prop, found)
    return block


def put_money(around: Surroundings, block: Block, prop: str, found: Sequence[Match]) -> None:
    """A property by its column; whole numbers that are called cents become whole currency."""
    column, note = found[0].column, or_rivals(found)
    is_price = prop in {"price", "amount", "hs_cost_of_goods_sold"}
    text = f"round({around.sql_name(column.name)} / 100.0, 2)"
    if not is_price or family(column) != "whole" or not around.is_sql(text):
        block.put(prop, column.name, note)
    elif _CENTS & set(words(column.name)):
        block.put(prop, {"sql": text}, note)
    else:
        asks = question(f'whole numbers: if they are cents, write {{sql: "{text}"}}')
        block.put(prop, column.name, asks)


def _price_of_total(around: Surroundings, table: Table, properties: Block, used: set[str]) -> None:
    """Where a line knows only what all its pieces cost together."""
    totals = columns.matches(table, TOTALS, {"number"}, set(words(table.name)) | {"line", "product", "item"})
    quantity = properties.nodes.get("quantity")
    if not totals or quantity is None or not isinstance(quantity.value, str):
        return
    total, pieces = around.sql_name(totals[0].column.name), around.sql_name(quantity.value)
    text = f"round(cast({total} as numeric) / nullif({pieces}, 0), 4)" if around.is_postgres else ""
    text = text or f"round({total} / nullif({pieces}, 0), 4)"
    if around.is_sql(text):
        used.add(totals[0].column.name)
        properties.put("price", {"sql": text}, question("made of the line's total"))


def ask_for(block: Block, table: Table, prop: str, elsewhere: Sequence[str] = ()) -> None:
    """A remark on a property that such an object should have, and no column was found for."""
    properties = block.nodes["properties"].value
    assert isinstance(properties, Mapping)
    if prop in properties or prop in elsewhere:
        return
    computed = [column.name for column in table.columns if column.computed]
    more = f" The change log lacks what the database computes: {', '.join(computed[:4])}." if computed else ""
    put_remark(block, question(f"no column looks like `{prop}:`, add it if there is one.{more}"))


def active(table: Table) -> list[str]:
    """A remark on flags that may say which rows belong into HubSpot."""
    flags = [match.column.name for match in columns.matches(table, ACTIVE, {"truth", "whole"}) if match.weight >= 0.7]
    return [question(f"shall {flags[0]} decide which of them are in HubSpot? Then by `where:`")] if flags else []


def put_link(around: Surroundings, block: Block, child: Role, parent: Role, key: str) -> None:
    """The link by the reference that was found; where there is none, a remark below the properties."""
    reference, to = around.choice.references.get((child, parent)), around.table(parent)
    if to is None:
        return
    template = link_template(reference, to) if reference else None
    if reference is None or template is None:
        put_remark(block, _missing_link(around, child, to, key, NOUNS[parent]))
        return
    note = "" if reference.declared else question("no foreign key says so; it is called so")
    if reference.cascade and not around.is_postgres:
        block.put(key, {"key": template, "cascade": True}, note)
    else:
        block.put(key, template, note)


def _missing_link(around: Surroundings, child: Role, to: Table, key: str, also: Collection[str]) -> str:
    table = around.choice.chosen[child].table
    likely = [column.name for column in References(around.structure).likely(table, to, also)]
    more = f"; perhaps {', '.join(likely[:3])}" if likely else ""
    return question(f"`{key}:` is missing: no column of {table.name} surely holds the id of {to.name}{more}")
