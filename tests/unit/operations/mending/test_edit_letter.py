"""Edits of rows that could not be mapped: their columns are changed, and then mapped."""

from __future__ import annotations

from typing import Any

import pytest

from connector.change import UNAVAILABLE, Change
from connector.errors import ConfigurationError, RowError
from connector.message import Origin
from connector.operations.letters import Letter
from connector.operations.mending.edit_letter import Editable, _columns, edited_resend
from connector.operations.mending.editing import Edit
from connector.registry import Registry
from tests.support.story import contact
from tests.unit.operations.letters_told import START, letter
from tests.unit.operations.mending.kit import SETTINGS, Schemas, change, codec_of, remapper, unmapped

ACT = 1_795_000_000_000
CODEC = codec_of(Registry(Schemas()))
ROW: dict[str, Any] = {"id": 1, "email": "a@x.example", "first_name": "A"}
FAULT = RowError("UNSUPPORTED_VALUE", "points is infinite")


def editable(row: Change) -> Editable:
    assert row.after is not None
    told = Letter(unmapped('{"id":1}', b"first"), START)
    return Editable(told, "column", _columns(row.after), newer=False, codec=CODEC, change=row, remapper=remapper({}))


def test_a_column_that_could_not_be_read_can_be_given() -> None:
    """The row is mapped with it, newer than its own words, older than its next change."""
    found = editable(change(ROW, {"points": FAULT}))
    assert UNAVAILABLE is found.known["points"]
    changes = found.differences(Edit({"points": "number:7"}))
    [message] = edited_resend(SETTINGS, found, changes, ACT).messages
    assert (Origin.REPAIR, ACT, 7) == (message.origin, message.revision, message.properties["shop_points"])
    assert ("t1", 7) == (message.source.topic_id, message.source.offset)


def test_a_row_that_still_cannot_be_mapped_is_refused() -> None:
    """With the reason of today's mapping."""
    found = editable(change(ROW, {"points": FAULT}))
    with pytest.raises(ConfigurationError, match="still cannot be mapped: UNSUPPORTED_VALUE: points is infinite"):
        edited_resend(SETTINGS, found, found.differences(Edit({"first_name": "B"})), ACT)


def test_the_key_of_a_row_is_not_edited() -> None:
    """It says which row it is."""
    found = editable(change({**ROW, "points": 1}))
    with pytest.raises(ConfigurationError, match="id names the row itself"):
        edited_resend(SETTINGS, found, found.differences(Edit({"id": "2"})), ACT)


def test_a_message_is_edited_as_it_was_refused() -> None:
    """One message, for one error."""
    message = contact("1", 5, city="Rme")
    told = Letter(letter("a", ref="shop:CONTACT:1"), START)
    found = Editable(told, "property", dict(message.properties), newer=False, codec=CODEC, message=message)
    resend = edited_resend(SETTINGS, found, found.differences(Edit({"city": "Rome"})), ACT)
    assert (("a",), "Rome") == (resend.ids, resend.messages[0].properties["city"])


def test_what_the_topics_do_not_take_is_refused() -> None:
    """Many long texts together."""
    message = contact("1", 5, **{f"text_{number}": "x" * 65_000 for number in range(200)})
    told = Letter(letter("a", ref="shop:CONTACT:1"), START)
    found = Editable(told, "property", dict(message.properties), newer=False, codec=CODEC, message=message)
    with pytest.raises(ConfigurationError, match="VALUE_TOO_LONG"):
        edited_resend(SETTINGS, found, found.differences(Edit({"text_1": "y"})), ACT)
