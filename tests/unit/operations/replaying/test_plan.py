"""What was agreed upon for a replay survives its journal, and says what is left of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.message import ObjectType, Origin
from connector.operations.letters import Letters, Newest
from connector.operations.replaying.act import Plan
from connector.operations.replaying.by_error import APART, errors_named, grouped
from connector.operations.replaying.scope import Piece, Scope
from connector.operations.replaying.stamp import Stamp
from connector.sync_error import ErrorState, Stage, SyncError
from tests.support.story import contact, deal
from tests.unit.operations.letters_told import letter

numbers = st.integers(0, 1 << 40)
times = st.none() | st.datetimes(timezones=st.just(UTC))
names = st.text(max_size=9)
scopes = st.builds(
    Scope,
    sync=st.booleans(),
    tables=st.lists(names, max_size=3).map(tuple),
    partition=st.none() | numbers,
    first=st.none() | numbers,
    last=st.none() | numbers,
    since=times,
    until=times,
    types=st.lists(st.sampled_from(ObjectType), max_size=2).map(tuple),
    external_id=st.none() | names,
    store=st.none() | names,
    error=st.none() | names,
)
pieces = st.builds(Piece, names, numbers, numbers, numbers, st.lists(numbers, max_size=3).map(tuple))


@given(scopes, st.lists(pieces, max_size=3).map(tuple), st.booleans(), numbers, numbers)
def test_a_plan_is_read_back_from_its_journal(
    scope: Scope,
    every: tuple[Piece, ...],
    force: bool,  # noqa: FBT001 - as the property draws it
    piece: int,
    offset: int,
) -> None:
    """As JSON, with the place where it goes on; a plan without numbers of mappings is one of an earlier release."""
    plan = Plan(scope, every, {"shop": "h1"}, force, bulk=not force, at=(piece, offset), generations={"shop": 3})
    said = json.loads(json.dumps(plan.to_json(*plan.at)))
    assert plan == Plan.from_json(said)
    said.pop("generations")
    assert {} == Plan.from_json(said).generations


def test_what_is_left_begins_in_the_piece_under_way() -> None:
    """Pieces before it are done, and of a piece whose end was reached nothing is left."""
    plan = Plan(Scope(), (Piece("a", 0, 5, 9), Piece("a", 1, 0, 4), Piece("b", 0, 2, 3)), {}, at=(1, 2))
    assert [(1, Piece("a", 1, 2, 4)), (2, Piece("b", 0, 2, 3))] == list(plan.left())
    assert [] == list(Plan(plan.scope, plan.pieces, {}, at=(2, 3)).left())


def test_records_that_were_removed_meanwhile_are_left_out() -> None:
    """A topic that was cut is gone on with where it begins now."""
    plan = Plan(Scope(), (Piece("a", 0, 5, 9), Piece("a", 1, 0, 4), Piece("b", 0, 2, 3)), {})
    cut = plan.within({("a", 0): 7, ("a", 1): 8, ("b", 0): 0})
    assert [(0, Piece("a", 0, 7, 9)), (2, Piece("b", 0, 2, 3))] == list(cut.left())


def test_objects_are_chosen_by_type_id_and_store() -> None:
    """An object that is named by its type alone, too."""
    scope = Scope(types=(ObjectType.CONTACT,), external_id="7", store="shop")
    assert [True, False, False] == [scope.takes(each) for each in (contact("7", 1), contact("8", 1), deal("7", 1))]
    assert Scope(types=(ObjectType.DEAL,)).takes(deal("7", 1))
    assert not Scope(store="other").takes(deal("7", 1))


def test_whole_topics_alone_are_whole() -> None:
    """Whatever narrows a replay leaves objects of which it says nothing; rows on no topic belong to whole tables."""
    assert Scope(tables=("customers",)).is_whole
    narrow = [Scope(first=0), Scope(partition=1), Scope(types=(ObjectType.DEAL,)), Scope(error="POISON")]
    assert not any(each.is_whole for each in narrow)
    asks = [Scope(), Scope(external_id="7"), Scope(until=datetime.now(UTC)), Scope(sync=True)]
    assert [True, True, False, False] == [each.asks_for_newest for each in asks]


def test_a_stamp_makes_a_message_an_operators() -> None:
    """Only a forced one has the act's time for its revision, whenever it is said."""
    at = datetime(2026, 11, 25, 10, 0, 0, 123_000, tzinfo=UTC)
    said = contact("7", 1)
    replayed = Stamp(at)(said)
    assert (Origin.REPLAY, False, False, 0) == (replayed.origin, replayed.forced, replayed.bulk, replayed.revision)
    forced = Stamp(at, sync=True, forced=True, bulk=True)(said)
    expected = (Origin.REPAIR, True, True, int(at.timestamp() * 1000))
    assert expected == (forced.origin, forced.forced, forced.bulk, forced.revision)


def told(*every: SyncError) -> Letters:
    newest = Newest()
    newest.take(every)
    return Letters(newest.by_id)


def test_errors_are_named_by_cause_or_by_id() -> None:
    """Of a cause only open ones; by its id any; those of sync messages name no change."""
    letters = told(
        letter("a1"),
        letter("a2", state=ErrorState.RESOLVED),
        letter("b1", type="POISON"),
        letter("c1", stage=Stage.APPLY),
    )
    assert {"a1"} == errors_named(letters, "UNMAPPED_VALUE").keys()
    assert {"a1", "a2"} == errors_named(letters, "a").keys()
    assert {"b1"} == errors_named(letters, "POISON").keys()
    with pytest.raises(ConfigurationError, match="no open error TRUNCATED"):
        errors_named(letters, "TRUNCATED")


@given(st.sets(st.integers(0, 20 * APART), max_size=40).map(sorted))
def test_offsets_are_grouped_where_they_lie_apart(offsets: list[int]) -> None:
    """Together they are all, and between two groups there is a gap."""
    groups = list(grouped(offsets))
    assert offsets == [each for group in groups for each in group]
    assert all(later[0] - former[-1] >= APART for former, later in pairwise(groups))
    assert all(b - a < APART for group in groups for a, b in pairwise(group))
