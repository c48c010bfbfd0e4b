"""All rows of the legacy demo shop, from a seed and a scale. Pure: the same arguments give the same rows."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from deploy.demo import dirt

Row = dict[str, object]
"""One row: column → value. Columns left out take their defaults."""

TABLES = ("ws_customer", "ws_product", "order", "ws_order_detail", "ws_log")
EPOCH = datetime(2024, 1, 1, 6, 0)  # noqa: DTZ001 - the shop's clock hangs on a wall
ZERO_DATE, ZERO_TIME = "0000-00-00", "0000-00-00 00:00:00"
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


@dataclass(frozen=True, slots=True)
class Planted:
    """One object that must fail: its row (key columns as JSON) and the cause."""

    table: str
    row_key: str
    object_type: str
    external_id: str
    cause: str


@dataclass(slots=True)
class ShopRows:
    """The rows of each table, and those among them that must fail."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    planted: list[Planted] = field(default_factory=list)


def build(seed: int, scale: float) -> ShopRows:
    rng = Random(f"legacy {seed}")  # noqa: S311 - data, no secret
    return _Builder(rng, Sizes.at(scale)).build()


def western(text: str | None) -> str | None:
    """A text as the older tables can hold it: theirs is the character set of western Europe."""
    return None if text is None else text.encode("cp1252", "replace").decode("cp1252")


def escaped(text: str) -> str:
    """A text as the shop's forms store it."""
    return html.escape(text).replace("&#x27;", "&#039;").replace("ü", "&uuml;")


def price(rng: Random) -> Decimal:
    return Decimal(rng.choice((rng.randrange(1, 5_000_000), rng.randrange(100, 5_000) * 10_000))).scaleb(-4)


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
        "price": price(rng),
        "wholesale_price": None if dirt.maybe(rng, 0.3) else price(rng),
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
        "total_paid": price(rng),
        "shipping": None if dirt.maybe(rng, 0.3) else Decimal(rng.randrange(200_000)).scaleb(-4),
        "discount": rng.choice((None, Decimal("0.0000"), price(rng))),
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
        "unit_price": price(rng),
    }


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
        plain = [dirt.email_or_none(rng, 1_000_000 + number) or "" for number in range(sizes.customers)]
        known = [email for email in plain if email.strip()]
        emails += plain + [dirt.respelled(rng, email) for email in rng.sample(known, sizes.twins)]
        emails += [dirt.respelled(rng, dirt.shared_email(number)) for number in range(1, sizes.shared + 1)]
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
        known = [str(row["email"]) for row in customers if str(row["email"]).strip()]
        for number in range(self._sizes.guests):
            addresses = (1_000_000 + number, 1_000_000 + number // 2)
            shapes = (*(dirt.guest_email(rng, address) for address in addresses), rng.choice(known))
            order_id = self._order(Buyer(rng.choices(shapes, weights=(60, 20, 20))[0], is_guest=True), 2)
            self._lines(order_id, rng.randrange(3))
        for number in range(self._sizes.bad_guests):
            email = dirt.bad_email(rng, NEVER_FROM + number)
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
