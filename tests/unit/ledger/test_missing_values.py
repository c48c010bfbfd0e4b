"""Which rows lack a value that no change carried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from connector.ledger.missing_values import rows_without_values
from tests.support.desk import Office
from tests.support.story import START, deleted, product

TOPIC = "shop.public.products"
LATER = START + timedelta(hours=1)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


async def lacking(office: Office, *, topic: str = TOPIC, hours: int = 1) -> list[str]:
    before = START + timedelta(hours=hours)
    found = await office.ledger.read(lambda tx: rows_without_values(tx, {topic}, before))
    return [row.row_key for row in found]


async def test_a_row_lacks_what_none_of_its_changes_carried(office: Office) -> None:
    """Until an older or newer change brings it; a value that stands in from before is not lacking."""
    await office.say(product("1", 1), replace(product("2", 2), unavailable=frozenset({"description"})))
    before = await lacking(office)
    assert [product("2", 2).source.row_key] == before
    await office.say(product("2", 3, description="long"))
    assert [] == await lacking(office)
    await office.say(replace(product("2", 4), unavailable=frozenset({"description"})))
    assert [] == await lacking(office)


async def test_a_row_that_is_gone_lacks_nothing(office: Office) -> None:
    """Nobody can read it any more."""
    await office.say(replace(product("2", 2), unavailable=frozenset({"description"})))
    await office.say(deleted(product("2", 2).object_type, "2", 3))
    assert [] == await lacking(office)


async def test_only_rows_of_the_topics_that_had_time_to_be_read(office: Office) -> None:
    """A row that changed later than everything is known to have arrived may still be brought."""
    await office.say(replace(product("2", 2), unavailable=frozenset({"description"})))
    assert [] == await lacking(office, hours=-1)
    assert [] == await lacking(office, topic="shop.public.orders")
