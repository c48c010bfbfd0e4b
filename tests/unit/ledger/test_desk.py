"""The ledger and its desk, from messages to what HubSpot holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio

from connector.ledger import numbering
from connector.ledger.error_book import report_errors
from connector.message import Link, LinkKind, ObjectType, Reason
from connector.outcome import Ambiguous, Archive, LinkStep, Lookup, Missing, Refusal, Refused, Update, Upsert, Written
from connector.sync_error import ErrorState
from tests.support.desk import Office
from tests.support.story import contact, deal, deleted, hidden, line, product, said


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


async def test_a_row_becomes_a_record(office: Office) -> None:
    """A message is merged once and its record is written by our key."""
    assert await office.say(contact("7", 1, firstname="Ann")) == {"merged": 1}
    await office.send()
    assert office.held("shop:CONTACT:7") == {"email": "7@x.example", "firstname": "Ann"}


async def test_a_repeat_and_an_unchanged_message_send_nothing(office: Office) -> None:
    """The same change again is a repeat, a newer one that says the same is unchanged; neither is sent."""
    await office.say(contact("7", 1))
    await office.send()
    counts = await office.say(contact("7", 1), contact("7", 2))
    assert counts == {"repeat": 1, "unchanged": 1}
    assert await office.take() == []


async def test_only_what_differs_is_sent(office: Office) -> None:
    """An update carries the changed property alone, and clears what became empty."""
    await office.say(contact("7", 1, firstname="Ann", phone="1"))
    await office.send()
    await office.say(contact("7", 2, firstname="Anna", phone=None))
    (step,) = await office.take()
    assert isinstance(step, Update)
    assert step.properties == {"firstname": "Anna", "phone": None}


async def test_an_older_message_never_undoes_a_newer(office: Office) -> None:
    """A message below the known version is superseded."""
    await office.say(contact("7", 5, firstname="new"))
    assert await office.say(contact("7", 4, firstname="old")) == {"superseded": 1}


async def test_children_are_linked_once_both_have_ids(office: Office) -> None:
    """A deal that came before its customer is linked when the customer gets its id."""
    await office.say(deal("1", 1, customer="7"))
    await office.send()
    assert set() == office.portal.links
    await office.say(contact("7", 1))
    await office.send()
    keys = office.portal.keys
    assert {("DEAL_CONTACT", keys["shop:DEAL:1"], keys["shop:CONTACT:7"])} == office.portal.links


async def test_an_order_changes_its_customer(office: Office) -> None:
    """The old link is unmade, the new one made."""
    await office.say(contact("a", 1), contact("b", 2), deal("1", 1, customer="a"))
    await office.send()
    await office.say(deal("1", 2, customer="b"))
    await office.send()
    keys = office.portal.keys
    assert {("DEAL_CONTACT", keys["shop:DEAL:1"], keys["shop:CONTACT:b"])} == office.portal.links


async def test_an_order_leaves_its_customer_and_returns_in_one_batch(office: Office) -> None:
    """A link that was never made, dropped and wanted again in one transaction is there once."""
    await office.say(deal("1", 1, customer="a"))
    await office.say(deal("1", 2, customer="b"), deal("1", 3, customer="a"), contact("a", 1))
    await office.send()
    assert 1 == len(office.portal.links)


async def test_a_customer_deleted_and_back_gets_its_deals_again(office: Office) -> None:
    """A new record of the parent makes its links unmade, although no deal changed."""
    await office.say(contact("a", 1), deal("1", 1, customer="a"))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "a", 2))
    await office.send()
    assert set() == office.portal.links
    await office.say(contact("a", 3))
    await office.send()
    keys = office.portal.keys
    assert {("DEAL_CONTACT", keys["shop:DEAL:1"], keys["shop:CONTACT:a"])} == office.portal.links


async def test_a_line_waits_for_its_deal_and_points_at_its_product(office: Office) -> None:
    """A line is not made before its deal is known; its product is a property once it has an id."""
    await office.say(line("1-1", 1, "1", "p"))
    assert await office.take() == []
    await office.say(deal("1", 1), product("p", 1))
    await office.send()
    assert office.portal.keys["shop:PRODUCT:p"] == office.held("shop:LINE_ITEM:1-1")["hs_product_id"]
    assert len(office.portal.links) == 1


async def test_a_deleted_deal_takes_its_lines_and_brings_them_back(office: Office) -> None:
    """A line is alive only while its deal is, though its own row never changed."""
    await office.say(deal("1", 1), line("1-1", 1, "1"))
    await office.send()
    await office.say(deleted(ObjectType.DEAL, "1", 2))
    await office.send()
    assert office.portal.records == {}
    await office.say(deal("1", 3))
    await office.send()
    assert {"shop:DEAL:1", "shop:LINE_ITEM:1-1"} == set(office.portal.keys)


async def test_a_cascade_does_not_come_back_with_its_deal(office: Office) -> None:
    """Behind a cascade a line written before the deal's end stays gone."""
    await office.say(deal("1", 1), line("1-1", 1, "1", cascade=True))
    await office.send()
    await office.say(deleted(ObjectType.DEAL, "1", 2), deal("1", 3))
    await office.send()
    assert {"shop:DEAL:1"} == set(office.portal.keys)


