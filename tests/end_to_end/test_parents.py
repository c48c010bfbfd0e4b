"""Children and parents in every order: what waits, what becomes an error and closes again, what keeps its record."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, ROOT, World, wait_until

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"parents.{kind}").read_text() for kind in ("sql", "yaml"))

LONG = "A long text. " * 800 + "Its end."


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> Iterator[SmallShop]:
    """The shop, captured, with a running worker."""
    world = make_world("parents", SHOPBRIDGE_PARENT_DEADLINE_S="5", SHOPBRIDGE_DELETE_GRACE_S="4")
    small = SmallShop(world)
    small.build(TABLES, SHOP)
    small.start_worker()
    yield small
    assert (None, 1) == (world.worker and world.worker.poll(), world.count("working"))


@pytest.fixture(scope="module")
def orphans(shop: SmallShop) -> SmallShop:
    """The shop with rows whose parents do not come; their deadlines run at the same time."""
    shop.world.sql("INSERT INTO order_items VALUES (20, 1, NULL, 'of no deal', 1)")
    shop.world.sql("INSERT INTO customers VALUES (30, 'not-an-email', 'Refused')")
    shop.world.sql("INSERT INTO orders VALUES (30, 30, 'paid', 30), (31, 30, 'paid', 31), (40, NULL, 'unheard-of', 40)")
    shop.world.sql("INSERT INTO order_items VALUES (40, 1, NULL, 'of a refused deal', 1), (40, 2, NULL, 'another', 1)")
    return shop


def complete_order(shop: SmallShop, number: int) -> None:
    """Write an order with customer, product and one line, and wait until all of it is in HubSpot."""
    shop.world.sql("INSERT INTO customers VALUES (%s, %s, 'Ada')", number, f"c{number}@example.com")
    shop.world.sql("INSERT INTO products VALUES (%s, 'Tea', 3.5, %s)", number, LONG)
    shop.world.sql("INSERT INTO orders VALUES (%s, %s, 'paid', 7)", number, number)
    shop.world.sql("INSERT INTO order_items VALUES (%s, 1, %s, 'Tea', 2)", number, number)
    shop.wait_linked(f"DEAL:{number}", f"CONTACT:{number}")
    shop.wait_linked(f"LINE_ITEM:{number}-1", f"DEAL:{number}")
    shop.wait_for(f"LINE_ITEM:{number}-1", hs_product_id=shop.id(f"PRODUCT:{number}"))


def test_line_before_its_deal(shop: SmallShop) -> None:
    """The line is not made before its deal, and is made and linked once the deal comes."""
    shop.world.sql("INSERT INTO order_items VALUES (10, 1, NULL, 'early', 1)")
    complete_order(shop, 19)
    assert shop.record("LINE_ITEM:10-1") is None
    shop.world.sql("INSERT INTO orders VALUES (10, 19, 'paid', 1)")
    shop.wait_for("LINE_ITEM:10-1", name="early")
    shop.wait_linked("LINE_ITEM:10-1", "DEAL:10")
    assert {} == shop.errors_of("LINE_ITEM:10-1")


def test_line_before_its_product(shop: SmallShop) -> None:
    """The line does not wait for its product; it names it as soon as it is there."""
    shop.world.sql("INSERT INTO orders VALUES (11, NULL, 'paid', 1)")
    shop.world.sql("INSERT INTO order_items VALUES (11, 1, 11, 'Tea', 1)")
    shop.wait_for("LINE_ITEM:11-1", hs_product_id="")
    shop.world.sql("INSERT INTO products VALUES (11, 'Tea', 1, 'late')")
    shop.wait_for("PRODUCT:11", name="Tea")
    shop.wait_for("LINE_ITEM:11-1", hs_product_id=shop.id("PRODUCT:11"))
    assert {} == shop.errors_of("LINE_ITEM:11-1")


def test_line_whose_product_was_deleted(shop: SmallShop) -> None:
    """The line stays and names no product, which is no error; the product's return is noticed."""
    complete_order(shop, 12)
    former = shop.id("PRODUCT:12")
    shop.world.sql("DELETE FROM products WHERE id = 12")
    shop.wait_gone("PRODUCT:12")
    shop.wait_for("LINE_ITEM:12-1", name="Tea", hs_product_id="")
    assert {} == shop.errors_of("LINE_ITEM:12-1")
    shop.world.sql("INSERT INTO products VALUES (12, 'Tea again', 4, 'new')")
    shop.wait_for("PRODUCT:12", name="Tea again")
    assert former != shop.id("PRODUCT:12")
    shop.wait_for("LINE_ITEM:12-1", hs_product_id=shop.id("PRODUCT:12"))


