"""One record beside what it should hold; whose record a key names; what mends a finding and what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.ledger.state import Fate
from connector.message import (
    Action,
    DeletePolicy,
    Link,
    LinkKind,
    ObjectRef,
    ObjectType,
    Origin,
    Source,
    SyncMessage,
)
from connector.message import Reason as Why
from connector.operations.verifying import repair_plan
from connector.operations.verifying.findings import Finding, Kind, Reason
from connector.operations.verifying.judging import Expected, Held, WantedLink, judge
from connector.operations.verifying.keys import Owner, Owners

DEAL, CONTACT = ObjectType.DEAL, ObjectType.CONTACT
TO_CONTACT = LinkKind.DEAL_CONTACT
ORDER = Expected(DEAL, ("s:DEAL:1",), Fate.KEEP, {"amount": Decimal("1.50")})
RECORD = Held("900", {"amount": "1.5"})


def link(name: str, parent_id: str | None, *, is_due: bool = True) -> WantedLink:
    return WantedLink(TO_CONTACT, ObjectRef("s", CONTACT, name), parent_id, is_due)


def linked(**keys: str | None) -> Held:
    """A record associated with contacts: id (without its first letter) → our key of it."""
    return replace(RECORD, parents={TO_CONTACT: {name[1:]: key for name, key in keys.items()}})


def kinds(expected: Expected, held: Held | None) -> list[Kind]:
    return [each.kind for each in judge(expected, held, {"amount": "number"})]


@pytest.mark.parametrize("fate", Fate)
def test_what_should_not_be_there_is_missed_by_nobody(fate: Fate) -> None:
    """Only a record that the shop wants is missing."""
    assert ([Kind.MISSING] if fate is Fate.KEEP else []) == kinds(replace(ORDER, fate=fate), None)


@pytest.mark.parametrize("fate", Fate)
def test_a_record_that_should_be_gone_is_extra(fate: Fate) -> None:
    """Unless it is to be left as it is, or emptied."""
    gone = {Fate.ARCHIVE, Fate.WAIT}
    assert ([Kind.EXTRA] if fate in gone else []) == kinds(replace(ORDER, fate=fate), RECORD)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (DeletePolicy.ARCHIVE, Reason.NO_ROW),
        (DeletePolicy.CLEAR, Reason.NOT_CLEARED),
        (DeletePolicy.IGNORE, None),
    ],
)
def test_a_record_without_a_row_goes_by_the_policy(policy: DeletePolicy, reason: Reason | None) -> None:
    """Archived, emptied, or left."""
    gone = Expected(DEAL, ("s:DEAL:1",), Fate.WAIT, {"amount": None}, has_row=False, policy=policy)
    assert ([] if reason is None else [reason]) == [each.reason for each in judge(gone, RECORD, {})]
    assert DeletePolicy.CLEAR is not policy or not judge(gone, Held("900", {"amount": None}), {})


def test_associations_are_missing_wrong_or_superfluous() -> None:
    """One missing beside one too many is one wrong; whoever bears no key of ours is nobody's business."""
    wants = replace(ORDER, links=(link("1", "501"),))
    assert [] == kinds(wants, linked(_501="s:CONTACT:1", _77=None))
    assert [Kind.ASSOCIATION_MISSING] == kinds(wants, linked(_77=None))
    assert [Kind.ASSOCIATION_WRONG] == kinds(wants, linked(_502="s:CONTACT:2"))
    assert [Kind.ASSOCIATION_SUPERFLUOUS] == kinds(wants, linked(_501="s:CONTACT:1", _502="s:CONTACT:2"))
    assert [Kind.ASSOCIATION_WRONG, Kind.ASSOCIATION_SUPERFLUOUS] == kinds(
        wants, linked(_502="s:CONTACT:2", _503="s:CONTACT:3")
    )
    assert [Kind.ASSOCIATION_SUPERFLUOUS] == kinds(ORDER, linked(_502="s:CONTACT:2"))


def test_a_parent_without_a_record_is_its_own_finding() -> None:
    """The child waits for it; and what leads to a deleted parent may stand, as the sender leaves it."""
    assert [] == kinds(replace(ORDER, links=(link("1", None),)), RECORD)
    assert [] == kinds(replace(ORDER, links=(link("1", "501", is_due=False),)), RECORD)
    assert [] == kinds(replace(ORDER, links=(link("1", "501", is_due=False),)), linked(_501="s:CONTACT:1"))


def test_a_parent_without_a_row_may_be_anybody() -> None:
    """A buyer's row that is gone may have shared the record that another row of the same person keeps by its key."""
    adrift = replace(ORDER, links=(link("1", None, is_due=False),))
    assert [] == kinds(adrift, linked(_502="s:CONTACT:2"))
    assert [] == kinds(adrift, RECORD)
    assert [Kind.ASSOCIATION_SUPERFLUOUS] == kinds(adrift, linked(_502="s:CONTACT:2", _503="s:CONTACT:3"))
    also = replace(ORDER, links=(link("1", None, is_due=False), link("4", "504")))
    assert [Kind.ASSOCIATION_WRONG] == kinds(also, linked(_502="s:CONTACT:2", _503="s:CONTACT:3"))
    assert [Kind.ASSOCIATION_MISSING] == kinds(also, linked(_502="s:CONTACT:2"))


