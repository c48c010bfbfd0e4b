"""Customers come, change, hide, go, and come back; some stand in two rows."""

from __future__ import annotations

from deploy.demo import dirt
from deploy.demo.legacy import rows
from deploy.demo.legacy.live_shop import LiveShop

SEEN = "t.active = 1 AND t.deleted = 0"
HEALTHY = "NOT demo.bad_email(t.email)"
SWAPPING = "t.email LIKE 'swap.%%'"
KNOWN = f"{SEEN} AND {HEALTHY} AND TRIM(t.email) <> '' AND NOT {SWAPPING}"
ORDERLESS = "NOT EXISTS (SELECT 1 FROM `order` o WHERE o.buyer = CAST(t.id_customer AS CHAR))"
SINGLE = (
    "t.email NOT LIKE '%%both.%%' AND t.email NOT LIKE 'swap.%%' AND"
    " NOT EXISTS (SELECT 1 FROM ws_customer o WHERE o.id_customer <> t.id_customer"
    " AND TRIM(o.email) = TRIM(t.email)) AND NOT EXISTS (SELECT 1 FROM `order` o WHERE TRIM(o.buyer) = TRIM(t.email))"
)
"""The person stands in no other row, of this shop or the other. (The collation is blind to capitals.)"""


def insert_customer(shop: LiveShop) -> None:
    email = dirt.email_or_none(shop.rng, shop.next_id("demo.tag"), always=shop.needs_email) or ""
    with shop.transaction() as work:
        work.insert("ws_customer", rows.customer(shop.rng, email))


def insert_shared_customer(shop: LiveShop) -> None:
    """Somebody who is, or will be, a customer of the other shop too."""
    email = dirt.respelled(shop.rng, dirt.shared_email(shop.next_id("demo.shared")))
    with shop.transaction() as work:
        work.insert("ws_customer", rows.customer(shop.rng, email))


def insert_twin(shop: LiveShop) -> None:
    """A customer registers a second time, with the e-mail in another spelling."""
    customer = shop.pick("ws_customer", KNOWN)
    if customer is not None:
        with shop.transaction() as work:
            work.insert("ws_customer", rows.customer(shop.rng, dirt.respelled(shop.rng, customer["email"])))


def register_guest(shop: LiveShop) -> None:
    """A guest registers; sometimes the orders are handed over to the account."""
    order = shop.pick("order", "t.is_guest = 1 AND t.valid = 1 AND NOT demo.bad_email(t.buyer)")
    if order is None:
        return
    with shop.transaction() as work:
        number = work.insert("ws_customer", rows.customer(shop.rng, dirt.respelled(shop.rng, order["buyer"])))
        if dirt.maybe(shop.rng, 0.5):
            work.update("order", order["id_order"], buyer=str(number), is_guest=0)


def edit_customer(shop: LiveShop) -> None:
    """Among others columns whose default is not what they are set to: nothing."""
    customer = shop.pick("ws_customer")
    if customer is not None:
        with shop.transaction() as work:
            work.update(
                "ws_customer",
                customer["id_customer"],
                firstname=rows.western(dirt.person_name(shop.rng, dirt.FIRST_NAMES)),
                phone=dirt.phone(shop.rng),
                payment_days=shop.rng.choice((None, 30, 60)),
                birthday=rows.day_or_zero(shop.rng),
            )


def change_email(shop: LiveShop) -> None:
    customer = shop.pick("ws_customer", HEALTHY)
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.email_or_none(shop.rng, shop.next_id("demo.tag"), always=shop.needs_email) or ""
            work.update("ws_customer", customer["id_customer"], email=email)


def swap_emails(shop: LiveShop) -> None:
    """Two people exchange their addresses in one transaction."""
    pair = shop.pick_many("ws_customer", 2, f"{SEEN} AND {SWAPPING}")
    if len(pair) == 2:
        with shop.transaction() as work:
            work.update("ws_customer", pair[0]["id_customer"], email=pair[1]["email"])
            work.update("ws_customer", pair[1]["id_customer"], email=pair[0]["email"])


def flip_active(shop: LiveShop) -> None:
    """Out of the filter and into it again."""
    customer = shop.pick("ws_customer", HEALTHY)
    if customer is not None:
        with shop.transaction() as work:
            work.update("ws_customer", customer["id_customer"], active=1 - int(customer["active"]))


def mark_deleted(shop: LiveShop) -> None:
    """The shop's own way of deleting; the row stays."""
    customer = shop.pick("ws_customer", HEALTHY)
    if customer is not None:
        with shop.transaction() as work:
            work.update("ws_customer", customer["id_customer"], deleted=1 - int(customer["deleted"]))


def delete_customer(shop: LiveShop) -> None:
    """The orders stay and point at nobody."""
    customer = shop.pick("ws_customer", f"{HEALTHY} OR {ORDERLESS}")
    if customer is not None:
        with shop.transaction() as work:
            work.delete("ws_customer", customer["id_customer"])
        shop.graves["ws_customer"].append(customer)


def return_customer(shop: LiveShop) -> None:
    """A deleted customer comes back under the same number, in good order."""
    customer = shop.unearth("ws_customer")
    if customer is None:
        return
    spoiled = customer["email"].startswith(tuple(bad.partition("{")[0] for bad in dirt.BAD_EMAILS))
    email = dirt.email(shop.rng, shop.next_id("demo.tag")) if spoiled else customer["email"]
    with shop.transaction() as work:
        work.insert("ws_customer", {**customer, "phone": dirt.phone(shop.rng), "email": email})


def replace_customer(shop: LiveShop) -> None:
    """REPLACE writes the whole row anew."""
    customer = shop.pick("ws_customer", HEALTHY)
    if customer is not None:
        company = rows.western(shop.rng.choice(dirt.COMPANIES))
        with shop.transaction() as work:
            work.insert("ws_customer", {**customer, "company": company}, verb="REPLACE")


def spoil_email(shop: LiveShop) -> None:
    lonely = f"{SEEN} AND {HEALTHY} AND {ORDERLESS} AND ({SINGLE} OR TRIM(t.email) = '')"
    customer = shop.pick("ws_customer", lonely)
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.bad_email(shop.rng, shop.next_id("demo.tag"))
            work.update("ws_customer", customer["id_customer"], email=email)


def mend_email(shop: LiveShop) -> None:
    customer = shop.pick("ws_customer", "demo.bad_email(t.email)")
    if customer is not None:
        with shop.transaction() as work:
            email = dirt.email(shop.rng, shop.next_id("demo.tag"))
            work.update("ws_customer", customer["id_customer"], email=email)
