"""Orders come before and after their lines, change hands and status, are held, saved, deleted, and come back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import LiteralString

from deploy.demo import dirt
from deploy.demo.modern import rows
from deploy.demo.modern.live_shop import (
    CHILDLESS_ORDER,
    HEALTHY_CUSTOMER,
    HEALTHY_ORDER,
    REFUSED,
    LiveShop,
    Values,
    Work,
)

SOUND_BUYER = (
    "(buyer IS NULL OR demo.contact_id(buyer) NOT IN"
    " (SELECT external_id FROM demo.refused WHERE object_type = 'CONTACT'))"
)
SPOILABLE = f"status <> 'draft' AND {HEALTHY_ORDER} AND {CHILDLESS_ORDER} AND {SOUND_BUYER}"
OPEN = ("pending", "paid", "shipped", "cancelled")


def insert_order(shop: LiveShop) -> None:
    order_id = shop.next_id("orders_id_seq")
    row = new_order(shop, order_id)
    with shop.transaction() as work:
        work.insert_row("orders", row)
        add_lines(shop, work, order_id, shop.rng.randrange(5))


def insert_lines_first(shop: LiveShop) -> None:
    """The lines are committed now, the order a little later (`pay_owed`)."""
    order_id = shop.next_id("orders_id_seq")
    with shop.transaction() as work:
        add_lines(shop, work, order_id, shop.rng.randrange(1, 4))
    shop.owed.append(order_id)


def pay_owed(shop: LiveShop) -> None:
    """Inserts the oldest order whose lines are there already."""
    row = new_order(shop, shop.owed.pop(0))
    with shop.transaction() as work:
        work.insert_row("orders", row)


def adopt_orphan(shop: LiveShop) -> None:
    """An order that was not to be expected any more comes for a line that has waited."""
    orphan = shop.pick("order_items", "NOT EXISTS (SELECT FROM demo.order_seen s WHERE s.id = t.order_id)")
    if orphan is not None and orphan["order_id"] not in shop.owed:
        row = new_order(shop, orphan["order_id"])
        with shop.transaction() as work:
            work.insert_row("orders", row)


def change_customer(shop: LiveShop) -> None:
    order, customer = shop.pick("orders"), shop.pick("customers", HEALTHY_CUSTOMER)
    if order is not None and customer is not None:
        with shop.transaction() as work:
            work.update("orders", {"id": order["id"]}, customer_id=customer["id"])


def lose_customer(shop: LiveShop) -> None:
    order = shop.pick("orders", "customer_id IS NOT NULL")
    if order is not None:
        with shop.transaction() as work:
            work.update("orders", {"id": order["id"]}, customer_id=None)


def move_status(shop: LiveShop) -> None:
    """Back and forth, and out of the filter and into it again through `draft`."""
    order = shop.pick("orders", HEALTHY_ORDER)
    if order is not None:
        others = [status for status in rows.STATUSES if status != order["status"]]
        with shop.transaction() as work:
            work.update("orders", {"id": order["id"]}, status=shop.rng.choice(others))


def edit_order(shop: LiveShop) -> None:
    order = shop.pick("orders")
    if order is not None:
        with shop.transaction() as work:
            total = Decimal(shop.rng.randrange(900_000)).scaleb(-2)
            work.update(
                "orders", {"id": order["id"]}, total=total, note=dirt.note(shop.rng), shipping=order["shipping"]
            )


def save_order(shop: LiveShop) -> None:
    """All lines deleted and inserted again under the same keys, in one transaction; sometimes one fewer."""
    order = shop.pick("orders", f"{HEALTHY_ORDER} AND NOT {CHILDLESS_ORDER}")
    if order is None:
        return
    with shop.transaction() as work:
        lines = work.delete("order_items", {"order_id": order["id"]})
        kept = lines[:-1] if len(lines) > 1 and dirt.maybe(shop.rng, 0.2) else lines
        for line in kept:
            quantity = rows.quantity(shop.rng) if dirt.maybe(shop.rng, 0.3) else line["quantity"]
            work.insert("order_items", {**line, "quantity": quantity})


def delete_order(shop: LiveShop) -> None:
    """With its lines, or leaving them behind."""
    order = shop.pick("orders", HEALTHY_ORDER)
    if order is None:
        return
    with shop.transaction() as work:
        if dirt.maybe(shop.rng, 0.5):
            work.delete("order_items", {"order_id": order["id"]})
        shop.graves["orders"] += work.delete("orders", {"id": order["id"]})


def return_order(shop: LiveShop) -> None:
    """A deleted order comes back under the same key: with new lines, or to those that were left behind."""
    order = shop.unearth("orders")
    if order is None:
        return
    customer = shop.pick("customers", HEALTHY_CUSTOMER)
    with shop.transaction() as work:
        work.insert("orders", {**order, "customer_id": customer["id"] if customer else None})
        lines = work.delete("order_items", {"order_id": order["id"]}) if dirt.maybe(shop.rng, 0.3) else []
        for line in lines:
            work.insert("order_items", line)


def hold_order(shop: LiveShop) -> None:
    """A status that the shop file does not know."""
    _change(shop, SPOILABLE, lambda _: {"status": "on_hold"})


def release_order(shop: LiveShop) -> None:
    status = "draft" if dirt.maybe(shop.rng, 0.2) else shop.rng.choice(OPEN)
    _change(shop, "status = 'on_hold'", lambda _: {"status": status})


def spoil_points(shop: LiveShop) -> None:
    """A text in what is a number in HubSpot."""
    _change(shop, SPOILABLE, lambda live: {"loyalty_points": live.rng.choice(dirt.BAD_POINTS)})


def mend_points(shop: LiveShop) -> None:
    condition = f"status <> 'on_hold' AND {REFUSED['orders']}"
    _change(shop, condition, lambda live: {"loyalty_points": dirt.points(live.rng)})


def rekey_order(shop: LiveShop) -> None:
    """An order gets another number in place, and so do its lines."""
    order = shop.pick("orders", f"{HEALTHY_ORDER} AND {SOUND_BUYER}")
    if order is not None:
        order_id = shop.next_id("orders_id_seq")
        with shop.transaction() as work:
            work.update("orders", {"id": order["id"]}, id=order_id)
            work.update("order_items", {"order_id": order["id"]}, order_id=order_id)


def new_order(shop: LiveShop, order_id: int) -> rows.Row:
    """An order of a sound customer, of a guest, or of nobody."""
    status = shop.rng.choices(rows.STATUSES, rows.STATUS_WEIGHTS)[0]
    return rows.order(shop.rng, order_id, _buyer(shop), status, dirt.points(shop.rng))


def _buyer(shop: LiveShop) -> rows.Buyer:
    """A guest may be a customer who did not log in, or a guest of before."""
    kind = shop.rng.choices(("customer", "nobody", "new guest", "old guest", "not logged in"), (70, 10, 8, 6, 6))[0]
    if kind == "new guest":
        return rows.Buyer(None, dirt.guest_email(shop.rng, shop.next_id("demo.tag")))
    if kind == "old guest":
        guest = shop.pick("orders", f"guest_email <> '' AND {SOUND_BUYER}")
        return rows.Buyer(None, guest["guest_email"] if guest else None)
    customer = shop.pick("customers", HEALTHY_CUSTOMER)
    if customer is None or kind == "nobody":
        return rows.Buyer()
    if kind == "customer" or dirt.is_swapped(str(customer["email"])):
        return rows.Buyer(customer["id"])
    return rows.Buyer(None, customer["email"])


def add_lines(shop: LiveShop, work: Work, order_id: int, count: int) -> None:
    for line_no, product in enumerate(shop.pick_many("products", count), start=1):
        work.insert_row("order_items", rows.line(shop.rng, order_id, line_no, product["id"]))


def _change(shop: LiveShop, condition: LiteralString, changes: Callable[[LiveShop], Values]) -> None:
    order = shop.pick("orders", condition)
    if order is not None:
        with shop.transaction() as work:
            work.update("orders", {"id": order["id"]}, **changes(shop))
