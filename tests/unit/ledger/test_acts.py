"""What operators say over the sync topics: mapped again, forced, edited, told again."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from connector.ledger import numbering
from connector.ledger.merge import Passed, merge
from connector.ledger.state import Contribution
from connector.ledger.tables import records
from connector.message import ObjectType, Origin, SyncMessage
from connector.outcome import Archive, Lookup, Refusal, Refused, Update, Upsert
from connector.sync_error import ErrorState
from tests.support.desk import Office
from tests.support.story import at, contact, deal, deleted

ACT = 1_795_000_000_000


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def forced(message: SyncMessage, act: int = ACT) -> SyncMessage:
    return replace(message, origin=Origin.REPLAY, forced=True, revision=act)


def repair(message: SyncMessage, **more: object) -> SyncMessage:
    return replace(message, origin=Origin.REPAIR, **more)  # type: ignore[arg-type]


def calls(office: Office) -> list[object]:
    """What was sent since the last look."""
    found: list[object] = list(office.log)
    office.log.clear()
    return found


# -- mapped again ----------------------------------------------------------------------------------------------------


async def test_a_replay_under_the_same_mapping_sends_nothing(office: Office) -> None:
    """Every message is a repeat."""
    messages = [contact("1", 1, city="Rome"), deal("a", 1, "1")]
    await office.say(*messages)
    await office.send()
    calls(office)
    again = [replace(each, origin=Origin.REPLAY) for each in messages]
    assert Counter(repeat=2) == await office.say(*again)
    await office.send()
    assert [] == calls(office)


async def test_a_replay_under_another_mapping_applies_it_and_undoes_nothing_newer(office: Office) -> None:
    """The newest change mapped again counts, an older one of the row does not."""
    await office.say(contact("1", 1, city="Rome"))
    await office.say(contact("1", 2, city="Oslo"))
    await office.ledger.write(lambda tx: numbering.meet_mapping(tx, "m2"))
    old, new = contact("1", 1, town="Rome"), contact("1", 2, town="Oslo")
    again = [replace(each, mapping="m2", origin=Origin.REPLAY) for each in (new, old)]
    assert Counter(merged=1, superseded=1) == await office.say(*again)
    await office.send()
    assert {"email": "1@x.example", "town": "Oslo"} == office.held("shop:CONTACT:1")


# -- forced ----------------------------------------------------------------------------------------------------------


async def test_a_forced_older_change_stands_until_the_rows_next_one(office: Office) -> None:
    """It is not undone by what was there before it, and undone by the next change."""
    first, second = contact("1", 1, city="Rome"), contact("1", 2, city="Oslo")
    await office.say(first, second)
    assert Counter(superseded=1) == await office.say(replace(first, origin=Origin.REPLAY))
    assert Counter(merged=1) == await office.say(forced(first))
    assert Counter(superseded=2) == await office.say(first, second)
    await office.send()
    assert "Rome" == office.held("shop:CONTACT:1")["city"]
    await office.say(contact("1", 3, city="Bern"))
    await office.send()
    assert "Bern" == office.held("shop:CONTACT:1")["city"]


async def test_a_forced_act_said_again_after_a_newer_change_undoes_nothing(office: Office) -> None:
    """An act that was resumed may say its messages twice."""
    old = contact("1", 1, city="Rome")
    await office.say(old, contact("1", 2, city="Oslo"))
    await office.say(forced(old))
    await office.say(contact("1", 3, city="Bern"))
    assert Counter(repeat=1) == await office.say(forced(old))
    await office.send()
    assert "Bern" == office.held("shop:CONTACT:1")["city"]


async def test_the_later_of_two_forced_acts_stands(office: Office) -> None:
    """Also where the clock of the second operator's machine runs behind an edit's."""
    one, two = contact("1", 1, city="Rome"), contact("1", 2, city="Oslo")
    await office.say(one, two, repair(contact("1", 2, city="edited"), revision=ACT + 9))
    await office.say(forced(one, ACT), forced(two, ACT + 1))
    await office.send()
    assert "Oslo" == office.held("shop:CONTACT:1")["city"]


async def test_a_forced_delete_ends_the_row_until_its_next_change(office: Office) -> None:
    """The row speaks again when the shop writes it."""
    await office.say(contact("1", 5, city="Rome"))
    await office.send()
    await office.say(forced(deleted(ObjectType.CONTACT, "1", 1)))
    await office.send()
    assert {} == office.portal.records
    await office.say(contact("1", 6, city="Rome"))
    await office.send()
    assert "Rome" == office.held("shop:CONTACT:1")["city"]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.integers(1, 9),
    st.lists(st.integers(1, 9), max_size=6),
)
def test_after_a_forced_message_only_a_newer_change_speaks(before: list[int], which: int, after: list[int]) -> None:
    """Whatever else arrives, twice or out of order."""
    kept: Contribution | None = None
    for offset in before:
        kept = said(kept, contact("1", offset, city=str(offset)), offset)
    known = max(before)
    kept = said(kept, forced(contact("1", which, city=f"forced {which}")), which)
    for offset in after:
        kept = said(kept, contact("1", offset, city=str(offset)), offset)
    newest = max([known, *after])
    assert kept is not None
    assert (f"forced {which}" if newest == known else str(newest)) == kept.properties["city"]


def said(kept: Contribution | None, message: SyncMessage, offset: int) -> Contribution | None:
    result = merge(kept, message, at(offset, revision=message.revision))
    return kept if isinstance(result, Passed) else result


# -- edited ----------------------------------------------------------------------------------------------------------


async def test_an_edit_stands_where_its_change_stood(office: Office) -> None:
    """Newer than the change that was edited, older than the row's next one."""
    change = contact("1", 2, city="Rme")
    await office.say(change)
    await office.say(repair(contact("1", 2, city="Rome"), revision=ACT))
    assert Counter(superseded=1) == await office.say(change)
    await office.send()
    assert "Rome" == office.held("shop:CONTACT:1")["city"]
    await office.say(contact("1", 3, city="Bern"))
    assert Counter(superseded=1) == await office.say(repair(contact("1", 2, city="Pisa"), revision=ACT + 5))
    await office.send()
    assert "Bern" == office.held("shop:CONTACT:1")["city"]