def test_order_changes_customer_and_line_changes_product(shop: SmallShop) -> None:
    """The old association goes, the new one stands; a parent that is taken away leaves none."""
    complete_order(shop, 13)
    complete_order(shop, 14)
    shop.world.sql("UPDATE orders SET customer_id = 14 WHERE id = 13")
    shop.world.sql("UPDATE order_items SET product_id = 14 WHERE order_id = 13")
    shop.wait_linked("DEAL:13", "CONTACT:14")
    shop.wait_for("LINE_ITEM:13-1", hs_product_id=shop.id("PRODUCT:14"))
    shop.world.sql("UPDATE orders SET customer_id = NULL WHERE id = 13")
    shop.world.sql("UPDATE order_items SET product_id = NULL WHERE order_id = 13")
    shop.wait("no contact", lambda: [] == shop.parents("DEAL:13", "CONTACT"))
    shop.wait_for("LINE_ITEM:13-1", hs_product_id="")


def test_customer_deleted_and_back_after_the_grace(shop: SmallShop) -> None:
    """The contact is archived and later made anew; its deals are linked to the new one."""
    complete_order(shop, 15)
    former = shop.id("CONTACT:15")
    shop.world.sql("DELETE FROM customers WHERE id = 15")
    shop.wait_gone("CONTACT:15")
    shop.world.sql("INSERT INTO customers VALUES (15, 'c15@example.com', 'Ada again')")
    shop.wait_for("CONTACT:15", firstname="Ada again")
    assert former != shop.id("CONTACT:15")
    shop.wait_linked("DEAL:15", "CONTACT:15")
    assert {} == shop.errors_of("DEAL:15")


def test_order_deleted_takes_its_lines_and_brings_them_back(shop: SmallShop) -> None:
    """Lines live only while their deal does, though their own rows stay."""
    complete_order(shop, 16)
    shop.world.sql("DELETE FROM orders WHERE id = 16")
    shop.wait_gone("DEAL:16")
    shop.wait_gone("LINE_ITEM:16-1")
    shop.world.sql("INSERT INTO orders VALUES (16, 16, 'sent', 8)")
    shop.wait_for("DEAL:16", amount="8.00", shop_status="Sent")
    shop.wait_linked("LINE_ITEM:16-1", "DEAL:16")
    shop.wait_linked("DEAL:16", "CONTACT:16")


def test_line_of_a_deal_that_never_comes(orphans: SmallShop) -> None:
    """An error once the deadline is over, closed when the deal comes all the same."""
    orphans.wait_errors("LINE_ITEM:20-1", PARENT_NEVER_SEEN="OPEN")
    orphans.world.sql("INSERT INTO orders VALUES (20, NULL, 'paid', 20)")
    orphans.wait_for("LINE_ITEM:20-1", name="of no deal")
    orphans.wait_linked("LINE_ITEM:20-1", "DEAL:20")
    orphans.wait_errors("LINE_ITEM:20-1", PARENT_NEVER_SEEN="RESOLVED")


def test_deal_of_a_customer_whom_hubspot_refuses(orphans: SmallShop) -> None:
    """The deals arrive, their links are errors that say so; mending the e-mail closes all of it."""
    orphans.wait_errors("CONTACT:30", INVALID_EMAIL_ADDRESS="OPEN")
    for number in (30, 31):
        orphans.wait_for(f"DEAL:{number}", amount=f"{number}.00")
        orphans.wait_errors(f"DEAL:{number}", PARENT_REFUSED="OPEN")
    orphans.world.sql("UPDATE customers SET email = 'c30@example.com' WHERE id = 30")
    orphans.wait_errors("CONTACT:30", INVALID_EMAIL_ADDRESS="RESOLVED")
    for number in (30, 31):
        orphans.wait_linked(f"DEAL:{number}", "CONTACT:30")
        orphans.wait_errors(f"DEAL:{number}", PARENT_REFUSED="RESOLVED")


