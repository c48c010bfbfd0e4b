"""A shop in MariaDB the whole way to HubSpot: loaded, changed, its orders deleted with their lines."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.support.mariadb_world import MariaDbWorld
from tests.support.small_shop import CASES, SmallShop

pytestmark = pytest.mark.end_to_end

BIG = 18000000000000000001
"""An order's number beyond 2^63."""


@pytest.fixture(scope="module")
def shop(stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallShop]:
    """Customers, orders and their lines, captured, loaded and at rest."""
    world = MariaDbWorld(f"my_{uuid.uuid4().hex[:6]}", tmp_path_factory.mktemp("mariadb"), stack)
    shop = SmallShop(world)
    try:
        text = (CASES / "cascade.yaml").read_text().replace("this_database", world.name)
        shop.build((CASES / "cascade.sql").read_text(), text)
        shop.start_worker()
        world.wait_at_rest()
        yield shop
    finally:
        world.close()


def test_rows_become_records(shop: SmallShop) -> None:
    """NULL stays NULL beside a default, a zero date is empty, a wall clock is an instant, and all is linked."""
    shop.wait_for(
        "CONTACT:1", email="a@example.com", firstname="Größe", shop_newsletter="no", shop_note="", shop_born=""
    )
    shop.wait_for("CONTACT:2", shop_note="x")
    shop.wait_for(f"DEAL:{BIG}", amount="12.3400", closedate="2024-07-01T10:00:00.000Z")
    shop.wait_for("DEAL:2", dealname="Order 2", closedate="2024-01-01T11:00:00.000Z")
    shop.wait_linked(f"DEAL:{BIG}", "CONTACT:1")
    shop.wait_linked("LINE_ITEM:2", "DEAL:2")
    assert [] == shop.world.errors()


def test_check_finds_nothing(shop: SmallShop) -> None:
    """Server, rights, tables, foreign keys and connector are as they must be, as the shop file's own user sees it."""
    wrong = [each for each in json.loads(shop.world.shopbridge("--json", "check"))["checks"] if not each["ok"]]
    assert [] == wrong


def test_changes_arrive(shop: SmallShop) -> None:
    """Also those by INSERT ... ON DUPLICATE KEY UPDATE, and a column added while it runs."""
    shop.world.sql(
        "INSERT INTO ps_customer (id_customer, email) VALUES (1, 'c@example.com') "
        "ON DUPLICATE KEY UPDATE email = VALUES(email), newsletter = 1, birthday = '1990-02-28';\n"
        "ALTER TABLE `order` ADD COLUMN gift boolean NOT NULL DEFAULT false;\n"
        "UPDATE `order` SET total = 7.5, gift = true WHERE id_order = 2;"
    )
    shop.wait_for("CONTACT:1", email="c@example.com", shop_newsletter="yes", shop_born="1990-02-28")
    shop.wait_for("DEAL:2", amount="7.5000")


def test_a_deleted_order_takes_its_lines(shop: SmallShop) -> None:
    """The database deletes them without a change; one that comes again, comes again alone."""
    shop.world.sql("DELETE FROM `order` WHERE id_order = 2")
    for name in ("DEAL:2", "LINE_ITEM:2", "LINE_ITEM:3"):
        shop.wait_gone(name)
    shop.world.sql("INSERT INTO `order` VALUES (2, 2, 9, '2024-01-01 12:00:00', 0)")
    shop.wait_for("DEAL:2", amount="9.0000")
    shop.world.wait_at_rest()

    assert (None, None) == (shop.record("LINE_ITEM:2"), shop.record("LINE_ITEM:3"))
    assert shop.record("LINE_ITEM:1") is not None


def test_a_truncated_table_is_one_error(shop: SmallShop) -> None:
    """It names no rows: their records stay, and one error says what to do."""
    shop.world.sql("TRUNCATE TABLE order_detail")
    shop.wait("one error", lambda: ["TRUNCATED"] == [line["cause"] for line in shop.letters()])
    assert shop.record("LINE_ITEM:1") is not None


def test_status_tells_of_the_binlog(shop: SmallShop) -> None:
    """How much of it is unread stands where PostgreSQL's slot would."""
    (source,) = shop.world.status()["sources"]
    assert [] == source["problems"]
    assert source["log"]["exists"]
    assert source["log"]["confirmed"].startswith("binlog.")
