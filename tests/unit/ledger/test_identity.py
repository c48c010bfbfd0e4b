"""Rows and people: one HubSpot record for each match value, whoever speaks in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from connector.ledger.error_book import report_errors
from connector.ledger.match_watch import MatchWatch
from connector.message import ObjectType
from connector.outcome import Archive, LinkStep, Match, Refusal, Refused, Update, Upsert
from connector.sync_error import ErrorState
from tests.support.desk import Office
from tests.support.story import deal, deleted, person, said

CONTACT = ObjectType.CONTACT
PASSED_ON = [(4, ("a", "b")), (5, ("b", "c")), (6, ("c", "a"))]
"""Offset, who takes the e-mail, whose."""


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def people(office: Office) -> dict[str, dict[str, str]]:
    """What HubSpot holds of contacts, by key."""
    keys = {hubspot_id: key for key, hubspot_id in office.portal.keys.items()}
    held = {keys.get(hubspot_id, hubspot_id): row for hubspot_id, row in office.portal.records.items()}
    return {key.removeprefix("shop:CONTACT:"): row for key, row in held.items() if "email" in row or "rev" in row}


def deals_of(office: Office) -> dict[str, str]:
    """Deal → the contact that it is linked to, both by key."""
    names = {hubspot_id: key.rsplit(":", 1)[1] for key, hubspot_id in office.portal.keys.items()}
    pairs = [(names[child], names[parent]) for _, child, parent in office.portal.links]
    assert len(pairs) == len(dict(pairs)), "a deal has two contacts"
    return dict(pairs)


async def test_two_rows_of_one_person_inserted_together_are_one_record(office: Office) -> None:
    """The newest row speaks, the key is the first one's, and the deals of both hang at the one record."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, " Ann@X.example "))
    await office.say(deal("a", 1, "1"), deal("b", 2, "2"))
    await office.send()
    assert {"1": {"email": " Ann@X.example ", "rev": "2"}} == people(office)
    assert {"a": "1", "b": "1"} == deals_of(office)


async def test_two_rows_of_one_person_one_after_the_other_are_one_record(office: Office) -> None:
    """The second row joins the record that HubSpot has by then; no key is rewritten."""
    await office.say(person("1", 1, "ann@x.example"), deal("a", 1, "1"))
    await office.send()
    await office.say(person("2", 2, "ANN@x.example"), deal("b", 2, "2"))
    await office.send()
    assert {"1": {"email": "ANN@x.example", "rev": "2"}} == people(office)
    assert {"a": "1", "b": "1"} == deals_of(office)
    assert [] == [step for step in office.log if isinstance(step, Update) and step.key is not None]


async def test_an_email_that_moves_away_takes_its_row_with_it(office: Office) -> None:
    """The row that changed leaves with a record of its own, its deals follow, the other keeps the key."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "ann@x.example"))
    await office.say(deal("a", 1, "1"), deal("b", 2, "2"))
    await office.send()
    await office.say(person("2", 3, "bob@x.example"))
    await office.send()
    assert {
        "1": {"email": "ann@x.example", "rev": "1"},
        "2": {"email": "bob@x.example", "rev": "3"},
    } == people(office)
    assert {"a": "1", "b": "2"} == deals_of(office)


async def test_a_row_that_leaves_its_own_key_behind_gets_a_numbered_one(office: Office) -> None:
    """Keys are never rewritten: the record stays under the key of the row that left."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "ann@x.example"), deal("a", 1, "1"))
    await office.send()
    await office.say(person("1", 3, "bob@x.example"))
    await office.send()
    assert {
        "1": {"email": "ann@x.example", "rev": "2"},
        "1~2": {"email": "bob@x.example", "rev": "3"},
    } == people(office)
    assert {"a": "1~2"} == deals_of(office)


