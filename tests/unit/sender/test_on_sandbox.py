"""The dialect on the sandbox: right under each answer to the questions that HubSpot's documents leave open."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connector.message import LinkKind, ObjectType
from connector.operations.provision import Wanted, provision
from connector.outcome import (
    Archive,
    Archived,
    Found,
    LinkStep,
    Lookup,
    Missing,
    Outcome,
    Refused,
    SchemaRefused,
    Update,
    Upsert,
    Written,
)
from connector.sender.associations import Associations
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.in_process import Sandbox, sandbox

CONTACT = ObjectType.CONTACT
VERSIONS = ["2026-09", "2026-03", "v3"]

MANNERS: list[dict[str, Any]] = [
    {
        "upsert_conflict": conflict,
        "echo_trace_id_in_results": echo,
        "update_invalid": invalid,
        "trace_id_in_errors": traced,
    }
    for conflict, echo, invalid, traced in product(["batch", "item"], [False, True], ["batch", "item"], [False, True])
]


async def provisioned(hubspot: Sandbox) -> Crm:
    paths = Paths("2026-09")
    await provision(hubspot, Wanted(paths, "shopbridge_key", dict.fromkeys(ObjectType, ()), pipeline=False))
    return Crm(paths)


def contacts(size: int, bad: set[int], taken: set[int]) -> list[Upsert]:
    def email(number: int) -> str:
        if number in bad:
            return f"bad{number}@@example"
        return f"taken{number}@example.com" if number in taken else f"A{number}@Example.com"

    return [Upsert(number, CONTACT, f"key-{number}", {"email": email(number)}) for number in range(size)]


@pytest.mark.parametrize("manners", MANNERS, ids=lambda manners: "-".join(str(value) for value in manners.values()))
async def test_writes_under_all_manners(tmp_path: Path, manners: dict[str, Any]) -> None:
    """Of sixty contacts three have bad addresses and two another's: exactly those are refused, with cause and owner."""
    bad, taken = {3, 30, 59}, {7, 31}
    async with sandbox(tmp_path, **manners) as hubspot:
        crm = await provisioned(hubspot)
        owners = await hubspot.carry_out(
            crm.dispatch([Upsert(900 + n, CONTACT, f"owner-{n}", {"email": f"taken{n}@example.com"}) for n in taken])
        )
        before = hubspot.calls
        outcomes = await hubspot.carry_out(crm.dispatch(contacts(60, bad, taken)))
        assert {n: expected(n, bad, taken) for n in range(60)} == {n: told(each) for n, each in outcomes.items()}
        assert {n: id_of(owners[900 + n]) for n in taken} == {n: owner_of(outcomes[n]) for n in taken}
        assert hubspot.calls - before < 60
        good = [n for n in range(60) if n not in bad | taken]
        updates = [
            Update(n, CONTACT, id_of(outcomes[n]), {"email": contacts(60, {good[0]}, set())[n].properties["email"]})
            for n in good[:20]
        ]
        gone = Update(990, CONTACT, "123456789", {"firstname": "x"})
        again = await hubspot.carry_out(crm.dispatch([*updates, gone]))
        assert told(again.pop(990)) == "Missing"
        assert {n: expected(n, {good[0]}, set()) for n in good[:20]} == {n: told(each) for n, each in again.items()}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dead", ["batch", "item"])
