"""Whether HubSpot's text says what the shop says, by the property's type."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.message import ObjectType, Value
from connector.operations.verifying.equality import differing, equal
from tests.unit.operations.verifying.bench import CASES

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL


def value_of(stored: Any) -> Value:
    """A typed value of a case."""
    if not isinstance(stored, list):
        return stored  # type: ignore[no-any-return]  # JSON's own types
    kind, text = stored
    made: dict[str, Any] = {"decimal": Decimal, "date": date.fromisoformat, "instant": datetime.fromisoformat}
    return made[kind](text)  # type: ignore[no-any-return]  # as above


def cases(verdict: str) -> list[Any]:
    found = []
    for path in sorted((CASES / "values").glob("*.json")):
        body = json.loads(path.read_text())
        for number, (shop, hubspot) in enumerate(body[verdict]):
            found.append(pytest.param(body["type"], shop, hubspot, id=f"{path.stem}-{number}"))
    return found


def found(kind: str, shop: Any, hubspot: str | None) -> list[str]:
    held = {"thing": hubspot}
    return [name for name, _, _ in differing(DEAL, {"thing": value_of(shop)}, held, {"thing": kind})]


@pytest.mark.parametrize(("kind", "shop", "hubspot"), cases("same"))
def test_what_says_the_same_is_no_difference(kind: str, shop: Any, hubspot: str | None) -> None:
    """HubSpot trims, spells numbers and instants its own way, and knows no difference of empty and none."""
    assert [] == found(kind, shop, hubspot)


@pytest.mark.parametrize(("kind", "shop", "hubspot"), cases("different"))
def test_what_says_something_else_is_one(kind: str, shop: Any, hubspot: str | None) -> None:
    """Also where HubSpot's text is none of the type, whatever it is."""
    assert ["thing"] == found(kind, shop, hubspot)


@pytest.mark.parametrize(
    ("shop", "primary", "further", "same"),
    [
        (" Ann@Example.COM ", "ann@example.com", None, True),
        ("ann@example.com", "first@example.com", "x@example.com;ANN@example.com", True),
        ("ann@example.com", "first@example.com", "x@example.com", False),
        ("ann@example.com", None, None, False),
        (None, "ann@example.com", None, False),
        (None, None, None, True),
        ("Straße@example.com", "strasse@example.com", None, False),
    ],
)
def test_an_address_may_be_a_further_one(
    shop: str | None,
    primary: str | None,
    further: str | None,
    same: bool,  # noqa: FBT001 - as the cases have it
) -> None:
    """A contact that was found by a further address keeps its first; case and blanks around do not matter."""
    held = {"email": primary, "hs_additional_emails": further}
    assert same == (not list(differing(CONTACT, {"email": shop}, held, {})))


def test_a_value_that_cannot_be_sent_is_compared_as_it_is() -> None:
    """NaN in a number, half a character: shown to whoever looks, and never equal to nothing."""
    wanted: dict[str, Value] = {"amount": Decimal("NaN"), "dealname": "half \ud83d"}
    assert [("amount", "NaN", None), ("dealname", "half \ud83d", "x")] == list(
        differing(DEAL, wanted, {"amount": None, "dealname": "x"}, {"amount": "number"})
    )


@given(st.text(), st.text(), st.sampled_from(["string", "number", "date", "datetime", "bool", "enumeration", "odd"]))
def test_any_texts_compare_without_an_error_and_both_ways(first: str, second: str, kind: str) -> None:
    """Whatever HubSpot says, and whichever of the two said it."""
    assert equal(first, first, kind)
    assert equal(first, second, kind) == equal(second, first, kind)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_a_number_equals_every_spelling_of_itself(number: Decimal) -> None:
    """With zeros behind, without, and with an exponent."""
    for text in (f"{number:f}", f"{number:f}000", f"{number:E}"):
        assert equal(f"{number:f}", text, "number")