def test_two_objects_of_one_contact_are_one_association() -> None:
    """Parents that share a record are missing once."""
    shared = replace(ORDER, links=(link("1", "501"), link("2", "501")))
    assert [Kind.ASSOCIATION_MISSING] == kinds(shared, RECORD)


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("s:CONTACT:17", Owner(ObjectRef("s", CONTACT, "17"), is_left_behind=True)),
        ("s:CONTACT:17~2", Owner(ObjectRef("s", CONTACT, "17"), is_left_behind=True)),
        ("s:CONTACT:17~10", Owner(ObjectRef("s", CONTACT, "17"))),
        ("s:CONTACT:18", Owner(ObjectRef("s", CONTACT, "18"))),
        ("s:CONTACT:18~01", Owner(ObjectRef("s", CONTACT, "18~01"))),
        ("s:CONTACT:a:b~c", Owner(ObjectRef("s", CONTACT, "a:b~c"))),
        ("s:CONTACT:19~2", Owner(ObjectRef("s", CONTACT, "19~2"))),
        ("s:CONTACT:19", Owner(ObjectRef("s", CONTACT, "19"))),
        ("s:DEAL:17", None),
        ("other:CONTACT:17", None),
        ("s:CONTACT:", None),
        ("s:NOTHING:1", None),
        ("17", None),
        ("", None),
        (None, None),
    ],
)
def test_a_key_names_an_object(key: str | None, owner: Owner | None) -> None:
    """The highest number is the object's own; ids of the shop's that look like one are ids."""
    numbered = ["s:CONTACT:17~2", "s:CONTACT:17~10", "s:CONTACT:19~2"]
    assert owner == Owners({"s"}, numbered, {"s:CONTACT:19~2"}).of(CONTACT, key)


MISSING = Finding(Kind.MISSING, DEAL, ("s:DEAL:1",), reason=Reason.NEVER_MADE)
BOUND = Finding(Kind.ASSOCIATION_SUPERFLUOUS, DEAL, ("s:DEAL:2",), "900", TO_CONTACT, other_id="501")


def test_what_mends_a_finding() -> None:
    """Told again; a record without a row ended; an association removed and its child told."""
    gone = Finding(Kind.EXTRA, DEAL, ("s:DEAL:3",), "901", reason=Reason.NO_ROW)
    plan = repair_plan.plan([MISSING, BOUND, gone], recreate=False, has_ledger=True)
    one, two, three = (ObjectRef("s", DEAL, name) for name in "123")
    assert ((one, two), (), (three,), (BOUND,), ()) == (
        plan.told,
        plan.revived,
        plan.ended,
        plan.unlinked,
        plan.left,
    )


@pytest.mark.parametrize(
    ("reason", "recreate", "has_ledger", "left"),
    [
        (Reason.ARCHIVED, False, True, True),
        (Reason.ARCHIVED, True, True, False),
        (Reason.NEVER_MADE, True, True, False),
        (Reason.VALUE_TAKEN, True, True, True),
        (Reason.LEFT_BEHIND, True, True, True),
        (Reason.NO_ROW, False, False, True),
        (Reason.NOT_ALIVE, False, False, False),
    ],
)
def test_what_is_left_is_said_with_its_reason(reason: Reason, recreate: bool, has_ledger: bool, left: bool) -> None:  # noqa: FBT001
    """Records that people archived unless they are to be made anew; what only people can decide; what nobody knows."""
    plan = repair_plan.plan([replace(MISSING, reason=reason)], recreate=recreate, has_ledger=has_ledger)
    assert (left, left) == (bool(plan.left), plan.is_empty)


def test_making_anew_carries_no_value() -> None:
    """So that it undoes none that is newer than the reading."""
    source = Source("t", "", 0, -1, "{}", "", "", datetime(2026, 1, 1, tzinfo=UTC), snapshot=True)
    said = SyncMessage(
        "s", DEAL, "1", Action.UPSERT, Why.ROW_WRITTEN, source.committed_at, {"amount": 1}, frozenset({"note"}),
        (Link(TO_CONTACT, "7"),), source, "hash", "orders", origin=Origin.SNAPSHOT,
    )  # fmt: skip
    anew = repair_plan.revived(said, 5)
    assert ({}, frozenset({"amount", "note"}), said.associations) == (
        anew.properties,
        anew.unavailable,
        anew.associations,
    )
    assert (Origin.REPAIR, True, 5) == (anew.origin, anew.forced, anew.revision)
    told = repair_plan.told_again(said)
    assert (said.properties, Origin.REPAIR, False) == (told.properties, told.origin, told.forced)
    ended = repair_plan.ended(said, 5)
    assert (Action.DELETE, Why.ROW_DELETED, {}, True) == (ended.action, ended.reason, ended.properties, ended.forced)
