"""An object traced in a ledger that agents and sender have worked on, beside a Kafka that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from connector.ledger.error_book import report_errors
from connector.message import ObjectType
from connector.operations.masking import NOTHING, USUAL, Masking
from connector.operations.objects import UnknownObjectError
from connector.operations.trace import trace
from connector.operations.tracing.nouns import Trace
from connector.operations.tracing.searching import Wanted
from connector.outcome import Refusal, Refused
from connector.settings import Settings
from tests.support.desk import Office
from tests.support.story import contact, deal, deleted, line, person
from tests.unit.operations.letters_told import letter


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await Office(tmp_path).start()
    yield office
    await office.close()


def look(folder: Path, wanted: Wanted, masking: Masking = USUAL) -> Trace:
    given = {"ledger": folder / "ledger.db", "kafka_bootstrap": "127.0.0.1:1"}
    return trace(Settings.model_validate(given), wanted, masking)


def of(kind: ObjectType, name: str) -> Wanted:
    return Wanted(kind, name)


async def refuse(office: Office, details: str) -> None:
    """HubSpot refuses what is due, and the error agent takes that in."""
    refusal = Refusal("INVALID_EMAIL_ADDRESS", details, "email", "VALIDATION_ERROR", "c-17")
    await office.desk.settle({step.record: Refused(refusal) for step in await office.take()})
    await office.ledger.write(lambda tx: report_errors(tx, office.errors))


async def test_without_a_broker_the_ledger_tells_what_it_knows(office: Office, tmp_path: Path) -> None:
    """The commit, the attempt and the request are there; that the topics could not be seen is said."""
    await office.say(contact("1", 1), deal("1042", 4, customer="1"))
    await office.send()
    found = look(tmp_path, of(ObjectType.DEAL, "1042"))
    assert (True, "shop:DEAL:1042") == (found.is_well, found.object)
    assert ["committed", "sent"] == [step.stage for step in found.steps]
    assert found.unseen[0].startswith("the topics: Kafka does not answer")
    assert found.request is not None
    assert ("/crm/objects/2026-09/deals/batch/update", ("dealname",), None) == (
        found.request.path,
        found.request.properties,
        found.request.body,
    )


async def test_a_refused_contact_shows_its_request_masked(office: Office, tmp_path: Path) -> None:
    """With an open error the body is shown, without the person; HubSpot's words lose what they repeat of it."""
    await office.say(contact("1", 1, firstname="Refused"))
    await refuse(office, "1@x.example of Refused is no address")
    found = look(tmp_path, of(ObjectType.CONTACT, "1"))
    assert found.request is not None
    assert {"email": "***@***.example", "firstname": "R*** (7)", "shopbridge_key": "shop:CONTACT:1"} == (
        found.request.body["inputs"][0]["properties"]
    )
    assert [
        "UPSERT: Refused, VALIDATION_ERROR",
        "INVALID_EMAIL_ADDRESS opened: ***@***.example of R*** (7) is no address",
    ] == [step.what for step in found.steps[1:]]


async def test_show_shows_all(office: Office, tmp_path: Path) -> None:
    """Nothing is masked where nothing is to be."""
    await office.say(contact("1", 1, firstname="Ann"))
    await refuse(office, "1@x.example is no address")
    found = look(tmp_path, of(ObjectType.CONTACT, "1"), NOTHING)
    assert found.request is not None
    assert "1@x.example" == found.request.body["inputs"][0]["properties"]["email"]
    assert found.steps[-1].what.endswith("1@x.example is no address")


async def test_a_child_names_the_parent_it_waits_for_and_why(office: Office, tmp_path: Path) -> None:
    """And the parent, asked for itself, names its children."""
    await office.say(deal("7", 1, customer="9"), line("7-1", 2, order="8"))
    await office.send()
    found = look(tmp_path, of(ObjectType.DEAL, "7"))
    assert found.status is not None
    assert [("shop:CONTACT:9", "never seen")] == [(each.waits_for, each.why) for each in found.status.links]
    assert ("shop:DEAL:7",) == look(tmp_path, of(ObjectType.CONTACT, "9")).awaited_by


async def test_a_contact_is_found_by_its_address_and_by_hubspots_id(office: Office, tmp_path: Path) -> None:
    """In any case of letters; other objects of the record are named."""
    await office.say(person("1", 1, "Ann@X.example"), person("guest", 2, "ann@x.example"))
    await office.send()
    found = look(tmp_path, of(ObjectType.CONTACT, "ANN@x.example"), NOTHING)
    assert ("shop:CONTACT:1", ("shop:CONTACT:guest",)) == (found.object, found.shared_with)
    assert found.status is not None
    by_id = look(tmp_path, Wanted(ObjectType.CONTACT, hubspot_id=found.status.hubspot_id))
    assert "shop:CONTACT:1" == by_id.object


async def test_addresses_that_are_no_match_value_are_found_too(office: Office, tmp_path: Path) -> None:
    """A shop file without match_by claims none."""
    await office.say(contact("1", 1))
    assert "shop:CONTACT:1" == look(tmp_path, of(ObjectType.CONTACT, "1@x.example")).object


async def test_an_id_that_is_an_address_is_masked(office: Office, tmp_path: Path) -> None:
    """The name of an object is shown to people as well."""
    await office.say(contact("ann@x.example", 1), contact("Zo%C3%AB@x.example", 2))
    assert "shop:CONTACT:a***@***.example" == look(tmp_path, of(ObjectType.CONTACT, "ann@x.example")).object
    assert "shop:CONTACT:Z***@***.example" == look(tmp_path, of(ObjectType.CONTACT, "Zoë@x.example")).object


async def test_an_object_that_two_have_is_asked_back(office: Office, tmp_path: Path) -> None:
    """Two records want one address: both are named."""
    await office.say(person("1", 1, "a@x.example"), person("2", 2, "b@x.example"))
    await office.send()
    await office.say(person("2", 3, "a@x.example"))
    with pytest.raises(UnknownObjectError, match=r"2 objects have it: shop:1, shop:2"):
        look(tmp_path, of(ObjectType.CONTACT, "a@x.example"))


async def test_a_deleted_row_needs_no_request(office: Office, tmp_path: Path) -> None:
    """HubSpot knows of it; nothing is told of the record any more."""
    await office.say(contact("1", 1))
    await office.send()
    await office.say(deleted(ObjectType.CONTACT, "1", 2))
    await office.send()
    found = look(tmp_path, of(ObjectType.CONTACT, "1"))
    assert (True, None) == (found.is_well, found.request)


async def test_a_row_that_was_never_mapped_is_told_by_its_error(office: Office, tmp_path: Path) -> None:
    """The ledger has no such object, but an error of its row."""
    await office.ledger.write(lambda tx: report_errors(tx, [letter("17", details="'odd' is no stage")]))
    found = look(tmp_path, of(ObjectType.DEAL, "17"))
    assert ("DEAL 17", False, None) == (found.object, found.is_well, found.status)
    assert ["UNMAPPED_VALUE opened: 'odd' is no stage"] == [step.what for step in found.steps]


@pytest.mark.parametrize(
    "wanted",
    [of(ObjectType.DEAL, "4711"), Wanted(ObjectType.DEAL, hubspot_id="4711"), of(ObjectType.CONTACT, "no@x.y")],
)
async def test_what_nobody_knows_is_said(office: Office, tmp_path: Path, wanted: Wanted) -> None:
    """Neither the ledger nor an error."""
    await office.say(contact("1", 1))
    with pytest.raises(UnknownObjectError, match="The ledger knows no"):
        look(tmp_path, wanted)
