"""Deals, lines and customers that go and come back: what returns with them, and what does not."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.support.mariadb_world import MariaDbWorld
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

GRACE_S = 4.0
"""A row that comes back within it keeps its record."""


def all_is_well(shop: SmallShop) -> None:
    """Nothing is under way, no error is open, every record is in one count."""
    shop.world.wait_at_rest()
    status = shop.world.status()
    assert ([], {}, True) == (status["problems"], status["open_errors"], status["accounting"]["balanced"])


# -- PostgreSQL: each row that goes says so --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> SmallShop:
    """Customers, orders and lines without foreign keys."""
    tables, file = ((CASES / f"parents.{kind}").read_text() for kind in ("sql", "yaml"))
    small = SmallShop(make_world("again", SHOPBRIDGE_DELETE_GRACE_S=str(GRACE_S)))
    small.build(tables, file)
    small.start_worker()
    return small


def order(shop: SmallShop, number: int) -> str:
    """Write an order with its customer and two lines; HubSpot's id of the deal."""
    shop.world.sql("INSERT INTO customers VALUES (%s, %s, 'Ada')", number, f"c{number}@example.com")
    shop.world.sql("INSERT INTO orders VALUES (%s, %s, 'paid', 7)", number, number)
    lines(shop, number)
    shop.wait_linked(f"DEAL:{number}", f"CONTACT:{number}")
    for line in (1, 2):
        shop.wait_linked(f"LINE_ITEM:{number}-{line}", f"DEAL:{number}")
    return shop.id(f"DEAL:{number}")


def lines(shop: SmallShop, number: int, name: str = "first") -> None:
    values = f"({number}, 1, NULL, '{name}', 1), ({number}, 2, NULL, '{name}', 1)"
    shop.world.sql(f"INSERT INTO order_items VALUES {values}")


def delete(shop: SmallShop, number: int, *, with_lines: bool) -> None:
    """Delete an order, perhaps with its lines, and wait until HubSpot has none of it."""
    if with_lines:
        shop.world.sql("DELETE FROM order_items WHERE order_id = %s", number)
    shop.world.sql("DELETE FROM orders WHERE id = %s", number)
    for name in (f"DEAL:{number}", f"LINE_ITEM:{number}-1", f"LINE_ITEM:{number}-2"):
        shop.wait_gone(name)


def insert_again(shop: SmallShop, number: int) -> None:
    shop.world.sql("INSERT INTO orders VALUES (%s, %s, 'sent', 8)", number, number)
    shop.wait_for(f"DEAL:{number}", amount="8.00", shop_status="Sent")
    shop.wait_linked(f"DEAL:{number}", f"CONTACT:{number}")


def test_deal_returns_without_its_lines(shop: SmallShop) -> None:
    """Lines that were deleted stay so."""
    former = order(shop, 1)
    delete(shop, 1, with_lines=True)
    insert_again(shop, 1)
    assert former != shop.id("DEAL:1")
    all_is_well(shop)
    assert (None, None) == (shop.record("LINE_ITEM:1-1"), shop.record("LINE_ITEM:1-2"))


def test_deal_returns_with_its_lines(shop: SmallShop) -> None:
    """Lines under their old ids, inserted again before their deal."""
    order(shop, 2)
    delete(shop, 2, with_lines=True)
    lines(shop, 2, "second")
    insert_again(shop, 2)
    for line in (1, 2):
        shop.wait_for(f"LINE_ITEM:2-{line}", name="second")
        shop.wait_linked(f"LINE_ITEM:2-{line}", "DEAL:2")
    all_is_well(shop)


def test_deal_returns_to_lines_that_were_never_deleted(shop: SmallShop) -> None:
    """They went with it and come back with it, though their rows said nothing."""
    order(shop, 3)
    delete(shop, 3, with_lines=False)
    insert_again(shop, 3)
    for line in (1, 2):
        shop.wait_for(f"LINE_ITEM:3-{line}", name="first")
        shop.wait_linked(f"LINE_ITEM:3-{line}", "DEAL:3")
    all_is_well(shop)


def test_shop_that_writes_all_anew_keeps_its_records(shop: SmallShop) -> None:
    """Many shops delete and insert a whole order at each save: within the grace no record goes, and no link."""
    former = order(shop, 4)
    former_line = shop.id("LINE_ITEM:4-1")
    shop.world.sql(
        "BEGIN; DELETE FROM order_items WHERE order_id = 4; DELETE FROM orders WHERE id = 4; "
        "INSERT INTO orders VALUES (4, 4, 'sent', 9); INSERT INTO order_items VALUES (4, 1, NULL, 'anew', 3); COMMIT"
    )
    shop.wait_for("DEAL:4", amount="9.00")
    shop.wait_for("LINE_ITEM:4-1", name="anew", quantity="3")
    shop.wait_gone("LINE_ITEM:4-2")
    all_is_well(shop)
    assert (former, former_line) == (shop.id("DEAL:4"), shop.id("LINE_ITEM:4-1"))
    assert ["DEAL:4"] == shop.parents("LINE_ITEM:4-1", "DEAL")
    assert ["CONTACT:4"] == shop.parents("DEAL:4", "CONTACT")


