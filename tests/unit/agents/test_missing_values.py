"""When rows that lack a value are asked for, and which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from connector.agents.capture_watch import CaptureClock
from connector.agents.missing_values import TRIES, MissingValues
from connector.capture.signals import SnapshotState
from connector.errors import RetriableError
from connector.mapping import Shop, load_shop
from tests.support.desk import Office
from tests.support.story import START, product

LATER = START + timedelta(hours=1)
SHOP = """
store: {id: shop, label: Shop}
database: {kind: postgres, url: "postgresql://nobody@127.0.0.1:1/shop", schema: public}
products: {from: products, id: "{id}", properties: {name: name, description: description}}
"""


class Story:
    """A ledger, a clock that the test sets, and what was asked for."""

    def __init__(self, office: Office, shop: Shop) -> None:
        self.office, self.shop = office, shop
        self.arrived: datetime | None = LATER
        self.clocks = {"shop": CaptureClock(LATER)}
        self.asked: list[tuple[str, list[str]]] = []
        self.is_away = False
        self.watch = MissingValues(office.ledger, [shop], self.clocks, lambda _: self.arrived, self.ask)

    def ask(self, _: Shop, table: str, row_keys: Sequence[str]) -> None:
        if self.is_away:
            raise RetriableError("the database is away")
        self.asked.append((table, list(row_keys)))

    def snapshot(self, signal: str, at: datetime, *, running: bool = False) -> None:
        self.clocks["shop"] = CaptureClock(LATER, SnapshotState(running=running, signal=signal, at=at))

    async def look(self) -> int:
        """Look once; how often something has been asked for so far."""
        await self.watch.look(self.shop)
        return len(self.asked)


@pytest_asyncio.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    office = await Office(tmp_path).start()
    (tmp_path / "shop.yaml").write_text(SHOP)
    story = Story(office, load_shop(tmp_path / "shop.yaml", {}))
    await office.say(product("1", 1), replace(product("2", 2), unavailable=frozenset({"description"})))
    yield story
    await office.close()


async def test_a_row_that_lacks_a_value_is_asked_for_once(story: Story) -> None:
    """After the start, and not again while no snapshot has ended."""
    assert [1, 1, 1] == [await story.look() for _ in range(3)]
    assert [("products", [product("2", 2).source.row_key])] == story.asked


async def test_after_a_snapshot_it_is_asked_for_once_more(story: Story) -> None:
    """When what the snapshot read is in the ledger, and the value is still not there."""
    assert 1 == await story.look()
    story.snapshot("s1", START, running=True)
    assert 1 == await story.look()
    story.snapshot("s1", LATER)
    assert 1 == await story.look()
    story.arrived = LATER + timedelta(seconds=1)
    assert 2 == await story.look()


async def test_nothing_is_asked_for_before_everything_has_arrived(story: Story) -> None:
    """The value may be on its way."""
    story.arrived = None
    assert 0 == await story.look()
    story.arrived = START
    assert 0 == await story.look()


async def test_a_row_that_never_brings_it_is_given_up(story: Story) -> None:
    """Its reading may be refused by the mapping each time."""
    for number in range(TRIES + 2):
        story.snapshot(f"s{number}", START)
        await story.look()
    assert TRIES == len(story.asked)


async def test_a_database_that_is_away_is_asked_later(story: Story) -> None:
    """What could not be asked for is not forgotten."""
    story.is_away = True
    with pytest.raises(RetriableError, match="away"):
        await story.look()
    story.is_away = False
    assert 1 == await story.look()