async def test_delete_and_reinsert_is_one_clearing_update(office: Office) -> None:
    """A row deleted and inserted again within the grace keeps its record and loses what it does not set."""
    await office.say(said(ObjectType.DEAL, "1", 1, {"dealname": "1", "amount": 5}))
    await office.send()
    kept = dict(office.portal.keys)
    await office.say(deleted(ObjectType.DEAL, "1", 2), said(ObjectType.DEAL, "1", 3, {"dealname": "1"}))
    (step,) = await office.take()
    assert isinstance(step, Update)
    assert step.properties == {"amount": None}
    assert kept == office.portal.keys


async def test_a_row_outside_the_filter_is_archived_and_returns_whole(office: Office) -> None:
    """Hidden keeps the values: a long text unavailable on return still stands."""
    await office.say(said(ObjectType.DEAL, "1", 1, {"dealname": "1", "description": "long"}))
    await office.send()
    await office.say(hidden(ObjectType.DEAL, "1", 2, {"dealname": "1", "description": "long"}))
    await office.send()
    assert office.portal.records == {}
    await office.say(said(ObjectType.DEAL, "1", 3, {"dealname": "1"}, unavailable={"description"}))
    await office.send()
    assert office.held("shop:DEAL:1") == {"dealname": "1", "description": "long"}


async def test_a_delete_of_something_unknown_stays_known(office: Office) -> None:
    """A snapshot read from before a delete makes no ghost."""
    await office.say(deleted(ObjectType.CONTACT, "7", 5))
    assert await office.say(contact("7", 4)) == {"superseded": 1}
    assert await office.take() == []


async def test_the_answer_settles_the_copy_in_flight(office: Office) -> None:
    """A change that comes while a call is out is sent after it, not believed sent."""
    await office.say(contact("7", 1, firstname="a"))
    (step,) = await office.take()
    await office.say(contact("7", 2, firstname="b"))
    assert await office.take() == []
    await office.desk.settle({step.record: office.portal.do(step)})
    await office.send()
    assert office.held("shop:CONTACT:7")["firstname"] == "b"


async def test_a_b_a_in_flight_is_not_forgotten(office: Office) -> None:
    """Back to the told value while another is in flight: the told value is sent again."""
    await office.say(contact("7", 1, firstname="a"))
    await office.send()
    await office.say(contact("7", 2, firstname="b"))
    (step,) = await office.take()
    await office.say(contact("7", 3, firstname="a"))
    await office.desk.settle({step.record: office.portal.do(step)})
    await office.send()
    assert office.held("shop:CONTACT:7")["firstname"] == "a"


async def test_an_ambiguous_call_is_sent_again_and_read_back(office: Office) -> None:
    """What an ambiguous call carried is unknown: the newest is sent at once, and a late write is repaired."""
    await office.say(contact("7", 1, firstname="a"))
    await office.send()
    await office.say(contact("7", 2, firstname="b"))
    (step,) = await office.take()
    await office.desk.settle({step.record: Ambiguous("timeout", "r1")})
    await office.say(contact("7", 3, firstname="c"))
    (again,) = await office.take()
    await office.desk.settle({again.record: office.portal.do(again)})
    office.portal.do(step)
    await office.send()
    assert office.held("shop:CONTACT:7")["firstname"] == "c"


async def test_a_former_owners_mark_is_unknown(office: Office) -> None:
    """After a restart what was in flight is sent again."""
    await office.say(contact("7", 1))
    (lost,) = await office.take()
    await office.desk.requeue()
    (again,) = await office.take()
    assert lost == again


async def test_a_create_that_was_lost_and_a_row_deleted_since(office: Office) -> None:
    """A record made by a call without an answer is found by key and archived."""
    await office.say(contact("7", 1))
    (step,) = await office.take()
    await office.desk.settle({step.record: Ambiguous("timeout", "r1")})
    await office.say(deleted(ObjectType.CONTACT, "7", 2))
    office.portal.do(step)
    await office.send()
    assert office.portal.records == {}


async def test_a_refused_record_rests_until_it_changes(office: Office) -> None:
    """One error is raised; the next good version resolves it."""
    await office.say(contact("7", 1))
    (step,) = await office.take()
    await office.desk.settle({step.record: Refused(Refusal("INVALID_EMAIL_ADDRESS", "bad", "email"))})
    assert await office.take() == []
    assert [error.type for error in office.errors] == ["INVALID_EMAIL_ADDRESS"]
    await office.say(contact("7", 2, email="good@x.example"))
    (again,) = await office.take()
    assert isinstance(again, Upsert)
    assert again.alone