def test_customer_returns_to_its_deals(shop: SmallShop) -> None:
    """Deleted and back after the grace it is another record, to which the deals are linked; within it, the same one."""
    order(shop, 5)
    shop.world.sql("INSERT INTO orders VALUES (55, 5, 'paid', 1)")
    shop.wait_linked("DEAL:55", "CONTACT:5")
    former = shop.id("CONTACT:5")
    shop.world.sql("DELETE FROM customers WHERE id = 5")
    shop.wait_gone("CONTACT:5")
    shop.world.sql("INSERT INTO customers VALUES (5, 'c5@example.com', 'Ada again')")
    shop.wait_for("CONTACT:5", firstname="Ada again")
    for deal in ("DEAL:5", "DEAL:55"):
        shop.wait_linked(deal, "CONTACT:5")
    second = shop.id("CONTACT:5")
    assert former != second

    shop.world.sql(
        "BEGIN; DELETE FROM customers WHERE id = 5; INSERT INTO customers VALUES (5, 'c5@example.com', 'Eva'); COMMIT"
    )
    shop.wait_for("CONTACT:5", firstname="Eva")
    all_is_well(shop)
    assert second == shop.id("CONTACT:5")
    for deal in ("DEAL:5", "DEAL:55"):
        assert ["CONTACT:5"] == shop.parents(deal, "CONTACT")


# -- MariaDB: what a foreign key deletes with its parent says nothing ------------------------------------------------


@pytest.fixture(scope="module")
def cascading(stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallShop]:
    """Orders whose lines go with them by ON DELETE CASCADE."""
    name = f"casc_{uuid.uuid4().hex[:6]}"
    world = MariaDbWorld(name, tmp_path_factory.mktemp("cascading"), stack, SHOPBRIDGE_DELETE_GRACE_S=str(GRACE_S))
    shop = SmallShop(world)
    try:
        text = (CASES / "cascade.yaml").read_text().replace("this_database", world.name)
        shop.build((CASES / "cascade.sql").read_text(), text)
        shop.start_worker()
        world.wait_at_rest()
        yield shop
    finally:
        world.close()


def legacy_order(shop: SmallShop, number: int) -> None:
    """Write an order with two lines, `number` with a 1 and a 2 behind it."""
    shop.world.sql(f"INSERT INTO `order` VALUES ({number}, 1, 5, '2024-01-01 12:00:00')")
    values = ", ".join(f"({number}{line}, {number}, 'first', 1)" for line in (1, 2))
    shop.world.sql(f"INSERT INTO order_detail VALUES {values}")
    for line in (1, 2):
        shop.wait_linked(f"LINE_ITEM:{number}{line}", f"DEAL:{number}")


def in_database(shop: SmallShop, number: int) -> list[int]:
    """The lines that the database has of an order."""
    found = shop.world.sql(f"SELECT id_detail FROM order_detail WHERE id_order = {number} ORDER BY 1")
    return [row[0] for row in found]


def test_replaced_order_loses_its_lines(cascading: SmallShop) -> None:
    """REPLACE deletes and inserts, and the foreign key takes the lines: no change tells of them."""
    legacy_order(cascading, 31)
    cascading.world.sql("REPLACE INTO `order` VALUES (31, 1, 6, '2024-01-01 12:00:00')")
    cascading.wait_for("DEAL:31", amount="6.0000")
    assert [] == in_database(cascading, 31)
    for line in (311, 312):
        cascading.wait_gone(f"LINE_ITEM:{line}")
    all_is_well(cascading)


def test_replaced_order_gets_lines_in_the_same_transaction(cascading: SmallShop) -> None:
    """Lines written behind the REPLACE live, under an old id too; one written before it went with the old order."""
    legacy_order(cascading, 32)
    cascading.world.sql(
        "START TRANSACTION;\n"
        "INSERT INTO order_detail VALUES (323, 32, 'too early', 1);\n"
        "REPLACE INTO `order` VALUES (32, 1, 7, '2024-01-01 12:00:00');\n"
        "INSERT INTO order_detail VALUES (322, 32, 'second', 2), (324, 32, 'x', 1);\n"
        "COMMIT"
    )
    cascading.wait_for("DEAL:32", amount="7.0000")
    assert [322, 324] == in_database(cascading, 32)
    for line in (322, 324):
        cascading.wait_linked(f"LINE_ITEM:{line}", "DEAL:32")
    cascading.wait_for("LINE_ITEM:322", name="second", quantity="2")
    for line in (321, 323):
        cascading.wait_gone(f"LINE_ITEM:{line}")
    all_is_well(cascading)


def test_lines_kept_by_a_session_without_foreign_keys_come_by_a_snapshot(cascading: SmallShop) -> None:
    """Nothing in the binlog tells that the lines were spared; reading them once more does."""
    legacy_order(cascading, 33)
    cascading.world.sql(
        "SET SESSION foreign_key_checks = 0;\nREPLACE INTO `order` VALUES (33, 1, 8, '2024-01-01 12:00:00')"
    )
    cascading.wait_for("DEAL:33", amount="8.0000")
    assert [331, 332] == in_database(cascading, 33)
    cascading.world.shopbridge("capture", "snapshot", "order_detail", "--where", "id_order = 33")
    for line in (331, 332):
        cascading.wait_linked(f"LINE_ITEM:{line}", "DEAL:33")
    all_is_well(cascading)
