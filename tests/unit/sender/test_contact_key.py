"""What contacts are written by: tried once, when it is first needed, and only a clear answer decides."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connector.message import ObjectType
from connector.outcome import (
    Ambiguous,
    Found,
    Lookup,
    Match,
    NotSent,
    Outcome,
    SchemaRefused,
    Step,
    Update,
    Upsert,
    Written,
)
from connector.sender.calls import Answer, Call, Failure, Reply
from connector.sender.contact_key import ContactKey
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.fakes import HubSpot, drive, error, fly
from tests.unit.sender.in_process import sandbox
from tests.unit.sender.scene import Scene
from tests.unit.sender.test_by_email import made_ready

CONTACT = ObjectType.CONTACT


@pytest.mark.parametrize("answer", ["create", "refuse", "restore", "conflict"])
@pytest.mark.parametrize(("accepted", "by"), [(True, "shopbridge_key"), (False, "email")])
async def test_the_key_is_tried_and_nothing_is_left(tmp_path: Path, accepted: bool, by: str, answer: str) -> None:  # noqa: FBT001
    """Each start tries it, whatever the account does with keys of archived records; no contact stays behind."""
    async with sandbox(tmp_path, contacts_custom_key=accepted, archived_key=answer) as hubspot:
        for _ in range(3):
            crm = await made_ready(hubspot)
            assert by == (crm.contact_key and crm.contact_key.by)
        left = await hubspot.request("GET", "/crm/objects/2026-09/contacts")
        assert [] == left.body["results"]


@pytest.mark.parametrize(
    ("replies", "outcome", "by"),
    [
        ([Failure(sent=True, details="lost")], Ambiguous, None),
        ([Failure(sent=False, details="no line")], NotSent, None),
        ([error(401, "who are you", "INVALID_AUTHENTICATION")], NotSent, None),
        ([error(403, "no rights", "MISSING_SCOPES")], SchemaRefused, None),
        ([error(400, "some required properties were not set")], Written, "shopbridge_key"),
        (["non-unique", Answer(200, {}, {"hasUniqueValue": True})], Written, "email"),
        (["non-unique", Answer(200, {}, {"hasUniqueValue": False})], SchemaRefused, None),
        (["non-unique", Answer(500, {}, None)], SchemaRefused, None),
        (["made", Failure(sent=True, details="lost")], Ambiguous, None),
        (["made", error(400, "may not be removed")], Written, "shopbridge_key"),
        (["made", Answer(204, {}, None)], Written, "shopbridge_key"),
    ],
)
def test_what_the_trial_concludes(replies: list[Any], outcome: type[Outcome], by: str | None) -> None:
    """Only a clear answer decides; a property that is not unique itself is no reason to go by e-mail."""
    message = "Unable to perform update/upsert by non-unique 0-1 property shopbridge_key in portal ID 1"
    made = Answer(200, {}, {"status": "COMPLETE", "results": [{"id": "77", "objectWriteTraceId": "0"}]})
    scripted = iter([{"non-unique": error(400, message), "made": made}.get(str(each), each) for each in replies])
    told: list[ContactKey] = []
    key = ContactKey(tell=told.append)
    crm = Crm(Paths("2026-09"), contact_key=key)
    concluded, calls = drive(key.trial(crm._dialect, crm._judge(CONTACT)), lambda _: next(scripted))
    assert (outcome, by) == (type(concluded), key.by)
    assert len(replies) == len(calls)
    assert ([] if by is None else [key]) == told
    assert ("77" if replies[-1] == error(400, "may not be removed") else None) == key.left


def test_contacts_wait_for_the_trial_and_others_do_not() -> None:
    """While HubSpot is away nothing goes; once it answers, the trial goes before the first contact, and once."""

    async def story() -> None:
        scene = Scene(contact_key=ContactKey())
        scene.fail_until(60.0, Answer(503, {}, None))
        scene.contacts(150)
        scene.desk.add(Upsert(999, ObjectType.DEAL, "d", {"dealname": "D"}))
        await scene.until(lambda: scene.desk.idle)
        assert {"Written"} == {scene.outcomes(number)[-1] for number in [*range(150), 999]}
        contacts = [sent for sent in scene.wire.sent if "/contacts/" in sent.path and sent.at >= 60.0]
        assert ["upsert", "archive", "upsert", "upsert"] == [sent.path.rsplit("/", 1)[1] for sent in contacts]
        assert "shopbridge:setup:probe" == contacts[0].json["inputs"][0]["id"]

    fly(story())


def test_nothing_is_tried_while_no_contact_has_to_be_found() -> None:
    """Contacts with an id are written, read and asked for without a trial; a worker at rest writes nothing."""
    hubspot = HubSpot(records={"contacts": {"1": {"email": "a@x.example"}, "2": {}}})
    crm = Crm(Paths("2026-09"), contact_key=ContactKey())
    steps: list[Step] = [
        Update(1, CONTACT, "1", {"firstname": "A"}, key="k1"),
        Lookup(2, CONTACT, "k2", "2", ()),
        Match(3, CONTACT, "email", "a@x.example"),
    ]
    outcomes, calls = drive(crm.dispatch(steps), hubspot)
    assert {1: Written, 2: Found, 3: Found} == {number: type(each) for number, each in outcomes.items()}
    assert ["update", "read", "read"] == [call.path.rsplit("/", 1)[1] for call in calls]


def test_a_trial_that_fails_holds_up_only_what_needs_it() -> None:
    """Contacts without an id are left for later, or refused with the schema; those with one go on."""
    hubspot = HubSpot(records={"contacts": {"1": {}}})
    steps: list[Step] = [Update(1, CONTACT, "1", {"firstname": "A"}), Upsert(2, CONTACT, "k2", {"firstname": "B"})]
    for refused, outcome in [(error(503, "away"), NotSent), (error(403, "no", "MISSING_SCOPES"), SchemaRefused)]:
        crm = Crm(Paths("2026-09"), contact_key=ContactKey())
        answer = partial(_but_upserts, hubspot, refused)
        outcomes, _ = drive(crm.dispatch(steps), answer)
        assert [Written, outcome] == [type(outcomes[number]) for number in (1, 2)]


def _but_upserts(hubspot: HubSpot, refused: Reply, call: Call) -> Reply:
    return refused if call.path.endswith("upsert") else hubspot(call)


def test_a_missing_key_property_pauses_contacts_with_one_alert() -> None:
    """The trial tells before any contact is sent; contacts go on by themselves once the property is there."""

    async def story() -> None:
        mended = 100.0
        scene = Scene(contact_key=ContactKey())
        fault = {"code": "PROPERTY_DOESNT_EXIST", "message": "no", "context": {"propertyName": ["shopbridge_key"]}}
        scene.wire.override = lambda: (
            error(400, "Property values were not valid", errors=[fault]) if scene.loop.time() < mended else None
        )
        scene.contacts(5)
        scene.wire.define = lambda _: Answer(200, {}, {"hasUniqueValue": True})
        await scene.until(lambda: scene.desk.idle and "sender.resumed" in scene.events)
        assert ["sender.paused", "sender.resumed"] == scene.events
        assert ["SchemaRefused", "Written"] == scene.outcomes(1)

    fly(story())
