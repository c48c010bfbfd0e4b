"""Two versions of a shop file set side by side: what changed, in lines, and whose old rows have to be read again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.mapping import Shop, load_shop
from connector.mapping.description import Difference, differences

FILE = """
store: {id: small, label: Small}
database: {kind: postgres, url: "postgresql://shop:secret@127.0.0.1/shop", schema: public, zone: Europe/Berlin}
customers:
  from: customers
  id: "{id}"
  where: active
  properties: {email: email, firstname: first_name, shop_rank: {python: "described_functions:rank"}}
  types: {shop_rank: string}
products:
  - {from: goods, id: "g{id}", newest_by: id, properties: {name: name}}
  - {from: books, id: "b{id}", bears: true, newest_by: id, properties: {name: title}}
orders:
  from: sales
  id: "{id}"
  properties: {dealname: "Sale {id}", amount: total, x_y: {column: s, values: {1: A}}}
  types: {x_y: string}
  customer: "{customer_id}"
"""

Load = Callable[[str], Shop]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Loads a text as shop file, beside the functions that it names."""
    (tmp_path / "described_functions.py").write_text("def rank(row):\n    return 'a'\n")

    def read(text: str) -> Shop:
        file = tmp_path / "shop.yaml"
        file.write_text(text)
        return load_shop(file, {})

    yield read
    sys.modules.pop("described_functions", None)
    sys.path.remove(str(tmp_path))


CHANGES: dict[str, tuple[str, str, list[tuple[str, str | None]]]] = {
    "a comment": ("store:", "# mine\nstore:", []),
    "a property added": (
        "email: email,",
        "email: email, phone: telephone,",
        [("customers: property phone was added: telephone", "customers")],
    ),
    "a property taken out": (
        ", firstname: first_name",
        "",
        [("customers: property firstname was taken out; HubSpot keeps what it holds", None)],
    ),
    "a property read from another column": (
        "amount: total",
        "amount: {sql: total * 2}",
        [("orders from sales: property amount is {sql: total * 2}, was total", "sales")],
    ),
    "a template": (
        "Sale {id}",
        "No. {id}",
        [("orders from sales: property dealname is No. {id}, was Sale {id}", "sales")],
    ),
    "values": (
        "{1: A}",
        "{1: A, 2: B}",
        [
            (
                "orders from sales: property x_y is {column: s, values: {1: A, 2: B}}, was {column: s, values: {1: A}}",
                "sales",
            )
        ],
    ),
    "the filter": ("where: active", "where: id > 7", [("customers: `where` is id > 7, was active", "customers")]),
    "the filter taken out": (
        "  where: active\n",
        "",
        [("customers: `where` was taken out: active", "customers")],
    ),
    "a link": (
        'customer: "{customer_id}"',
        'customer: {key: "{buyer_id}", required: true}',
        [("orders from sales: `customer` is {key: {buyer_id}, required: true}, was {customer_id}", "sales")],
    ),
    "a table taken out": (
        '  - {from: books, id: "b{id}", bears: true, newest_by: id, properties: {name: title}}\n',
        "",
        [("products from books: the table was taken out; HubSpot keeps what it holds", None)],
    ),
    "the zone": (
        "zone: Europe/Berlin",
        "zone: UTC",
        [
            (f"`database: zone` is UTC, was Europe/Berlin, which counts for {table}", table)
            for table in ("customers", "goods", "books", "sales")
        ],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_change_is_told(case: str, load: Load) -> None:
    """One line for each change, with the table whose old rows it concerns."""
    old, new, expected = CHANGES[case]
    before = load(FILE).description
    assert [Difference(*each) for each in expected] == differences(before, load(FILE.replace(old, new)).description)


def test_table_added_is_the_reverse(load: Load) -> None:
    """Its rows have to be read; its properties are not listed one by one."""
    before = load(FILE.partition("orders:")[0]).description
    added = [Difference("orders from sales: the table was added", "sales")]
    assert added == differences(before, load(FILE).description)


def test_changed_function_names_the_tables_it_maps(load: Load) -> None:
    """It is the module's source that is compared."""
    shop = load(FILE)
    before = {**shop.description, "functions": {"described_functions": "another"}}
    text = "the source of described_functions.py has changed, which customers is mapped by"
    assert [Difference(text, "customers")] == differences(before, shop.description)


def test_another_release_is_told(load: Load) -> None:
    """It may map otherwise, but nobody can say whose rows."""
    shop = load(FILE)
    found = differences({**shop.description, "product": "0.0.1"}, shop.description)
    assert [(True, None)] == [(each.text.endswith("was 0.0.1"), each.table) for each in found]


def test_description_is_json_without_secrets(load: Load) -> None:
    """It is kept in the ledger."""
    text = json.dumps(load(FILE).description)
    assert json.loads(text) == load(FILE).description
    assert "secret" not in text