async def test_a_missing_id_is_looked_up_by_key(office: Office) -> None:
    """A record merged away in HubSpot is found again by our key."""
    await office.say(contact("7", 1))
    await office.send()
    old = office.portal.keys["shop:CONTACT:7"]
    office.portal.records["9999"] = office.portal.records.pop(old)
    office.portal.keys["shop:CONTACT:7"] = "9999"
    await office.say(contact("7", 2, firstname="Ann"))
    await office.send()
    assert office.held("shop:CONTACT:7")["firstname"] == "Ann"


async def test_a_record_deleted_by_hubspot_users_is_left(office: Office) -> None:
    """Neither id nor key answers and we never archived it: it is left so."""
    await office.say(contact("7", 1))
    await office.send()
    office.portal.do(Archive(0, ObjectType.CONTACT, office.portal.keys["shop:CONTACT:7"]))
    await office.say(contact("7", 2, firstname="Ann"))
    await office.send()
    assert office.portal.records == {}


async def test_a_refused_link_looks_its_ids_up_once(office: Office) -> None:
    """A link to a dead id is made after the parent was found under its new id, without an error."""
    await office.say(contact("a", 1), deal("1", 1, customer="a"))
    for step in await office.take():
        await office.desk.settle({step.record: office.portal.do(step)})
    (link,) = await office.desk.take_links(LinkKind.DEAL_CONTACT, 10)
    old = office.portal.keys["shop:CONTACT:a"]
    office.portal.records["9999"] = office.portal.records.pop(old)
    office.portal.keys["shop:CONTACT:a"] = "9999"
    await office.desk.settle_links({link.link: Refused(Refusal("INVALID_ASSOCIATION_PROPERTY", "dead"))})
    await office.send()
    assert {("DEAL_CONTACT", office.portal.keys["shop:DEAL:1"], "9999")} == office.portal.links
    assert office.errors == []


async def test_an_ambiguous_link_call_is_repeated_twice(office: Office) -> None:
    """A link of unknown state is made at once, and once more after a late call must have landed."""
    await office.say(contact("a", 1), deal("1", 1, customer="a"))
    for step in await office.take():
        await office.desk.settle({step.record: office.portal.do(step)})
    (link,) = await office.desk.take_links(LinkKind.DEAL_CONTACT, 10)
    await office.desk.settle_links({link.link: Ambiguous("timeout", "r1")})
    (again,) = await office.desk.take_links(LinkKind.DEAL_CONTACT, 10)
    office.log.append(again)
    await office.desk.settle_links({again.link: office.portal.link(again)})
    await office.send()
    made = [step for step in office.log if isinstance(step, LinkStep)]
    assert len(made) == 2
    assert len(office.portal.links) == 1


async def test_a_missing_record_that_we_archived_is_made_anew(office: Office) -> None:
    """After an archive of ours with a lost answer the row comes back: the record is made again, not left."""
    await office.say(contact("7", 1))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "7", 2))
    (step,) = await office.take()
    office.portal.do(step)
    await office.desk.settle({step.record: Ambiguous("timeout", "r1")})
    await office.say(contact("7", 3, firstname="back"))
    await office.send()
    assert office.held("shop:CONTACT:7")["firstname"] == "back"


async def test_two_tables_feed_one_contact(office: Office) -> None:
    """An adding row's property stands beside the bearing row's and goes with its own row alone."""
    news: dict[str, Any] = {"table": "newsletter", "bears": False}
    await office.say(contact("7", 1), said(ObjectType.CONTACT, "7", 1, {"optin": True}, **news))
    await office.send()
    assert office.held("shop:CONTACT:7") == {"email": "7@x.example", "optin": "True"}
    await office.say(said(ObjectType.CONTACT, "7", 2, reason=Reason.ROW_DELETED, **news))
    await office.send()
    assert office.held("shop:CONTACT:7") == {"email": "7@x.example"}


async def test_the_newest_bearing_row_speaks(office: Office) -> None:
    """Of two rows that bear one contact the newer by `newest_by` speaks; when it goes the other does."""
    rows = [said(ObjectType.CONTACT, "a", n, {"firstname": f"r{n}"}, row=f"r{n}", newest_by=10 - n) for n in (1, 2)]
    await office.say(*rows)
    await office.send()
    assert office.held("shop:CONTACT:a")["firstname"] == "r1"
    await office.say(replace(deleted(ObjectType.CONTACT, "a", 3, row="r1"), newest_by=20))
    await office.send()
    assert office.held("shop:CONTACT:a")["firstname"] == "r2"


