"""Children whose parent does not come: when the clock starts, and what is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from connector.ledger import progress
from connector.ledger.parent_watch import ParentWatch
from connector.message import ObjectType
from connector.outcome import Refusal, Refused
from connector.sync_error import ErrorState
from tests.support.desk import Office
from tests.support.story import START, contact, deal, deleted, line, product

LATER = START + timedelta(hours=1)
NONE: dict[tuple[str, int], int] = {}


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


@pytest.fixture
def watch(office: Office) -> ParentWatch:
    return ParentWatch(office.ledger, office.post, deadline_s=20)


async def everything_came(watch: ParentWatch) -> None:
    """A heartbeat after all commits, and all topics read."""
    for _ in range(2):
        await watch.observe("shop", LATER, snapshot_running=False, change_ends=NONE, sync_ends=NONE)
    await watch.observe("shop", LATER, snapshot_running=False, change_ends=NONE, sync_ends=NONE)


async def test_a_parent_that_never_comes_is_an_error_after_the_deadline(office: Office, watch: ParentWatch) -> None:
    """Not before, and once; it resolves when the parent comes."""
    await office.say(line("1-1", 1, "1"))
    await everything_came(watch)
    assert [0, 0, 1, 0] == [await watch.sweep(now) for now in (100, 119, 121, 200)]
    await office.say(deal("1", 2))
    await office.send()
    assert [("PARENT_NEVER_SEEN", ErrorState.OPEN), ("PARENT_NEVER_SEEN", ErrorState.RESOLVED)] == [
        (error.type, error.state) for error in office.errors
    ]


async def test_the_clock_waits_for_the_heartbeat(office: Office, watch: ParentWatch) -> None:
    """Without a heartbeat later than the child's commit the parent may still come."""
    await office.say(line("1-1", 1, "1"))
    for _ in range(3):
        await watch.observe("shop", START, snapshot_running=False, change_ends=NONE, sync_ends=NONE)
    assert [0, 0] == [await watch.sweep(now) for now in (0, 1000)]


async def test_the_clock_waits_for_the_snapshot(office: Office, watch: ParentWatch) -> None:
    """While a snapshot runs the parent may still be read."""
    await office.say(line("1-1", 1, "1"))
    await everything_came(watch)
    await watch.observe("shop", LATER, snapshot_running=True, change_ends=NONE, sync_ends=NONE)
    assert [0, 0] == [await watch.sweep(now) for now in (0, 1000)]


async def test_the_clock_waits_for_unread_records(office: Office, watch: ParentWatch) -> None:
    """The parent may lie in what is not read yet, first among the changes, then among the messages."""
    await office.say(line("1-1", 1, "1"))
    ends = {("shop.public.orders", 0): 5}
    await office.ledger.write(lambda tx: progress.begin(tx, "map:orders", "shop.public.orders", "t1", 0, 0))
    for _ in range(3):
        await watch.observe("shop", LATER, snapshot_running=False, change_ends=ends, sync_ends=NONE)
    assert [0, 0] == [await watch.sweep(now) for now in (0, 1000)]
    await office.ledger.write(
        lambda tx: progress.advance(tx, "map:orders", "shop.public.orders", "t1", 0, 0, 5, {"mapped": 5})
    )
    for _ in range(3):
        await watch.observe("shop", LATER, snapshot_running=False, change_ends=ends, sync_ends=NONE)
    assert [0, 1] == [await watch.sweep(now) for now in (2000, 3000)]


async def test_a_refused_parent_is_the_cause(office: Office, watch: ParentWatch) -> None:
    """The deal stands, its link to a refused contact is an error that names the parent, and heals with it."""
    await office.say(contact("a", 1), deal("1", 1, customer="a"))
    for step in await office.take():
        bad = step.type is ObjectType.CONTACT
        refused = Refused(Refusal("INVALID_EMAIL_ADDRESS", "bad", "email"))
        await office.desk.settle({step.record: refused if bad else office.portal.do(step)})
    await everything_came(watch)
    assert [0, 1] == [await watch.sweep(now) for now in (0, 30)]
    assert "PARENT_REFUSED" == office.errors[-1].type
    await office.say(contact("a", 2, email="good@x.example"))
    await office.send()
    assert ErrorState.RESOLVED is next(e for e in reversed(office.errors) if e.type == "PARENT_REFUSED").state


async def test_a_deleted_parent_is_waived(office: Office, watch: ParentWatch) -> None:
    """A line's deleted product and a deal's deleted customer are no errors."""
    await office.say(contact("a", 1), product("p", 1), deal("1", 1, customer="a"), line("1-1", 1, "1", "p"))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "a", 2), deleted(ObjectType.PRODUCT, "p", 2))
    await office.send()
    await everything_came(watch)
    assert [0, 0] == [await watch.sweep(now) for now in (0, 1000)]


async def test_a_child_that_goes_takes_its_error_along(office: Office, watch: ParentWatch) -> None:
    """A line deleted while it waits in vain resolves its error."""
    await office.say(line("1-1", 1, "1"))
    await everything_came(watch)
    assert [0, 1] == [await watch.sweep(now) for now in (0, 30)]
    await office.say(deleted(ObjectType.LINE_ITEM, "1-1", 2))
    assert [ErrorState.OPEN, ErrorState.RESOLVED] == [error.state for error in office.errors]


async def refuse_deals(office: Office) -> None:
    """HubSpot takes what is due, but for deals."""
    for step in await office.take():
        bad = step.type is ObjectType.DEAL
        refused = Refused(Refusal("INVALID_NUMBER", "∞ was not a valid long.", "amount"))
        await office.desk.settle({step.record: refused if bad else office.portal.do(step)})


async def test_a_line_that_went_with_its_deal_waits_for_none(office: Office, watch: ParentWatch) -> None:
    """A cascade took the line, and no change tells of it; that HubSpot refuses the deal that came again is its own."""
    await office.say(deal("1", 1), line("1-1", 1, "1", cascade=True))
    await office.say(deleted(ObjectType.DEAL, "1", 2), deal("1", 3))
    await refuse_deals(office)
    await everything_came(watch)
    assert [0, 0] == [await watch.sweep(now) for now in (0, 1000)]
    assert ["INVALID_NUMBER"] == [error.type for error in office.errors]


async def test_a_line_that_goes_with_its_deal_takes_its_error_along(office: Office, watch: ParentWatch) -> None:
    """The deal was refused before it went, and is refused as it comes again: the line's error is over all the same."""
    await office.say(deal("1", 1), line("1-1", 1, "1", cascade=True))
    await refuse_deals(office)
    await everything_came(watch)
    assert [0, 1] == [await watch.sweep(now) for now in (0, 30)]
    await office.say(deleted(ObjectType.DEAL, "1", 2), deal("1", 3))
    await refuse_deals(office)
    of_the_line = [error.state for error in office.errors if error.type == "PARENT_REFUSED"]
    assert [ErrorState.OPEN, ErrorState.RESOLVED] == of_the_line
    assert [0, 0] == [await watch.sweep(now) for now in (1000, 2000)]
    await office.say(line("1-1", 4, "1", cascade=True))
    await everything_came(watch)
    assert [0, 1] == [await watch.sweep(now) for now in (3000, 4000)]
