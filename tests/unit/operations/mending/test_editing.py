"""Edits: what they change, what they refuse, and the message they make."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connector.change import UNAVAILABLE, Column
from connector.errors import ConfigurationError
from connector.message import ObjectType, Origin
from connector.operations.mending.editing import Difference, Edit, differences, edited, said
from tests.support.story import contact, deleted

ACT = 1_795_000_000_000
KNOWN: dict[str, Column] = {
    "email": "a@x.example",
    "total": Decimal("12.50"),
    "born": date(1990, 1, 2),
    "note": None,
    "bio": UNAVAILABLE,
}


def changes(*, new: bool = False, **texts: str) -> list[Difference]:
    return differences(KNOWN, Edit(texts, new=new), "property")


def test_only_what_changes_is_told() -> None:
    """A number written otherwise is the same number, empty text the same as no value."""
    found = changes(email="b@x.example", total="12.5", note="", born="1990-01-02")
    assert [Difference("email", "a@x.example", "b@x.example")] == found


def test_values_are_cleared_and_values_that_never_came_are_given() -> None:
    """An empty text clears; a property that the change did not carry can be given a value."""
    found = changes(born="", bio="long")
    assert [Difference("born", date(1990, 1, 2), None), Difference("bio", UNAVAILABLE, "long")] == found


def test_unknown_names_and_wrong_values_are_all_told_at_once() -> None:
    """With the name that may have been meant, and the way to add one."""
    with pytest.raises(ConfigurationError) as refused:
        changes(emial="x", total="much", colour="red")
    said_so = str(refused.value)
    for words in ("no property emial; did you mean email?", "--new", "total: 'much' is no number", "colour; it has"):
        assert words in said_so


def test_a_new_property_comes_when_asked_for() -> None:
    """As text."""
    assert [Difference("colour", None, "red")] == changes(new=True, colour="red")


def test_a_column_that_the_row_has_not_is_refused() -> None:
    """A row gets no columns by an edit."""
    with pytest.raises(ConfigurationError, match=r"no column colour; it has email") as refused:
        differences(KNOWN, Edit({"colour": "red"}), "column")
    assert "--new" not in str(refused.value)


def test_an_edited_message_stands_in_its_rows_place() -> None:
    """It tells HubSpot again, newer than the change that was edited."""
    message = replace(contact("1", 2, city="Rme"), unavailable=frozenset({"bio", "other"}))
    found = edited(message, [Difference("city", "Rme", "Rome"), Difference("bio", UNAVAILABLE, "long")], ACT)
    assert (Origin.REPAIR, ACT, frozenset({"other"})) == (found.origin, found.revision, found.unavailable)
    assert {"email": "1@x.example", "city": "Rome", "bio": "long"} == found.properties
    assert message.source == found.source
    assert {"email", "city", "bio", "other"} == said(message).keys()


def test_an_edit_of_an_edit_is_newer_even_by_a_slow_clock() -> None:
    """Two operators' machines need not agree about the time."""
    message = replace(contact("1", 2, city="Rome"), revision=ACT + 5)
    assert ACT + 6 == edited(message, [Difference("city", "Rome", "Oslo")], ACT).revision


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("email", "not an address", "INVALID_EMAIL_ADDRESS"),
        ("email", "a@b@c.example", "INVALID_EMAIL_ADDRESS"),
        ("city", "x" * 65_537, "VALUE_TOO_LONG"),
    ],
)
def test_what_hubspot_is_known_to_refuse_is_not_sent(name: str, value: str, words: str) -> None:
    """Named as HubSpot's answer would be."""
    with pytest.raises(ConfigurationError, match=words):
        edited(contact("1", 2), [Difference(name, "x", value)], ACT)


def test_a_row_that_has_ended_has_nothing_to_edit() -> None:
    """Its message carries no values."""
    with pytest.raises(ConfigurationError, match="ended"):
        edited(deleted(ObjectType.CONTACT, "1", 3), [], ACT)
