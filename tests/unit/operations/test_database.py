"""What a table's facts mean for the mappings that read it."""

from __future__ import annotations

from pathlib import Path

from connector.capture.plan import TableFacts
from connector.mapping import Shop, load_shop
from connector.operations.database import table_findings

SHOP = """
store: {id: main}
database: {kind: postgres, url: "postgresql://shop@127.0.0.1/shop", schema: public}
customers:
  from: customers
  id: "{number}"
  properties: {email: email}
  newest_by: rev
products:
  from: products
  id: "{id}"
  properties: {name: name}
"""
PRODUCTS = TableFacts(("id", "name"), ("id",), full_rows=False)


def shop(folder: Path) -> Shop:
    (folder / "shop.yaml").write_text(SHOP)
    return load_shop(folder / "shop.yaml", {})


def told(folder: Path, customers: TableFacts | None) -> list[tuple[str, str]]:
    facts = {"products": PRODUCTS, **({"customers": customers} if customers else {})}
    return [(each.what, each.remedy) for each in table_findings(shop(folder), facts, "db") if not each.ok]


def test_a_table_that_fits_is_silent(tmp_path: Path) -> None:
    """Whole old rows, every column there, rows told apart: nothing to say."""
    assert [] == told(tmp_path, TableFacts(("id", "number", "email", "rev"), ("id",), full_rows=True))


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    """The table's name, and where to correct it."""
    (found,) = told(tmp_path, None)
    assert "db: there is no table public.customers" == found[0]
    assert str(tmp_path / "shop.yaml") in found[1]


def test_a_missing_column_is_said_with_its_place(tmp_path: Path) -> None:
    """The place in the shop file that names it, and the columns that there are."""
    (found,) = told(tmp_path, TableFacts(("id", "number", "rev"), ("id",), full_rows=True))
    assert "db: customers has no column email" == found[0]
    assert "shop.yaml:7:" in found[1]
    assert "name one of id, number, rev" in found[1]


def test_an_id_beyond_the_key_needs_whole_old_rows(tmp_path: Path) -> None:
    """The statement to run is said."""
    (found,) = told(tmp_path, TableFacts(("id", "number", "email", "rev"), ("id",), full_rows=False))
    assert "db: rows of customers do not say enough" == found[0]
    assert "ALTER TABLE public.customers REPLICA IDENTITY FULL;" in found[1]


def test_a_table_without_a_key_is_said(tmp_path: Path) -> None:
    """Its rows cannot be told apart."""
    found = told(tmp_path, TableFacts(("id", "number", "email", "rev"), (), full_rows=True))
    assert ("db: customers has no primary key", True) == (found[0][0], "message.key.columns" in found[0][1])
