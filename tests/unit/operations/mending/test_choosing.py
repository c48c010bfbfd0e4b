"""Which errors an act is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.message import ObjectType
from connector.operations.letters import Filter, Letters, Newest
from connector.operations.mending.choosing import Asked, superseded
from connector.sync_error import ErrorState, Stage, SyncError
from connector.version import SourceRow, Version
from tests.unit.operations.letters_told import letter

ROW = SourceRow("shop.public.orders", '{"id":1}')


def read(*errors: SyncError) -> Letters:
    newest = Newest()
    newest.take(errors)
    return Letters(newest.by_id)


def names(asked: Asked, letters: Letters) -> list[str]:
    return [each.id for each in asked.of(letters)]


KNOWN = read(
    letter("c1", ref="shop:DEAL:1"),
    letter("a1", type="CONFLICT", ref="shop:CONTACT:1"),
    letter("b1", ref="outlet:DEAL:2"),
    letter("d1", ref="shop:DEAL:9", state=ErrorState.IGNORED, seq=2, note="a Test order"),
)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (Asked(("c", "a1", "c1")), ["a1", "c1"]),
        (Asked(("d1",)), ["d1"]),
        (Asked(every=True), ["a1", "b1", "c1"]),
        (Asked(wanted=Filter(ErrorState.OPEN, type="UNMAPPED_VALUE")), ["b1", "c1"]),
        (Asked(wanted=Filter(ErrorState.OPEN, object_type=ObjectType.DEAL, external_id="2")), ["b1"]),
        (Asked(wanted=Filter(ErrorState.OPEN, store="shop")), ["a1", "c1"]),
        (Asked(wanted=Filter(None, text="TEST ORDER")), ["d1"]),
        (Asked(wanted=Filter(ErrorState.OPEN, text="details of b")), ["b1"]),
    ],
)
def test_errors_are_chosen_by_id_or_by_what_they_share(asked: Asked, wanted: list[str]) -> None:
    """In the order of their ids, each once; by id whatever the state, else those that are open."""
    assert wanted == names(asked, KNOWN)


@pytest.mark.parametrize("asked", [Asked(), Asked(wanted=Filter(ErrorState.IGNORED))])
def test_not_all_by_accident(asked: Asked) -> None:
    """A command without any choice is refused, and says how to choose."""
    with pytest.raises(ConfigurationError, match="--all"):
        asked.of(KNOWN)


@given(
    st.lists(st.text("abc", min_size=1)),
    st.builds(
        Filter,
        state=st.none() | st.sampled_from(ErrorState),
        type=st.none() | st.text(),
        object_type=st.none() | st.sampled_from(ObjectType),
        external_id=st.none() | st.text(),
        since=st.none() | st.datetimes(timezones=st.just(UTC)),
        store=st.none() | st.text(),
        text=st.none() | st.text(),
    ),
    st.booleans(),
)
def test_what_was_asked_for_comes_back_from_the_journal(ids: list[str], wanted: Filter, every: bool) -> None:  # noqa: FBT001 - drawn
    """A resumed act is about the same errors."""
    asked = Asked(tuple(ids), wanted, every=every)
    assert asked == Asked.from_json(asked.to_json())


def test_the_audit_says_what_was_asked_for() -> None:
    """In a few words."""
    by_filter = Asked(wanted=Filter(ErrorState.OPEN, type="CONFLICT", since=datetime(2026, 1, 1, tzinfo=UTC)))
    assert "state OPEN, cause CONFLICT, since 2026-01-01T00:00:00+00:00" == by_filter.text
    assert "a, b" == Asked(("a", "b")).text
    assert "0, 1, 2, 3, 4 ..." == Asked(tuple("0123456")).text


def told(name: str, offset: int, stage: Stage = Stage.MAP, **more: Any) -> SyncError:
    return letter(name, row=ROW, stage=stage, version=Version(1, offset, 1, 0), **more)


@pytest.mark.parametrize(
    ("errors", "passed"),
    [
        ([told("a", 5), told("b", 9, Stage.SEND)], {"a"}),
        ([told("a", 5), told("b", 5, Stage.SEND)], set()),
        ([told("a", 9), told("b", 5)], {"b"}),
        ([told("a", 5, Stage.SEND), told("b", 9)], set()),
        ([told("a", 5), told("b", 9, state=ErrorState.RESOLVED)], {"a"}),
    ],
)
def test_a_change_is_superseded_by_a_newer_one_of_its_row(errors: Iterable[SyncError], passed: set[str]) -> None:
    """Only where it has to be mapped again; what was refused is told again as the ledger knows it by now."""
    letters = read(*errors)
    assert passed == superseded(letters, letters.by_id.values())
