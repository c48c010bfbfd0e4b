"""Products are repriced, rewritten, deleted under lines that point at them, and come back."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from deploy.demo import dirt
from deploy.demo.modern import rows
from deploy.demo.modern.live_shop import LiveShop

MANY = 30


def insert_product(shop: LiveShop) -> None:
    with shop.transaction() as work:
        work.insert_row("products", rows.product(shop.rng, shop.next_id("products_id_seq")))


def reprice_product(shop: LiveShop) -> None:
    """The description is not touched: where it is long, the change log does not carry it."""
    product = shop.pick("products")
    if product is not None:
        with shop.transaction() as work:
            work.update("products", {"id": product["id"]}, price=dirt.price(shop.rng), cost=dirt.price(shop.rng))


def reprice_many(shop: LiveShop) -> None:
    """Many rows in one transaction."""
    with shop.transaction() as work:
        for product in shop.pick_many("products", MANY):
            work.update("products", {"id": product["id"]}, price=product["price"] + Decimal("0.0100"))


def rewrite_description(shop: LiveShop) -> None:
    product = shop.pick("products")
    if product is not None:
        with shop.transaction() as work:
            work.update("products", {"id": product["id"]}, description=dirt.description(shop.rng))


def delete_product(shop: LiveShop) -> None:
    """Lines go on pointing at it."""
    product = shop.pick("products", "EXISTS (SELECT FROM order_items i WHERE i.product_id = t.id)")
    if product is not None:
        with shop.transaction() as work:
            shop.graves["products"] += work.delete("products", {"id": product["id"]})


def return_product(shop: LiveShop) -> None:
    product = shop.unearth("products")
    if product is not None:
        with shop.transaction() as work:
            work.insert("products", {**product, "price": dirt.price(shop.rng)})


def rekey_product(shop: LiveShop) -> None:
    """A product gets another number and SKU in place, and the lines follow.

    HubSpot holds each SKU once, and a long text that does not change is not in the change log: under its new key the
    row must say both anew.
    """
    product = shop.pick("products")
    if product is not None:
        product_id = shop.next_id("products_id_seq")
        sku, text = f"{product['sku'][:3]}-{product_id:06}", dirt.description(shop.rng)
        with shop.transaction() as work:
            work.update("products", {"id": product["id"]}, id=product_id, sku=sku, description=text)
            work.update("order_items", {"product_id": product["id"]}, product_id=product_id)


def write_audit_log(shop: LiveShop) -> None:
    """A table that is mapped to nothing."""
    with shop.transaction() as work:
        at = rows.EPOCH + timedelta(seconds=shop.changes)
        work.insert("audit_log", {"at": at, "entry": json.dumps({"change": shop.changes})})
