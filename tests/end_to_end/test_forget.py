"""A person is forgotten: no value in the ledger, empty letters, what waits is skipped, and what remains is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from connector.operations.letters import read_letters
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

TABLES = (CASES / "changing.sql").read_text()
SHOP = (CASES / "changing.yaml").read_text()


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> SmallShop:
    """Three customers, one refused by HubSpot."""
    small = SmallShop(make_world("forget"))
    small.build(TABLES, SHOP)
    small.world.sql(
        "INSERT INTO customers VALUES (1, 'ada@example.com', 'Ada', '+49 1', 1), (2, 'bob@example.com', 'Bob', '', 2), "
        "(3, 'secret at nowhere', 'Carla', '', 3)"
    )
    small.start_worker()
    small.world.wait_at_rest()
    return small


def forget(shop: SmallShop, *arguments: str, expect: int = 0) -> dict[str, Any]:
    said = shop.world.shopbridge("--json", "forget", "contact", *arguments, "--yes", expect=expect)
    found: dict[str, Any] = json.loads(said)
    return found


def ledger_text(shop: SmallShop) -> str:
    """Everything the ledger's tables hold of rows, records, claims and errors."""
    with closing(sqlite3.connect(f"file:{shop.world.ledger}?mode=ro", uri=True)) as connection:
        names = ("contribution", "record", "claim", "error", "object")
        return "\n".join(str(row) for name in names for row in connection.execute(f"SELECT * FROM {name}"))


def test_a_customer_is_forgotten_and_comes_back_only_by_a_new_change(shop: SmallShop) -> None:
    """The row was deleted in the shop while the worker stood: the change that still waits is never applied."""
    assert "ada@example.com" in ledger_text(shop)
    shop.world.stop_worker()
    shop.world.sql("UPDATE customers SET first_name = 'Adeline' WHERE id = 1")
    found = forget(shop, "1", "--note", "asked for it")
    assert ["customers"] == found["still_in_database"]
    assert any("sync.contacts" in each["place"] and "delete-records" in each["remedy"] for each in found["remains"])
    assert any("recycling bin" in each["place"] for each in found["remains"])
    shop.start_worker()
    shop.wait_gone("CONTACT:1")
    shop.world.wait_at_rest()
    text = ledger_text(shop)
    assert not any(value in text for value in ("ada@example.com", "Ada", "Adeline", "+49 1"))
    assert "bob@example.com" in text
    assert shop.world.status()["accounting"]["balanced"]
    shop.world.sql("UPDATE customers SET first_name = 'Ada II' WHERE id = 1")
    shop.wait_for("CONTACT:1", firstname="Ada II")


def test_letters_of_a_forgotten_person_are_empty(shop: SmallShop) -> None:
    """The error stays counted and closed, with nothing of the person in its newest record."""
    (letter,) = [each for each in read_letters(shop.settings).by_id.values() if each.error.ref]
    assert "secret at nowhere" in letter.error.details
    shop.world.sql("DELETE FROM customers WHERE id = 3")
    shop.world.wait_at_rest()
    assert [] == forget(shop, "3")["still_in_database"]
    shop.wait("the letter to be empty", lambda: "forgotten" in _newest(shop, letter.id).details)
    newest = _newest(shop, letter.id)
    assert (b"", None) == (newest.original_value, newest.original_key)
    shown = shop.world.shopbridge("errors", "show", letter.id, "--show")
    assert "secret" not in shown
    assert "secret" not in ledger_text(shop)


def _newest(shop: SmallShop, error_id: str) -> Any:
    return read_letters(shop.settings).by_id[error_id].error


def test_hubspots_own_erasure_only_on_request(shop: SmallShop) -> None:
    """It blocks the address for ever; nothing of that happens without the option."""
    assert shop.world.requests("path LIKE '%gdpr-delete'") == 0
    erased = shop.id("CONTACT:2")
    shop.world.sql("DELETE FROM customers WHERE id = 2")
    shop.world.shopbridge("forget", "contact", "2", "--gdpr", "--dry-run")
    assert shop.world.requests("path LIKE '%gdpr-delete'") == 0
    shop.wait_gone("CONTACT:2")
    shop.world.wait_at_rest()
    shop.world.sql("INSERT INTO customers VALUES (4, 'dora@example.com', 'Dora', '', 4)")
    dora = shop.wait_for("CONTACT:4", firstname="Dora")["id"]
    forget(shop, "4", "--gdpr")
    shop.world.wait_at_rest()
    assert [] == shop.world.records("id = ?", dora)
    assert [] != shop.world.records("id = ?", erased)
    shop.world.sql("INSERT INTO customers VALUES (5, 'dora@example.com', 'Dora', '', 4)")
    shop.wait_errors("CONTACT:5", EMAIL_BLOCKED="OPEN")


def test_nobody_is_nobody(shop: SmallShop) -> None:
    """An id that was never seen is said to be unknown, and nothing is done."""
    forget(shop, "4711", expect=1)
    assert {"forget", "forget --gdpr"} == {each["kind"] for each in json.loads(shop.world.shopbridge("--json", "acts"))}
