"""Rows and their errors without what is personal in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connector.capture.row import DecodedRow
from connector.change import UNAVAILABLE
from connector.errors import RowError
from connector.message import ObjectType
from connector.operations.masking import NOTHING, USUAL
from connector.operations.previewing.hiding import hidden, hidden_faults
from connector.operations.previewing.said import Said, Unmapped, said_by
from tests.support.story import contact
from tests.unit.mapping.cases import change, shop_of

ORDER = {"id": 7, "guest": "Ann Miller", "status": "on_hold", "memo": "for Ann Miller", "placed": "2026-11-01"}


def said_of(row: dict[str, Any], table: str = "orders", *unmapped: Unmapped) -> Said:
    return Said(change(table, after=row), (), unmapped)


def test_a_row_is_masked_as_what_it_makes() -> None:
    """A person's texts are hidden, an order's status is not; numbers and days stay."""
    row = {"id": 1, "born": "1990-02-28", "given": "Ann"}
    assert {**row, "given": "A*** (3)"} == hidden(said_of(row), ObjectType.CONTACT, USUAL).columns
    assert ORDER == hidden(said_of(ORDER), ObjectType.DEAL, USUAL).columns
    assert {**ORDER, "note": "x"} == hidden(said_of({**ORDER, "note": "x"}), ObjectType.DEAL, NOTHING).columns


def test_a_guest_is_hidden_in_the_whole_order() -> None:
    """What the message of a person hides is hidden in the columns that it came from."""
    guest = contact("g7", 1, firstname="Ann Miller")
    found = hidden(Said(change("orders", after=ORDER), (guest,), ()), ObjectType.DEAL, USUAL)
    assert {**ORDER, "guest": "A*** (10)", "memo": "for A*** (10)"} == found.columns


def test_columns_without_a_value_say_why() -> None:
    """A long text that the change left out, and a value that has no form here, whoever it would be hidden from."""
    fault = RowError("UNSUPPORTED_VALUE", "the column born holds '0044-03-15 BC'")
    row = DecodedRow({"id": 1, "notes": UNAVAILABLE}, {"born": fault})
    expected = {"id": 1, "notes": "(not in the change)", "born": "(UNSUPPORTED_VALUE)"}
    assert expected == hidden(said_of(row, "customers"), ObjectType.CONTACT, USUAL).columns


def test_what_is_said_of_a_row_holds_nobody() -> None:
    """A function's own words may tell what it was given; an order's status is told."""
    raised = Unmapped("customers", "customers", "[1]", "FUNCTION_RAISED", "tidy raised: who is Ann? ann@example.com")
    (fault,) = hidden_faults(said_of({"id": 1, "given": "Ann"}, "customers", raised), USUAL)
    assert "tidy raised: who is A*** (3)? a***@e***.com" == fault.details
    assert (raised,) == hidden_faults(said_of({"id": 1, "given": "Ann"}, "customers", raised), NOTHING)
    status = Unmapped("orders", "orders", "[7]", "UNMAPPED_VALUE", "status does not name 'on_hold'")
    assert (status,) == hidden_faults(said_of(ORDER, "orders", status), USUAL)


SHOP = """
customers:
  from: customers
  id: "{id}"
  properties: {firstname: name, lifecyclestage: {column: stage, values: {new: lead}}}
"""


def test_an_error_names_its_property(tmp_path: Path) -> None:
    """And each change of a row takes the place of the one before it."""
    shop = shop_of(tmp_path, SHOP)
    rows = [change("customers", after={"id": 1, "name": name, "stage": "new"}) for name in ("Ann", "Anne")]
    spoilt = change("customers", after={"id": 2, "name": "Bob", "stage": "old"})
    first, second, odd = said_by(shop, ["customers"], [*rows, spoilt], 100)
    assert [100, 101] == [message.revision for each in (first, second) for message in each.messages]
    assert [("UNMAPPED_VALUE", "lifecyclestage")] == [(each.type, each.property_name) for each in odd.unmapped]
