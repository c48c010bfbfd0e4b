"""Other connectors in the way, and NULLs that the converter would replace."""

from __future__ import annotations

from pathlib import Path

from connector.capture.plan import TableFacts, derived_server_id, plan_capture
from connector.mapping import Shop, load_shop
from connector.operations.connectors import clashes, garbled_texts, hidden_nulls

SHOP = """
store: {id: main}
database: {kind: mariadb, url: "mariadb://shop@127.0.0.1/shop", schema: shop}
customers:
  from: customers
  id: "{id}"
  properties: {email: email, phone: phone}
"""


def shop(folder: Path, more: str = "") -> Shop:
    (folder / "shop.yaml").write_text(SHOP + more)
    return load_shop(folder / "shop.yaml", {})


def test_server_ids_are_derived_or_chosen(tmp_path: Path) -> None:
    """One prefix always gives the same, another prefix another."""
    assert derived_server_id("main") == plan_capture(shop(tmp_path)).server_id
    assert derived_server_id("main") != derived_server_id("other")
    assert 4711 == plan_capture(shop(tmp_path, "capture: {server_id: 4711}\n")).server_id


def test_another_connector_with_the_same_server_id_is_told(tmp_path: Path) -> None:
    """The server would throw out the one whenever the other comes in; our own is no other."""
    plan = plan_capture(shop(tmp_path))
    same, another = {"database.server.id": str(plan.server_id)}, {"database.server.id": "5"}
    (found,) = clashes(plan, {plan.connector: same, "theirs": same, "else": another, "no_binlog": {}})
    assert f"connector: theirs has the server id {plan.server_id} too" == found.what


def test_mapped_columns_whose_null_would_be_lost_are_told(tmp_path: Path) -> None:
    """Only those that the shop file reads."""
    facts = {"customers": TableFacts(("id", "email", "phone"), ("id",), full_rows=True, hidden_nulls=("phone", "fax"))}
    (found,) = hidden_nulls(shop(tmp_path), facts)
    assert "connector: NULL in customers.phone comes as the column's default" == found.what
    assert "shopbridge.connect.StripDefaults" in found.remedy
    assert [] == hidden_nulls(shop(tmp_path), {})


def test_mapped_texts_in_an_unknown_character_set_are_told(tmp_path: Path) -> None:
    """They come right in a snapshot, and wrong from the first change on."""
    facts = {"customers": TableFacts(("id", "email", "phone"), ("id",), full_rows=True, garbled=("email", "fax"))}
    (found,) = garbled_texts(shop(tmp_path), facts)
    assert found.what.startswith("connector: texts of customers.email come garbled")
    assert "CONVERT TO CHARACTER SET utf8mb4" in found.remedy
    assert [] == garbled_texts(shop(tmp_path), {})
