"""Orders come, change hands and status, are replaced whole, and go with their lines."""

from __future__ import annotations

from deploy.demo import dirt
from deploy.demo.legacy import rows
from deploy.demo.legacy.actions.customers import KNOWN
from deploy.demo.legacy.live_shop import LiveShop, Work

HEALTHY = "t.status_id <> 9 AND NOT demo.bad_number(t.loyalty)"
LINELESS = "NOT EXISTS (SELECT 1 FROM ws_order_detail i WHERE i.id_order = t.id_order)"
SOUND_BUYER = (
    "NOT (t.is_guest = 1 AND demo.bad_email(t.buyer)) AND NOT EXISTS (SELECT 1 FROM ws_customer c"
    " WHERE CAST(c.id_customer AS CHAR) = t.buyer AND demo.bad_email(c.email))"
)
SOUND_CUSTOMER = "NOT demo.bad_email(t.email)"


def insert_order(shop: LiveShop) -> None:
    """An order of a sound customer, or of nobody."""
    customer = shop.pick("ws_customer", SOUND_CUSTOMER) if dirt.maybe(shop.rng, 0.9) else None
    _insert(shop, rows.Buyer(str(customer["id_customer"]) if customer else None))


def insert_guest_order(shop: LiveShop) -> None:
    """A new guest, one of before, or a customer who did not log in."""
    kind = shop.rng.choice(("new", "old", "customer"))
    old = shop.pick("order", "t.is_guest = 1 AND NOT demo.bad_email(t.buyer)") if kind == "old" else None
    customer = shop.pick("ws_customer", KNOWN) if kind == "customer" else None
    email = old["buyer"] if old else customer["email"] if customer else None
    _insert(shop, rows.Buyer(email or dirt.guest_email(shop.rng, shop.next_id("demo.tag")), is_guest=True))


def _insert(shop: LiveShop, buyer: rows.Buyer) -> None:
    status = shop.rng.choices(rows.STATUSES, rows.STATUS_WEIGHTS)[0]
    order_id = _new_number(shop)
    with shop.transaction() as work:
        work.insert("order", rows.order(shop.rng, order_id, buyer, status, dirt.points(shop.rng)))
        _add_lines(shop, work, order_id, shop.rng.randrange(5))


def _add_lines(shop: LiveShop, work: Work, order_id: int, count: int) -> None:
    for product in shop.pick_many("ws_product", count):
        work.insert("ws_order_detail", rows.line(shop.rng, order_id, product["id_product"]))


def move_status(shop: LiveShop) -> None:
    order = shop.pick("order", HEALTHY)
    if order is not None:
        with shop.transaction() as work:
            work.update("order", order["id_order"], status_id=shop.rng.choice(rows.STATUSES))


def edit_order(shop: LiveShop) -> None:
    """Defaults make way for nothing; a date becomes zero."""
    order = shop.pick("order")
    if order is not None:
        with shop.transaction() as work:
            work.update(
                "order",
                order["id_order"],
                shipping=None,
                discount=shop.rng.choice((None, dirt.price(shop.rng))),
                payment=shop.rng.choice((None, "cash")),
                delivery_date=rows.moment_or_zero(shop.rng),
                note=dirt.note(shop.rng),
            )


def change_buyer(shop: LiveShop) -> None:
    order, customer = shop.pick("order"), shop.pick("ws_customer", SOUND_CUSTOMER)
    if order is not None and customer is not None:
        with shop.transaction() as work:
            work.update("order", order["id_order"], buyer=str(customer["id_customer"]), is_guest=0)


def flip_valid(shop: LiveShop) -> None:
    """Out of the filter and into it again, the lines with it."""
    order = shop.pick("order", f"{HEALTHY} AND {SOUND_BUYER}")
    if order is not None:
        with shop.transaction() as work:
            work.update("order", order["id_order"], valid=1 - int(order["valid"]))