def test_lines_of_an_order_that_cannot_be_mapped(orphans: SmallShop) -> None:
    """The order's own error is the cause, its lines say that they wait for it; mending it closes all of them."""
    orphans.wait_errors("DEAL:40", UNMAPPED_VALUE="OPEN")
    for line in ("40-1", "40-2"):
        orphans.wait_errors(f"LINE_ITEM:{line}", PARENT_REFUSED="OPEN")
    orphans.world.sql("UPDATE orders SET status = 'paid' WHERE id = 40")
    orphans.wait_errors("DEAL:40", UNMAPPED_VALUE="RESOLVED")
    for line in ("40-1", "40-2"):
        orphans.wait_linked(f"LINE_ITEM:{line}", "DEAL:40")
        orphans.wait_errors(f"LINE_ITEM:{line}", PARENT_REFUSED="RESOLVED")


def test_lines_deleted_and_inserted_in_one_transaction_keep_their_record(shop: SmallShop) -> None:
    """How many shops save an order: the same HubSpot id, the new values, what is not set any more cleared."""
    complete_order(shop, 50)
    former, deal = shop.id("LINE_ITEM:50-1"), "DEAL:50"
    shop.world.sql(
        "BEGIN; DELETE FROM order_items WHERE order_id = 50;"
        "INSERT INTO order_items VALUES (50, 1, 50, NULL, 5), (50, 2, NULL, 'Milk', 1); COMMIT"
    )
    shop.wait_for("LINE_ITEM:50-1", name="", quantity="5", hs_product_id=shop.id("PRODUCT:50"))
    shop.wait_for("LINE_ITEM:50-2", name="Milk")
    assert_kept(shop, "LINE_ITEM:50-1", former, deal)


def test_lines_under_new_surrogate_keys_keep_their_record(shop: SmallShop) -> None:
    """Deleted and inserted anew in one transaction, under a key of their own that the external id leaves out."""
    former = position(shop, 51)
    shop.world.sql(
        "BEGIN; DELETE FROM positions WHERE order_id = 51;"
        "INSERT INTO positions (order_id, line_no, name, rev) VALUES (51, 1, 'new', 2); COMMIT"
    )
    shop.wait_for("LINE_ITEM:s51-1", name="new")
    assert_kept(shop, "LINE_ITEM:s51-1", former, "DEAL:51")


def test_old_surrogate_row_goes_before_the_new_one_comes(shop: SmallShop) -> None:
    """The end of the old row is known first: the record waits out the grace, and the new row takes it over."""
    former = position(shop, 52)
    shop.world.sql("DELETE FROM positions WHERE order_id = 52")
    wait_ended(shop, "s52-1")
    shop.world.sql("INSERT INTO positions (order_id, line_no, name, rev) VALUES (52, 1, 'new', 2)")
    shop.wait_for("LINE_ITEM:s52-1", name="new")
    assert_kept(shop, "LINE_ITEM:s52-1", former, "DEAL:52")


def test_new_surrogate_row_comes_before_the_old_one_goes(shop: SmallShop) -> None:
    """The new row speaks at once, and the late end of the old one takes nothing away."""
    former = position(shop, 53)
    shop.world.sql("INSERT INTO positions (order_id, line_no, name, rev) VALUES (53, 1, 'new', 2)")
    shop.wait_for("LINE_ITEM:s53-1", name="new")
    shop.world.sql("DELETE FROM positions WHERE order_id = 53 AND name = 'old'")
    wait_ended(shop, "s53-1")
    complete_order(shop, 59)
    shop.wait_for("LINE_ITEM:s53-1", name="new")
    assert_kept(shop, "LINE_ITEM:s53-1", former, "DEAL:53")


