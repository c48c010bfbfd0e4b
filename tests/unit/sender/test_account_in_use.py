"""An account that people worked in before and work in now: records found, adopted, merged, archived, erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.message import ObjectType
from connector.operations.provision import Wanted, provision
from connector.outcome import (
    Archive,
    Archived,
    Found,
    Lookup,
    Match,
    Missing,
    Outcome,
    Refusal,
    Refused,
    SchemaRefused,
    Step,
    Update,
    Upsert,
    Written,
)
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.in_process import Sandbox, sandbox

CONTACT, PRODUCT, DEAL = ObjectType.CONTACT, ObjectType.PRODUCT, ObjectType.DEAL
CONTACTS = "/crm/objects/2026-09/contacts"


async def ready(hubspot: Sandbox) -> Crm:
    paths = Paths("2026-09")
    await provision(hubspot, Wanted(paths, "shopbridge_key", dict.fromkeys(ObjectType, ()), pipeline=False))
    return Crm(paths)


async def test_a_thousand_contacts_in_use_take_ten_reads_and_ten_updates(tmp_path: Path) -> None:
    """Contacts made by others, some known by a further address: all adopted, no call refused or half empty."""
    async with sandbox(tmp_path) as hubspot:
        crm = await ready(hubspot)
        ids: dict[int, str] = {}
        for start in range(0, 1000, 100):
            made = await created(hubspot, [theirs(number) for number in range(start, start + 100)])
            ids |= dict(enumerate(made, start))
        before = hubspot.calls
        for start in range(0, 1000, 100):
            numbers = range(start, start + 100)
            asked = [Match(number, CONTACT, "email", f"SHOP{number}@example.com") for number in numbers]
            found = await hubspot.carry_out(crm.dispatch(asked))
            assert {number: ids[number] for number in numbers} == {n: id_of(each) for n, each in found.items()}
            steps = [Update(n, CONTACT, ids[n], {"firstname": f"Ann {n}"}, key=f"key-{n}") for n in numbers]
            adopted = await hubspot.carry_out(crm.dispatch(steps))
            assert {n: Written(ids[n]) for n in numbers} == adopted
        assert 20 == hubspot.calls - before
        lookups = [Lookup(n, CONTACT, f"key-{n}", None, ("firstname", "phone")) for n in range(100)]
        read = await hubspot.carry_out(crm.dispatch(lookups))
        assert {n: Found(ids[n], {"firstname": f"Ann {n}", "phone": str(n)}) for n in range(100)} == read


def theirs(number: int) -> dict[str, str]:
    """Every fourth has the shop's address among its further ones only."""
    shop = f"shop{number}@example.com"
    addresses = (
        {"email": shop} if number % 4 else {"email": f"office{number}@example.com", "hs_additional_emails": shop}
    )
    return {**addresses, "phone": str(number)}


@pytest.mark.parametrize("keeping", [False, True])
async def test_a_hundred_updates_with_some_merged_away(tmp_path: Path, keeping: bool) -> None:  # noqa: FBT001
    """Those merged by HubSpot's users are found under the id that they have now, the others are written."""
    async with sandbox(tmp_path, primary_id_preservation=keeping) as hubspot:
        crm = await ready(hubspot)
        made = await hubspot.carry_out(crm.dispatch([Upsert(n, CONTACT, f"k{n}", person(n)) for n in range(100)]))
        ids = {n: id_of(each) for n, each in made.items()}
        now = dict(ids)
        for primary, other in [(0, 1), (2, 3), (50, 99), (2, 4)]:
            body = {"primaryObjectId": ids[primary], "objectIdToMerge": ids[other]}
            winner = (await hubspot.request("POST", f"{CONTACTS}/merge", json=body)).body["id"]
            now |= {n: winner for n, each in now.items() if each in {now[primary], now[other]}}
        updates = [Update(n, CONTACT, ids[n], {"lastname": "Lee"}) for n in range(100)]
        outcomes = await hubspot.carry_out(crm.dispatch(updates))
        assert now == {n: id_of(each) for n, each in outcomes.items()}
        assert {n: Written if now[n] == ids[n] else Found for n in range(100)} == {
            n: type(each) for n, each in outcomes.items()
        }
        again = [Lookup(n, CONTACT, f"k{n}", ids[n], ("lastname",)) for n in range(100)]
        assert now == {n: id_of(each) for n, each in (await hubspot.carry_out(crm.dispatch(again))).items()}