# -- told again ------------------------------------------------------------------------------------------------------


async def test_a_repair_tells_hubspot_again_what_it_was_told(office: Office) -> None:
    """All properties and the links, although nothing has changed; the ledger counts a repeat."""
    await office.say(contact("1", 1, city="Rome"), deal("a", 1, "1"))
    await office.send()
    calls(office)
    office.held("shop:DEAL:a")["dealname"] = "by hand"
    office.portal.links.clear()
    assert Counter(repeat=1) == await office.say(repair(deal("a", 1, "1")))
    await office.send()
    assert "a" == office.held("shop:DEAL:a")["dealname"]
    assert 1 == len(office.portal.links)
    assert 2 == len(calls(office))


async def test_a_repair_that_is_no_news_changes_no_value(office: Office) -> None:
    """The record is told what the newest change says."""
    old = contact("1", 1, city="Rome")
    await office.say(old, contact("1", 2, city="Oslo"))
    await office.send()
    office.held("shop:CONTACT:1")["city"] = "by hand"
    assert Counter(superseded=1) == await office.say(repair(old))
    await office.send()
    assert "Oslo" == office.held("shop:CONTACT:1")["city"]


async def test_a_repair_sends_what_was_refused_and_closes_its_error(office: Office) -> None:
    """HubSpot takes the values by now, so the row need not change."""
    await office.say(contact("1", 1, city="Rome"))
    refusal = Refused(Refusal("INVALID_ENUM_PROPERTY", "Rome is no option", "city"))
    await office.desk.settle({step.record: refusal for step in await office.take()})
    assert [] == await office.take()
    await office.say(repair(contact("1", 1, city="Rome")))
    await office.send()
    assert "Rome" == office.held("shop:CONTACT:1")["city"]


