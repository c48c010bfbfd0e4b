"""Calls without a clear answer, while the shop goes on changing its mind."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connector.message import LinkKind, ObjectType
from connector.outcome import Ambiguous, LinkStep, NotSent
from tests.support.desk import Office
from tests.support.story import contact, deal, deleted

LONG_AFTER = 1e12
RECHECK_S = 100.0


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A contact and a deal in HubSpot; whether they are linked is still open."""
    office = await Office(tmp_path, recheck_s=RECHECK_S).start()
    await office.say(contact("a", 1), deal("1", 1))
    await office.send()
    yield office
    await office.close()


async def only_link(office: Office) -> LinkStep:
    (step,) = await office.desk.take_links(LinkKind.DEAL_CONTACT, 10)
    return step


async def lose_answer(office: Office) -> int:
    """HubSpot does what is due, its answer is lost; the link's number."""
    step = await only_link(office)
    office.portal.link(step)
    await office.desk.settle_links({step.link: Ambiguous("lost answer", "r")})
    return step.link


async def read_back(office: Office, now: float = LONG_AFTER) -> None:
    await office.desk.take_lookups(ObjectType.DEAL, 10, now)


async def test_made_perhaps_and_not_wanted_any_more(office: Office) -> None:
    """What a lost answer may have made is unmade, though the shop changes its mind before it was sent once more."""
    await office.say(deal("1", 2, customer="a"))
    await lose_answer(office)
    await read_back(office)
    step = await only_link(office)
    await office.desk.settle_links({step.link: NotSent("HubSpot is away")})
    await office.say(deal("1", 3))
    await office.send()
    assert set() == office.portal.links


async def test_unmade_perhaps_and_wanted_again(office: Office) -> None:
    """What a lost answer may have unmade is made, though it was about to be unmade once more."""
    await office.say(deal("1", 2, customer="a"))
    await office.send()
    await office.say(deal("1", 3))
    await lose_answer(office)
    await read_back(office)
    await office.say(deal("1", 4, customer="a"))
    await office.send()
    assert 1 == len(office.portal.links)


async def test_what_was_perhaps_made_is_unmade_at_once(office: Office) -> None:
    """A link that is not wanted any more does not stay until it is read back."""
    await office.say(deal("1", 2, customer="a"))
    await lose_answer(office)
    await office.say(deal("1", 3))
    step = await only_link(office)
    assert not step.make


async def test_a_late_call_after_a_newer_one_is_overcome(office: Office) -> None:
    """A call that lands after its successor's clear answer is undone when the link is looked at again."""
    await office.say(deal("1", 2, customer="a"))
    step = await only_link(office)
    await office.desk.settle_links({step.link: Ambiguous("timeout", "r")})
    await office.say(deal("1", 3))
    await office.send_links()
    office.portal.link(step)
    await office.send()
    assert set() == office.portal.links


async def test_each_unclear_answer_begins_the_wait_anew(office: Office) -> None:
    """A call that is unclear shortly before the link is due to be looked at again may land later than that."""
    await office.say(deal("1", 2, customer="a"))
    number = await lose_answer(office)
    office.desk._links._unsure_since[number] -= RECHECK_S
    await lose_answer(office)
    await read_back(office, time.monotonic())
    step = await only_link(office)
    await office.desk.settle_links({step.link: office.portal.link(step)})
    await read_back(office, time.monotonic())
    assert [] == await office.desk.take_links(LinkKind.DEAL_CONTACT, 10)
    await read_back(office)
    assert (await only_link(office)).make


async def test_each_unclear_answer_of_a_record_begins_its_wait_anew(office: Office) -> None:
    """A record is read back only when the last unclear call, too, must have landed."""
    for offset, name in ((2, "first"), (3, "second")):
        await office.say(contact("a", offset, firstname=name))
        (step,) = await office.take()
        await office.desk.settle({step.record: Ambiguous("timeout", "r")})
        assert [] == await office.desk.take_lookups(ObjectType.CONTACT, 10, time.monotonic())
        if name == "first":
            office.desk._unsure_since[step.record] -= RECHECK_S
    assert [] == await office.desk.take_lookups(ObjectType.CONTACT, 10, time.monotonic())
    assert 1 == len(await office.desk.take_lookups(ObjectType.CONTACT, 10, LONG_AFTER))


async def test_a_link_of_unclear_fate_outlives_a_parent_that_is_back_before_its_archive(office: Office) -> None:
    """The call landed late; the customer went and came back meanwhile, the order has none by now: it is unmade."""
    await office.say(contact("7", 2), deal("2", 2, "7"))
    for step in await office.take():
        await office.desk.settle({step.record: office.portal.do(step)})
    (make,) = await office.desk.take_links(LinkKind.DEAL_CONTACT, 10)
    await office.desk.settle_links({make.link: Ambiguous("timeout", "r")})
    await office.say(deleted(ObjectType.CONTACT, "7", 3))
    office.portal.link(make)
    await office.desk.take_lookups(ObjectType.CONTACT, 10, 1e12)
    await office.say(contact("7", 4), deal("2", 4))
    await office.send()
    assert set() == office.portal.links
