"""How records and links stand, counted out of a ledger that agents and sender have worked on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from connector.errors import ConfigurationError
from connector.ledger.error_book import report_errors
from connector.ledger.tables import quota
from connector.message import ObjectType
from connector.operations.ledger_file import reading
from connector.operations.sender_state import sender_states
from connector.operations.stock import ON_CHILD, Stock, take_stock
from connector.outcome import Refusal, Refused, SchemaRefused
from tests.support.desk import Office
from tests.support.story import contact, deal, deleted, line, product


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def stock(tmp_path: Path) -> Stock:
    with reading(tmp_path / "ledger.db") as tx:
        return take_stock(tx)


async def test_what_is_sent_is_equal_and_what_is_not_is_due(office: Office, tmp_path: Path) -> None:
    """Records are due from merge to answer, then equal; the oldest due one is known by its time."""
    await office.say(contact("1", 1), deal("10", 1, customer="1"))
    before = stock(tmp_path)
    await office.send()
    after = stock(tmp_path)
    assert {"CONTACT": {"due": 1}, "DEAL": {"due": 1}} == before.records
    assert {"CONTACT", "DEAL"} == before.due_since.keys()
    assert {"CONTACT": {"equal": 1}, "DEAL": {"equal": 1}} == after.records
    assert {"DEAL_CONTACT": {"made": 1, "parked": 0}} == after.links
    assert (0, 0, 0) == (after.links_due, after.links_in_flight, after.waiting_for_parents)


async def test_a_child_whose_parent_was_never_seen_waits(office: Office, tmp_path: Path) -> None:
    """A line of an unseen deal waits itself; its links to deal and product are parked."""
    await office.say(line("10-1", 1, order="10", product="5"))
    await office.send()
    found = stock(tmp_path)
    assert {"waiting": 1} == found.records["LINE_ITEM"]
    assert {"parked": 1} == found.links["LINE_ITEM_DEAL"]
    assert 2 == found.waiting_for_parents


async def test_a_deleted_parent_waives_its_links(office: Office, tmp_path: Path) -> None:
    """The deal stays, its link to a deleted customer is waived, and the customer is not alive."""
    await office.say(contact("1", 1), deal("10", 1, customer="1"))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "1", 2))
    await office.send()
    found = stock(tmp_path)
    assert {"CONTACT": {"not_alive": 1}, "DEAL": {"equal": 1}} == found.records
    assert {"waived": 1, "parked": 0} == found.links["DEAL_CONTACT"]


async def test_a_refused_child_parks_its_links_on_itself(office: Office, tmp_path: Path) -> None:
    """The parent is there, the child is not: nobody waits for a parent."""
    await office.say(contact("1", 1))
    await office.send()
    await office.say(deal("10", 1, customer="1"))
    steps = await office.take()
    await office.desk.settle({step.record: Refused(Refusal("INVALID_NUMBER", "no number")) for step in steps})
    found = stock(tmp_path)
    assert {"refused": 1} == found.records["DEAL"]
    assert {"parked": 1, ON_CHILD: 1} == found.links["DEAL_CONTACT"]
    assert (0, 1) == (found.waiting_for_parents, found.refused_without_error)


async def test_an_open_error_accounts_for_a_refused_record(office: Office, tmp_path: Path) -> None:
    """Once the error agent has taken the refusal in, the refused record is accounted for, and counted by its cause."""
    await office.say(product("5", 1))
    steps = await office.take()
    await office.desk.settle({step.record: Refused(Refusal("INVALID_NUMBER", "no number")) for step in steps})
    await office.ledger.write(lambda tx: report_errors(tx, office.errors))
    found = stock(tmp_path)
    assert 0 == found.refused_without_error
    assert {"INVALID_NUMBER": 1} == found.open_errors


async def test_in_flight_is_neither_due_nor_equal(office: Office, tmp_path: Path) -> None:
    """Between the taking of a step and its answer a record is in flight."""
    await office.say(product("5", 1))
    await office.take()
    assert {"PRODUCT": {"in_flight": 1}} == stock(tmp_path).records


async def test_a_refused_schema_is_known_by_the_attempts_of_what_waits(office: Office, tmp_path: Path) -> None:
    """The type is paused as long as its last attempt met a refusal of the portal's schema; once sent it is not."""
    await office.say(product("5", 1))
    refusal = Refusal("PROPERTY_DOESNT_EXIST", "no property shop_shelf", "shop_shelf")
    await office.desk.settle({step.record: SchemaRefused(refusal) for step in await office.take()})
    with reading(tmp_path / "ledger.db") as tx:
        paused = sender_states(tx)
    await office.send()
    with reading(tmp_path / "ledger.db") as tx:
        after = sender_states(tx)
    assert {"PRODUCT": True} == {kind: state.is_paused for kind, state in paused.items()}
    assert {} == after


async def test_reading_cannot_write(office: Office, tmp_path: Path) -> None:
    """The ledger is opened so that nothing can be written beside the worker."""
    assert office.ledger is not None
    with pytest.raises(ConfigurationError, match="readonly"), reading(tmp_path / "ledger.db") as tx:
        tx.execute(quota.insert().values(day="today", calls=1))


def test_a_missing_ledger_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    """Looking never makes a file."""
    with pytest.raises(ConfigurationError, match="There is no ledger"), reading(tmp_path / "ledger.db"):
        pass
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_no_ledger_is_said(tmp_path: Path) -> None:
    """A file of another kind is named, with what to look after."""
    (tmp_path / "ledger.db").write_text("not a database, but long enough to be read as one" * 50)
    with pytest.raises(ConfigurationError, match="cannot be read"), reading(tmp_path / "ledger.db") as tx:
        take_stock(tx)
