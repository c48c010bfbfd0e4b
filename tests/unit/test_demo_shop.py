"""The demo shop: seeded rows, views that cover the shop file, and traffic that keeps the expectation exact."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from deploy.demo import compare, generate, reading, traffic
from deploy.demo.actions import ACTIONS
from deploy.demo.functions import shelf
from deploy.demo.live_shop import connect
from deploy.demo.rows import COLUMNS, build
from tests.support.hand_made_sandbox import HandMadeSandbox, listed

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
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


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    """A small demo shop in a database of its own on the server of SHOP_DATABASE_URL."""
    server = os.environ.get("SHOP_DATABASE_URL")
    if not server:
        pytest.skip("needs a PostgreSQL server: set SHOP_DATABASE_URL")
    name = f"demo_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = psycopg.conninfo.make_conninfo(server, dbname=name)
        assert 0 == generate.main(["--shop", url, "--scale", "0.05"])
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.end_to_end
def test_the_planted_rows_are_the_expected_errors(shop_url: str) -> None:
    """What the generator planted and what the views compute from the data agree, row for row."""
    with psycopg.connect(shop_url) as connection:
        planted = connection.execute("SELECT object_type, external_id, table_name, row_key, cause FROM demo.planted")
        expected = connection.execute(
            "SELECT object_type, external_id, source_table, row_key, cause FROM demo.expected_errors"
        )
        assert Counter(planted.fetchall()) == Counter(expected.fetchall())


@pytest.mark.end_to_end
def test_the_generator_leaves_a_shop_alone_and_refuses_another(
    shop_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same seed and scale again change nothing; others are refused with what to do."""
    assert 0 == generate.main(["--shop", shop_url, "--scale", "0.05"])
    assert "already there" in capsys.readouterr().out
    assert 1 == generate.main(["--shop", shop_url, "--seed", "1", "--scale", "0.05"])
    assert "give the address of an empty database" in capsys.readouterr().err


@pytest.mark.end_to_end
def test_traffic_keeps_the_expectation_exact(shop_url: str) -> None:
    """Every action happens, no order is left owed, and each failing object has one cause."""
    shop = connect(shop_url, seed=3)
    missing, deadline = {act.__name__ for _, act in ACTIONS}, time.monotonic() + 120
    with shop.connection as connection:
        while missing and time.monotonic() < deadline:
            missing -= {name for name, _ in traffic.run(shop, rate=100_000, seconds=1, stop=threading.Event())}
        query = "SELECT object_type, external_id FROM demo.expected_errors GROUP BY 1, 2 HAVING count(*) > 1"
        doubles = connection.execute(query).fetchall()
    assert (set(), []) == (missing, doubles)
    assert shop.owed == []


@pytest.mark.end_to_end
def test_the_comparison_ends_to_end(shop_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sandbox that mirrors the views passes with exit code 0; one wrong letter makes it 1."""
    shop = reading.read_shop(shop_url)
    sandbox = HandMadeSandbox(tmp_path / "sandbox.db", shop)
    lines = tmp_path / "open.jsonl"
    lines.write_text("\n".join(json.dumps(entry) for entry in listed(shop)))
    arguments = ["--shop", shop_url, "--sandbox", str(sandbox.file), "--errors", str(lines)]
    assert 0 == compare.main(arguments)
    assert "All is equal." in capsys.readouterr().out
    product = next(iter(shop.objects["product"]))
    sandbox.set("product", product, "shop_source", "Demo")
    assert 1 == compare.main([*arguments, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert [("wrong value", product)] == [(entry["kind"], entry["subject"]) for entry in answer["differences"]]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A sandbox that is not there is said to be missing."""
    with pytest.raises(reading.UnreadableError, match="no such file"):
        reading.read_sandbox(tmp_path / "none.db", "demo", 0)
