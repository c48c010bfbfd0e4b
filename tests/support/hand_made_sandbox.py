"""A sandbox's file made by hand, and the small shop that it mirrors, for tests of the demo's comparison."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from deploy.demo.found import Expected, ExpectedError, Person, Shop
from deploy.demo.people import expect

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SCHEMA = """
CREATE TABLE record (id TEXT, object_type TEXT, properties TEXT, archived INT, created_at TEXT, updated_at TEXT,
                     archived_at TEXT, merged_into TEXT);
CREATE TABLE association (from_type TEXT, from_id TEXT, to_type TEXT, to_id TEXT, category TEXT, type_id INT,
                          label TEXT);
CREATE TABLE write_log (seq INTEGER PRIMARY KEY, at TEXT, request_id TEXT, correlation_id TEXT, object_type TEXT,
                        record_id TEXT, action TEXT, properties TEXT, to_type TEXT, to_id TEXT, trace_id TEXT);
"""


def small_shop() -> Shop:
    """Two contacts (one refused), a product, three deals (one refused, one lacks its contact), two lines."""
    people = (
        person("c1", "ann@example.com", None, 11),
        person("c2", "no-at-sign", "Bob", 12),
    )
    objects: dict[str, dict[str, dict[str, Expected]]] = {
        "product": {"7": {"name": "Lamp", "price": Decimal("9.5000"), "shop_rev": Decimal(13)}},
        "deal": {
            "1": {"dealname": "Order 1", "shop_rev": Decimal(14)},
            "2": {"dealname": "Order 2", "shop_rev": Decimal(15)},
            "3": {"dealname": "Order 3", "shop_rev": Decimal(16)},
        },
        "line_item": {
            "1-1": {"name": "Lamp", "hs_product_id": "7", "shop_rev": Decimal(17)},
            "9-1": {"name": "Lost", "hs_product_id": None, "shop_rev": Decimal(18)},
        },
    }
    errors = (
        ExpectedError("demo", "contact", "c2", "customers", '{"id": "c2"}', "INVALID_EMAIL_ADDRESS"),
        ExpectedError("demo", "deal", "2", "orders", '{"id": 2}', "PARENT_REFUSED"),
        ExpectedError("demo", "deal", "3", "orders", '{"id": 3}', "UNMAPPED_VALUE"),
        ExpectedError("demo", "line_item", "9-1", "order_items", '{"order_id": 9, "line_no": 1}', "PARENT_NEVER_SEEN"),
    )
    links = frozenset({("deal", "1", "contact", "c1"), ("line_item", "1-1", "deal", "1")})
    return Shop("demo", people, objects, links, errors, {17: NOON})


def person(external_id: str, email: str | None, firstname: str | None, rev: int, store: str = "demo") -> Person:
    row = f"{store}/customers/{external_id}"
    properties = {"email": email, "firstname": firstname, "shop_row": row, "shop_rev": Decimal(rev)}
    return Person(store, external_id, row, email, NOON + timedelta(seconds=rev), properties)


class HandMadeSandbox:
    """A sandbox's file that holds exactly what a shop says; tests spoil it with `run`."""

    def __init__(self, file: Path, shop: Shop) -> None:
        self.file = file
        self._store = shop.store
        self._ids: dict[tuple[str, str], str] = {}
        self._connection = sqlite3.connect(file)
        self._connection.executescript(SCHEMA)
        shown = expect([shop])
        dead = {named for named, subject in shown.names.items() if subject in shown.dead}
        speakers = {who.email or who.row: who for who in sorted(shop.people, key=lambda who: who.newest)}
        people = {who.external_id: who.properties for who in speakers.values()}
        for kind, objects in {"contact": people, **shop.objects}.items():
            for external_id, expected in objects.items():
                if (shop.store, kind, external_id) not in dead:
                    self.add(kind, external_id, {name: self._stored(name, value) for name, value in expected.items()})
        for who in shop.people:
            spoken_for = ("contact", speakers[who.email or who.row].external_id)
            if spoken_for in self._ids:
                self._ids["contact", who.external_id] = self._ids[spoken_for]
        linked: set[tuple[str | None, str | None]] = set()
        for from_type, from_id, to_type, to_id in shop.links:
            pair = self._ids.get((from_type, from_id)), self._ids.get((to_type, to_id))
            if None not in pair and pair not in linked:
                linked.add(pair)
                self.link(from_type, self._ids[from_type, from_id], to_type, self._ids[to_type, to_id])

    def add(self, kind: str, external_id: str, properties: dict[str, str]) -> str:
        """A record as a sender would write it, with the write logged; gives its id."""
        record_id = str(1001 + self._connection.execute("SELECT count(*) FROM record").fetchone()[0])
        self._ids[kind, external_id] = record_id
        text = json.dumps({"shopbridge_key": f"{self._store}:{kind.upper()}:{external_id}", **properties})
        stamp = "2026-01-01T12:00:02.500Z"
        self.run("INSERT INTO record VALUES (?, ?, ?, 0, ?, ?, NULL, NULL)", record_id, kind, text, stamp, stamp)
        self.write(kind, record_id, properties.get("shop_rev", ""), stamp, "create", row=properties.get("shop_row", ""))
        return record_id

    def write(
        self, kind: str, record_id: str, rev: str, at: str, action: str = "update", request: str = "r", row: str = ""
    ) -> None:
        properties = {"shop_rev": rev} | ({"shop_row": row} if row else {})
        entry = (at, request, "c", kind, record_id, action, json.dumps(properties))
        columns = "at, request_id, correlation_id, object_type, record_id, action, properties"
        self.run(f"INSERT INTO write_log ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", *entry)

    def link(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        for row in ((from_type, from_id, to_type, to_id), (to_type, to_id, from_type, from_id)):
            self.run("INSERT INTO association VALUES (?, ?, ?, ?, 'HUBSPOT_DEFINED', 3, NULL)", *row)

    def run(self, statement: str, *values: object) -> None:
        with self._connection:
            self._connection.execute(statement, values)

    def id(self, kind: str, external_id: str) -> str:
        return self._ids[kind, external_id]

    def set(self, kind: str, external_id: str, name: str, value: str | None) -> None:
        statement = "UPDATE record SET properties = json_set(properties, ?, ?) WHERE id = ?"
        self.run(statement, f"$.{name}", value, self.id(kind, external_id))

    def _stored(self, name: str, value: Expected) -> str:
        if name == "hs_product_id" and value is not None:
            return self._ids["product", str(value)]
        return "" if value is None else str(value)


def listed(shop: Shop) -> list[dict[str, str | None]]:
    """The expected errors as the command line lists open ones; the row that failed in mapping has no object."""
    return [
        {
            "id": str(number),
            "object_type": None if error.cause == "UNMAPPED_VALUE" else error.object_type.upper(),
            "store": None if error.cause == "UNMAPPED_VALUE" else error.store,
            "external_id": None if error.cause == "UNMAPPED_VALUE" else error.external_id,
            "cause": error.cause,
            "source_topic": f"demo.public.{error.table}",
            "row_key": error.row_key,
            "state": "OPEN",
        }
        for number, error in enumerate(shop.errors)
    ]
