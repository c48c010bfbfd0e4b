"""All rows of the legacy demo shop, from a seed and a scale. Pure: the same arguments give the same rows."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from deploy.demo import dirt
from deploy.demo.made import Planted

Row = dict[str, object]
"""One row: column → value. Columns left out take their defaults."""

TABLES = ("ws_customer", "ws_product", "order", "ws_order_detail", "ws_log")
EPOCH = datetime(2024, 1, 1, 6, 0)  # noqa: DTZ001 - the shop's clock hangs on a wall
ZERO_DATE, ZERO_TIME = "0000-00-00", "0000-00-00 00:00:00"
SWAPPING = 8
"""People who exchange their addresses."""

NEVER_FROM = 900_000_001
"""Numbers that the shop does not reach: orders and products that never come."""

STATUSES, STATUS_WEIGHTS = (1, 2, 3, 4), (25, 35, 30, 10)
STRANGE_STATUS = 9
"""One that the shop file does not know."""


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
    strange: int
    strange_with_lines: int
    bad_points: int
    guests: int
    bad_guests: int
    twins: int
    shared: int
    orphan_lines: int
    lost_products: int

    @classmethod
    def at(cls, scale: float) -> Sizes:
        """1,000 customers, 300 products, 2,500 orders, about 6,000 lines at scale 1; every fault at least twice."""

        def of(count: int, least: int) -> int:
            return max(least, round(count * scale))

        shop, faults = (of(1000, 30), of(300, 10), of(2500, 50)), (of(20, 4), of(5, 2), of(14, 4), of(5, 2), of(14, 4))
        return cls(*shop, *faults, of(400, 8), of(4, 2), of(30, 3), of(100, 3), of(20, 2), of(20, 2))


@dataclass(slots=True)
class ShopRows:
    """The rows of each table, and those among them that must fail."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    planted: list[Planted] = field(default_factory=list)


def western(text: str | None) -> str | None:
    """A text as the older tables can hold it: theirs is the character set of western Europe."""
    return None if text is None else text.encode("cp1252", "replace").decode("cp1252")


def escaped(text: str) -> str:
    """A text as the shop's forms store it."""
    return html.escape(text).replace("&#x27;", "&#039;").replace("ü", "&uuml;")


def moment(rng: Random) -> datetime:
    """A time on the wall clock; now and then in the hour that comes twice."""
    if dirt.maybe(rng, 0.05):
        return datetime(2024, 10, 27, 2, rng.randrange(60), rng.randrange(60))  # noqa: DTZ001 - a wall clock
    found = EPOCH + timedelta(seconds=rng.randrange(40_000_000))
    return found + timedelta(hours=1) if found.hour == 2 else found  # no clock shows the hour left out in March


def moment_or_zero(rng: Random) -> datetime | str:
    return ZERO_TIME if dirt.maybe(rng, 0.4) else moment(rng)


def day_or_zero(rng: Random) -> str:
    return ZERO_DATE if dirt.maybe(rng, 0.4) else str(EPOCH.date() - timedelta(days=rng.randrange(1, 19_000)))


def customer(rng: Random, email: str) -> Row:
    """One customer. It has a last name at least, since HubSpot wants a contact to have an e-mail or a name."""
    return {
        "email": email,
        "firstname": western(dirt.person_name(rng, dirt.FIRST_NAMES)),
        "lastname": western(dirt.person_name(rng, dirt.LAST_NAMES)) or "Nobody",
        "phone": dirt.phone(rng),
        "company": rng.choices((None, "", "  ", western(rng.choice(dirt.COMPANIES)), "5 € ’Shop’ "), (60, 5, 2, 28, 5))[
            0
        ],
        "gender": rng.choice(("mr", "mrs", "other", None)),
        "newsletter": rng.randrange(2),
        "birthday": day_or_zero(rng),
        "payment_days": rng.choice((None, 30, 14, 0)),
        "date_add": moment(rng),
    }


def product(rng: Random, product_id: int) -> Row:
    name = f"{rng.choice(dirt.MADE_OF)} {rng.choice(dirt.THINGS)} {product_id}"
    marked = rng.choice((name, f'{name} 12" <neu> & für Größe "M"', f"{name} &amp; {rng.choice(dirt.COLORS)} ✨"))
    return {
        "id_product": product_id,
        "reference": f"L-{dirt.word(rng, 3)}-{product_id:06}",
        "name": escaped(marked),
        "description": description(rng),
        "price": dirt.price(rng),
        "wholesale_price": None if dirt.maybe(rng, 0.3) else dirt.price(rng),
        "condition": rng.choice(("new", "used", "refurbished")),
        "available_date": day_or_zero(rng),
        "active": int(not dirt.maybe(rng, 0.1)),
    }


def description(rng: Random) -> str | None:
    text = dirt.description(rng)
    return None if text is None else escaped(text[:9_000])


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought: a customer's number, a guest's e-mail, or nobody."""

    name: str | None = None
    is_guest: bool = False


def order(rng: Random, order_id: int, buyer: Buyer, status: int, points: str | None) -> Row:
    return {
        "id_order": order_id,
        "reference": f"L{dirt.word(rng, 4)}-{order_id}",
        "buyer": buyer.name,
        "is_guest": int(buyer.is_guest),
        "guest_name": rng.choice(("", "Jürgen Gast", "O’Neill 🛒", None)) if buyer.is_guest else "",
        "status_id": status,
        "currency": rng.choice(dirt.CURRENCIES),
        "payment": rng.choice(("card", "invoice", "cash", None)),
        "total_paid": dirt.price(rng),
        "shipping": None if dirt.maybe(rng, 0.3) else Decimal(rng.randrange(200_000)).scaleb(-4),
        "discount": rng.choice((None, Decimal("0.0000"), dirt.price(rng))),
        "loyalty": points,
        "note": dirt.note(rng),
        "valid": int(not dirt.maybe(rng, 0.08)),
        "date_add": moment(rng),
        "delivery_date": moment_or_zero(rng),
    }


def line(rng: Random, order_id: int, product_id: int | None) -> Row:
    return {
        "id_order": order_id,
        "id_product": product_id,
        "product_name": escaped(rng.choice(("Stuhl & Tisch", '<b>Lampe</b> 3"', "Gutschein 5 €", "Für Zoë's Küche"))),
        "product_quantity": rng.choice((1, 1, 1, 2, 3, 10)),
        "unit_price": dirt.price(rng),
    }
