"""What happens once in a run of traffic: a table's shape changes, many rows change at once, a table is emptied."""

from __future__ import annotations

from collections.abc import Callable

from deploy.demo.legacy import database
from deploy.demo.legacy.actions.customers import edit_customer
from deploy.demo.legacy.live_shop import LiveShop

BIG = 5_000


def add_column(shop: LiveShop) -> None:
    """A column that no shop file names comes."""
    database.execute(shop.connection, "ALTER TABLE ws_customer ADD COLUMN IF NOT EXISTS remark TEXT AFTER phone")
    edit_customer(shop)
    with shop.transaction() as work:
        work.run("UPDATE ws_customer SET remark = 'late' ORDER BY id_customer DESC LIMIT 3")


def rename_column(shop: LiveShop) -> None:
    database.execute(shop.connection, "ALTER TABLE ws_customer CHANGE COLUMN remark remarks VARCHAR(500)")
    edit_customer(shop)


def drop_column(shop: LiveShop) -> None:
    database.execute(shop.connection, "ALTER TABLE ws_customer DROP COLUMN remarks")
    edit_customer(shop)


def truncate_log(shop: LiveShop) -> None:
    """A table that is mapped to nothing is emptied."""
    database.execute(shop.connection, "TRUNCATE TABLE ws_log")


def change_many(shop: LiveShop) -> None:
    """Thousands of rows in one transaction."""
    with shop.transaction() as work:
        work.run("UPDATE ws_order_detail SET unit_price = unit_price + 0.01 ORDER BY id_order_detail LIMIT %s", BIG)


PROGRAMME: tuple[tuple[float, Callable[[LiveShop], None]], ...] = (
    (0.2, add_column),
    (0.3, change_many),
    (0.45, rename_column),
    (0.6, truncate_log),
    (0.7, drop_column),
)
"""Each event with the part of the time after which it happens."""
