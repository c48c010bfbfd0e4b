"""Customers come, change, go, and come back."""

from __future__ import annotations

from deploy.demo import dirt
from deploy.demo.modern import rows
from deploy.demo.modern.live_shop import HEALTHY_CUSTOMER, REFUSED, LiveShop

ORDERLESS = "NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = t.id)"


def insert_customer(shop: LiveShop) -> None:
    tag = shop.next_id("demo.tag")
    with shop.transaction() as work:
        work.insert_row("customers", rows.customer(shop.rng, tag, dirt.email_or_none(shop.rng, tag)))


def edit_customer(shop: LiveShop) -> None:
    customer = shop.pick("customers")
    if customer is None:
        return
    with shop.transaction() as work:
        work.update(
            "customers",
            {"id": customer["id"]},
            first_name=dirt.person_name(shop.rng, dirt.FIRST_NAMES),
            phone=dirt.phone(shop.rng),
            attributes=dirt.customer_attributes(shop.rng),
        )


def touch_customer(shop: LiveShop) -> None:
    """An update that changes nothing but the rev."""
    customer = shop.pick("customers")
    if customer is not None:
        with shop.transaction() as work:
            work.update("customers", {"id": customer["id"]}, phone=customer["phone"])


def change_email(shop: LiveShop) -> None:
    customer = shop.pick("customers", HEALTHY_CUSTOMER)
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.email_or_none(shop.rng, shop.next_id("demo.tag"))
            work.update("customers", {"id": customer["id"]}, email=email)


def delete_customer(shop: LiveShop) -> None:
    """The orders stay and point at nobody."""
    customer = shop.pick("customers", f"{HEALTHY_CUSTOMER} OR {ORDERLESS}")
    if customer is not None:
        with shop.transaction() as work:
            shop.graves["customers"] += work.delete("customers", {"id": customer["id"]})


def return_customer(shop: LiveShop) -> None:
    """A deleted customer comes back under the same key, in good order."""
    customer = shop.unearth("customers")
    if customer is None:
        return
    with shop.transaction() as work:
        work.insert("customers", {**customer, "phone": dirt.phone(shop.rng), "email": _sound(shop, customer["email"])})


def spoil_email(shop: LiveShop) -> None:
    customer = shop.pick("customers", f"{HEALTHY_CUSTOMER} AND {ORDERLESS}")
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.bad_email(shop.rng, shop.next_id("demo.tag"))
            work.update("customers", {"id": customer["id"]}, email=email)


def mend_email(shop: LiveShop) -> None:
    customer = shop.pick("customers", REFUSED["customers"])
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.email(shop.rng, shop.next_id("demo.tag"))
            work.update("customers", {"id": customer["id"]}, email=email)


def _sound(shop: LiveShop, email: str | None) -> str | None:
    """The address itself unless it is a spoiled one: nobody can say what HubSpot had of its owner."""
    spoiled = email is not None and email.startswith(tuple(bad.partition("{")[0] for bad in dirt.BAD_EMAILS))
    return dirt.email(shop.rng, shop.next_id("demo.tag")) if spoiled else email
