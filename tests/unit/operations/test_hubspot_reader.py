"""Reading HubSpot for operators, on the sandbox: by key, id, address and page by page; nothing left out is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError, RetriableError
from connector.message import LinkKind, ObjectType
from connector.operations.hubspot_pace import SlowLine
from connector.operations.hubspot_reader import HubspotReader, HubspotRefusedError
from connector.operations.provision import Wanted, provision
from connector.sender.paths import Paths
from tests.unit.sender.in_process import Sandbox, sandbox

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
VERSIONS = ["2026-09", "2026-03", "v3"]


@pytest.fixture
async def hubspot(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with sandbox(tmp_path) as sandbox_:
        wanted = Wanted(Paths("2026-09"), "shopbridge_key", dict.fromkeys(ObjectType, ()), pipeline=False)
        await provision(sandbox_, wanted)
        yield sandbox_


class Hours:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def reader(hubspot: Sandbox, version: str = "2026-09", hours: Hours | None = None) -> HubspotReader:
    hours = hours or Hours()
    line = SlowLine(hubspot, 1_000_000, 1_000_000, clock=lambda: hours.now, sleep=hours.sleep)
    return HubspotReader(line, Paths(version))


async def made(hubspot: Sandbox, kind: str, rows: list[dict[str, str]]) -> list[str]:
    """The ids of records made so, in the order of the rows."""
    ids = []
    for row in rows:
        answer = await hubspot.request("POST", f"/crm/objects/2026-09/{kind}", json={"properties": row})
        assert 201 == answer.status, answer.text
        ids.append(answer.body["id"])
    return ids


async def fault(hubspot: Sandbox, **rule: Any) -> None:
    answer = await hubspot.request("POST", "/sandbox/faults", json=[rule])
    assert 2 == answer.status // 100, answer.text


def people(count: int) -> list[dict[str, str]]:
    return [{"email": f"p{n}@example.com", "shopbridge_key": f"main:CONTACT:{n}"} for n in range(count)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_records_are_read_by_key_id_and_address(hubspot: Sandbox, version: str) -> None:
    """More than one request's worth; what is not there is left out."""
    ids = await made(hubspot, "contacts", people(130))
    read = reader(hubspot, version)
    by_key = await read.by_key(CONTACT, [f"main:CONTACT:{n}" for n in range(140)], ["email"])
    assert {f"main:CONTACT:{n}": (ids[n], f"p{n}@example.com") for n in range(130)} == {
        key: (record.id, record.properties["email"]) for key, record in by_key.items()
    }
    by_id = await read.by_ids(CONTACT, [*ids, "123"], ["email"])
    assert {id_: id_ for id_ in ids} == {asked: record.id for asked, record in by_id.items()}
    found = await read.by_property(CONTACT, "email", ["P7@example.com ", "nobody@example.com"], ["shopbridge_key"])
    assert {"p7@example.com": "main:CONTACT:7"} == {
        email: record.properties["shopbridge_key"] for email, record in found.items()
    }


async def test_a_merged_contact_is_found_by_its_old_ids_and_both_addresses(hubspot: Sandbox) -> None:
    """HubSpot answers with the id that the contact has now."""
    first, other = await made(hubspot, "contacts", people(2))
    body = {"primaryObjectId": first, "objectIdToMerge": other}
    winner = (await hubspot.request("POST", "/crm/objects/2026-09/contacts/merge", json=body)).body["id"]
    read = reader(hubspot)
    by_ids = await read.by_ids(CONTACT, [first, other], ["email"])
    assert {first: winner, other: winner} == {asked: record.id for asked, record in by_ids.items()}
    found = await read.by_property(CONTACT, "email", ["p0@example.com", "p1@example.com"], ["email"])
    assert {"p0@example.com": winner, "p1@example.com": winner} == {mail: each.id for mail, each in found.items()}


