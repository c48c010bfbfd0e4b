"""Asking for records in use: whatever order, omissions, addresses and case HubSpot answers in, each gets its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.message import ObjectType
from connector.outcome import Ambiguous, Found, Match, Missing, NotSent, Outcome, Update, Written
from connector.sender.calls import Answer, Call, Reply
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.fakes import HubSpot, drive

CRM = Crm(Paths("2026-09"))
PEOPLE = 30


@dataclass
class Contacts:
    """Contacts with a primary address and further ones, read by e-mail in one of the manners that HubSpot may have.

    `once`: a record that is asked for twice is answered once. `hides`: further addresses are not shown. `nameless`: the
    error for missing ones names none. `quiet`: addresses that no answer ever speaks of.
    """

    chance: random.Random
    once: bool = False
    hides: bool = False
    nameless: bool = False
    quiet: frozenset[str] = frozenset()
    calls: list[Sequence[str]] = field(default_factory=list)

    def __call__(self, call: Call) -> Reply:
        asked = [str(item["id"]) for item in call.json["inputs"]]
        self.calls.append(asked)
        assert len(asked) == len({text.strip().lower() for text in asked}) <= 100
        owners = {text: owner_of(text) for text in asked if text not in self.quiet}
        there = [owner for owner in owners.values() if owner is not None]
        there = list(dict.fromkeys(there)) if self.once else there
        results = [self.shown(person) for person in there]
        missing = [self.spelt(text) for text, owner in owners.items() if owner is None]
        self.chance.shuffle(results)
        context = {} if self.nameless else {"context": {"ids": missing}}
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some", **context}
        body = {"status": "COMPLETE", "results": results, "errors": [error] if missing else []}
        return Answer(207 if missing else 200, {}, body)

    def shown(self, person: int) -> dict[str, Any]:
        further = None if self.hides else ";".join(map(self.spelt, further_of(person)))
        properties = {"email": self.spelt(primary_of(person)), "hs_additional_emails": further}
        return {"id": str(person), "properties": {**properties, "shopbridge_key": f"key-{person}", "createdate": "x"}}

    def spelt(self, text: str) -> str:
        return self.chance.choice([text, text.upper(), text.title()])


def primary_of(person: int) -> str:
    return f"p{person}@x.example"


def further_of(person: int) -> list[str]:
    return [f"p{person}f{number}@x.example" for number in range(person % 3)]


def owner_of(text: str) -> int | None:
    """Every third of the people is not in HubSpot."""
    person = int(text.strip().lower()[1:].split("@")[0].split("f")[0])
    known = text.strip().lower() in {primary_of(person), *further_of(person)}
    return person if known and person % 3 != 1 else None


ADDRESSES = [text for person in range(PEOPLE) for text in (primary_of(person), f"p{person}f0@x.example")]
SPELLINGS = st.sampled_from([str.lower, str.upper, str.title, lambda text: f"  {text} "])
ASKED = st.lists(st.tuples(st.sampled_from(ADDRESSES), SPELLINGS), min_size=1, max_size=120)
MANNERS = st.builds(
    Contacts,
    st.builds(random.Random, st.integers()),
    once=st.booleans(),
    hides=st.booleans(),
    nameless=st.booleans(),
    quiet=st.frozensets(st.sampled_from(ADDRESSES), max_size=5),
)


@given(asked=ASKED, hubspot=MANNERS)
@settings(deadline=None)
def test_each_asker_gets_the_holder_of_its_address(asked: list[tuple[str, Any]], hubspot: Contacts) -> None:
    """Found with the right id and key, or Missing; only those that HubSpot never speaks of are left for later."""
    steps = [Match(number, ObjectType.CONTACT, "email", spell(text)) for number, (text, spell) in enumerate(asked)]
    outcomes, calls = drive(CRM.dispatch(steps), hubspot)
    assert set(range(len(asked))) == set(outcomes)
    for number, (text, _) in enumerate(asked):
        told = holder(outcomes[number])
        assert told in {owner_of(text), "later"} if text in hubspot.quiet else told == owner_of(text)
    assert len(calls) <= 2 * len(asked)


def holder(outcome: Outcome) -> int | str | None:
    match outcome:
        case Found(hubspot_id, properties):
            assert properties["shopbridge_key"] == f"key-{hubspot_id}"
            assert {"email", "hs_additional_emails", "shopbridge_key"} == set(properties)
            return int(hubspot_id)
        case Missing():
            return None
        case NotSent():
            return "later"
        case _:
            raise AssertionError(outcome)


@dataclass
class Forgetful(HubSpot):
    """Carries everything out, and never speaks of some records."""

    quiet: frozenset[str] = frozenset()

    def _answer(self, results: list[Any], errors: list[Any]) -> Answer:
        return super()._answer([result for result in results if result["id"] not in self.quiet], errors)


@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=60),
    hubspot=st.builds(
        Forgetful,
        echo=st.booleans(),
        shuffle=st.builds(random.Random, st.integers()),
        quiet=st.frozensets(st.integers(500, 560).map(str), max_size=4),
    ),
)
@settings(deadline=None)
def test_what_is_found_is_adopted_with_our_key(sizes: list[int], hubspot: Forgetful) -> None:
    """Each gets its own key and values in one call; one that HubSpot says nothing of may be written or not."""
    held = {str(500 + number): dict[str, str]() for number in range(len(sizes))}
    hubspot.records["contacts"] = held
    steps = [
        Update(number, ObjectType.CONTACT, str(500 + number), {"firstname": "A" * size}, key=f"key-{number}")
        for number, size in enumerate(sizes)
    ]
    outcomes, calls = drive(CRM.dispatch(steps), hubspot)
    assert set(range(len(sizes))) == set(outcomes)
    for number, outcome in outcomes.items():
        quiet = str(500 + number) in hubspot.quiet
        assert isinstance(outcome, Ambiguous) if quiet else outcome == Written(str(500 + number))
    expected = {"firstname": "A" * sizes[0], "shopbridge_key": "key-0"}
    assert expected == held["500"]
    assert [f"key-{number}" for number in range(len(sizes))] == [each["shopbridge_key"] for each in held.values()]
    assert 1 == sum(call.path.endswith("update") for call in calls)