async def test_a_repair_leaves_what_hubspots_users_deleted_unless_forced(office: Office) -> None:
    """A forced one has it made anew."""
    await office.say(contact("1", 1, city="Rome"))
    await office.send()
    office.portal.do(Archive(0, ObjectType.CONTACT, office.portal.keys["shop:CONTACT:1"]))
    for _ in range(2):
        await office.say(repair(contact("1", 1, city="Rome")))
        await office.send()
        assert {} == office.portal.records
    await office.say(repair(contact("1", 1, city="Rome"), forced=True, revision=ACT))
    await office.send()
    assert "Rome" == office.held("shop:CONTACT:1")["city"]


async def test_a_repair_by_delete_archives_what_bears_our_key_and_nobody_knows(office: Office) -> None:
    """A record that the ledger never heard of is looked up by its key, and goes."""
    office.portal.keys["shop:CONTACT:9"] = office.portal.add(email="9@x.example")
    gone = repair(deleted(ObjectType.CONTACT, "9", 0, topic_id="unknown"))
    await office.say(gone)
    await office.send()
    assert {} == office.portal.records
    assert [Lookup, Archive] == [type(each) for each in calls(office)]


async def test_a_repair_finds_what_was_made_in_vain(office: Office) -> None:
    """A row that the ledger never heard of is taken as it is read, and its record looked up before it is made."""
    office.portal.keys["shop:CONTACT:9"] = office.portal.add(email="9@x.example", city="old")
    await office.say(repair(contact("9", -1, city="Rome")))
    await office.send()
    assert {"email": "9@x.example", "city": "Rome"} == office.held("shop:CONTACT:9")
    assert [Lookup, Update] == [type(each) for each in calls(office)]
    await office.say(contact("9", 0, city="Oslo"))
    await office.send()
    assert "Oslo" == office.held("shop:CONTACT:9")["city"]


# -- lanes and letters -----------------------------------------------------------------------------------------------


async def test_bulk_messages_are_served_behind_live_ones(office: Office) -> None:
    """A large replay does not hold up the shop."""
    await office.say(*(replace(contact(str(each), each), bulk=True) for each in range(1, 4)))
    await office.say(contact("live", 9))
    chosen = await office.desk.take(ObjectType.CONTACT, 1)
    assert ["shop:CONTACT:live"] == [step.key for step in chosen if isinstance(step, Upsert)]


async def test_a_letter_of_a_refused_record_holds_what_its_row_says(office: Office) -> None:
    """So that it can be sent again, or edited, from the letter alone."""
    await office.say(contact("1", 1, city="Rome"))
    refusal = Refused(
        Refusal("INVALID_ENUM_PROPERTY", "Rome is no option", "city", answer='{"category": "VALIDATION_ERROR"}')
    )
    await office.desk.settle({step.record: refusal for step in await office.take()})
    [error] = [each for each in office.errors if each.state is ErrorState.OPEN]
    assert (b"shop:CONTACT:1", repr(contact("1", 1, city="Rome")).encode()) == (
        error.original_key,
        error.original_value,
    )


async def test_a_tombstone_holds_no_values_and_lets_nothing_older_in(office: Office) -> None:
    """What waits on the topics below its offset is skipped; a later change of the row speaks again."""
    await office.say(contact("1", 3, city="Rome"))
    await office.send()
    await office.say(replace(deleted(ObjectType.CONTACT, "1", 20), origin=Origin.REPLAY))
    await office.send()
    assert Counter(superseded=2) == await office.say(contact("1", 5, city="Oslo"), contact("1", 19, city="Bern"))
    kept = await office.ledger.read(lambda tx: tx.execute(records.select()).one())
    assert (None, {}) == (kept.hubspot_id, kept.told)
    assert not any("x.example" in str(value) or "Rome" in str(value) for value in kept)
    await office.say(contact("1", 21, city="Pisa"))
    await office.send()
    assert "Pisa" == office.held("shop:CONTACT:1")["city"]
