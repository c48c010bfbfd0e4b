"""The demo shops: seeded rows, and views that cover the shop files."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo import dirt
from deploy.demo.legacy import fill as legacy_fill
from deploy.demo.legacy import rows as legacy
from deploy.demo.legacy.functions import line_name, product_description, product_name
from deploy.demo.modern import fill as modern_fill
from deploy.demo.modern.functions import shelf

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
SHOPS: dict[str, Any] = {"modern": modern_fill, "legacy": legacy_fill}
CAUSES = {
    ("CONTACT", "INVALID_EMAIL_ADDRESS"),
    ("DEAL", "INVALID_NUMBER"),
    ("DEAL", "PARENT_REFUSED"),
    ("DEAL", "UNMAPPED_VALUE"),
    ("LINE_ITEM", "PARENT_NEVER_SEEN"),
    ("LINE_ITEM", "PARENT_REFUSED"),
}
VIEWS = {
    ("customers", 0): "contact",
    ("customers", 1): "guest",
    ("products", 0): "product",
    ("orders", 0): "deal",
    ("line_items", 0): "line_item",
}
ANSWERED_BY_THE_VIEW_ALONE = {"external_id", "newest", "hs_product_id"}


def emails(rows: Any) -> list[str]:
    """The addresses of customers as they are stored, blanks left out."""
    table = "customers" if "customers" in rows.tables else "ws_customer"
    found = [str(row["email"] if isinstance(row, dict) else row[1] or "") for row in rows.tables[table]]
    return [email for email in found if email.strip()]


def test_the_whole_shops_have_their_stated_sizes_and_one_row_in_a_hundred_fails() -> None:
    """Some 2,000 customers, 500 products, 5,000 orders, 12,000 lines, and half of it; 0.8 to 1.6 % planted."""
    for name, (customers, products, orders, lines) in {
        "modern": (2149, 500, 5000, 11_500),
        "legacy": (1158, 300, 2500, 5_300),
    }.items():
        rows = SHOPS[name].build(42, 1.0)
        sizes = [len(table) for table in rows.tables.values()]
        assert (customers, products, orders) == tuple(sizes[:3])
        assert lines * 0.95 < sizes[3] < lines * 1.05
        assert 0.008 < len(rows.planted) / sum(sizes[:4]) < 0.016


@pytest.mark.parametrize("name", SHOPS)
@given(seed=st.integers(0, 1 << 32), scale=st.sampled_from([0.01, 0.05, 0.1]))
@settings(max_examples=15, deadline=None)
def test_a_seed_gives_the_same_shop_with_every_fault_twice(name: str, seed: int, scale: float) -> None:
    """Small shops keep every kind of fault and people in two rows, keys are distinct, and the seed decides all."""
    rows = SHOPS[name].build(seed, scale)
    assert SHOPS[name].build(seed, scale) == rows
    assert all(count >= 2 for count in Counter((item.object_type, item.cause) for item in rows.planted).values())
    assert CAUSES == {(item.object_type, item.cause) for item in rows.planted}
    spelled = emails(rows)
    persons = Counter(email.strip().lower() for email in spelled)
    assert 2 == max(persons.values())
    assert sum(count == 2 for count in persons.values()) >= 2
    assert sum(email.startswith("both.") for email in persons) >= 2


@pytest.mark.parametrize("name", SHOPS)
def test_the_views_cover_every_property_of_the_shop_file(name: str) -> None:
    """What the shop file maps, the views state: a property that nobody compares could be wrong for ever."""
    shop = yaml.safe_load((DEMO / name / "shop.yaml").read_text())
    text = (DEMO / name / "expected.sql").read_text()
    for (section, place), view in VIEWS.items():
        tables = shop[section] if isinstance(shop[section], list) else [shop[section]]
        body = text.partition(f"VIEW demo.expected_{view} AS")[2].partition(";")[0]
        stated = set(re.findall(r"\bAS\s+([a-z_]+)(?:,|\n)", body)) - ANSWERED_BY_THE_VIEW_ALONE
        assert set(tables[place]["properties"]) == stated


def test_the_shelf_of_a_product() -> None:
    """The shop's own function takes a row and gives a text."""
    rows = [{"sku": "abc-1", "price": Decimal(price)} for price in ("49.9999", "50", "250")]
    assert ["ABC / low", "ABC / middle", "ABC / high"] == [shelf(row) for row in rows]


def test_texts_with_entities_are_read_as_people_read_them() -> None:
    """What was typed comes out, an entity that somebody typed too; no text stays none."""
    typed = "12\" <neu> & für Größe, Zoë's &amp; &lt;"
    stored = legacy.escaped(typed)
    assert "&amp;amp;" in stored
    assert "&#039;" in stored
    row = {"name": stored, "description": None, "product_name": stored}
    assert (typed, None, typed) == (product_name(row), product_description(row), line_name(row))


@given(seed=st.integers(), address=st.sampled_from(["a.b@example.com", "Guest.7@büro.example.com"]))
def test_another_spelling_is_the_same_address(seed: int, address: str) -> None:
    """Blanks and capitals differ, and nothing else does."""
    spelled = dirt.respelled(Random(seed), address)
    assert address.lower() == spelled.strip().lower()
    assert address != spelled
