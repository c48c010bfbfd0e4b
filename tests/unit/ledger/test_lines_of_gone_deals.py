"""Lines whose deal is gone ask for nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from connector.ledger.parent_watch import ParentWatch
from connector.message import ObjectType
from connector.sync_error import ErrorState
from tests.support.desk import Office
from tests.support.story import START, deal, hidden, line

OPEN, RESOLVED = ErrorState.OPEN, ErrorState.RESOLVED


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


async def everything_came(watch: ParentWatch) -> None:
    """A heartbeat after all commits, and all topics read."""
    for _ in range(3):
        await watch.observe("shop", START + timedelta(hours=1), snapshot_running=False, change_ends={}, sync_ends={})


async def test_a_product_that_never_came_is_no_error_while_the_deal_is_gone(office: Office) -> None:
    """It resolves when the deal leaves the filter, and opens again some time after the deal is back."""
    watch = ParentWatch(office.ledger, office.post, deadline_s=20)
    await office.say(deal("1", 1), line("1-1", 1, "1", "p"))
    await office.send()
    await everything_came(watch)
    assert [0, 1] == [await watch.sweep(now) for now in (100, 121)]
    await office.say(hidden(ObjectType.DEAL, "1", 2, {}))
    await office.send()
    assert [OPEN, RESOLVED] == [error.state for error in office.errors]
    assert [0, 0] == [await watch.sweep(now) for now in (130, 200)]
    await office.say(deal("1", 3))
    await office.send()
    assert [0, 1] == [await watch.sweep(now) for now in (300, 321)]
    assert [OPEN, RESOLVED, OPEN] == [error.state for error in office.errors]
