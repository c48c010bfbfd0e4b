"""All rows of the modern demo shop, from a seed and a scale. Pure: the same arguments give the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from deploy.demo import dirt
from deploy.demo.made import Planted

Row = tuple[object, ...]
"""One row's values in the order of `COLUMNS`."""

COLUMNS = {
    "customers": (
        "id",
        "email",
        "first_name",
        "last_name",
        "phone",
        "company",
        "newsletter",
        "born",
        "attributes",
        "created_at",
    ),
    "products": ("id", "sku", "name", "description", "price", "cost", "attributes"),
    "orders": (
        *("id", "number", "customer_id", "guest_email", "status", "currency", "total", "shipping", "placed_at"),
        *("loyalty_points", "note", "attributes"),
    ),
    "order_items": ("order_id", "line_no", "product_id", "product_name", "quantity", "unit_price", "options"),
    "audit_log": ("at", "entry"),
}
EPOCH = datetime(2024, 1, 1, 6, 0, tzinfo=UTC)
STATUSES = ("draft", "pending", "paid", "shipped", "cancelled")
STATUS_WEIGHTS = (8, 22, 33, 27, 10)
SWAPPING = 8
"""People who exchange their addresses."""

NEVER_FROM = 900_000_001
"""Order ids that the shop's sequence does not reach: the orders that never come."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows of each kind; the `bad_…` are refused for what they hold, the `…_with_…` have children.

    `twins`: customers in a second row, `shared`: in the other shop too. `guests`: orders of people without an account.
    """

    customers: int
    products: int
    orders: int
    bad_emails: int
    bad_emails_with_order: int
    unmapped: int
    unmapped_with_lines: int
    bad_points: int
    bad_points_with_lines: int
    orphan_lines: int
    twins: int
    shared: int
    guests: int
    bad_guests: int

    @classmethod
    def at(cls, scale: float) -> Sizes:
        """2,000 customers, 500 products, 5,000 orders, about 12,000 lines at scale 1; every fault at least twice."""

        def of(count: int, least: int) -> int:
            return max(least, round(count * scale))

        return cls(
            of(2000, 40),
            of(500, 10),
            of(5000, 60),
            of(40, 5),
            of(8, 2),
            of(28, 5),
            of(9, 2),
            of(28, 5),
            of(9, 2),
            of(40, 2),
            of(40, 3),
            of(100, 3),
            of(200, 6),
            of(4, 2),
        )


@dataclass(slots=True)
class ShopRows:
    """The rows of each table, and those among them that must fail."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in COLUMNS})
    planted: list[Planted] = field(default_factory=list)


def quantity(rng: Random) -> Decimal:
    return (
        Decimal(rng.choices((1, 2, 3, 10), weights=(60, 25, 10, 5))[0])
        if dirt.maybe(rng, 0.9)
        else Decimal("0.125") * rng.randrange(1, 30)
    )


def instant(rng: Random) -> datetime:
    return EPOCH + timedelta(
        seconds=rng.randrange(40_000_000), microseconds=rng.choice((0, 999_999, rng.randrange(1_000_000)))
    )


def customer(rng: Random, number: int, email: str | None) -> Row:
    """One customer. It has a last name at least, since HubSpot wants a contact to have an e-mail or a name."""
    last_name = dirt.person_name(rng, dirt.LAST_NAMES) or "Nobody"
    company = rng.choices((None, "", "  ", rng.choice(dirt.COMPANIES), " Trim me "), weights=(60, 5, 2, 30, 3))[0]
    born = rng.choices((None, date(1940, 1, 1) + timedelta(days=rng.randrange(24_000))), weights=(40, 60))[0]
    return (
        UUID(int=rng.getrandbits(128), version=4),
        email,
        dirt.person_name(rng, dirt.FIRST_NAMES),
        last_name,
        dirt.phone(rng),
        f"{rng.choice(dirt.COMPANIES)} {number}" * 12 if dirt.maybe(rng, 0.01) else company,
        rng.choice((True, False, None)),
        born,
        dirt.customer_attributes(rng),
        instant(rng),
    )


def product(rng: Random, product_id: int) -> Row:
    name = f"{rng.choice(dirt.MADE_OF)} {rng.choice(dirt.THINGS)} {product_id}"
    return (
        product_id,
        f"{dirt.word(rng, 3)}-{product_id:06}",
        f" {name} ✨ " if dirt.maybe(rng, 0.05) else name,
        dirt.description(rng),
        dirt.price(rng),
        None if dirt.maybe(rng, 0.2) else dirt.price(rng),
        dirt.product_attributes(rng),
    )


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought: a customer, a guest with an e-mail, or nobody that the shop knows."""

    customer_id: UUID | None = None
    guest_email: str | None = None


def order(rng: Random, order_id: int, buyer: Buyer, status: str, points: str | None) -> Row:
    return (
        order_id,
        f"{rng.choice((2024, 2025))}-{order_id:06}",
        buyer.customer_id,
        buyer.guest_email,
        status,
        rng.choice(dirt.CURRENCIES),
        Decimal(rng.randrange(0, 900_000)).scaleb(-2),
        None if dirt.maybe(rng, 0.2) else Decimal(rng.randrange(0, 400_000)).scaleb(-4),
        None if dirt.maybe(rng, 0.1) else instant(rng),
        points,
        dirt.note(rng),
        dirt.order_attributes(rng),
    )


def line(rng: Random, order_id: int, line_no: int, product_id: int | None) -> Row:
    name = None if dirt.maybe(rng, 0.02) else f"{rng.choice(dirt.THINGS)}{rng.choice(('', ' (neu)', ' 🎁', '  '))}"
    return (order_id, line_no, product_id, name, quantity(rng), dirt.price(rng), dirt.line_options(rng))
