"""Whoever works at the same tables of the shop, as autovacuum does, does not keep capture from being prepared."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connector.capture import catalogue, postgres
from connector.capture.plan import SCHEMA
from tests.support.lab import Lab, lab_of
from tests.support.world import wait_until

pytestmark = pytest.mark.end_to_end

SHOP = """
store: {{id: {name}, label: Test}}
database: {{kind: postgres, url: "{url}", schema: public}}
products:
  from: goods
  id: "{{id}}"
  properties: {{name: word}}
"""


@pytest.fixture
def lab(stack: dict[str, str], tmp_path: Path) -> Iterator[Lab]:
    """A database with one table, not yet captured; everything is taken away again."""
    with lab_of("postgres", stack, tmp_path, SHOP) as made:
        made.sql("CREATE TABLE goods (id integer PRIMARY KEY, word text)")
        yield made


class Other:
    """Somebody else's transaction, which the server does not end for ours."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        self._watching = psycopg.connect(url, autocommit=True)
        self._connection.execute("SET deadlock_timeout = '1min'")

    def holds(self, *table: str) -> None:
        self._connection.execute(f"LOCK TABLE {catalogue.quoted(*table)} IN SHARE UPDATE EXCLUSIVE MODE")

    def is_waited_for(self) -> bool:
        query = "SELECT %s = ANY(pg_blocking_pids(pid)) FROM pg_stat_activity WHERE application_name = 'shopbridge'"
        return (True,) in self._watching.execute(query, (self._connection.info.backend_pid,)).fetchall()

    def ends_with(self, statement: str) -> None:
        """Waits for what ours holds, gets it as ours is ended, and ends itself."""
        self._connection.execute(statement)
        self._connection.close()
        self._watching.close()


async def test_a_deadlock_is_gone_through(lab: Lab) -> None:
    """The server ends ours of two transactions that wait for each other; done again, it makes all that is missing."""
    other = Other(lab.admin)
    other.holds("goods")
    plan = lab.plan()
    applying = asyncio.create_task(asyncio.to_thread(postgres.apply, plan, lab.admin))
    await asyncio.to_thread(wait_until, "ours to wait for the table", other.is_waited_for)
    await asyncio.to_thread(other.ends_with, "GRANT SELECT ON goods TO shop")
    assert any("CREATE PUBLICATION" in each for each in await applying)
    with catalogue.connect(lab.admin) as connection:
        there = catalogue.read(connection, plan, postgres.grants(plan))
    assert (True, set(postgres.grants(plan))) == (there.has_publication, set(there.granted))


async def test_a_deadlock_while_taking_away_is_gone_through(lab: Lab) -> None:
    """Nothing of ours is left, and it is told as if it had gone the first time."""
    plan = lab.plan()
    made = postgres.apply(plan, lab.admin)
    assert made
    other = Other(lab.admin)
    other.holds(SCHEMA, plan.signal_table)
    removing = asyncio.create_task(asyncio.to_thread(postgres.remove, plan, lab.admin))
    await asyncio.to_thread(wait_until, "ours to wait for the table", other.is_waited_for)
    await asyncio.to_thread(other.ends_with, f'SELECT count(*) FROM "{SCHEMA}"."{plan.heartbeat_table}"')
    assert any("DROP TABLE" in each for each in await removing)
    with catalogue.connect(lab.admin) as connection:
        assert not catalogue.read(connection, plan, []).own_tables
