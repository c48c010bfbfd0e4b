"""Fills the modern demo shop: faults first, then everybody else. Pure: the same arguments give the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from uuid import UUID

from deploy.demo import dirt
from deploy.demo.made import Planted
from deploy.demo.modern.rows import (
    NEVER_FROM,
    STATUS_WEIGHTS,
    STATUSES,
    SWAPPING,
    Buyer,
    ShopRows,
    Sizes,
    customer,
    instant,
    line,
    order,
    product,
)


def build(seed: int, scale: float) -> ShopRows:
    rng = Random(seed)  # noqa: S311 - data, no secret
    return _Builder(rng, Sizes.at(scale)).build()


class _Builder:
    """Draws the rows in a fixed order from one source of chance."""

    def __init__(self, rng: Random, sizes: Sizes) -> None:
        self._rng = rng
        self._sizes = sizes
        self._rows = ShopRows()
        self._good_customers: list[UUID] = []

    def build(self) -> ShopRows:
        refused = self._customers()
        self._people_in_two_rows()
        self._rows.tables["products"] += [product(self._rng, number) for number in range(1, self._sizes.products + 1)]
        self._orders(refused)
        self._orphans()
        entry = json.dumps({"made": "by the generator"})
        self._rows.tables["audit_log"] += [(instant(self._rng), entry) for _ in range(self._sizes.products)]
        return self._rows

    def _customers(self) -> list[UUID]:
        """Makes the customers and gives back those with a bad e-mail that get an order."""
        refused: list[UUID] = []
        for number in range(self._sizes.customers):
            bad = number < self._sizes.bad_emails
            email = dirt.bad_email(self._rng, number) if bad else dirt.email_or_none(self._rng, number)
            row = customer(self._rng, number, email)
            self._rows.tables["customers"].append(row)
            key = str(row[0])
            if bad:
                self._plant("customers", {"id": key}, "CONTACT", key, "INVALID_EMAIL_ADDRESS")
            refused += [row[0]] if number < self._sizes.bad_emails_with_order else []  # type: ignore[list-item]
            self._good_customers += [] if bad else [row[0]]  # type: ignore[list-item]
        return refused

    def _people_in_two_rows(self) -> None:
        """Customers entered twice, customers of both shops, and the one whom HubSpot's users had erased."""
        known = [
            str(row[1]) for row in self._rows.tables["customers"][self._sizes.bad_emails :] if str(row[1] or "").strip()
        ]
        emails = [dirt.respelled(self._rng, email) for email in self._rng.sample(known, self._sizes.twins)]
        emails += [dirt.shared_email(number) for number in range(1, self._sizes.shared + 1)]
        emails += [dirt.swapped_email(number) for number in range(SWAPPING)]
        for number, email in enumerate([*emails, dirt.FORGOTTEN], start=self._sizes.customers):
            self._rows.tables["customers"].append(customer(self._rng, number, email))
            self._good_customers.append(self._rows.tables["customers"][-1][0])  # type: ignore[arg-type]

    def _orders(self, refused: list[UUID]) -> None:
        ids: Iterator[int] = iter(range(1, self._sizes.orders + 1))
        for number in range(self._sizes.unmapped):
            self._refused_order(
                next(ids), "on_hold", dirt.points(self._rng), with_lines=number < self._sizes.unmapped_with_lines
            )
        for number in range(self._sizes.bad_points):
            bad = self._rng.choice(dirt.BAD_POINTS)
            self._refused_order(next(ids), "paid", bad, with_lines=number < self._sizes.bad_points_with_lines)
        for customer_id in refused:
            order_id = next(ids)
            self._add_order(order_id, Buyer(customer_id), "paid", dirt.points(self._rng))
            self._lines(order_id, 2)
            self._plant("orders", {"id": order_id}, "DEAL", str(order_id), "PARENT_REFUSED")
        self._guests(ids)
        for order_id in ids:
            status = self._rng.choices(STATUSES, STATUS_WEIGHTS)[0]
            self._add_order(order_id, self._somebody(), status, dirt.points(self._rng))
            self._lines(order_id, self._rng.choices((0, 1, 2, 3, 4, 6, 12), weights=(8, 25, 27, 20, 13, 6, 1))[0])

    def _guests(self, ids: Iterator[int]) -> None:
        """Guests, some with several orders, some known as customers too; and some whose address is none."""
        emails = [str(row[1]) for row in self._rows.tables["customers"][self._sizes.bad_emails :] if row[1]]
        known = [email for email in emails if email.strip() and email != dirt.FORGOTTEN and not dirt.is_swapped(email)]
        for number in range(self._sizes.guests):
            shapes = (
                dirt.guest_email(self._rng, number),
                dirt.guest_email(self._rng, number // 2),
                self._rng.choice(known),
            )
            email = self._rng.choices(shapes, weights=(60, 20, 20))[0]
            order_id = next(ids)
            self._add_order(order_id, Buyer(None, email), "paid", dirt.points(self._rng))
            self._lines(order_id, self._rng.randrange(3))
        for number in range(self._sizes.bad_guests):
            order_id, email = next(ids), dirt.bad_email(self._rng, NEVER_FROM + number)
            self._add_order(order_id, Buyer(None, email), "paid", dirt.points(self._rng))
            contact_id = email.replace("%", "%25").replace(" ", "%20")
            self._plant("orders", {"id": order_id}, "CONTACT", contact_id, "INVALID_EMAIL_ADDRESS")
            self._plant("orders", {"id": order_id}, "DEAL", str(order_id), "PARENT_REFUSED")

    def _refused_order(self, order_id: int, status: str, points: str | None, *, with_lines: bool) -> None:
        self._add_order(order_id, Buyer(self._rng.choice(self._good_customers[:-1])), status, points)
        cause = "UNMAPPED_VALUE" if status == "on_hold" else "INVALID_NUMBER"
        self._plant("orders", {"id": order_id}, "DEAL", str(order_id), cause)
        if with_lines:
            self._plant_lines(order_id, self._lines(order_id, 2), "PARENT_REFUSED")

    def _somebody(self) -> Buyer:
        return Buyer() if dirt.maybe(self._rng, 0.08) else Buyer(self._rng.choice(self._good_customers))

    def _orphans(self) -> None:
        for number in range(self._sizes.orphan_lines):
            self._plant_lines(NEVER_FROM + number, self._lines(NEVER_FROM + number, 1), "PARENT_NEVER_SEEN")

    def _add_order(self, order_id: int, buyer: Buyer, status: str, points: str | None) -> None:
        self._rows.tables["orders"].append(order(self._rng, order_id, buyer, status, points))

    def _lines(self, order_id: int, count: int) -> range:
        for line_no in range(1, count + 1):
            product_id = None if dirt.maybe(self._rng, 0.04) else self._rng.randrange(1, self._sizes.products + 1)
            self._rows.tables["order_items"].append(line(self._rng, order_id, line_no, product_id))
        return range(1, count + 1)

    def _plant_lines(self, order_id: int, line_nos: range, cause: str) -> None:
        for line_no in line_nos:
            key = {"order_id": order_id, "line_no": line_no}
            self._plant("order_items", key, "LINE_ITEM", f"{order_id}-{line_no}", cause)

    def _plant(self, table: str, key: Mapping[str, object], object_type: str, external_id: str, cause: str) -> None:
        self._rows.planted.append(Planted(table, json.dumps(key), object_type, external_id, cause))
