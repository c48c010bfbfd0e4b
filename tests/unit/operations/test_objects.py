"""One object's status: what the eCommerce Bridge's sync status told, and what it waits for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from connector.ledger.error_book import report_errors
from connector.ledger.parent_watch import ParentWatch
from connector.message import TYPE_NAMES, ObjectType
from connector.operations.objects import ObjectStatus, UnknownObjectError, object_status
from connector.outcome import Refusal, Refused
from connector.settings import Settings
from tests.support.desk import Office
from tests.support.story import START, contact, deal, deleted, line
from tests.unit.operations.letters_told import letter


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def look(folder: Path, kind: str, external_id: str, store: str | None = None) -> ObjectStatus:
    settings = Settings.model_validate({"ledger": folder / "ledger.db"})
    return object_status(settings, TYPE_NAMES[kind], external_id, store)


async def test_a_deal_in_hubspot_is_well(office: Office, tmp_path: Path) -> None:
    """HubSpot's id, when it was last processed, its link made, its row with its offset, its last attempt."""
    await office.say(contact("1", 1), deal("1042", 4, customer="1"))
    await office.send()
    found = look(tmp_path, "deal", "1042")
    assert (True, "equal", "shop:DEAL:1042") == (found.is_well, found.state, found.key)
    assert found.hubspot_id in office.portal.records
    assert [("DEAL_CONTACT", "shop:CONTACT:1", "made", None)] == [
        (each.kind, each.parent, each.state, each.waits_for) for each in found.links
    ]
    assert [("shop.public.orders", 4, "LIVE")] == [(each.topic, each.offset, each.standing) for each in found.rows]
    assert [("UPSERT", "Written")] == [(each.act, each.outcome) for each in found.attempts]
    assert found.last_processed_at == found.attempts[0].at
    assert (found.generation, ()) == (found.sent_generation, found.errors)


async def test_a_line_says_what_it_waits_for(office: Office, tmp_path: Path) -> None:
    """The deal was never seen: the line waits, its link is parked, and the deal is named."""
    await office.say(line("1042-1", 1, order="1042"))
    found = look(tmp_path, "line-item", "1042-1")
    assert (False, "waiting", "UNSEEN") == (found.is_well, found.state, found.life)
    assert [("parked", "shop:DEAL:1042")] == [(each.state, each.waits_for) for each in found.links]


async def test_a_refused_object_shows_its_error_and_attempt(office: Office, tmp_path: Path) -> None:
    """HubSpot's status, category and correlation id stand with the attempt, the open error with its id."""
    await office.say(contact("1", 1))
    refusal = Refusal("INVALID_EMAIL_ADDRESS", "no address", "email", "VALIDATION_ERROR", "c-17", status=400)
    await office.desk.settle({step.record: Refused(refusal) for step in await office.take()})
    await office.ledger.write(lambda tx: report_errors(tx, office.errors))
    found = look(tmp_path, "contact", "1")
    assert (False, "refused", None) == (found.is_well, found.state, found.last_processed_at)
    assert [("OPEN", "INVALID_EMAIL_ADDRESS", "no address")] == [(e.state, e.type, e.details) for e in found.errors]
    assert [("Refused", 400, "VALIDATION_ERROR", "c-17")] == [
        (each.outcome, each.status, each.category, each.correlation_id) for each in found.attempts
    ]


async def test_a_link_of_a_refused_child_waits_for_itself(office: Office, tmp_path: Path) -> None:
    """The parent is there: it is the child that must get into HubSpot first."""
    await office.say(contact("1", 1))
    await office.send()
    await office.say(deal("7", 1, customer="1"))
    await office.desk.settle({step.record: Refused(Refusal("CONFLICT", "")) for step in await office.take()})
    assert [("parked", "itself")] == [(each.state, each.waits_for) for each in look(tmp_path, "deal", "7").links]


async def test_a_deleted_row_is_well(office: Office, tmp_path: Path) -> None:
    """An archived record is as the shop has it: not alive."""
    await office.say(contact("1", 1))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "1", 2))
    await office.send()
    found = look(tmp_path, "contact", "1")
    assert (True, "not_alive", "ENDED", None) == (found.is_well, found.state, found.life, found.hubspot_id)


async def test_an_unknown_object_is_a_mistake_of_the_user(office: Office, tmp_path: Path) -> None:
    """The ledger does not know it, and says so."""
    assert office.ledger is not None
    with pytest.raises(UnknownObjectError, match="knows no DEAL 4711"):
        look(tmp_path, "deal", "4711")


async def test_an_object_whose_row_could_not_be_mapped_names_the_error(office: Office, tmp_path: Path) -> None:
    """The row never became an object; its error is found by the row's key, and how to see it is said."""
    refused = letter("17", details="'odd' is no stage")
    await office.ledger.write(lambda tx: report_errors(tx, [refused]))
    told = r"OPEN UNMAPPED_VALUE .*'odd' is no stage\n    shopbridge errors show 17"
    with pytest.raises(UnknownObjectError, match=told):
        look(tmp_path, "deal", "17")


async def test_an_object_whose_error_names_it_is_told_of_it(office: Office, tmp_path: Path) -> None:
    """The same for an error that knows which object the row would have been, and only for this one."""
    refused = letter("17", ref="shop:DEAL:A-7", details="'odd' is no stage")
    await office.ledger.write(lambda tx: report_errors(tx, [refused]))
    with pytest.raises(UnknownObjectError, match=r"OPEN UNMAPPED_VALUE .*'odd' is no stage"):
        look(tmp_path, "deal", "A-7")
    with pytest.raises(UnknownObjectError, match=r"such a row was applied\.$"):
        look(tmp_path, "deal", "7")


async def test_a_failed_link_names_parent_and_cause(office: Office, tmp_path: Path) -> None:
    """The line is in HubSpot as the shop has it, but its deal is not: an error is open, and which parent is said."""
    await office.say(contact("1", 1))
    await office.send()
    await office.say(deal("7", 1, customer="2"))
    await office.send()
    watch = ParentWatch(office.ledger, office.post, 0.0)
    now = START + timedelta(days=1)
    for _ in range(3):
        await watch.observe("shop", now, snapshot_running=False, change_ends={}, sync_ends={})
    assert 1 == await watch.sweep(1.0)
    await office.ledger.write(lambda tx: report_errors(tx, office.errors))
    found = look(tmp_path, "deal", "7")
    assert [("failed", "shop:CONTACT:2 (PARENT_NEVER_SEEN)")] == [(each.state, each.waits_for) for each in found.links]
    assert (False, "HubSpot holds it as the shop has it, but an error is open") == (found.is_well, found.headline)


async def test_two_stores_must_be_told_apart(office: Office, tmp_path: Path) -> None:
    """The same id in two stores: the stores are named, and --store chooses."""
    await office.say(contact("1", 1), replace(contact("1", 2), store="other"))
    with pytest.raises(UnknownObjectError, match="--store with one of other, shop"):
        look(tmp_path, "contact", "1")
    assert "other:CONTACT:1" == look(tmp_path, "contact", "1", "other").object
