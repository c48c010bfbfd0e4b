"""Batching and bisecting for any set of bad records, any order of answers, with and without judging by input."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import FatalError
from connector.message import LinkKind, ObjectType
from connector.outcome import (
    Ambiguous,
    Archive,
    Archived,
    Found,
    LinkStep,
    Lookup,
    Missing,
    Outcome,
    Refused,
    Step,
    Update,
    Upsert,
    Written,
)
from connector.sender.associations import Associations
from connector.sender.batch import Item, carry_out
from connector.sender.calls import Answer, Call, CallKind, Failure, Reply, fate, words
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.fakes import HubSpot, contact, drive, known

CRM = Crm(Paths("2026-09"))
STEP_KINDS = ["upsert", "update", "archive", "lookup"]


def bad_email(properties: Mapping[str, str]) -> dict[str, Any] | None:
    """HubSpot's fault for an address without an @."""
    if "@" in properties.get("email", "@"):
        return None
    message = f"Email address {properties['email']} is invalid"
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "message": "Property values were not valid",
        "errors": [{"code": "INVALID_EMAIL", "message": message, "context": {"propertyName": ["email"]}}],
    }


def taken(properties: Mapping[str, str]) -> dict[str, Any] | None:
    """HubSpot's conflict, which names the owner and not the input."""
    if properties.get("email") != "taken":
        return None
    return {"status": "error", "category": "CONFLICT", "message": "Contact already exists. Existing ID: 999"}


MANNERS = st.builds(
    HubSpot,
    st.just(bad_email),
    traced=st.booleans(),
    echo=st.booleans(),
    shuffle=st.builds(random.Random, st.integers()),
)


@given(
    size=st.integers(1, 100), bad=st.sets(st.integers(0, 99)), hubspot=MANNERS, kind=st.sampled_from([Upsert, Update])
)
@settings(deadline=None)
def test_exactly_the_bad_ones_are_refused(size: int, bad: set[int], hubspot: HubSpot, kind: type[Step]) -> None:
    """Every bad record is refused, every good one written, within the bound on calls."""
    bad = {number for number in bad if number < size}
    steps: list[Step] = [
        contact(number, email=f"no{number}" if number in bad else f"a{number}@x.example") for number in range(size)
    ]
    if kind is Update:
        hubspot.records["contacts"] |= {str(500 + number): {} for number in range(size)}
        steps = [known(step, str(500 + number)) for number, step in enumerate(steps)]
    outcomes, calls = drive(CRM.dispatch(steps), hubspot)
    assert {number: number in bad for number in range(size)} == refused(outcomes)
    assert {properties["email"] for properties in hubspot.records["contacts"].values() if "email" in properties} == {
        f"a{number}@x.example" for number in range(size) if number not in bad
    }
    assert len(calls) <= (1 if hubspot.traced else most_calls(size, len(bad)))


@given(size=st.integers(1, 100), bad=st.sets(st.integers(0, 99)), seed=st.integers())
@settings(deadline=None)
def test_conflicts_of_whole_batches_are_halved(size: int, bad: set[int], seed: int) -> None:
    """A conflict that refuses whole batches and names no input ends at the conflicting records alone."""
    hubspot = HubSpot(taken, traced=False, shuffle=random.Random(seed))
    bad = {number for number in bad if number < size}
    steps = [contact(number, email="taken" if number in bad else "") for number in range(size)]
    outcomes, calls = drive(CRM.dispatch(steps), hubspot)
    assert {number: number in bad for number in range(size)} == refused(outcomes)
    assert len(calls) <= most_calls(size, len(bad))


@given(
    fates=st.lists(st.sampled_from(["there", "gone", "merged"]), min_size=1, max_size=100),
    hubspot=MANNERS,
)
@settings(deadline=None)
def test_updates_of_records_that_moved(fates: list[str], hubspot: HubSpot) -> None:
    """Written where it is there, Missing where it is gone, Found elsewhere where it was merged away."""
    for number, each in enumerate(fates):
        if each == "there":
            hubspot.records["contacts"][str(500 + number)] = {}
        if each == "merged":
            hubspot.records["contacts"][str(900 + number)] = {}
            hubspot.merged[str(500 + number)] = str(900 + number)
    steps = [Update(number, ObjectType.CONTACT, str(500 + number), {"a": "1"}) for number in range(len(fates))]
    outcomes, _ = drive(CRM.dispatch(steps), hubspot)
    expected = {"there": Written, "gone": Missing, "merged": Found}
    assert {number: expected[each] for number, each in enumerate(fates)} == kinds(outcomes)
    elsewhere = {number: outcome.hubspot_id for number, outcome in outcomes.items() if isinstance(outcome, Found)}
    assert {number: str(900 + number) for number, each in enumerate(fates) if each == "merged"} == elsewhere


