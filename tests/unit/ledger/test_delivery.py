"""What whoever measures is told of answers: how long records waited, how fresh they are, and which were refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest_asyncio

from connector.ledger.delivery import Delivery, Measure
from connector.ledger.shelf_rows import Lane
from connector.message import ObjectType, Origin
from connector.outcome import Ambiguous, Refusal, Refused, Written
from tests.support.desk import Office
from tests.support.story import contact


@dataclass
class Kept(Measure):
    """Keeps what it is told."""

    waits: list[float] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def taken(self, waited_s: Sequence[float]) -> None:
        self.waits += waited_s

    def settled(self, deliveries: Sequence[Delivery]) -> None:
        self.deliveries += deliveries


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path, measure=Kept()).start()
    yield office
    await office.close()


def kept(office: Office) -> Kept:
    assert isinstance(office.measure, Kept)
    return office.measure


async def test_a_change_that_arrived_tells_when_it_was_committed(office: Office) -> None:
    """That of the newest change that the record shows now."""
    first, second = contact("7", 1, firstname="Ann"), contact("7", 2, firstname="Anna")
    for message in (first, second):
        await office.say(message)
        await office.send()
    assert [
        Delivery(ObjectType.CONTACT, Lane.LIVE, refused=False, committed_at=message.source.committed_at)
        for message in (first, second)
    ] == kept(office).deliveries


async def test_a_change_overtaken_on_its_way_is_measured_with_the_newer_one(office: Office) -> None:
    """The record shows the older one for a moment only; when it was seen last tells nothing of how late it is."""
    newer = contact("7", 2, firstname="Anna")
    await office.say(contact("7", 1, firstname="Ann"))
    (step,) = await office.take()
    await office.say(newer)
    await office.desk.settle({step.record: office.portal.do(step)})
    await office.send()
    assert [None, newer.source.committed_at] == [each.committed_at for each in kept(office).deliveries]


async def test_what_is_told_once_more_is_no_news(office: Office) -> None:
    """A repair brings nothing new: its row may be years old, and the record is as fresh as it was."""
    message = contact("7", 1, firstname="Ann")
    await office.say(message)
    await office.send()
    await office.say(replace(message, origin=Origin.REPAIR))
    await office.send()
    assert [message.source.committed_at, None] == [each.committed_at for each in kept(office).deliveries]


async def test_a_refusal_counts_as_one(office: Office) -> None:
    """It brought nothing."""
    await office.say(contact("7", 1))
    (step,) = await office.take()
    await office.desk.settle({step.record: Refused(Refusal("INVALID_EMAIL_ADDRESS", "no"))})
    assert [Delivery(ObjectType.CONTACT, Lane.LIVE, refused=True)] == kept(office).deliveries


async def test_an_unclear_answer_tells_nothing_yet(office: Office) -> None:
    """It is measured once it is known."""
    await office.say(contact("7", 1))
    (step,) = await office.take()
    await office.desk.settle({step.record: Ambiguous("no answer", "r1")})
    assert [] == kept(office).deliveries
    (again,) = await office.take()
    await office.desk.settle({again.record: Written("1", created=True)})
    assert 1 == len(kept(office).deliveries)


async def test_rows_of_a_snapshot_are_told_apart(office: Office) -> None:
    """They wait behind live changes on purpose."""
    await office.say(replace(contact("7", 1), origin=Origin.SNAPSHOT))
    await office.send()
    assert [Lane.BACKFILL] == [each.lane for each in kept(office).deliveries]


async def test_waiting_is_measured_when_records_are_taken(office: Office) -> None:
    """One wait for each, none below nothing."""
    await office.say(contact("7", 1), contact("8", 2))
    await office.take()
    waits = kept(office).waits
    assert (2, True) == (len(waits), all(0 <= wait < 60 for wait in waits))
