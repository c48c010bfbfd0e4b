"""merge: every rule about one row, and one property: the order of arrival does not matter."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connector.ledger.merge import Passed, merge
from connector.ledger.state import Contribution, Standing
from connector.message import ObjectType, Reason, SyncMessage
from connector.version import Version
from tests.support.story import at, said

P = ObjectType.PRODUCT


def told(*messages: tuple[SyncMessage, Version]) -> Contribution:
    kept: Contribution | None = None
    for message, version in messages:
        result = merge(kept, message, version)
        kept = kept if isinstance(result, Passed) else result
    assert kept is not None
    return kept


def row(offset: int, properties: dict[str, object], *, without: set[str] | None = None) -> tuple[SyncMessage, Version]:
    return said(P, "1", offset, properties, unavailable=without or set()), at(offset)


def end(offset: int) -> tuple[SyncMessage, Version]:
    return said(P, "1", offset, reason=Reason.ROW_DELETED), at(offset)


def test_equal_versions_are_repeats() -> None:
    """The same version was said before."""
    message, version = row(1, {"name": "a"})
    assert merge(told((message, version)), message, version) is Passed.REPEAT


def test_a_text_that_was_never_part_of_an_update_arrives_from_its_snapshot() -> None:
    """An update without the long text is known before the snapshot read that has it."""
    kept = told(row(101, {"price": 2}, without={"text"}), row(100, {"price": 1, "text": "long"}))
    assert {"price": 2, "text": "long"} == kept.properties
    assert {"text": at(100)} == kept.held


def test_a_value_that_stands_in_yields_only_to_a_newer_one() -> None:
    """An older message fills a gap once; a still older one does not replace it."""
    kept = told(row(101, {}, without={"text"}), row(100, {"text": "new"}), row(99, {"text": "old"}))
    assert {"text": "new"} == kept.properties


def test_a_newer_text_ends_the_holding() -> None:
    """A change that carries the value owns it again."""
    kept = told(row(1, {"text": "a"}), row(2, {}, without={"text"}), row(3, {"text": "b"}))
    assert {"text": "b"} == kept.properties
    assert {} == kept.held


def test_nothing_is_revived_across_a_delete() -> None:
    """What a row said before its end does not fill gaps after it."""
    message, version = row(1, {"text": "old"})
    kept = told(end(2), row(4, {"price": 1}, without={"text"}))
    assert merge(kept, message, version) is Passed.SUPERSEDED


def test_a_late_delete_takes_what_was_held_across_it() -> None:
    """A value held from before an end that arrives late is gone."""
    kept = told(row(1, {"text": "old"}), row(4, {"price": 1}, without={"text"}), end(2))
    assert {"price": 1} == kept.properties


def test_an_end_keeps_names_without_values() -> None:
    """An ended row speaks for its properties as empty, so that a returning row clears what it does not set."""
    assert {"price": None} == told(row(1, {"price": 1}), end(2)).properties


def test_a_hidden_row_keeps_its_values() -> None:
    """A row outside the filter says its values all the same."""
    away = said(P, "1", 2, {"price": 2}, reason=Reason.OUTSIDE_FILTER), at(2)
    kept = told(row(1, {"price": 1}), away)
    assert (Standing.HIDDEN, {"price": 2}) == (kept.standing, kept.properties)


def test_the_same_change_mapped_anew_is_newer() -> None:
    """A replay with a changed mapping applies at the same offset."""
    message, _ = row(1, {"price": 1})
    kept = told((message, at(1)), (replace(message, properties={"price": 9}), at(1, generation=2)))
    assert {"price": 9} == kept.properties


def test_an_unknown_epoch_is_older_than_all_known() -> None:
    """A message from a topic that the ledger does not know never undoes one from a topic it does."""
    message, _ = row(900, {"price": 9})
    assert merge(told(row(1, {"price": 1})), message, at(900, epoch=0)) is Passed.SUPERSEDED


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[SyncMessage, Version]]:
    """A row's history as a database makes it: an insert carries everything, updates may leave the text out."""
    history: list[tuple[SyncMessage, Version]] = []
    alive = False
    for offset in range(draw(st.integers(1, 8))):
        choice = draw(st.sampled_from(["write", "text", "hide", "end"]))
        price = draw(st.integers(0, 3))
        if not alive:
            history.append(row(offset, {"price": price, "text": f"t{offset}"}))
        elif choice == "end":
            history.append(end(offset))
        elif choice == "write":
            history.append(row(offset, {"price": price}, without={"text"}))
        else:
            reason = Reason.OUTSIDE_FILTER if choice == "hide" else Reason.ROW_WRITTEN
            history.append((said(P, "1", offset, {"price": price, "text": f"t{offset}"}, reason=reason), at(offset)))
        alive = not (alive and choice == "end")
    return history


@given(lives(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_the_order_of_arrival_does_not_matter(
    history: list[tuple[SyncMessage, Version]], random: object, repeats: int
) -> None:
    """Merged in any order, with repeats, a row's history gives what it gives in its own order."""
    arrived = history + history[:repeats]
    random.shuffle(arrived)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    expected, got = told(*history), told(*arrived)
    if expected.standing is not Standing.ENDED:
        assert (expected.standing, expected.properties) == (got.standing, got.properties)
    assert expected.version == got.version