@given(
    kinds_of=st.lists(st.sampled_from(STEP_KINDS), min_size=1, max_size=350),
    alone=st.sets(st.integers(0, 349)),
)
@settings(deadline=None, max_examples=30)
def test_every_step_has_one_outcome(kinds_of: list[str], alone: set[int]) -> None:
    """Any mixture and number of steps: one outcome each, at most 100 inputs a call, refused-before ones apart."""
    hubspot = HubSpot()
    hubspot.records["contacts"] |= {str(500 + number): {"shopbridge_key": f"k{number}"} for number in range(350)}
    steps = [mixed(number, kind, alone=number in alone) for number, kind in enumerate(kinds_of)]
    outcomes, calls = drive(CRM.dispatch(steps), hubspot)
    expected = {"upsert": Written, "update": Written, "archive": Archived, "lookup": Found}
    assert {number: expected[kind] for number, kind in enumerate(kinds_of)} == kinds(outcomes)
    apart = {f"key-{number}" for number in alone} | {str(500 + number) for number in alone}
    for call in calls:
        ids = {item["id"] for item in call.json["inputs"]}
        assert len(ids) <= 100
        assert not (ids & apart) or ids <= apart


WORDS = ["status", "COMPLETE", "results", "errors", "category", "message", "context", "ids", "id", "objectWriteTraceId"]
WORDS += [
    "VALIDATION_ERROR",
    "OBJECT_NOT_FOUND",
    "from",
    "to",
    "associationSpec",
    "associationTypeId",
    "properties",
    "1",
]
WORDS += ["code", "INVALID_OPTION", "propertyName", "a", 'x [{"error":"READ_ONLY_VALUE"}]', "shopbridge_key", "k1", "7"]
TEXTS = st.sampled_from(WORDS) | st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 30) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)
STATUSES = st.sampled_from([200, 201, 204, 207, 302, 400, 401, 403, 404, 409, 413, 423, 429, 477, 500, 503, 524])
REPLIES = st.builds(Answer, STATUSES, st.just({}), JSON) | st.builds(Failure, st.booleans(), st.just("lost"))


@given(replies=st.lists(REPLIES, min_size=1, max_size=20))
@settings(deadline=None, max_examples=500)
def test_no_answer_makes_the_dialect_raise(replies: list[Reply]) -> None:
    """Whatever JSON and status come back: one outcome for each step and link, and an end."""
    steps: list[Step] = [mixed(number, kind, alone=False) for number, kind in enumerate(STEP_KINDS * 2)]
    turning = itertools.cycle(replies)
    outcomes, calls = drive(CRM.dispatch(steps), lambda _: next(turning))
    assert set(outcomes) == {step.record for step in steps}
    assert len(calls) <= 8 * len(steps)
    links = [LinkStep(number, LinkKind.DEAL_CONTACT, str(number), "7", make=number % 2 == 0) for number in range(6)]
    linked, _ = drive(Associations(CRM.paths).dispatch(links), lambda _: next(turning))
    assert set(linked) == set(range(6))
    assert all(fate(reply) and words(reply) for reply in replies)


def test_one_record_has_one_writer() -> None:
    """Two steps for one key in one batch are a fault of ours, found before anything is sent."""
    steps = [Upsert(1, ObjectType.DEAL, "k", {}), Upsert(2, ObjectType.DEAL, "k", {})]
    with pytest.raises(FatalError, match="same HubSpot record: k"):
        drive(CRM.dispatch(steps), HubSpot())


def test_an_answer_that_nobody_foresaw_is_ambiguous() -> None:
    """A verb that raises over an answer makes its call ambiguous, with the traceback in the details."""

    class Raising:
        def call(self, batch: Any) -> Call:
            return CRM._dialect.call(ObjectType.DEAL, "upsert", CallKind.WRITE, {"inputs": []}, len(batch))

        def accept(self, *_: Any) -> Any:
            raise KeyError("the unforeseen")

        refuse = certain = accept

    outcomes, _ = drive(carry_out(Raising(), [Item(1, ObjectType.DEAL, "k")]), ok)
    assert isinstance(outcomes[1], Ambiguous)
    assert "KeyError: 'the unforeseen'" in outcomes[1].details


def ok(call: Call) -> Reply:
    del call
    return Answer(200, {}, {"status": "COMPLETE", "results": []})


def mixed(number: int, kind: str, *, alone: bool) -> Step:
    match kind:
        case "upsert":
            return Upsert(number, ObjectType.CONTACT, f"key-{number}", {"a": "1"}, alone)
        case "update":
            return Update(number, ObjectType.CONTACT, str(500 + number), {"a": "1"}, alone)
        case "archive":
            return Archive(number, ObjectType.CONTACT, str(500 + number), alone)
        case _:
            return Lookup(number, ObjectType.CONTACT, f"k{number}", str(500 + number), (), alone)


def refused(outcomes: Mapping[int, Outcome]) -> dict[int, bool]:
    return {number: is_refused(outcome) for number, outcome in outcomes.items()}


def is_refused(outcome: Any) -> bool:
    assert isinstance(outcome, Refused | Written)
    return isinstance(outcome, Refused)


def kinds(outcomes: Mapping[int, Outcome]) -> dict[int, type[Outcome]]:
    return {number: type(outcome) for number, outcome in outcomes.items()}


def most_calls(size: int, bad: int) -> int:
    """Halving: for each bad record two calls a level, and never more than a tree with `size` leaves has nodes."""
    return min(1 + 2 * bad * math.ceil(math.log2(size)) if size > 1 else 1, 2 * size - 1)
