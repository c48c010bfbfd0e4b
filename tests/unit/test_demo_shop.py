"""The demo shop: seeded rows, views that cover the shop file, and traffic that keeps the expectation exact."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.modern.functions import shelf
from deploy.demo.modern.rows import COLUMNS, build

DEMO = Path(__file__).parents[2] / "deploy" / "demo" / "modern"
CAUSES = {
    ("CONTACT", "INVALID_EMAIL_ADDRESS"),
    ("DEAL", "INVALID_NUMBER"),
    ("DEAL", "PARENT_REFUSED"),
    ("DEAL", "UNMAPPED_VALUE"),
    ("LINE_ITEM", "PARENT_NEVER_SEEN"),
    ("LINE_ITEM", "PARENT_REFUSED"),
}


def test_the_whole_shop_has_its_stated_size_and_one_row_in_a_hundred_fails() -> None:
    """2,000 customers, 500 products, 5,000 orders, about 12,000 lines; between 0.8 and 1.2 % planted."""
    rows = build(42, 1.0)
    sizes = {table: len(rows.tables[table]) for table in COLUMNS}
    assert (2000, 500, 5000) == (sizes["customers"], sizes["products"], sizes["orders"])
    assert 11_000 < sizes["order_items"] < 13_000
    mapped = sum(sizes.values()) - sizes["audit_log"]
    assert 0.008 < len(rows.planted) / mapped < 0.012


@given(seed=st.integers(0, 1 << 32), scale=st.sampled_from([0.01, 0.05, 0.1]))
@settings(max_examples=15, deadline=None)
def test_a_seed_gives_the_same_shop_with_every_fault_twice(seed: int, scale: float) -> None:
    """Small shops keep every kind of fault, keys and e-mails are distinct, and the seed decides all."""
    rows = build(seed, scale)
    assert rows == build(seed, scale)
    assert all(count >= 2 for count in Counter((item.object_type, item.cause) for item in rows.planted).values())
    assert CAUSES == {(item.object_type, item.cause) for item in rows.planted}
    emails = [str(row[1]).strip().lower() for row in rows.tables["customers"] if row[1] and str(row[1]).strip()]
    assert len(emails) == len(set(emails))
    assert len(rows.tables["order_items"]) == len({row[:2] for row in rows.tables["order_items"]})


def test_the_views_cover_every_property_of_the_shop_file() -> None:
    """What the shop file maps, the views state: a property that nobody compares could be wrong for ever."""
    shop = yaml.safe_load((DEMO / "shop.yaml").read_text())
    text = (DEMO / "expected.sql").read_text()
    for section, view in (
        ("customers", "contact"),
        ("products", "product"),
        ("orders", "deal"),
        ("line_items", "line_item"),
    ):
        body = text.partition(f"CREATE VIEW demo.expected_{view} AS")[2].partition("FROM " + shop[section]["from"])[0]
        stated = set(re.findall(r"\bAS\s+([a-z_]+)", body)) - {"external_id", "hs_product_id"}
        assert set(shop[section]["properties"]) == stated


def test_the_shelf_of_a_product() -> None:
    """The shop's own function takes a row and gives a text."""
    rows = [{"sku": "abc-1", "price": Decimal(price)} for price in ("49.9999", "50", "250")]
    assert ["ABC / low", "ABC / middle", "ABC / high"] == [shelf(row) for row in rows]
