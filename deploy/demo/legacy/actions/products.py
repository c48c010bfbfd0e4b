"""Products are upserted, replaced, repriced, hidden, deleted under lines that point at them, and come back."""

from __future__ import annotations

from decimal import Decimal

from deploy.demo import dirt
from deploy.demo.legacy import rows
from deploy.demo.legacy.live_shop import LiveShop

MANY = 20


def upsert_product(shop: LiveShop) -> None:
    """INSERT … ON DUPLICATE KEY UPDATE, as imports do it: a new product or one that is there."""
    known = shop.pick("ws_product") if dirt.maybe(shop.rng, 0.6) else None
    number = int(known["id_product"]) if known else new_number(shop)
    row = rows.product(shop.rng, number)
    if known:
        row["reference"] = known["reference"]
    ending = "ON DUPLICATE KEY UPDATE price = VALUES(price), name = VALUES(name), wholesale_price = NULL"
    with shop.transaction() as work:
        work.insert("ws_product", row, ending=ending)


def replace_product(shop: LiveShop) -> None:
    product = shop.pick("ws_product")
    if product is not None:
        text = rows.escaped(f'{shop.rng.choice(dirt.THINGS)} & "{shop.rng.choice(dirt.COLORS)}" <b>ü</b>')
        with shop.transaction() as work:
            work.insert("ws_product", {**product, "name": text}, verb="REPLACE")


def reprice_product(shop: LiveShop) -> None:
    product = shop.pick("ws_product")
    if product is not None:
        with shop.transaction() as work:
            day, price = rows.day_or_zero(shop.rng), dirt.price(shop.rng)
            work.update("ws_product", product["id_product"], price=price, wholesale_price=None, available_date=day)


def reprice_many(shop: LiveShop) -> None:
    """Many rows in one transaction."""
    with shop.transaction() as work:
        for product in shop.pick_many("ws_product", MANY):
            work.update("ws_product", product["id_product"], price=product["price"] + Decimal("0.0100"))


def flip_active(shop: LiveShop) -> None:
    product = shop.pick("ws_product")
    if product is not None:
        with shop.transaction() as work:
            work.update("ws_product", product["id_product"], active=1 - int(product["active"]))


def delete_product(shop: LiveShop) -> None:
    """Lines go on pointing at it."""
    product = shop.pick("ws_product")
    if product is not None:
        with shop.transaction() as work:
            work.delete("ws_product", product["id_product"])
        shop.graves["ws_product"].append(product)


def return_product(shop: LiveShop) -> None:
    product = shop.unearth("ws_product")
    if product is not None:
        with shop.transaction() as work:
            work.insert("ws_product", {**product, "price": dirt.price(shop.rng)})


def renumber_product(shop: LiveShop) -> None:
    """A product gets another number and SKU in place, and the lines follow. HubSpot holds each SKU once."""
    product = shop.pick("ws_product")
    if product is not None:
        number = new_number(shop)
        with shop.transaction() as work:
            sku = f"{product['reference'][:6]}{number:06}"
            work.update("ws_product", product["id_product"], id_product=number, reference=sku)
            work.run("UPDATE ws_order_detail SET id_product = %s WHERE id_product = %s", number, product["id_product"])


def write_log(shop: LiveShop) -> None:
    """A table that is mapped to nothing."""
    with shop.transaction() as work:
        work.insert("ws_log", {"at": rows.moment(shop.rng), "message": f"change {shop.changes}"})


def new_number(shop: LiveShop) -> int:
    """One above the highest number that any product ever had, strays left aside."""
    return shop.next_free("demo.product_seen", rows.NEVER_FROM)