def position(shop: SmallShop, number: int) -> str:
    """An order with one line in the table with a surrogate key; the line's HubSpot id."""
    shop.world.sql("INSERT INTO orders VALUES (%s, NULL, 'paid', 1)", number)
    shop.world.sql("INSERT INTO positions (order_id, line_no, name, rev) VALUES (%s, 1, 'old', 1)", number)
    shop.wait_linked(f"LINE_ITEM:s{number}-1", f"DEAL:{number}")
    return shop.id(f"LINE_ITEM:s{number}-1")


def assert_kept(shop: SmallShop, line: str, former: str, deal: str) -> None:
    """The line is still the record that it was, archived at no time, and belongs to its deal alone."""
    assert former == shop.id(line)
    shop.wait_linked(line, deal)
    key = f"small:{line}"
    assert [former] == [
        each["id"] for each in shop.world.records("json_extract(properties, '$.shopbridge_key') = ?", key)
    ]
    assert {} == shop.errors_of(line)


def wait_ended(shop: SmallShop, external_id: str) -> None:
    """Return once the ledger knows that a row which spoke for the line was deleted."""
    query = (
        "SELECT count(*) FROM contribution JOIN object ON object.number = contribution.object "
        "WHERE object.external_id = ? AND contribution.standing = 'ENDED'"
    )

    def ended() -> bool:
        ledger = shop.world.environment["SHOPBRIDGE_LEDGER"]
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=30)) as connection:
            return bool(connection.execute(query, (external_id,)).fetchone()[0])

    wait_until(f"the end of a row of {external_id}", ended)


# -- long texts ------------------------------------------------------------------------------------------------------


def uncaptured_product(shop: SmallShop, number: int) -> None:
    """A product whose insert is not in the change log, as all rows that were there before capture."""
    publication = f'"shopbridge_{shop.world.name}"'
    with psycopg.connect(shop.world.environment["SHOP_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(f"ALTER PUBLICATION {publication} DROP TABLE products")
        admin.execute("INSERT INTO products VALUES (%s, 'Tea', 1, %s)", (number, LONG))
        admin.execute(f"ALTER PUBLICATION {publication} ADD TABLE products")


def test_long_text_whose_update_comes_before_its_snapshot_read(shop: SmallShop) -> None:
    """The update does not carry the text and does not clear it; the row's reading brings it."""
    uncaptured_product(shop, 60)
    shop.world.sql("UPDATE products SET price = 2 WHERE id = 60")
    shop.wait_for("PRODUCT:60", price="2.00", description="")
    shop.world.shopbridge("capture", "snapshot", "products", "--where", "id = 60")
    shop.wait_for("PRODUCT:60", price="2.00", description=LONG)
    shop.world.sql("UPDATE products SET price = 3 WHERE id = 60")
    shop.wait_for("PRODUCT:60", price="3.00", description=LONG)


def test_long_text_whose_update_comes_while_the_snapshot_reads(shop: SmallShop) -> None:
    """Debezium drops the reading of a row that changes in the meantime; the text must arrive all the same."""
    uncaptured_product(shop, 61)
    with psycopg.connect(shop.world.environment["SHOP_ADMIN_URL"]) as admin:
        admin.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
        snapshot = subprocess.Popen(
            [str(BIN / "shopbridge"), "capture", "snapshot", "products"],
            env={**os.environ, **shop.world.environment},
            cwd=ROOT,
        )
        wait_until("the snapshot to wait for the table", lambda: blocked(shop))
        admin.execute("UPDATE products SET price = 4 WHERE id = 61")
    assert 0 == snapshot.wait(60)
    shop.wait_for("PRODUCT:61", price="4.00", description=LONG)


def blocked(shop: SmallShop) -> bool:
    """Whether somebody waits for a lock in the shop's database."""
    with psycopg.connect(shop.world.environment["SHOP_ADMIN_URL"], autocommit=True) as admin:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        row = admin.execute(query, (shop.world.name,)).fetchone()
    return row is not None and row[0] > 0