@pytest.mark.parametrize("version", VERSIONS)
async def test_all_records_come_page_by_page_and_a_reading_goes_on_where_it_stopped(
    hubspot: Sandbox, version: str
) -> None:
    """A page holds a hundred; the place behind each page is one to go on from; archived ones are listed apart."""
    ids = await made(hubspot, "contacts", people(250))
    await hubspot.request("DELETE", f"/crm/objects/2026-09/contacts/{ids[10]}")
    read = reader(hubspot, version)
    pages = [page async for page in read.all(CONTACT, ["email"])]
    assert [100, 100, 49] == [len(page) for page in pages]
    assert {*ids} - {ids[10]} == {record.id for page in pages for record in page}
    first = await anext(read.pages(CONTACT, ["email"]))
    rest = [record.id async for page in read.pages(CONTACT, [], after=first.after) for record in page.records]
    assert [record.id for page in pages[1:] for record in page] == rest
    archived = [record async for page in read.pages(CONTACT, ["email"], archived=True) for record in page.records]
    assert [(ids[10], "main:CONTACT:10", True)] == [
        (record.id, record.properties["shopbridge_key"], record.archived) for record in archived
    ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_parents_are_read_for_many_children(hubspot: Sandbox, version: str) -> None:
    """A child with none, a dead one, and one with more parents than a page of 500 holds."""
    contacts = await made(hubspot, "contacts", people(520))
    deals = await made(hubspot, "deals", [{"dealname": f"Order {n}"} for n in range(4)])
    pairs = [(deals[0], contact) for contact in contacts] + [(deals[1], contacts[3]), (deals[3], contacts[4])]
    inputs = [{"from": {"id": child}, "to": {"id": parent}} for child, parent in pairs]
    path = "/crm/associations/2026-09/deals/contacts/batch/associate/default"
    assert 200 == (await hubspot.request("POST", path, json={"inputs": inputs})).status
    await hubspot.request("DELETE", f"/crm/objects/2026-09/deals/{deals[3]}")
    found = await reader(hubspot, version).links(LinkKind.DEAL_CONTACT, deals)
    nobody: frozenset[str] = frozenset()
    assert {
        deals[0]: frozenset(contacts),
        deals[1]: frozenset({contacts[3]}),
        deals[2]: nobody,
        deals[3]: nobody,
    } == found


@pytest.mark.parametrize("effect", ["missing_outcomes", "empty_200_after_commit", "empty_200", "502", "423"])
async def test_what_an_answer_leaves_out_is_asked_for_again(hubspot: Sandbox, effect: str) -> None:
    """By key, page by page, and associations: the next answer is believed, nothing counts as missing."""
    await made(hubspot, "contacts", people(40))
    deals = await made(hubspot, "deals", [{"dealname": "Order"}])
    read = reader(hubspot)
    await fault(hubspot, effect=effect, times=1, drop=5)
    assert 40 == len(await read.by_key(CONTACT, [f"main:CONTACT:{n}" for n in range(40)], []))
    if effect != "missing_outcomes":
        await fault(hubspot, effect=effect, times=1, match={"method": "GET"})
        assert [40] == [len(page) async for page in read.all(CONTACT, [])]
    await fault(hubspot, effect=effect, times=1, match={"path_regex": "associations"})
    assert {deals[0]: frozenset[str]()} == await read.links(LinkKind.DEAL_CONTACT, deals)


async def test_an_answer_that_stays_incomplete_is_an_error(hubspot: Sandbox) -> None:
    """A record is not missing because HubSpot keeps silent about it."""
    await made(hubspot, "contacts", people(1))
    await fault(hubspot, effect="empty_200")
    with pytest.raises(RetriableError, match="no clear answer about main:CONTACT:0"):
        await reader(hubspot).by_key(CONTACT, ["main:CONTACT:0"], [])


async def test_a_limit_is_waited_out_and_the_days_end_is_an_error(hubspot: Sandbox) -> None:
    """429 with Retry-After is obeyed; when the calls of the day are used up the reading ends, to be gone on with."""
    await made(hubspot, "contacts", people(1))
    await fault(hubspot, effect="429", times=1, retry_after=9)
    hours = Hours()
    assert 1 == len(await reader(hubspot, hours=hours).by_key(CONTACT, ["main:CONTACT:0"], []))
    assert 9 == hours.now
    await fault(hubspot, effect="429", policy="DAILY")
    with pytest.raises(RetriableError, match="calls of the day are used up"):
        await reader(hubspot).by_key(CONTACT, ["main:CONTACT:0"], [])


async def test_at_most_a_third_of_the_accounts_calls_are_used(tmp_path: Path) -> None:
    """Of 190 calls in ten seconds, which HubSpot's headers tell, 63 may be ours: 90 take longer than one window."""
    hours = Hours()
    async with sandbox(tmp_path, plan="professional") as account:
        read = HubspotReader(SlowLine(account, 100, 100, clock=lambda: hours.now, sleep=hours.sleep), Paths("2026-09"))
        for _ in range(90):
            await read.by_ids(CONTACT, ["1"], [])
    assert 10 < hours.now < 20


async def test_a_refused_credential_and_a_refused_question_say_so(hubspot: Sandbox) -> None:
    """Neither is an answer about records."""
    with pytest.raises(HubspotRefusedError, match="firstname") as refused:
        await reader(hubspot).by_property(CONTACT, "firstname", ["Ann"], [])
    assert "MATCH_NOT_UNIQUE" == refused.value.type
    await fault(hubspot, effect="unauthorized")
    with pytest.raises(ConfigurationError, match="SHOPBRIDGE_HUBSPOT_TOKEN"):
        await reader(hubspot).by_key(CONTACT, ["main:CONTACT:0"], [])
