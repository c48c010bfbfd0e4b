"""Foreign keys that delete unseen, and what the shop file says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.capture.structure_model import ForeignKey, Structure, Table, TableColumn
from connector.mapping import load_shop
from connector.operations.cascades import cascade_findings

SHOP = """
store: {{id: main}}
database: {{kind: {kind}, url: "{scheme}://shop@127.0.0.1/shop", schema: shop}}
orders:
  from: orders
  id: "{{id}}"
  properties: {{dealname: id}}
line_items:
  from: lines
  id: "{{id}}"
  properties: {{name: name, shop_coupon: coupon_id}}
  types: {{shop_coupon: string}}
  {link}
"""
LINKED = 'order: "{order_id}"'
CASCADES = 'order: {key: "{order_id}", cascade: true}'
TO_ORDERS = ForeignKey(("order_id",), "orders", ("id",), "CASCADE")


def told(folder: Path, kind: str, link: str, *keys: ForeignKey) -> list[tuple[str, str]]:
    """(finding, remedy) for a shop whose table of lines has these foreign keys."""
    scheme = "postgresql" if kind == "postgres" else kind
    (folder / "shop.yaml").write_text(SHOP.format(kind=kind, scheme=scheme, link=link))
    lines = Table("lines", (TableColumn("id", "int"),), foreign_keys=keys)
    structure = Structure("mariadb", "shop", (Table("orders", ()), lines))
    found = cascade_findings(load_shop(folder / "shop.yaml", {}), structure, "db")
    return [(each.what, each.remedy) for each in found]


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_what_fits_is_silent(tmp_path: Path, kind: str) -> None:
    """A cascade that the shop file knows, and foreign keys that forbid the deletion."""
    assert [] == told(tmp_path, kind, CASCADES, TO_ORDERS)
    assert [] == told(tmp_path, kind, LINKED, ForeignKey(("order_id",), "orders", ("id",), "RESTRICT"))
    assert [] == told(tmp_path, kind, LINKED)


def test_a_cascade_that_the_file_does_not_know(tmp_path: Path) -> None:
    """The link's place is said, and what to write there."""
    ((what, remedy),) = told(tmp_path, "mariadb", LINKED, TO_ORDERS)
    assert "db: rows of lines vanish unseen with their row of orders (by order_id)" == what
    assert "shop.yaml:13:" in remedy
    assert "write `cascade: true`" in remedy


def test_a_cascade_from_what_is_not_linked(tmp_path: Path) -> None:
    """There is no link to write it at."""
    ((what, remedy),) = told(tmp_path, "mysql", LINKED, ForeignKey(("shop_id",), "shops", ("id",), "CASCADE"))
    assert "vanish unseen with their row of shops (by shop_id)" in what
    assert "let the foreign key be RESTRICT" in remedy


def test_a_cascade_in_the_file_alone(tmp_path: Path) -> None:
    """Records would be archived while their rows live on."""
    ((what, remedy),) = told(tmp_path, "mariadb", CASCADES, ForeignKey(("order_id",), "orders", ("id",), "NO ACTION"))
    assert "db: no foreign key of lines deletes its rows with what `{order_id}` names" == what
    assert "take `cascade: true` out" in remedy


def test_a_value_that_becomes_null_unseen(tmp_path: Path) -> None:
    """Only where a property is made of it: a link to a deleted parent goes anyway."""
    coupon = ForeignKey(("coupon_id",), "coupons", ("id",), "SET NULL")
    order = ForeignKey(("order_id",), "orders", ("id",), "SET NULL")
    ((what, _),) = told(tmp_path, "mariadb", LINKED, coupon, order)
    assert "db: lines.coupon_id becomes NULL unseen with a deleted row of coupons" == what


def test_postgresql_tells_of_every_row(tmp_path: Path) -> None:
    """Its cascades need no word, and a word about them is wrong."""
    assert [] == told(tmp_path, "postgres", LINKED, TO_ORDERS)
    ((what, remedy),) = told(tmp_path, "postgres", CASCADES, TO_ORDERS)
    assert "PostgreSQL tells of every row of lines" in what
    assert "take `cascade: true` out" in remedy