async def test_links_with_a_dead_id(tmp_path: Path, version: str, dead: str) -> None:
    """Pairs with a dead end are refused, the others made; unmaking works whatever is dead."""
    async with sandbox(tmp_path, association_dead_id=dead) as hubspot:
        crm = await provisioned(hubspot)
        name = {CONTACT: "firstname", ObjectType.DEAL: "dealname"}
        steps = [
            Upsert(n, kind, f"key-{n}", {name[kind]: "x"})
            for n, kind in enumerate([CONTACT] * 30 + [ObjectType.DEAL] * 30)
        ]
        made = {n: id_of(each) for n, each in (await hubspot.carry_out(crm.dispatch(steps))).items()}
        associations = Associations(Paths(version))
        pairs = [LinkStep(n, LinkKind.DEAL_CONTACT, made[30 + n], made[n], make=True) for n in range(30)]
        corpses = [LinkStep(100 + n, LinkKind.DEAL_CONTACT, made[30 + n], f"99{n}", make=True) for n in range(3)]
        linked = await hubspot.carry_out(associations.dispatch([*pairs, *corpses]))
        assert dict.fromkeys(range(30), "Written") | {100 + n: "INVALID_ASSOCIATION_PROPERTY" for n in range(3)} == {
            n: told(each) for n, each in linked.items()
        }
        assert len(await parents(hubspot, made[30])) == 1
        undone = [LinkStep(step.link, step.kind, step.child_id, step.parent_id, make=False) for step in pairs]
        await hubspot.carry_out(
            associations.dispatch([*undone, LinkStep(100, LinkKind.DEAL_CONTACT, "98", "99", make=False)])
        )
        assert await parents(hubspot, made[30]) == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_archive_and_look_up(tmp_path: Path, version: str) -> None:
    """What is archived is missing by id and by key; archiving it again is no fault."""
    async with sandbox(tmp_path) as hubspot:
        await provisioned(hubspot)
        crm = Crm(Paths(version))
        made = await hubspot.carry_out(
            crm.dispatch([Upsert(n, ObjectType.PRODUCT, f"key-{n}", {"name": f"P{n}"}) for n in (1, 2)])
        )
        for _ in range(2):
            (gone,) = (await hubspot.carry_out(crm.dispatch([Archive(1, ObjectType.PRODUCT, id_of(made[1]))]))).values()
            assert gone == Archived()
        looked = [
            Lookup(1, ObjectType.PRODUCT, "key-1", id_of(made[1]), ("name",)),
            Lookup(2, ObjectType.PRODUCT, "key-2", id_of(made[2]), ("name", "price")),
            Lookup(3, ObjectType.PRODUCT, "key-1", None, ("name",)),
            Lookup(4, ObjectType.PRODUCT, "key-2", None, ("name",)),
        ]
        found = await hubspot.carry_out(crm.dispatch(looked))
        assert isinstance(found[1], Missing)
        assert found[2] == Found(id_of(made[2]), {"name": "P2", "price": None})
        assert isinstance(found[3], Missing)
        assert found[4] == Found(id_of(made[2]), {"name": "P2"})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("create", "Written"), ("restore", "Written"), ("refuse", "UNKNOWN_ERROR"), ("conflict", "CONFLICT")],
)
async def test_the_key_of_an_archived_record(tmp_path: Path, answer: str, outcome: str) -> None:
    """Made anew, brought back, or refused in HubSpot's words: never lost in silence."""
    async with sandbox(tmp_path, archived_key=answer) as hubspot:
        crm = await provisioned(hubspot)
        step = Upsert(1, ObjectType.DEAL, "key-1", {"dealname": "D"})
        made = await hubspot.carry_out(crm.dispatch([step]))
        await hubspot.carry_out(crm.dispatch([Archive(1, ObjectType.DEAL, id_of(made[1]))]))
        assert told((await hubspot.carry_out(crm.dispatch([step])))[1]) == outcome


