"""Errors as they are shown: nobody's data, unless it is asked for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from connector.change import UNAVAILABLE
from connector.message import ObjectRef
from connector.operations.letters import Letter, Newest
from connector.operations.masking import NOTHING, USUAL
from connector.operations.mending.hiding import hidden, hidden_column, hidden_letter
from connector.operations.originals import Original
from tests.unit.operations.letters_told import letter

CONTACT = letter(
    "a", ref="shop:CONTACT:7", details="Eve Adams <eve@x.example> is refused", answer='{"email":"eve@x.example"}'
)
MESSAGE: dict[str, Any] = {
    "externalId": "7",
    "properties": {"email": "eve@x.example", "lastname": "Adams", "points": {"text": "7.50"}, "gone": None},
    "source": {"rowKey": '{"id":7}'},
}
CHANGE: dict[str, Any] = {"before": None, "after": {"id": 7, "mail": "eve@x.example", "tags": ["a"]}, "op": "c"}


def told() -> Letter:
    newest = Newest()
    newest.take([CONTACT])
    return newest.by_id["a"]


def test_a_message_is_shown_without_its_texts() -> None:
    """Ids, places and numbers stay; what was masked is known, to be masked in what was said of it too."""
    shown, personal = hidden(Original("here", "k", MESSAGE), CONTACT, USUAL)
    assert ("7", MESSAGE["source"]) == (shown.value["externalId"], shown.value["source"])
    masked = {"email": "e***@***.example", "lastname": "A*** (5)", "points": Decimal("7.50"), "gone": None}
    assert masked == shown.value["properties"]
    assert {"eve@x.example", "Adams"} == personal


def test_a_row_is_shown_without_its_texts() -> None:
    """Whatever its columns are called."""
    shown, personal = hidden(Original("here", "k", CHANGE), replace(CONTACT, ref=None), USUAL)
    assert {"id": 7, "mail": "e***@***.example", "tags": "(list)"} == shown.value["after"]
    assert (frozenset({"eve@x.example"}), None, "c") == (personal, shown.value["before"], shown.value["op"])


def test_what_cannot_be_decoded_is_not_shown() -> None:
    """Nobody can tell what is in it."""
    shown, _ = hidden(Original("here", "k", "eve@x.example ..."), CONTACT, USUAL)
    assert "17 characters that cannot be decoded; --show shows them" == shown.value


def test_what_was_said_of_it_is_masked_too() -> None:
    """In details, answer and life alike."""
    shown = hidden_letter(told(), USUAL, {"Adams"})
    for text in (shown.error.details, shown.refusal.details, shown.life[0].details):
        assert "Eve A*** (5) <e***@***.example> is refused" == text
    assert '{"email":"e***@***.example"}' == shown.refusal.answer


def test_all_is_shown_where_it_is_asked_for() -> None:
    """As it came."""
    record = Original("here", "k", MESSAGE)
    assert (record, frozenset()) == hidden(record, CONTACT, NOTHING)
    assert told() == hidden_letter(told(), NOTHING)


def test_values_that_did_not_come_stay_so() -> None:
    """They hold nothing to be masked."""
    deal = replace(CONTACT, ref=ObjectRef.parse("shop:DEAL:1"))
    assert [UNAVAILABLE, None, 1.5] == [hidden_column(deal, "x", each, USUAL) for each in (UNAVAILABLE, None, 1.5)]
