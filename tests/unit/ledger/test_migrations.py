"""A ledger of an earlier version is brought up to date with what it knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, inspect, select, text

from connector.ledger.ledger import Ledger, upgrade
from connector.ledger.tables import claims, metadata, records

DESIRED: dict[str, Any] = {
    "fate": "KEEP",
    "properties": {"email": "Ann@x.example"},
    "links": [],
    "speaker": None,
    "version": None,
    "match_value": "ann@x.example",
}
ROW: dict[str, Any] = {
    "number": 1,
    "store": "shop",
    "type": "CONTACT",
    "external_id": "7",
    "key": "shop:CONTACT:7",
    "hubspot_id": "1001",
    "match_value": "ann@x.example",
    "fate": "KEEP",
    "desired": DESIRED,
    "told": {},
    "generation": 1,
    "sent_generation": 1,
    "refused_generation": -1,
    "refused_before": False,
    "resolving": False,
    "missing": False,
    "archive_sent": False,
    "due": False,
    "lane": 0,
    "attempts": [],
}


async def test_records_of_before_claim_what_they_want(tmp_path: Path) -> None:
    """After the upgrade a second row of the person finds the record that the first one has."""
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        upgrade(connection, "0002")
        old = {**ROW, "desired": json.dumps(DESIRED), "told": "{}", "attempts": "[]"}
        names = ", ".join(f":{name}" for name in old)
        connection.execute(text(f"INSERT INTO record ({', '.join(old)}) VALUES ({names})"), old)
    engine.dispose()
    ledger = Ledger.open(tmp_path / "ledger.db")
    found = await ledger.read(lambda tx: [tuple(row) for row in tx.execute(select(claims))])
    held = await ledger.read(lambda tx: tx.execute(select(records.c.held, records.c.keyed)).one())
    await ledger.close()
    assert [("CONTACT", "ann@x.example", 1)] == found
    assert (["ann@x.example"], True) == tuple(held)


def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    """Column by column, index by index."""
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        upgrade(connection)
        seen = inspect(connection)
        for table in metadata.sorted_tables:
            assert {each.name for each in table.columns} == {each["name"] for each in seen.get_columns(table.name)}
            assert {each.name for each in table.indexes} == {each["name"] for each in seen.get_indexes(table.name)}
    engine.dispose()


def test_a_row_of_today_fits(tmp_path: Path) -> None:
    """What the shelf writes of a record is a row of the table."""
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    today = {"keyed": True, "held": [], "gives_way": False}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        upgrade(connection)
        connection.execute(insert(records), {**ROW, **today})
        assert 1 == len(connection.execute(select(records)).all())
    engine.dispose()