async def test_records_that_users_merged(tmp_path: Path) -> None:
    """An update of a merged record finds where it is now."""
    async with sandbox(tmp_path) as hubspot:
        crm = await provisioned(hubspot)
        steps = [Upsert(n, CONTACT, f"key-{n}", {"firstname": "Ann"}) for n in (1, 2, 3)]
        made = await hubspot.carry_out(crm.dispatch(steps))
        merge = {"primaryObjectId": id_of(made[1]), "objectIdToMerge": id_of(made[2])}
        merged = await hubspot.request("POST", "/crm/objects/2026-09/contacts/merge", json=merge)
        updates = [Update(n, CONTACT, id_of(made[n]), {"firstname": "Anna"}) for n in (1, 2, 3)]
        outcomes = await hubspot.carry_out(crm.dispatch(updates))
        assert {1: merged.body["id"], 2: merged.body["id"], 3: id_of(made[3])} == {
            n: id_of(each) for n, each in outcomes.items()
        }
        assert isinstance(outcomes[2], Found)


async def test_an_account_that_refuses_our_key_on_contacts(tmp_path: Path) -> None:
    """The type pauses after one call, whatever the number of records."""
    async with sandbox(tmp_path, contacts_custom_key=False) as hubspot:
        crm = await provisioned(hubspot)
        before = hubspot.calls
        outcomes = await hubspot.carry_out(crm.dispatch(contacts(100, set(), set())))
        assert {told(each) for each in outcomes.values()} == {"KEY_NOT_UNIQUE"}
        assert hubspot.calls == before + 1


async def test_an_unknown_property_pauses_after_one_call(tmp_path: Path) -> None:
    """A property that is not there is no record's fault, and no batch is split over it."""
    async with sandbox(tmp_path) as hubspot:
        crm = await provisioned(hubspot)
        before = hubspot.calls
        steps = [Upsert(n, ObjectType.DEAL, f"key-{n}", {"ghost": str(n)}) for n in range(100)]
        outcomes = await hubspot.carry_out(crm.dispatch(steps))
        assert {told(each) for each in outcomes.values()} == {"PROPERTY_DOESNT_EXIST"}
        assert hubspot.calls == before + 1


@pytest.mark.parametrize(
    ("object_type", "properties", "error_type"),
    [
        (CONTACT, {"email": "no-at-sign"}, "INVALID_EMAIL_ADDRESS"),
        (CONTACT, {"lifecyclestage": "friend"}, "INVALID_ENUM_PROPERTY"),
        (ObjectType.DEAL, {"dealstage": "nowhere"}, "INVALID_DEAL_STAGE"),
        (ObjectType.DEAL, {"amount": "a lot"}, "INVALID_NUMBER"),
        (ObjectType.DEAL, {"closedate": "yesterday"}, "INVALID_NUMBER"),
        (ObjectType.LINE_ITEM, {"amount": "5"}, "READ_ONLY_VALUE"),
        (ObjectType.DEAL, {"pipeline": "nowhere"}, "UNKNOWN_PIPELINE"),
    ],
)
async def test_kinds_of_refusal(
    tmp_path: Path, object_type: ObjectType, properties: dict[str, str], error_type: str
) -> None:
    """What HubSpot's validation says of a value becomes an entry of the catalogue."""
    async with sandbox(tmp_path) as hubspot:
        crm = await provisioned(hubspot)
        outcomes = await hubspot.carry_out(crm.dispatch([Upsert(1, object_type, "key-1", properties)]))
        assert told(outcomes[1]) == error_type


async def parents(hubspot: Sandbox, deal: str) -> list[Any]:
    body = {"inputs": [{"id": deal}]}
    read = await hubspot.request("POST", "/crm/associations/2026-09/deals/contacts/batch/read", json=body)
    return [end for result in read.body["results"] for end in result["to"]]


def expected(number: int, bad: set[int], taken: set[int]) -> str:
    if number in bad:
        return "INVALID_EMAIL_ADDRESS"
    return "CONFLICT" if number in taken else "Written"


def told(outcome: Outcome) -> str:
    return outcome.refusal.type if isinstance(outcome, Refused | SchemaRefused) else type(outcome).__name__


def id_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Written | Found), outcome
    return outcome.hubspot_id


def owner_of(outcome: Outcome) -> str | None:
    assert isinstance(outcome, Refused)
    return outcome.refusal.existing_id
