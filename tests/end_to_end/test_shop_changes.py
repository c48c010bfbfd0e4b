"""A changed shop file: the next start says what has changed, and one command brings old rows up to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World, WorldError

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"changing.{kind}").read_text() for kind in ("sql", "yaml"))
WITH_PHONE = SHOP.replace("firstname: first_name", "firstname: first_name, phone: phone")
APPLY = "old rows stay as they are until they are read again"


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> SmallShop:
    """Customers, goods and sales, loaded."""
    small = SmallShop(make_world("changing"))
    small.build(TABLES, SHOP)
    small.world.sql(
        "INSERT INTO customers SELECT i, 'c' || i || '@example.com', 'Ada', '+49 ' || i, i FROM generate_series(1, 5) i"
    )
    small.world.sql("INSERT INTO goods VALUES (1, 'Tea', 3.5)")
    small.world.sql("INSERT INTO sales VALUES (1, 1, 10, true), (2, 2, 20, false)")
    small.start_worker()
    small.world.wait_at_rest()
    return small


def changes(shop: SmallShop) -> list[str]:
    """What all starts so far said of changes."""
    return [event["change"] for event in shop.world.events("shop file changed")]


def snapshot(shop: SmallShop, *arguments: str, expect: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        shop.world.shopbridge("--json", "capture", "snapshot", *arguments, expect=expect)
    )
    return dict(found["small"])


def test_property_added_to_the_file_arrives_for_old_rows_after_the_command(shop: SmallShop) -> None:
    """The start shows it with the command; until that is run only changed rows have it."""
    shop.world.shopbridge("setup")
    shop.restart(WITH_PHONE)
    assert ["customers: property phone was added: phone"] == changes(shop)
    (told,) = shop.world.events(APPLY)
    assert [f"shopbridge --shop {shop.world.shop_file} replay customers"] == told["run"]

    shop.world.sql("UPDATE customers SET first_name = 'Bea' WHERE id = 5")
    shop.wait_for("CONTACT:5", firstname="Bea", phone="+49 5")
    assert not (shop.record("CONTACT:1") or {}).get("phone")

    (command,) = told["run"]
    said = shop.world.shopbridge(*command.split()[1:], "--object", "contact:1", "--yes")
    assert "update small:CONTACT:1: phone" in said
    shop.wait_for("CONTACT:1", firstname="Ada", phone="+49 1")
    shop.world.wait_at_rest()
    assert not (shop.record("CONTACT:4") or {}).get("phone")
    assert shop.world.status()["accounting"]["balanced"]


def test_rows_that_say_nothing_new_cause_no_write(shop: SmallShop) -> None:
    """All tables are read, parents first, and HubSpot hears of it only where a row was never read by this file."""
    shop.world.wait_at_rest()
    before = shop.world.last_write()
    found = snapshot(shop)
    assert {"customers": 5, "goods": 1, "sales": 2} == found["rows"]
    assert ["customers", "goods", "sales"] == found["tables"] == list(found["rows"])
    shop.wait_for("CONTACT:4", phone="+49 4")
    shop.world.wait_at_rest()
    assert before + 3 == shop.world.last_write()
    snapshot(shop)
    shop.world.wait_at_rest()
    assert before + 3 == shop.world.last_write()


def test_filter_and_taken_out_property_are_told(shop: SmallShop) -> None:
    """The filter counts for old rows once they are read; what was taken out stays in HubSpot."""
    told = len(changes(shop))
    text = SHOP.replace("  where: paid\n", "")
    shop.restart(text)
    assert [
        "customers: property phone was taken out; HubSpot keeps what it holds",
        "orders from sales: `where` was taken out: paid",
    ] == changes(shop)[told:]
    assert shop.record("DEAL:2") is None
    snapshot(shop, "sales")
    shop.wait_for("DEAL:2", amount="20.00")
    shop.wait_for("CONTACT:1", phone="+49 1")


def test_comment_changes_nothing(shop: SmallShop) -> None:
    """It is another file, and says so, but maps as before."""
    told = len(changes(shop)), shop.world.count(APPLY)
    shop.restart("# mine\n" + SHOP.replace("  where: paid\n", ""))
    assert ["but it maps as before"] == changes(shop)[told[0] :]
    assert told[1] == shop.world.count(APPLY)


def test_table_that_is_not_captured_is_refused(shop: SmallShop) -> None:
    """One that nobody maps, and one that is mapped but that capture does not have yet."""
    with pytest.raises(WorldError, match="odd is not captured; there are customers, goods, sales"):
        snapshot(shop, "odd")
    shop.world.sql("CREATE TABLE books (id integer PRIMARY KEY, title text)")
    more = '  - {from: goods, id: "{id}", newest_by: id, properties: {name: name, price: price}}\n'
    more += '  - {from: books, id: "b{id}", bears: true, newest_by: id, properties: {name: title}}\n'
    start, _, rest = SHOP.partition("products:\n")
    shop.world.write_shop_file(f"{start}products:\n{more}{rest[rest.index('orders:') :]}")
    with pytest.raises(
        Exception, match="books is in the shop file but not captured yet: run `shopbridge capture apply`"
    ):
        snapshot(shop, "books")


def test_failure_is_told(shop: SmallShop) -> None:
    """A condition that the database refuses."""
    shop.world.write_shop_file(SHOP)
    with pytest.raises(WorldError, match="goods could not be read: SQL_EXCEPTION"):
        shop.world.shopbridge("capture", "snapshot", "goods", "--where", "no_such_column = 1")