async def test_one_row_deleted_then_the_other(office: Office) -> None:
    """The record goes only with the last row; until then the one that is left speaks."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "ann@x.example"))
    await office.send()
    await office.say(deleted(CONTACT, "2", 3))
    await office.send()
    assert {"1": {"email": "ann@x.example", "rev": "1"}} == people(office)
    await office.say(deleted(CONTACT, "1", 4))
    await office.send()
    assert {} == people(office)
    assert 1 == sum(isinstance(step, Archive) for step in office.log)


async def test_two_records_that_both_had_ids_stay_two(office: Office) -> None:
    """The one that takes an e-mail in use does without it, with all else delivered, and gets it once it is free."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "bob@x.example"))
    await office.send()
    await office.say(person("2", 3, "ann@x.example", phone="7"))
    await office.send()
    assert {
        "1": {"email": "ann@x.example", "rev": "1"},
        "2": {"email": "bob@x.example", "rev": "3", "phone": "7"},
    } == people(office)
    await office.say(person("1", 4, "new@x.example"))
    await office.send()
    assert {
        "1": {"email": "new@x.example", "rev": "4"},
        "2": {"email": "ann@x.example", "rev": "3", "phone": "7"},
    } == people(office)


async def test_two_people_swap_emails(office: Office) -> None:
    """Neither can go first, so one gives its own up; no record changes its key."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "bob@x.example"))
    await office.say(deal("a", 1, "1"), deal("b", 2, "2"))
    await office.send()
    await office.say(person("1", 3, "bob@x.example"), person("2", 4, "ann@x.example"))
    await office.send(rounds=10)
    assert {
        "1": {"email": "bob@x.example", "rev": "3"},
        "2": {"email": "ann@x.example", "rev": "4"},
    } == people(office)
    assert {"a": "1", "b": "2"} == deals_of(office)
    assert [] == office.errors


async def test_three_people_pass_their_emails_on(office: Office) -> None:
    """A longer ring is opened in the same way."""
    await office.say(*(person(each, at, f"{each}@x.example") for at, each in enumerate("abc", 1)))
    await office.send()
    await office.say(*(person(each, at, f"{new}@x.example") for at, (each, new) in PASSED_ON))
    await office.send(rounds=12)
    assert {"a": "b@x.example", "b": "c@x.example", "c": "a@x.example"} == {
        key: row["email"] for key, row in people(office).items()
    }


async def test_a_new_row_waits_for_an_email_that_is_being_given_up(office: Office) -> None:
    """It is another person, so it neither joins nor is sent before the e-mail is free."""
    await office.say(person("1", 1, "ann@x.example"))
    await office.send()
    await office.say(person("1", 2, "bob@x.example"), person("2", 3, "ann@x.example"))
    await office.send()
    assert {
        "1": {"email": "bob@x.example", "rev": "2"},
        "2": {"email": "ann@x.example", "rev": "3"},
    } == people(office)


async def test_a_person_deleted_and_back_under_another_id_keeps_the_record(office: Office) -> None:
    """As long as the archive was not sent, the record is taken over."""
    await office.say(person("1", 1, "ann@x.example", phone="7"))
    await office.send()
    await office.say(deleted(CONTACT, "1", 2), person("2", 3, "ann@x.example"))
    await office.send()
    assert {"1": {"email": "ann@x.example", "rev": "3"}} == people(office)
    assert [] == [step for step in office.log if isinstance(step, Archive)]


async def test_a_guest_who_registers_is_one_person(office: Office) -> None:
    """A guest's order bears a contact of its own id; the customer's row joins it."""
    guest = said(
        CONTACT, "ann%40x.example", 1, {"email": "ann@x.example"}, table="orders", match_by="email", newest_by=1
    )
    await office.say(guest, deal("a", 1, "ann%40x.example"))
    await office.send()
    await office.say(person("7", 2, "ann@x.example"), deal("b", 2, "7"))
    await office.send()
    assert 1 == len(people(office))
    assert {"a": "ann%40x.example", "b": "ann%40x.example"} == deals_of(office)


async def test_a_person_whom_hubspot_has_already_gets_our_key(office: Office) -> None:
    """It is asked for before anything is written, and updated by its id."""
    known = office.portal.add(email="ann@x.example", lifecyclestage="lead")
    await office.say(person("1", 1, "Ann@x.example"))
    await office.send()
    assert {"1": {"email": "Ann@x.example", "rev": "1", "lifecyclestage": "lead"}} == people(office)
    assert {known: "shop:CONTACT:1"} == {value: key for key, value in office.portal.keys.items()}
    assert [Match, Update] == [type(step) for step in office.log]


async def test_a_person_found_by_a_further_address_keeps_the_first(office: Office) -> None:
    """Our e-mail is HubSpot's further one: writing it would drive the first one out."""
    office.portal.add(email="first@x.example", hs_additional_emails="ann@x.example")
    await office.say(person("1", 1, "ann@x.example"))
    await office.send()
    assert "first@x.example" == people(office)["1"]["email"]


