"""Fills the legacy demo shop: faults first, then everybody else. Pure: the same arguments give the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from deploy.demo import dirt
from deploy.demo.legacy.rows import (
    NEVER_FROM,
    STATUS_WEIGHTS,
    STATUSES,
    STRANGE_STATUS,
    SWAPPING,
    Buyer,
    Row,
    ShopRows,
    Sizes,
    customer,
    line,
    moment,
    order,
    product,
)
from deploy.demo.made import Planted


def build(seed: int, scale: float) -> ShopRows:
    rng = Random(f"legacy {seed}")  # noqa: S311 - data, no secret
    return _Builder(rng, Sizes.at(scale)).build()


class _Builder:
    """Fills the tables, faults first: rows that must fail are planted, all others are sound."""

    def __init__(self, rng: Random, sizes: Sizes) -> None:
        self._rng = rng
        self._sizes = sizes
        self._rows = ShopRows()

    def build(self) -> ShopRows:
        self._customers()
        for number in range(1, self._sizes.products + 1):
            self._rows.tables["ws_product"].append(product(self._rng, number))
        self._refused_orders()
        self._guests()
        while len(self._rows.tables["order"]) < self._sizes.orders:
            order_id = self._order(self._somebody(), self._rng.choices(STATUSES, STATUS_WEIGHTS)[0])
            self._lines(order_id, self._rng.choices((0, 1, 2, 3, 4, 6, 12), weights=(8, 25, 27, 20, 13, 6, 1))[0])
        self._strays()
        self._rows.tables["ws_log"] += [{"at": moment(self._rng), "message": "made"} for _ in range(20)]
        return self._rows

    def _customers(self) -> None:
        sizes, rng, rows = self._sizes, self._rng, self._rows.tables["ws_customer"]
        emails = [dirt.bad_email(rng, NEVER_FROM + 1000 + number) for number in range(sizes.bad_emails)]
        plain = [dirt.email_or_none(rng, 3_000_000 + number) or "" for number in range(sizes.customers)]
        known = [email for email in plain if email.strip()]
        emails += plain + [dirt.respelled(rng, email) for email in rng.sample(known, sizes.twins)]
        emails += [dirt.respelled(rng, dirt.shared_email(number)) for number in range(1, sizes.shared + 1)]
        emails += [dirt.swapped_email(SWAPPING + number) for number in range(SWAPPING)]
        for number, email in enumerate(emails, start=1):
            hidden = number > sizes.bad_emails and dirt.maybe(rng, 0.08)
            flags = {"active": int(not hidden), "deleted": int(hidden and dirt.maybe(rng, 0.5))}
            rows.append({"id_customer": number, **customer(rng, email), **flags})
            if number <= sizes.bad_emails:
                self._plant("ws_customer", {"id_customer": number}, "CONTACT", str(number), "INVALID_EMAIL_ADDRESS")

    def _refused_orders(self) -> None:
        sizes, rng = self._sizes, self._rng
        for number in range(sizes.strange):
            order_id = self._order(self._somebody(), STRANGE_STATUS)
            self._plant("order", {"id_order": order_id}, "DEAL", str(order_id), "UNMAPPED_VALUE")
            if number < sizes.strange_with_lines:
                self._plant_lines(self._lines(order_id, 2), "PARENT_REFUSED")
        for _ in range(sizes.bad_points):
            order_id = self._order(self._somebody(), 2, rng.choice(dirt.BAD_POINTS))
            self._plant("order", {"id_order": order_id}, "DEAL", str(order_id), "INVALID_NUMBER")
        for number in range(1, sizes.bad_emails_with_order + 1):
            order_id = self._order(Buyer(str(number)), 2)
            self._plant("order", {"id_order": order_id}, "DEAL", str(order_id), "PARENT_REFUSED")

    def _guests(self) -> None:
        """Guests, some with several orders, some known as customers too; and some whose address is none."""
        rng, customers = self._rng, self._rows.tables["ws_customer"][self._sizes.bad_emails :]
        emails = [str(row["email"]) for row in customers]
        known = [email for email in emails if email.strip() and not dirt.is_swapped(email)]
        for number in range(self._sizes.guests):
            addresses = (3_000_000 + number, 3_000_000 + number // 2)
            shapes = (*(dirt.guest_email(rng, address) for address in addresses), rng.choice(known))
            order_id = self._order(Buyer(rng.choices(shapes, weights=(60, 20, 20))[0], is_guest=True), 2)
            self._lines(order_id, rng.randrange(3))
        for number in range(self._sizes.bad_guests):
            email = dirt.bad_email(rng, NEVER_FROM + 2000 + number)
            order_id = self._order(Buyer(email, is_guest=True), 2)
            contact_id = email.replace("%", "%25").replace(" ", "%20")
            self._plant("order", {"id_order": order_id}, "CONTACT", contact_id, "INVALID_EMAIL_ADDRESS")
            self._plant("order", {"id_order": order_id}, "DEAL", str(order_id), "PARENT_REFUSED")

    def _strays(self) -> None:
        """Lines whose order never came, from the time before the foreign key, and lines of products long gone."""
        for number in range(self._sizes.orphan_lines):
            self._plant_lines(self._lines(NEVER_FROM + number, 1), "PARENT_NEVER_SEEN")
        sound = [row["id_order"] for row in self._rows.tables["order"][-20:] if row["valid"]]
        for number in range(self._sizes.lost_products):
            row = line(self._rng, int(str(self._rng.choice(sound))), NEVER_FROM + number)
            self._plant_lines([self._add_line(row)], "PARENT_NEVER_SEEN")

    def _somebody(self) -> Buyer:
        if dirt.maybe(self._rng, 0.08):
            return Buyer()
        return Buyer(str(self._rng.randrange(self._sizes.bad_emails + 1, self._sizes.customers)))

    def _order(self, buyer: Buyer, status: int, points: str | None = None) -> int:
        """One order; those that must fail, and those of guests, are valid."""
        order_id = len(self._rows.tables["order"]) + 1
        row = order(self._rng, order_id, buyer, status, points or dirt.points(self._rng))
        plain = status in STATUSES and points is None and not buyer.is_guest
        refused_buyer = buyer.name in {str(number) for number in range(1, self._sizes.bad_emails + 1)}
        self._rows.tables["order"].append(row if plain and not refused_buyer else {**row, "valid": 1})
        return order_id

    def _lines(self, order_id: int, count: int) -> list[int]:
        products = [None if dirt.maybe(self._rng, 0.1) else self._rng.randrange(1, self._sizes.products + 1)]
        products += [self._rng.randrange(1, self._sizes.products + 1) for _ in range(count - 1)]
        return [self._add_line(line(self._rng, order_id, product_id)) for product_id in products[:count]]

    def _add_line(self, row: Row) -> int:
        number = len(self._rows.tables["ws_order_detail"]) + 1
        self._rows.tables["ws_order_detail"].append({"id_order_detail": number, **row})
        return number

    def _plant_lines(self, numbers: list[int], cause: str) -> None:
        for number in numbers:
            self._plant("ws_order_detail", {"id_order_detail": number}, "LINE_ITEM", str(number), cause)

    def _plant(self, table: str, key: Mapping[str, object], object_type: str, external_id: str, cause: str) -> None:
        self._rows.planted.append(Planted(table, json.dumps(key), object_type, external_id, cause))