async def test_archived_and_erased_contacts_are_not_found(tmp_path: Path) -> None:
    """Asked for by address both are missing; an erased address is refused when it is written."""
    async with sandbox(tmp_path) as hubspot:
        crm = await ready(hubspot)
        archived, erased = await created(hubspot, [{"email": f"{name}@example.com"} for name in ("gone", "erased")])
        await hubspot.request("DELETE", f"{CONTACTS}/{archived}")
        assert 204 == (await hubspot.request("POST", f"{CONTACTS}/gdpr-delete", json={"objectId": erased})).status
        asked = [Match(n, CONTACT, "email", f"{name}@example.com") for n, name in enumerate(["gone", "erased"])]
        assert [Missing, Missing] == [type(each) for each in (await hubspot.carry_out(crm.dispatch(asked))).values()]
        step = Upsert(1, CONTACT, "k1", {"email": "erased@example.com"})
        assert "EMAIL_BLOCKED" == told((await hubspot.carry_out(crm.dispatch([step])))[1])


@pytest.mark.parametrize("unique", [True, False])
async def test_question_6_products_by_their_sku(tmp_path: Path, unique: bool) -> None:  # noqa: FBT001
    """Where SKUs are unique a product is found by its own and a second one conflicts; else both are told or made."""
    async with sandbox(tmp_path, unique_hs_sku=unique) as hubspot:
        crm = await ready(hubspot)
        path = "/crm/objects/2026-09/products"
        owner = (await hubspot.request("POST", path, json={"properties": {"hs_sku": "A-1", "name": "A"}})).body["id"]
        asked: list[Step] = [Match(n, PRODUCT, "hs_sku", sku) for n, sku in enumerate(["A-1", "a-1"])]
        matched = await hubspot.carry_out(crm.dispatch(asked))
        second = Upsert(3, PRODUCT, "k3", {"hs_sku": "A-1", "name": "B"})
        made = (await hubspot.carry_out(crm.dispatch([second])))[3]
        if unique:
            assert (owner, Missing) == (id_of(matched[0]), type(matched[1]))
            assert ("CONFLICT", "hs_sku", owner) == conflict(made)
        else:
            assert ["MATCH_NOT_UNIQUE"] * 2 == [told(each) for each in matched.values()]
            assert isinstance(made, Written)


async def test_question_7_an_archived_record_that_keeps_its_key(tmp_path: Path) -> None:
    """Where archived records keep their unique values, the conflict names our key and the archived record."""
    async with sandbox(tmp_path, archived_key="conflict") as hubspot:
        crm = await ready(hubspot)
        step = Upsert(1, DEAL, "k1", {"dealname": "D"})
        first = id_of((await hubspot.carry_out(crm.dispatch([step])))[1])
        assert Archived() == (await hubspot.carry_out(crm.dispatch([Archive(1, DEAL, first)])))[1]
        assert ("CONFLICT", "shopbridge_key", first) == conflict((await hubspot.carry_out(crm.dispatch([step])))[1])


@pytest.mark.parametrize("answer", ["existing", "coordinates"])
@pytest.mark.parametrize("judged", ["batch", "item"])
async def test_conflicts_tell_property_and_owner(tmp_path: Path, answer: str, judged: str) -> None:
    """Among forty updates two take an address that another has, one a key: each is told, the others are written."""
    async with sandbox(tmp_path, email_taken_by_update=answer, update_invalid=judged) as hubspot:
        crm = await ready(hubspot)
        made = await hubspot.carry_out(crm.dispatch([Upsert(n, CONTACT, f"k{n}", person(n)) for n in range(43)]))
        ids = {n: id_of(each) for n, each in made.items()}
        updates = [Update(n, CONTACT, ids[n], {"lastname": "Lee"}) for n in range(40)]
        updates[7] = Update(7, CONTACT, ids[7], {"email": "P40@example.com"})
        updates[8] = Update(8, CONTACT, ids[8], {"email": "p41@example.com"})
        updates[9] = Update(9, CONTACT, ids[9], {"lastname": "Lee"}, key="k42")
        outcomes = await hubspot.carry_out(crm.dispatch(updates))
        expected = {7: ("email", ids[40]), 8: ("email", ids[41]), 9: ("shopbridge_key", ids[42])}
        assert expected == {n: conflict(outcomes[n])[1:] for n in expected}
        assert {Written} == {type(each) for n, each in outcomes.items() if n not in expected}


def person(number: int) -> dict[str, Any]:
    return {"email": f"p{number}@example.com", "firstname": f"P{number}"}


async def created(hubspot: Sandbox, properties: list[dict[str, str]]) -> list[str]:
    """Contacts made by somebody else; their ids in the order given."""
    made = [await hubspot.request("POST", CONTACTS, json={"properties": each}) for each in properties]
    assert {201} == {answer.status for answer in made}
    return [str(answer.body["id"]) for answer in made]


def conflict(outcome: Outcome) -> tuple[str, str | None, str | None]:
    match outcome:
        case Refused(Refusal() as refusal):
            return refusal.type, refusal.property_name, refusal.existing_id
        case _:
            raise AssertionError(outcome)


def told(outcome: Outcome) -> str:
    return outcome.refusal.type if isinstance(outcome, Refused | SchemaRefused) else type(outcome).__name__


def id_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Written | Found), outcome
    return outcome.hubspot_id
