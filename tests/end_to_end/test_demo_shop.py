"""The demo shop on a real PostgreSQL: what is planted, what traffic does, and the comparison."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.demo import compare, generate, reading, traffic
from deploy.demo.modern.actions import ACTIONS
from deploy.demo.modern.live_shop import connect
from tests.support.hand_made_sandbox import HandMadeSandbox, listed

DEMO = Path(__file__).parents[2] / "deploy" / "demo" / "modern"
CAUSES = {
    ("CONTACT", "INVALID_EMAIL_ADDRESS"),
    ("DEAL", "INVALID_NUMBER"),
    ("DEAL", "PARENT_REFUSED"),
    ("DEAL", "UNMAPPED_VALUE"),
    ("LINE_ITEM", "PARENT_NEVER_SEEN"),
    ("LINE_ITEM", "PARENT_REFUSED"),
}

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def shop_url(stack: dict[str, str]) -> Iterator[str]:
    """A small demo shop in a database of its own on the stack's server."""
    server = stack["SHOP_ADMIN_URL"]
    name = f"demo_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = psycopg.conninfo.make_conninfo(server, dbname=name)
        assert 0 == generate.main(["--shop", url, "--scale", "0.05"])
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_the_planted_rows_are_the_expected_errors(shop_url: str) -> None:
    """What the generator planted and what the views compute from the data agree, row for row."""
    with psycopg.connect(shop_url) as connection:
        planted = connection.execute("SELECT object_type, external_id, table_name, row_key, cause FROM demo.planted")
        expected = connection.execute(
            "SELECT object_type, external_id, source_table, row_key, cause FROM demo.expected_errors"
        )
        assert Counter(planted.fetchall()) == Counter(expected.fetchall())


def test_the_generator_leaves_a_shop_alone_and_refuses_another(
    shop_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same seed and scale again change nothing; others are refused with what to do."""
    assert 0 == generate.main(["--shop", shop_url, "--scale", "0.05"])
    assert "already there" in capsys.readouterr().out
    assert 1 == generate.main(["--shop", shop_url, "--seed", "1", "--scale", "0.05"])
    assert "give the address of an empty database" in capsys.readouterr().err


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