async def test_rows_found_at_one_person_share_the_record(office: Office) -> None:
    """Two e-mails that HubSpot has as one person's are one record; deals of both hang at it."""
    office.portal.add(email="first@x.example", hs_additional_emails="ann@x.example")
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "first@x.example"))
    await office.say(deal("a", 1, "1"), deal("b", 2, "2"))
    await office.send()
    (key,) = people(office)
    assert {"a": key, "b": key} == deals_of(office)
    assert "2" == people(office)[key]["rev"]


async def test_records_that_hubspots_users_merged_are_one_under_the_key_that_is_left(office: Office) -> None:
    """The newer of the two rows speaks, and nobody rewrites the key that HubSpot's users kept."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "bob@x.example"), deal("a", 1, "1"))
    await office.send()
    office.portal.merge(office.portal.keys["shop:CONTACT:2"], office.portal.keys["shop:CONTACT:1"])
    await office.say(person("1", 3, "ann@x.example"), person("2", 4, "bob@x.example"))
    await office.send()
    assert {"2": "4"} == {key: row["rev"] for key, row in people(office).items()}
    assert {"a": "2"} == deals_of(office)
    assert [] == [step for step in office.log if isinstance(step, Update) and step.key is not None]


async def test_a_conflict_that_names_the_owner_makes_it_ours(office: Office) -> None:
    """Somebody made the person between our question and our writing."""
    await office.say(person("1", 1, "ann@x.example"))
    (question,) = await office.take()
    await office.desk.settle({question.record: office.portal.do(question)})
    office.portal.add(email="ann@x.example")
    await office.send()
    assert {"1": {"email": "ann@x.example", "rev": "1"}} == people(office)
    assert [] == office.errors


async def test_an_order_that_passes_between_rows_of_one_person_stays_linked(office: Office) -> None:
    """The same two records are meant, so nothing is unmade."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "ann@x.example"), deal("a", 1, "1"))
    await office.send()
    office.log.clear()
    await office.say(deal("a", 2, "2"))
    await office.send()
    assert {"a": "1"} == deals_of(office)
    assert [] == [step for step in office.log if isinstance(step, LinkStep)]


