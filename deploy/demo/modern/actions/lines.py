"""Lines change product, come and go, and some belong to no order."""

from __future__ import annotations

from deploy.demo import dirt
from deploy.demo.modern import rows
from deploy.demo.modern.live_shop import HEALTHY_ORDER, LiveShop

ORPHAN = "NOT EXISTS (SELECT FROM demo.order_seen s WHERE s.id = t.order_id)"


def change_product(shop: LiveShop) -> None:
    line, product = shop.pick("order_items"), shop.pick("products")
    if line is not None and product is not None:
        with shop.transaction() as work:
            product_id = None if dirt.maybe(shop.rng, 0.1) else product["id"]
            work.update("order_items", _key(line), product_id=product_id)


def edit_line(shop: LiveShop) -> None:
    line = shop.pick("order_items")
    if line is not None:
        with shop.transaction() as work:
            options = dirt.line_options(shop.rng)
            work.update("order_items", _key(line), quantity=rows.quantity(shop.rng), options=options)


def add_line(shop: LiveShop) -> None:
    order, product = shop.pick("orders", HEALTHY_ORDER), shop.pick("products")
    if order is not None and product is not None:
        line_no = _next_line(shop, order["id"])
        with shop.transaction() as work:
            work.insert_row("order_items", rows.line(shop.rng, order["id"], line_no, product["id"]))


def delete_line(shop: LiveShop) -> None:
    line = shop.pick("order_items", f"NOT {ORPHAN}")
    if line is not None:
        with shop.transaction() as work:
            work.delete("order_items", _key(line))


def insert_line_before_product(shop: LiveShop) -> None:
    """The line is committed first, its product right after."""
    order = shop.pick("orders", HEALTHY_ORDER)
    if order is None:
        return
    product_id, line_no = shop.next_id("products_id_seq"), _next_line(shop, order["id"])
    with shop.transaction() as work:
        work.insert_row("order_items", rows.line(shop.rng, order["id"], line_no, product_id))
    with shop.transaction() as work:
        work.insert_row("products", rows.product(shop.rng, product_id))


def insert_orphan(shop: LiveShop) -> None:
    """A line of an order that does not come (but see `adopt_orphan`)."""
    product = shop.pick("products")
    if product is not None:
        order_id = shop.next_id("demo.never")
        with shop.transaction() as work:
            work.insert_row("order_items", rows.line(shop.rng, order_id, 1, product["id"]))


def discard_orphan(shop: LiveShop) -> None:
    line = shop.pick("order_items", ORPHAN)
    if line is not None and line["order_id"] not in shop.owed:
        with shop.transaction() as work:
            work.delete("order_items", _key(line))


def _next_line(shop: LiveShop, order_id: int) -> int:
    query = "SELECT coalesce(max(line_no), 0) + 1 AS line_no FROM order_items WHERE order_id = %s"
    row = shop.connection.execute(query, (order_id,)).fetchone()
    assert row is not None
    return int(row["line_no"])


def _key(line: dict[str, object]) -> dict[str, object]:
    return {"order_id": line["order_id"], "line_no": line["line_no"]}
