"""The demo shops on real servers: what is planted, what traffic does, and the comparison."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pymysql
import pytest
from psycopg import sql

from deploy.demo import compare, generate, legacy_url, reading, traffic
from deploy.demo.legacy import database
from tests.support.hand_made_sandbox import HandMadeSandbox, listed

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def modern_url(stack: dict[str, str]) -> Iterator[str]:
    """A small modern shop in a database of its own on the stack's server."""
    server = stack["SHOP_ADMIN_URL"]
    name = f"demo_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = psycopg.conninfo.make_conninfo(server, dbname=name)
        assert 0 == generate.main(["--shop", url, "--scale", "0.05"])
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def legacy_shop_url(stack: dict[str, str]) -> Iterator[str]:
    """A small legacy shop in databases of its own on the stack's server."""
    server, name = stack["LEGACY_ADMIN_URL"], f"demo_test_{os.getpid()}"
    with database.connect(server) as connection:
        database.execute(connection, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        url = f"{server.rpartition('/')[0]}/{name}"
        assert 0 == generate.main(["--shop", url, "--scale", "0.05"])
        yield url
        database.execute(connection, f"DROP DATABASE {name}")
        database.execute(connection, f"DROP DATABASE {database.demo_name(name)}")


@pytest.fixture(params=["modern_url", "legacy_shop_url"])
def shop_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a shop's database answers; `demo.` names what the demo knows of it."""
    if legacy_url(url):
        with database.connect(url) as connection:
            return [tuple(row.values()) for row in database.rows(connection, query)]
    with psycopg.connect(url) as shop:
        return shop.execute(query.encode()).fetchall()


def test_the_planted_rows_are_the_expected_errors(shop_url: str) -> None:
    """What the generator planted and what the views compute from the data agree, row for row."""
    planted = ask(shop_url, "SELECT object_type, external_id, table_name, row_key, cause FROM demo.planted")
    expected = ask(shop_url, "SELECT object_type, external_id, source_table, row_key, cause FROM demo.expected_errors")
    assert Counter(planted) == Counter(expected)


def test_the_generator_leaves_a_shop_alone_and_refuses_another(
    shop_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same seed and scale again change nothing; others are refused with what to do."""
    assert 0 == generate.main(["--shop", shop_url, "--scale", "0.05"])
    assert "already there" in capsys.readouterr().out
    assert 1 == generate.main(["--shop", shop_url, "--seed", "1", "--scale", "0.05"])
    assert "give the address of an empty database" in capsys.readouterr().err


def test_traffic_keeps_the_expectation_exact(shop_url: str) -> None:
    """Every action and every event happens, no order is left owed, and each failing object has one cause."""
    running = traffic.open_shop(shop_url, seed=3, programme=True)
    everything = {act.__name__ for _, act in (*running.actions, *running.programme)}
    # Emptying a table counts no rows.
    everything.discard("truncate_log")
    deadline = time.monotonic() + 120
    with running.shop.connection:
        while everything - {name for name, _ in running.done} and time.monotonic() < deadline:
            running.run(rate=100_000, seconds=1, stop=threading.Event())
    doubles = "SELECT object_type, external_id FROM demo.expected_errors GROUP BY 1, 2 HAVING count(*) > 1"
    assert set() == everything - {name for name, _ in running.done}
    assert [] == ask(shop_url, doubles)
    assert [] == running.shop.owed


def test_the_comparison_ends_to_end(shop_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sandbox that mirrors the views passes with exit code 0; one wrong letter makes it 1."""
    shop = reading.read_shop(shop_url)
    sandbox = HandMadeSandbox(tmp_path / "sandbox.db", shop)
    lines = tmp_path / "open.jsonl"
    lines.write_text("\n".join(json.dumps(entry) for entry in listed(shop)))
    arguments = ["--shop", shop_url, "--sandbox", str(sandbox.file), "--errors", str(lines)]
    assert 0 == compare.main(arguments), capsys.readouterr().out
    assert "All is equal." in capsys.readouterr().out
    product = next(iter(shop.objects["product"]))
    sandbox.set("product", product, "name", "Wrong")
    assert 1 == compare.main([*arguments, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert [("wrong value", f"{shop.store}:{product}")] == [
        (entry["kind"], entry["subject"]) for entry in answer["differences"]
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A sandbox that is not there is said to be missing."""
    with pytest.raises(reading.UnreadableError, match="no such file"):
        reading.read_sandbox(tmp_path / "none.db", 0)


def test_the_views_tell_the_time_as_berlin_does(legacy_shop_url: str) -> None:
    """Every half hour around the changes of the clocks, from the wall to UTC and back, for forty years."""
    zone, times = ZoneInfo("Europe/Berlin"), list[datetime]()
    for year in range(1997, 2038):
        for month in (3, 10):
            times += [datetime(year, month, 24, tzinfo=UTC) + timedelta(minutes=30 * step) for step in range(400)]
    with database.connect(legacy_shop_url) as connection:
        database.execute(connection, "CREATE TEMPORARY TABLE moments (utc DATETIME, wall DATETIME)")
        walls = [at.astimezone(zone).replace(tzinfo=None) for at in times]
        pairs = [(at.replace(tzinfo=None), wall) for at, wall in zip(times, walls, strict=True)]
        database.execute_many(connection, "INSERT INTO moments VALUES (%s, %s)", pairs)
        found = database.rows(connection, "SELECT demo.wall(utc) AS wall, demo.utc(wall) AS utc FROM moments")
    assert walls == [row["wall"] for row in found]
    assert [wall.replace(tzinfo=zone, fold=0).astimezone(UTC).replace(tzinfo=None) for wall in walls] == [
        row["utc"] for row in found
    ]


def test_a_legacy_shop_that_cannot_be_reached_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """The generator ends with 2 and names the server."""
    assert 2 == generate.main(["--shop", "mariadb://root@127.0.0.1:9/legacy"])
    assert "127.0.0.1" in capsys.readouterr().err
    with pytest.raises(pymysql.Error):
        reading.read_shop("mariadb://root@127.0.0.1:9/legacy")