async def test_an_error_of_a_shared_record_is_the_speaking_rows(office: Office) -> None:
    """It names the object that spoke, and is over when that row is delivered."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "ann@x.example"))
    for step in await office.take():
        await office.desk.settle({step.record: office.portal.do(step)})
    (create,) = await office.take()
    await office.desk.settle({create.record: Refused(Refusal("INVALID_EMAIL_ADDRESS", "no", "email"))})
    (error,) = office.errors
    assert "shop:CONTACT:2" == str(error.ref)
    await office.ledger.write(lambda tx: report_errors(tx, [error]))
    await office.say(person("2", 3, "ann@x.example", phone="7"))
    await office.send()
    assert [ErrorState.OPEN, ErrorState.RESOLVED] == [each.state for each in office.errors]


async def test_waiting_too_long_for_an_email_is_an_error_until_it_is_free(office: Office) -> None:
    """It says who has the value, is raised once, and resolves itself."""
    watch = MatchWatch(office.ledger, office.post, deadline_s=10)
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "bob@x.example"))
    await office.send()
    await office.say(person("2", 3, "ann@x.example"))
    await office.send()
    assert [0, 0, 1, 0] == [await watch.sweep(now) for now in (0, 9, 10, 11)]
    (error,) = office.errors
    assert ("MATCH_VALUE_TAKEN", "shop:CONTACT:2") == (error.type, str(error.ref))
    assert "shop:CONTACT:1" in error.details
    await office.ledger.write(lambda tx: report_errors(tx, [error]))
    await office.say(deleted(CONTACT, "1", 4))
    await office.send()
    assert "ann@x.example" == people(office)["2"]["email"]
    assert [ErrorState.OPEN, ErrorState.RESOLVED] == [each.state for each in office.errors]


async def test_a_value_that_waits_for_a_call_to_hubspot_is_no_error(office: Office) -> None:
    """While HubSpot is away, nothing that the owner still has to send counts as the row's fault."""
    watch = MatchWatch(office.ledger, office.post, deadline_s=10)
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "bob@x.example"))
    await office.send()
    await office.say(person("1", 3, "bob@x.example"), person("2", 4, "ann@x.example"))
    assert [0, 0] == [await watch.sweep(now) for now in (0, 100)]
    await office.send(rounds=10)
    assert [0, 0] == [await watch.sweep(now) for now in (200, 300)]
    assert [] == office.errors


async def test_a_record_created_while_its_email_changed_to_one_in_use(office: Office) -> None:
    """The create lands, both have ids, and the later one does without the e-mail."""
    await office.say(person("1", 1, "ann@x.example"))
    await office.send()
    await office.say(person("2", 2, "bob@x.example"))
    steps = await office.take()
    await office.desk.settle({step.record: office.portal.do(step) for step in steps})
    (create,) = await office.take()
    assert isinstance(create, Upsert)
    await office.say(person("2", 3, "ann@x.example"))
    await office.desk.settle({create.record: office.portal.do(create)})
    await office.send()
    assert {"1": "ann@x.example", "2": "bob@x.example"} == {key: row["email"] for key, row in people(office).items()}
    assert [] == office.errors


async def test_an_order_that_goes_to_a_persons_other_row_and_to_nobody_is_linked_to_nobody(office: Office) -> None:
    """The link stands for whichever row means the pair; given up, it is unmade, whoever of the rows had it."""
    await office.say(person("1", 1, "ann@x.example"), deal("a", 1, "1"))
    await office.send()
    await office.say(deal("a", 2, "2"))
    await office.say(person("2", 2, "ann@x.example"))
    await office.say(deal("a", 3))
    await office.send()
    assert {} == deals_of(office)


async def test_an_order_that_goes_to_a_row_which_proves_to_be_the_same_person_stays_linked(office: Office) -> None:
    """The pair is one link's from the moment the rows share a record: nothing is unmade, and nothing made twice."""
    await office.say(person("1", 1, "ann@x.example"), deal("a", 1, "1"))
    await office.send()
    await office.say(deal("a", 2, "2"))
    await office.say(person("2", 2, "ann@x.example"))
    assert {} == (await office.desk.due()).links
    await office.send()
    assert {"a": "1"} == deals_of(office)


async def test_an_object_whose_name_is_another_records_key_gets_one_of_its_own(office: Office) -> None:
    """A shop may have a customer 1~2 beside the second record of its customer 1."""
    await office.say(person("1", 1, "ann@x.example"), person("2", 2, "ann@x.example"))
    await office.send()
    await office.say(person("1", 3, "bob@x.example"))
    await office.say(person("1~2", 4, "cid@x.example"))
    await office.send()
    emails = sorted(row["email"] for row in people(office).values())
    assert ["ann@x.example", "bob@x.example", "cid@x.example"] == emails