def replace_order(shop: LiveShop) -> None:
    """REPLACE deletes the order, so its lines vanish without a word; sometimes new ones follow, or the old numbers."""
    order = shop.pick("order", HEALTHY)
    if order is None:
        return
    lines = shop.pick_many("ws_order_detail", 50, f"t.id_order = {int(order['id_order'])}")
    kind = shop.rng.choice(("none", "same", "new"))
    with shop.transaction() as work:
        work.insert("order", {**order, "note": dirt.note(shop.rng)}, verb="REPLACE")
        for line in lines if kind == "same" else ():
            work.insert("ws_order_detail", line)
        if kind == "new":
            _add_lines(shop, work, order["id_order"], 2)


def delete_order(shop: LiveShop) -> None:
    """Its lines go with it, and the change log does not say so."""
    order = shop.pick("order", HEALTHY)
    if order is not None:
        with shop.transaction() as work:
            work.delete("order", order["id_order"])
        shop.graves["order"].append(order)


def return_order(shop: LiveShop) -> None:
    """A deleted order comes back under the same number, bare or with new lines."""
    order = shop.unearth("order")
    if order is not None:
        with shop.transaction() as work:
            work.insert("order", order)
            if dirt.maybe(shop.rng, 0.5):
                _add_lines(shop, work, order["id_order"], 2)


def renumber_order(shop: LiveShop) -> None:
    """An order gets another number in place; one without lines, since the foreign key holds the others."""
    order = shop.pick("order", f"{HEALTHY} AND {LINELESS} AND {SOUND_BUYER}")
    if order is not None:
        number = _new_number(shop)
        with shop.transaction() as work:
            work.update("order", order["id_order"], id_order=number)


def spoil_order(shop: LiveShop) -> None:
    """A status that the shop file does not know, or a text in what is a number in HubSpot."""
    order = shop.pick("order", f"t.valid = 1 AND {HEALTHY} AND {LINELESS} AND {SOUND_BUYER}")
    if order is not None:
        bad = {"status_id": 9} if dirt.maybe(shop.rng, 0.5) else {"loyalty": shop.rng.choice(dirt.BAD_POINTS)}
        with shop.transaction() as work:
            work.update("order", order["id_order"], **bad)


def mend_order(shop: LiveShop) -> None:
    order = shop.pick("order", "t.status_id = 9 OR demo.bad_number(t.loyalty)")
    if order is not None:
        with shop.transaction() as work:
            work.update("order", order["id_order"], status_id=2, loyalty=dirt.points(shop.rng))


def add_line(shop: LiveShop) -> None:
    order, product = shop.pick("order", HEALTHY), shop.pick("ws_product")
    if order is not None and product is not None:
        product_id = None if dirt.maybe(shop.rng, 0.2) else product["id_product"]
        with shop.transaction() as work:
            work.insert("ws_order_detail", rows.line(shop.rng, order["id_order"], product_id))


def sell_what_is_gone(shop: LiveShop) -> None:
    """A line of a product that the shop does not hold any more, and never showed."""
    order = shop.pick("order", f"{HEALTHY} AND {SOUND_BUYER} AND t.valid = 1")
    if order is not None:
        product_id = shop.next_id("demo.never")
        with shop.transaction() as work:
            work.insert("ws_order_detail", rows.line(shop.rng, order["id_order"], product_id))


def edit_line(shop: LiveShop) -> None:
    line, product = shop.pick("ws_order_detail"), shop.pick("ws_product")
    if line is not None and product is not None:
        with shop.transaction() as work:
            quantity, number = shop.rng.randrange(1, 9), product["id_product"]
            work.update("ws_order_detail", line["id_order_detail"], product_quantity=quantity, id_product=number)


def delete_line(shop: LiveShop) -> None:
    line = shop.pick("ws_order_detail", "t.id_order < 900000000")
    if line is not None:
        with shop.transaction() as work:
            work.delete("ws_order_detail", line["id_order_detail"])


def _new_number(shop: LiveShop) -> int:
    return shop.next_free("demo.order_seen", rows.NEVER_FROM)
