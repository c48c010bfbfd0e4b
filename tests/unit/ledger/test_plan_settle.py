"""plan and settle: the next call, and what is known after its answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.ledger.plan import in_flight, plan
from connector.ledger.settle import settle
from connector.ledger.state import Desired, Fate, Recheck, Record
from connector.ledger.values import digest, from_json, same, to_json
from connector.message import ObjectRef, ObjectType, Value
from connector.outcome import (
    Ambiguous,
    Archive,
    Archived,
    Found,
    Lookup,
    Missing,
    NotSent,
    Refusal,
    Refused,
    SchemaRefused,
    Update,
    Upsert,
    Written,
)

REFUSED = Refused(Refusal("INVALID_EMAIL_ADDRESS", "bad", "email"))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.dates(), st.decimals(allow_nan=False, allow_infinity=False)
)


def record(fate: Fate = Fate.KEEP, properties: dict[str, Any] | None = None, **more: Any) -> Record:
    ref = ObjectRef("shop", ObjectType.CONTACT, "7")
    known = {"generation": 1, **more}
    return Record(1, ref, str(ref), Desired(fate, properties or {}), **known)


def sent(before: Record) -> Record:
    """The record with its next call in flight."""
    step = plan(before)
    assert step is not None
    return replace(before, in_flight=in_flight(before, step))


def written(properties: dict[str, Any]) -> Record:
    """A record that HubSpot holds as desired."""
    return settle(sent(record(properties=properties)), Written("9", created=True)).record


def test_one_record_one_call() -> None:
    """A record in flight is never planned."""
    assert plan(sent(record(properties={"a": 1}))) is None


def test_no_id_is_written_by_key_without_empty_values() -> None:
    """A create carries what is filled."""
    step = plan(record(properties={"a": 1, "b": None, "c": ""}))
    assert isinstance(step, Upsert)
    assert {"a": 1} == step.properties


def test_the_unknown_counts_as_different() -> None:
    """A property of which it is not known what HubSpot was told is sent."""
    known = written({"a": 1, "b": 2})
    step = plan(replace(known, told={**known.told, "a": None}))
    assert isinstance(step, Update)
    assert {"a": 1} == step.properties


def test_what_waits_or_is_left_is_not_called() -> None:
    """WAIT and LEAVE plan nothing, nor does ARCHIVE without a record."""
    assert [None] * 3 == [plan(record(fate, {"a": 1})) for fate in (Fate.WAIT, Fate.LEAVE, Fate.ARCHIVE)]


def test_an_archived_record_forgets_its_id() -> None:
    """Its row may come back: then a new record is made."""
    gone = replace(written({"a": 1}), desired=Desired(Fate.ARCHIVE), generation=2)
    assert isinstance(plan(gone), Archive)
    after = settle(sent(gone), Archived()).record
    assert (None, {}) == (after.hubspot_id, after.told)


def test_a_refusal_rests_with_its_generation() -> None:
    """It is planned again only when what it should hold changes, and then apart from others."""
    settled = settle(sent(record(properties={"a": 1})), REFUSED)
    assert REFUSED.refusal == settled.refusal
    assert plan(settled.record) is None
    again = plan(replace(settled.record, generation=2))
    assert again is not None
    assert again.alone


def test_a_refusal_of_an_older_generation_does_not_hold_the_newer() -> None:
    """What changed while the call was out is sent."""
    flying = replace(sent(record(properties={"a": 1})), generation=2)
    assert plan(settle(flying, REFUSED).record) is not None


def test_busy_and_schema_refusals_leave_the_record_due() -> None:
    """Neither is the record's fault: no error, and it goes again."""
    flying = sent(record(properties={"a": 1}))
    for outcome in (NotSent("busy"), SchemaRefused(Refusal("PROPERTY_DOESNT_EXIST", "x"))):
        settled = settle(flying, outcome)
        assert settled.refusal is None
        assert plan(settled.record) is not None


def test_an_ambiguous_update_is_unknown_and_read_back() -> None:
    """What it carried is sent again at once, and listed for the recheck."""
    changed = replace(written({"a": 1}), desired=Desired(Fate.KEEP, {"a": 2}), generation=2)
    after = settle(sent(changed), Ambiguous("timeout", "r")).record
    assert Recheck(("a",)) == after.recheck
    assert isinstance(plan(after), Update)


def test_a_recheck_sends_once_more_what_a_late_write_changed() -> None:
    """What differs is sent again once; what still differs then is HubSpot's form."""
    known = replace(written({"a": 1}), recheck=Recheck(("a",)))
    flying = replace(known, in_flight=in_flight(known, Lookup(1, known.type, known.key, "9", ("a",))))
    once = settle(flying, Found("9", {"a": "5"})).record
    assert Recheck(("a",), repeated=True) == once.recheck
    assert isinstance(plan(once), Update)
    twice = settle(replace(flying, recheck=once.recheck), Found("9", {"a": "5"}))
    assert (None, ("a",)) == (twice.record.recheck, twice.kept_differently)


def test_a_missing_id_is_looked_up_first() -> None:
    """By id, for it may be merged, and by key. Found: adopted, all is sent. Not found: left, or made again if asked."""
    flying = sent(replace(written({"a": 1}), desired=Desired(Fate.KEEP, {"a": 2}), generation=2))
    asking = settle(flying, Missing()).record
    step = plan(asking)
    assert isinstance(step, Lookup)
    assert ("9", "shop:CONTACT:7") == (step.hubspot_id, step.key)
    found = settle(sent(asking), Found("77", {})).record
    assert ("77", {}) == (found.hubspot_id, found.told)
    assert plan(settle(sent(asking), Missing()).record) is None
    assert isinstance(plan(settle(sent(asking), Missing(), recreate=True).record), Upsert)


def test_equal_by_type() -> None:
    """12.50 is 12.5, an instant may come as milliseconds, e-mails have no case; empty is empty."""
    assert same(Decimal("12.50"), "12.5")
    assert same("Ann@X", "ann@x")
    assert same(None, "")
    assert not same(Decimal(1), "one")


@given(VALUES)
def test_values_survive_the_ledger(value: Value) -> None:
    """What is stored comes back with its type."""
    assert to_json(value) == to_json(from_json(to_json(value)))
    assert digest(value) == digest(from_json(to_json(value)))


@given(st.dictionaries(st.sampled_from("abc"), VALUES), st.dictionaries(st.sampled_from("abc"), VALUES))
def test_after_its_answer_a_record_rests(first: dict[str, Value], then: dict[str, Value]) -> None:
    """Whatever is desired, once it was written nothing is due; whatever is desired next, one update settles it."""
    known = written(first)
    assert plan(known) is None
    changed = replace(known, desired=Desired(Fate.KEEP, then), generation=2)
    if plan(changed) is not None:
        assert plan(settle(sent(changed), Written("9")).record) is None


def test_a_key_that_an_archived_record_keeps_is_replaced_once() -> None:
    """What we archived may hold our key: another is tried, and only a second refusal is the record's."""
    back = replace(written({"a": 1}), hubspot_id=None, told={}, archive_sent=True, desired=Desired(Fate.KEEP, {"a": 2}))
    refused = Refused(Refusal("UNKNOWN_ERROR", "is archived"))
    once = settle(sent(back), refused)
    assert (True, None) == (once.needs_key, once.refusal)
    twice = settle(sent(once.record), refused)
    assert (False, refused.refusal) == (twice.needs_key, twice.refusal)
