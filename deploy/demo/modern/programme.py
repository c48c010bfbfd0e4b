"""What happens once in a run of traffic: a table's shape changes, many rows change at once, a table is emptied."""

from __future__ import annotations

from collections.abc import Callable

from deploy.demo.modern.actions.customers import edit_customer
from deploy.demo.modern.live_shop import LiveShop

BIG = 5_000


def add_column(shop: LiveShop) -> None:
    """A column that no shop file names comes."""
    shop.connection.execute("ALTER TABLE customers ADD COLUMN IF NOT EXISTS remark text")
    edit_customer(shop)
    with shop.transaction() as work:
        work.run("UPDATE customers SET remark = 'late' WHERE id IN (SELECT id FROM customers LIMIT 3)")


def rename_column(shop: LiveShop) -> None:
    shop.connection.execute("ALTER TABLE customers RENAME COLUMN remark TO remarks")
    edit_customer(shop)


def drop_column(shop: LiveShop) -> None:
    shop.connection.execute("ALTER TABLE customers DROP COLUMN remarks")
    edit_customer(shop)


def truncate_log(shop: LiveShop) -> None:
    """A table that is mapped to nothing is emptied."""
    shop.connection.execute("TRUNCATE audit_log")


def change_many(shop: LiveShop) -> None:
    """Thousands of rows in one transaction."""
    with shop.transaction() as work:
        work.run(
            "UPDATE order_items SET unit_price = unit_price + 0.01 WHERE (order_id, line_no) IN"
            " (SELECT order_id, line_no FROM order_items ORDER BY order_id, line_no LIMIT %(count)s)",
            {"count": BIG},
        )


PROGRAMME: tuple[tuple[float, Callable[[LiveShop], None]], ...] = (
    (0.2, add_column),
    (0.3, change_many),
    (0.45, rename_column),
    (0.6, truncate_log),
    (0.7, drop_column),
)
"""Each event with the part of the time after which it happens."""