async def test_a_recreated_topic_is_a_later_epoch(office: Office) -> None:
    """Offsets that begin anew in a new topic are newer than all before, by the order in which topics were met."""
    await office.say(contact("7", 1000, firstname="old"))
    await office.ledger.write(lambda tx: numbering.meet_topic(tx, "shop.public.customers", "t2"))
    changed = said(ObjectType.CONTACT, "7", 0, {"firstname": "new"}, topic_id="t2")
    assert await office.say(changed) == {"merged": 1}


async def test_a_mended_row_resolves_its_error(office: Office) -> None:
    """The error table closes an error once a newer version of the row is delivered."""
    await office.say(contact("7", 1))
    (step,) = await office.take()
    await office.desk.settle({step.record: Refused(Refusal("INVALID_EMAIL_ADDRESS", "bad", "email"))})
    letters = await office.ledger.write(lambda tx: report_errors(tx, office.errors[:1]))
    assert [letter.state for letter in letters] == [ErrorState.OPEN]
    await office.say(contact("7", 2, email="good@x.example"))
    await office.send()
    assert [error.state for error in office.errors] == [ErrorState.OPEN, ErrorState.RESOLVED]


async def test_an_error_read_after_its_mending_is_closed_at_once(office: Office) -> None:
    """A refusal that reaches the error agent after a newer version was delivered is written RESOLVED."""
    await office.say(contact("7", 1))
    (step,) = await office.take()
    await office.desk.settle({step.record: Refused(Refusal("INVALID_EMAIL_ADDRESS", "bad", "email"))})
    await office.say(contact("7", 2, email="good@x.example"))
    await office.send()
    letters = await office.ledger.write(lambda tx: report_errors(tx, office.errors[:1]))
    assert [letter.state for letter in letters] == [ErrorState.RESOLVED]


async def test_a_deleted_product_is_waived(office: Office) -> None:
    """A line whose product was deleted loses the product's id, without an error."""
    await office.say(deal("1", 1), product("p", 1), line("1-1", 1, "1", "p"))
    await office.send()
    await office.say(deleted(ObjectType.PRODUCT, "p", 2))
    await office.send()
    assert office.held("shop:LINE_ITEM:1-1") == {"name": "1-1"}
    assert office.errors == []


async def test_a_link_removed_from_the_row_is_unmade(office: Office) -> None:
    """A deal that loses its customer loses the association."""
    await office.say(contact("a", 1), deal("1", 1, customer="a"))
    await office.send()
    await office.say(deal("1", 2))
    await office.send()
    assert set() == office.portal.links


async def test_lines_under_new_row_keys_keep_their_record(office: Office) -> None:
    """Deleted and re-inserted under another key of their own, in both orders, lines keep their HubSpot id."""
    link = (Link(LinkKind.LINE_ITEM_DEAL, "1"),)
    old = said(ObjectType.LINE_ITEM, "1-1", 1, {"quantity": 1}, row="k1", newest_by=1, links=link)
    new = said(ObjectType.LINE_ITEM, "1-1", 2, {"quantity": 2}, row="k2", newest_by=2, links=link)
    gone = said(ObjectType.LINE_ITEM, "1-1", 3, reason=Reason.ROW_DELETED, row="k1")
    await office.say(deal("1", 1), old)
    await office.send()
    kept = office.portal.keys["shop:LINE_ITEM:1-1"]
    for order in ((new, gone), (gone, new)):
        await office.say(*order)
        await office.send()
        assert kept == office.portal.keys["shop:LINE_ITEM:1-1"]
        assert office.held("shop:LINE_ITEM:1-1")["quantity"] == "2"


async def test_missing_is_not_a_refusal(office: Office) -> None:
    """An update that meets a vanished record raises no error."""
    await office.say(contact("7", 1))
    await office.send()
    await office.say(contact("7", 2, firstname="Ann"))
    (step,) = await office.take()
    await office.desk.settle({step.record: Missing()})
    assert office.errors == []
    (asked,) = await office.take()
    assert isinstance(asked, Lookup)


async def test_a_lines_empty_values_are_cleared_after_its_creation(office: Office) -> None:
    """HubSpot fills a new line's gaps from its product: what the row leaves empty is cleared."""
    await office.say(deal("1", 1), line("1-1", 1, "1", description=None))
    steps = await office.take()
    await office.desk.settle({step.record: Written(str(step.record), created=True) for step in steps})
    (step,) = await office.take()
    assert isinstance(step, Update)
    assert {"description": None, "hs_product_id": None} == step.properties


async def test_a_created_record_settles_its_empty_values(office: Office) -> None:
    """Empty values are left out of a create and count as told by it."""
    await office.say(contact("7", 1, phone=None))
    (step,) = await office.take()
    assert isinstance(step, Upsert)
    assert "phone" not in step.properties
    await office.desk.settle({step.record: Written("1", created=True)})
    assert await office.take() == []
