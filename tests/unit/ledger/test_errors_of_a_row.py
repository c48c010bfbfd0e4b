"""Which news of a row closes which of its errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.ledger.error_book import report_errors
from connector.message import ObjectRef, ObjectType
from connector.outcome import Refusal, Refused
from connector.sync_error import ErrorState, Stage, SyncError, error_id
from connector.version import SourceRow, Version
from tests.support.desk import Office
from tests.support.story import START, at, deal, said

ORDERS = 2
"""The epoch of the orders' change topic."""

ORDER = SourceRow("shop.public.orders", "1")
DEAL = ObjectRef("shop", ObjectType.DEAL, "1")
BAD_NUMBER = Refused(Refusal("INVALID_NUMBER", "n/a is no number", "amount"))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def unmapped(version: Version, ref: ObjectRef | None = DEAL) -> SyncError:
    """The order could not be mapped."""
    return SyncError(
        id=error_id("portal", "orders", ORDER, Stage.MAP),
        state=ErrorState.OPEN,
        stage=Stage.MAP,
        type="UNMAPPED_VALUE",
        details="on_hold",
        at=START,
        portal="portal",
        ref=ref,
        row=ORDER,
        version=version,
        partition=0,
        offset=version.offset,
    )


async def report(office: Office) -> dict[str, ErrorState]:
    """Let the error agent read what was published; type → state of each error."""
    told = [*office.errors]
    office.errors.clear()
    letters = await office.ledger.write(lambda tx: report_errors(tx, told))
    return {letter.type: letter.state for letter in letters}


async def refuse_deals(office: Office) -> None:
    steps = await office.take()
    await office.desk.settle(
        {step.record: BAD_NUMBER if step.type is ObjectType.DEAL else office.portal.do(step) for step in steps}
    )


async def test_a_refusal_closes_the_mapping_error_of_an_older_version(office: Office) -> None:
    """What could not be mapped once, and is refused now for another reason, has one open error and not two."""
    await office.say(deal("1", 1))
    await office.send()
    office.errors.append(unmapped(at(2, epoch=ORDERS)))
    await report(office)
    await office.say(deal("1", 3, amount="n/a"))
    await refuse_deals(office)
    found = await report(office)
    assert {"UNMAPPED_VALUE": ErrorState.RESOLVED, "INVALID_NUMBER": ErrorState.OPEN} == found


async def test_a_refused_row_that_is_mapped_again_without_a_change(office: Office) -> None:
    """Nothing is sent, the refusal stands, the mapping error in between is over."""
    await office.say(deal("1", 1, amount="n/a"))
    await refuse_deals(office)
    office.errors.append(unmapped(at(2, epoch=ORDERS)))
    await report(office)
    await office.say(deal("1", 3, amount="n/a"))
    assert [] == await office.take()
    assert ErrorState.RESOLVED == (await report(office))["UNMAPPED_VALUE"]


async def test_a_mapping_error_that_is_read_after_a_newer_versions_refusal(office: Office) -> None:
    """It is written RESOLVED at once."""
    await office.say(deal("1", 3, amount="n/a"))
    await refuse_deals(office)
    office.errors = [unmapped(at(2, epoch=ORDERS))]
    assert {"UNMAPPED_VALUE": ErrorState.RESOLVED} == await report(office)


@pytest.mark.parametrize("ref", [DEAL, None])
async def test_another_object_of_the_same_version_proves_nothing(office: Office, ref: ObjectRef | None) -> None:
    """An order makes a contact and a deal: that the contact rests does not mend the deal."""
    office.errors.append(unmapped(at(2, epoch=ORDERS), ref))
    await report(office)
    await office.say(said(ObjectType.CONTACT, "guest", 2, {"email": "g@x.example"}, table="orders", row="1"))
    await office.send()
    assert [] == office.errors


async def test_a_refusal_is_not_closed_by_another_object_of_the_row(office: Office) -> None:
    """An order's guest rests at a newer version than the one at which the deal was refused; the deal is refused yet."""
    await office.say(deal("1", 1, amount="n/a"))
    await refuse_deals(office)
    await report(office)
    guest = said(ObjectType.CONTACT, "guest", 2, {"email": "g@x.example"}, table="orders", row="1")
    await office.say(deal("1", 2, amount="n/a"), guest)
    await office.send()
    assert [] == office.errors


async def test_a_deal_that_rests_closes_both(office: Office) -> None:
    """Delivered at last: neither error stays open."""
    office.errors.append(unmapped(at(1, epoch=ORDERS)))
    await office.say(deal("1", 2, amount="n/a"))
    await refuse_deals(office)
    await report(office)
    await office.say(deal("1", 3, amount="7"))
    await office.send()
    assert {"INVALID_NUMBER": ErrorState.RESOLVED} == await report(office)


async def test_an_ignored_error_stays_closed_until_a_newer_version_is_refused(office: Office) -> None:
    """A refusal of the same version, by whatever set it off, is no news to whoever ignored it."""
    ignored = replace(unmapped(at(2, epoch=ORDERS)), state=ErrorState.IGNORED, note="a test order", who="eva@desk")
    again = replace(unmapped(at(2, epoch=ORDERS)), at=START + timedelta(hours=1))
    newer = replace(unmapped(at(3, epoch=ORDERS)), at=START + timedelta(hours=2))
    found = []
    for each in (unmapped(at(2, epoch=ORDERS)), ignored, again, newer):
        office.errors.append(each)
        found.append(await report(office))
    states = [ErrorState.OPEN, ErrorState.IGNORED, None, ErrorState.OPEN]
    assert states == [each.get("UNMAPPED_VALUE") for each in found]


async def test_an_operator_can_close_an_error_that_the_ledger_does_not_know(office: Office) -> None:
    """The letter stands in the topic, whatever became of the ledger; a resolution of the ledger's own is no news."""
    told = replace(unmapped(at(2, epoch=ORDERS)), state=ErrorState.RESOLVED)
    office.errors.append(told)
    assert {} == await report(office)
    office.errors.append(replace(told, note="mended by hand", who="eva@desk"))
    assert {"UNMAPPED_VALUE": ErrorState.RESOLVED} == await report(office)


async def test_an_error_says_where_its_row_came_from(office: Office) -> None:
    """Partition, offset and place in the database's log."""
    message = deal("1", 1, "7", amount="n/a")
    await office.say(replace(message, source=replace(message.source, partition=3)))
    await refuse_deals(office)
    [error] = office.errors
    assert (3, 1, message.source.database_position) == (error.partition, error.offset, error.database_position)
