"""Contacts by e-mail address, and that steps are right in both positions of HubSpot's open question."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.message import ObjectType
from connector.operations.provision import Wanted, provision
from connector.outcome import (
    Found,
    Lookup,
    Match,
    Missing,
    NotSent,
    Outcome,
    Refused,
    Update,
    Upsert,
    Written,
)
from connector.sender.calls import Call, Failure, Reply
from connector.sender.contact_key import ContactKey
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.fakes import HubSpot, drive, error
from tests.unit.sender.in_process import Sandbox, sandbox

CONTACT = ObjectType.CONTACT
PARTIAL = ["keep", "blank", "reject"]


async def made_ready(hubspot: Sandbox) -> Crm:
    """An account that is provisioned, and the dialect once it knows its key."""
    paths = Paths("2026-09")
    await provision(hubspot, Wanted(paths, "shopbridge_key", {CONTACT: ()}, pipeline=False))
    key = ContactKey()
    crm = Crm(paths, contact_key=key)
    assert {} == await hubspot.carry_out(key.decide(crm._dialect, crm._judge(CONTACT), []))
    return crm


@pytest.mark.parametrize("unsent", PARTIAL)
async def test_contacts_by_email(tmp_path: Path, unsent: str) -> None:
    """Made, written again, adopted by any address; what others wrote stays; without an address refused."""
    async with sandbox(tmp_path, contacts_custom_key=False, strict_partial_email=unsent) as hubspot:
        crm = await made_ready(hubspot)
        theirs = await others(hubspot, email="old@example.com", hs_additional_emails="older@example.com", phone="1")
        steps = [
            Upsert(1, CONTACT, "k1", {"email": " New@Example.com", "firstname": "New"}),
            Upsert(2, CONTACT, "k2", {"email": "old@example.com", "firstname": "Old"}),
            Upsert(3, CONTACT, "k3", {"firstname": "Nobody"}),
            Upsert(4, CONTACT, "k4", {"email": "no address", "firstname": "Bad"}),
        ]
        made = await hubspot.carry_out(crm.dispatch(steps))
        assert isinstance(made[1], Written)
        assert Written(theirs) == made[2]
        assert ["CONTACT_WITHOUT_EMAIL", "INVALID_EMAIL_ADDRESS"] == [refusal(made[n]) for n in (3, 4)]
        assert {"email": "old@example.com", "firstname": "Old", "phone": "1", "shopbridge_key": "k2"} == await held(
            hubspot, theirs
        )
        again = await hubspot.carry_out(crm.dispatch(steps[:2]))
        assert {1: made[1].hubspot_id, 2: theirs} == {n: id_of(each) for n, each in again.items()}
        further = Upsert(5, CONTACT, "k5", {"email": "older@example.com", "firstname": "Older"})
        assert Written(theirs) == (await hubspot.carry_out(crm.dispatch([further])))[5]
        now = await held(hubspot, theirs)
        assert ("old@example.com", "Older", "1") == (now["email"], now["firstname"], now["phone"])


async def test_twins_never_go_together(tmp_path: Path) -> None:
    """Two records with one address, and one with the contact's other address: each gets the contact's id, in turn."""
    async with sandbox(tmp_path, contacts_custom_key=False) as hubspot:
        crm = await made_ready(hubspot)
        theirs = await others(hubspot, email="b@example.com", hs_additional_emails="b2@example.com")
        addresses = ["a@example.com", "A@Example.com ", "b@example.com", "b2@example.com", "c@example.com"]
        steps = [Upsert(n, CONTACT, f"k{n}", {"email": each, "firstname": f"N{n}"}) for n, each in enumerate(addresses)]
        ids = {n: id_of(each) for n, each in (await hubspot.carry_out(crm.dispatch(steps))).items()}
        assert (ids[0], theirs, theirs) == (ids[1], ids[2], ids[3])
        assert 3 == len(set(ids.values()))
        assert ["N1", "N3", "N4"] == [(await held(hubspot, ids[n]))["firstname"] for n in (1, 3, 4)]


ADDRESSES = ["a@x.com", "b@x.com", "b2@x.com", "c@x.com", "d@x.com", "d2@x.com", "d3@x.com"]
HELD = {"b@x.com": "b", "b2@x.com": "b", "d@x.com": "d", "d2@x.com": "d", "d3@x.com": "d"}


@given(
    asked=st.lists(st.tuples(st.sampled_from(ADDRESSES), st.sampled_from([str.upper, str.title, str])), max_size=12),
    unsent=st.sampled_from(PARTIAL),
)
@settings(deadline=None, max_examples=25)
def test_any_addresses_by_email(asked: list[tuple[str, Any]], unsent: str) -> None:
    """Whoever shares an address shares a contact, and nobody else does; what others wrote stays."""

    async def story(folder: Path) -> None:
        async with sandbox(folder, contacts_custom_key=False, strict_partial_email=unsent) as hubspot:
            crm = await made_ready(hubspot)
            theirs = {
                "b": await others(hubspot, email="b@x.com", hs_additional_emails="b2@x.com", phone="b"),
                "d": await others(hubspot, email="d@x.com", hs_additional_emails="d2@x.com;d3@x.com", phone="d"),
            }
            steps = [
                Upsert(n, CONTACT, f"k{n}", {"email": spell(address), "firstname": f"N{n}"})
                for n, (address, spell) in enumerate(asked)
            ]
            outcomes = await hubspot.carry_out(crm.dispatch(steps))
            ids = {n: id_of(outcomes[n]) for n in range(len(asked))}
            people = {n: HELD.get(address, address) for n, (address, _) in enumerate(asked)}
            assert {n: theirs[person] for n, person in people.items() if person in theirs} == {
                n: ids[n] for n, person in people.items() if person in theirs
            }
            assert len(set(people.values())) == len(set(ids.values()))
            for person, hubspot_id in theirs.items():
                assert person == (await held(hubspot, hubspot_id))["phone"]

    with TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder)))


@pytest.mark.parametrize("accepted", [True, False])
async def test_steps_are_alike_under_both_keys(tmp_path: Path, accepted: bool) -> None:  # noqa: FBT001
    """Match, adopt, look up by id, look up without id, and a key that another holds."""
    async with sandbox(tmp_path, contacts_custom_key=accepted) as hubspot:
        crm = await made_ready(hubspot)
        first = await others(hubspot, email="a@example.com")
        second = await others(hubspot, email="b@example.com")
        asked = [Match(1, CONTACT, "email", "A@example.com"), Match(2, CONTACT, "email", "c@example.com")]
        found = await hubspot.carry_out(crm.dispatch(asked))
        assert (first, Missing) == (id_of(found[1]), type(found[2]))
        adopted = await hubspot.carry_out(crm.dispatch([Update(1, CONTACT, first, {"firstname": "Ann"}, key="k1")]))
        assert Written(first) == adopted[1]
        lookups = [
            Lookup(1, CONTACT, "k1", None, ("firstname",), match_value="a@example.com"),
            Lookup(2, CONTACT, "k2", second, ("firstname",)),
            Lookup(3, CONTACT, "k3", None, ("firstname",), match_value="c@example.com"),
            Lookup(4, CONTACT, "k4", None, ()),
        ]
        read = await hubspot.carry_out(crm.dispatch(lookups))
        assert Found(first, {"firstname": "Ann"}) == read[1]
        assert Found(second, {"firstname": None}) == read[2]
        assert [Missing, Missing] == [type(read[n]) for n in (3, 4)]
        taken = (await hubspot.carry_out(crm.dispatch([Update(2, CONTACT, second, {}, key="k1")])))[2]
        assert isinstance(taken, Refused)
        assert ("CONFLICT", "shopbridge_key", first) == (
            taken.refusal.type,
            taken.refusal.property_name,
            taken.refusal.existing_id,
        )


def test_a_contact_made_meanwhile_is_found() -> None:
    """An upsert by e-mail that conflicts without a word of the owner finds the contact that came first."""
    hubspot = HubSpot()
    crm = Crm(Paths("2026-09"), contact_key=ContactKey("email"))

    def racing(call: Call) -> Reply:
        if not call.path.endswith("upsert"):
            return hubspot(call)
        hubspot.records["contacts"]["9"] = {"email": "a@x.example"}
        return error(409, "Contact already exists.", "CONFLICT")

    outcomes, calls = drive(crm.dispatch([Upsert(1, CONTACT, "k1", {"email": "a@x.example"})]), racing)
    assert "9" == id_of(outcomes[1])
    assert ["read", "upsert", "read"] == [call.path.rsplit("/", 1)[1] for call in calls]


def test_a_contact_removed_meanwhile_is_sent_again() -> None:
    """An update of a contact that was found and is gone was not written."""
    hubspot = HubSpot(records={"contacts": {"9": {"email": "a@x.example"}}})
    crm = Crm(Paths("2026-09"), contact_key=ContactKey("email"))

    def racing(call: Call) -> Reply:
        if call.path.endswith("update"):
            hubspot.records["contacts"].clear()
        return hubspot(call)

    outcomes, _ = drive(crm.dispatch([Upsert(1, CONTACT, "k1", {"email": "a@x.example"})]), racing)
    assert isinstance(outcomes[1], NotSent)


def test_a_lost_question_sends_nothing() -> None:
    """Where it is not known who has the address, nothing is written."""
    crm = Crm(Paths("2026-09"), contact_key=ContactKey("email"))
    step = Upsert(1, CONTACT, "k1", {"email": "a@x.example"})
    outcomes, calls = drive(crm.dispatch([step]), lambda _: Failure(sent=True, details="lost"))
    assert ({1: NotSent("lost")}, 1) == (outcomes, len(calls))


async def others(hubspot: Sandbox, **properties: str) -> str:
    """A contact made by somebody else."""
    made = await hubspot.request("POST", "/crm/objects/2026-09/contacts", json={"properties": properties})
    assert made.status == 201, made.text
    return str(made.body["id"])


async def held(hubspot: Sandbox, hubspot_id: str) -> dict[str, str]:
    names = "email,firstname,phone,shopbridge_key"
    read = await hubspot.request("GET", f"/crm/objects/2026-09/contacts/{hubspot_id}", params={"properties": names})
    return {name: text for name, text in read.body["properties"].items() if name in names.split(",") and text}


def refusal(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.type


def id_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Written | Found), outcome
    return outcome.hubspot_id
