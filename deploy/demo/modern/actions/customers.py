"""Customers come, change, go, and come back."""

from __future__ import annotations

from uuid import UUID

from deploy.demo import dirt
from deploy.demo.modern import rows
from deploy.demo.modern.live_shop import HEALTHY_CUSTOMER, REFUSED, LiveShop

SWAPPING = "email LIKE 'swap.%%'"
SINGLE = (
    "trim(email) <> '' AND email NOT LIKE 'both.%%' AND email NOT LIKE 'swap.%%' AND"
    " NOT EXISTS (SELECT FROM customers o WHERE o.id <> t.id"
    " AND lower(trim(o.email)) = lower(trim(t.email))) AND NOT EXISTS (SELECT FROM orders o"
    " WHERE lower(trim(o.guest_email)) = lower(trim(t.email)))"
)
"""The person stands in no other row, of this shop or the other."""

GUEST = (
    "customer_id IS NULL AND guest_email <> '' AND demo.contact_id(guest_email) NOT IN"
    " (SELECT external_id FROM demo.refused WHERE object_type = 'CONTACT')"
)
ORDERLESS = "NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = t.id)"


def insert_customer(shop: LiveShop) -> None:
    tag = shop.next_id("demo.tag")
    with shop.transaction() as work:
        work.insert_row(
            "customers", rows.customer(shop.rng, tag, dirt.email_or_none(shop.rng, tag, always=shop.needs_email))
        )


def insert_shared_customer(shop: LiveShop) -> None:
    """Somebody who is, or will be, a customer of the other shop too."""
    email = dirt.shared_email(shop.next_id("demo.shared"))
    with shop.transaction() as work:
        work.insert_row("customers", rows.customer(shop.rng, 0, email))


def insert_twin(shop: LiveShop) -> None:
    """A customer registers a second time, with the e-mail in another spelling."""
    customer = shop.pick("customers", f"{HEALTHY_CUSTOMER} AND trim(email) <> '' AND NOT {SWAPPING}")
    if customer is not None:
        with shop.transaction() as work:
            work.insert_row("customers", rows.customer(shop.rng, 0, dirt.respelled(shop.rng, customer["email"])))


def register_guest(shop: LiveShop) -> None:
    """A guest registers; sometimes the order is handed over to the account."""
    order = shop.pick("orders", GUEST)
    if order is None:
        return
    row = rows.customer(shop.rng, 0, dirt.respelled(shop.rng, order["guest_email"]))
    with shop.transaction() as work:
        work.insert_row("customers", row)
        if dirt.maybe(shop.rng, 0.5):
            work.update("orders", {"id": order["id"]}, customer_id=row[0])


def swap_emails(shop: LiveShop) -> None:
    """Two people exchange their addresses in one transaction."""
    pair = shop.pick_many("customers", 2, SWAPPING)
    if len(pair) == 2:
        with shop.transaction() as work:
            work.update("customers", {"id": pair[0]["id"]}, email=pair[1]["email"])
            work.update("customers", {"id": pair[1]["id"]}, email=pair[0]["email"])


def rekey_customer(shop: LiveShop) -> None:
    """A customer gets another id in place, and the orders follow."""
    customer = shop.pick("customers", HEALTHY_CUSTOMER)
    if customer is not None:
        new_id = UUID(int=shop.rng.getrandbits(128), version=4)
        with shop.transaction() as work:
            work.update("customers", {"id": customer["id"]}, id=new_id)
            work.update("orders", {"customer_id": customer["id"]}, customer_id=new_id)


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
            email = dirt.email_or_none(shop.rng, shop.next_id("demo.tag"), always=shop.needs_email)
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
    customer = shop.pick(
        "customers", f"{HEALTHY_CUSTOMER} AND {ORDERLESS} AND ({SINGLE} OR coalesce(trim(email), '') = '')"
    )
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.bad_email(shop.rng, shop.next_id("demo.tag"))
            work.update("customers", {"id": customer["id"]}, email=email)


def mend_email(shop: LiveShop) -> None:
    """Whoever was erased from HubSpot keeps the address, and so the error."""
    forgotten = "lower(trim(t.email)) IN (SELECT f.email FROM demo.forgotten f)"
    customer = shop.pick("customers", f"{REFUSED['customers']} AND ({forgotten}) IS NOT TRUE")
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.email(shop.rng, shop.next_id("demo.tag"))
            work.update("customers", {"id": customer["id"]}, email=email)


def _sound(shop: LiveShop, email: str | None) -> str | None:
    """The address itself unless it is a spoiled one: nobody can say what HubSpot had of its owner."""
    spoiled = email is not None and email.startswith(tuple(bad.partition("{")[0] for bad in dirt.BAD_EMAILS))
    return dirt.email(shop.rng, shop.next_id("demo.tag")) if spoiled else email
