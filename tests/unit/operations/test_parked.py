"""Which parents children wait for, counted out of a ledger that agents and sender have worked on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from connector.ledger.parent_watch import ParentWatch
from connector.message import ObjectType
from connector.operations.ledger_file import reading
from connector.operations.parked import Awaited, awaited
from connector.outcome import Refusal, Refused
from tests.support.desk import Office
from tests.support.story import START, contact, deal, deleted, line


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def look(folder: Path, most: int = 10) -> list[Awaited]:
    with reading(folder / "ledger.db") as tx:
        return list(awaited(tx, most))


async def test_parents_are_named_with_those_who_wait(office: Office, tmp_path: Path) -> None:
    """The parent with most children first, since the commit of the child that waits longest."""
    await office.say(deal("10", 3, customer="7"), deal("11", 2, customer="7"), line("12-1", 1, order="12"))
    await office.send()
    assert [
        Awaited("shop:CONTACT:7", "never seen", 2, 0, START + timedelta(seconds=2)),
        Awaited("shop:DEAL:12", "never seen", 1, 0, START + timedelta(seconds=1)),
    ] == look(tmp_path)
    assert ["shop:CONTACT:7"] == [each.parent for each in look(tmp_path, 1)]


async def test_a_parent_that_was_refused_and_one_on_its_way(office: Office, tmp_path: Path) -> None:
    """What is to be done differs: mend it, or wait."""
    await office.say(contact("7", 1))
    await office.desk.settle({step.record: Refused(Refusal("CONFLICT", "")) for step in await office.take()})
    await office.say(deal("10", 1, customer="7"), line("10-1", 2, order="10"))
    assert {"shop:CONTACT:7": "refused", "shop:DEAL:10": "on its way"} == {e.parent: e.why for e in look(tmp_path)}


async def test_nobody_waits_for_a_parent_that_is_there_or_gone(office: Office, tmp_path: Path) -> None:
    """A parent in HubSpot is none that is waited for, nor one whose row was deleted."""
    await office.say(contact("7", 1), contact("8", 2), deal("10", 1, customer="7"), deal("11", 2, customer="8"))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "8", 3))
    await office.send()
    assert [] == look(tmp_path)


async def test_children_in_error_still_wait(office: Office, tmp_path: Path) -> None:
    """After the deadline there is an error, and the child waits all the same."""
    await office.say(contact("1", 1))
    await office.send()
    await office.say(deal("7", 1, customer="2"))
    await office.send()
    watch = ParentWatch(office.ledger, office.post, 0.0)
    for _ in range(3):
        await watch.observe("shop", START + timedelta(days=1), snapshot_running=False, change_ends={}, sync_ends={})
    assert 1 == await watch.sweep(1.0)
    assert [(1, 1)] == [(each.children, each.failed) for each in look(tmp_path)]
