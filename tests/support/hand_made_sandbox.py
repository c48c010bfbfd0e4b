"""A sandbox's file made by hand, and the small shop that it mirrors, for tests of the demo's comparison."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from deploy.demo.found import Expected, ExpectedError, Shop

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
    objects: dict[str, dict[str, dict[str, Expected]]] = {
        "contact": {
            "c1": {"email": "ann@example.com", "firstname": None, "shop_rev": Decimal(11)},
            "c2": {"email": "no-at-sign", "firstname": "Bob", "shop_rev": Decimal(12)},
        },
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
        ExpectedError("contact", "c2", "customers", '{"id": "c2"}', "INVALID_EMAIL_ADDRESS"),
        ExpectedError("deal", "2", "orders", '{"id": 2}', "PARENT_REFUSED"),
        ExpectedError("deal", "3", "orders", '{"id": 3}', "UNMAPPED_VALUE"),
        ExpectedError("line_item", "9-1", "order_items", '{"order_id": 9, "line_no": 1}', "PARENT_NEVER_SEEN"),
    )
    links = frozenset({("deal", "1", "contact", "c1"), ("line_item", "1-1", "deal", "1")})
    return Shop(objects, links, errors, {17: NOON})


class HandMadeSandbox:
    """A sandbox's file that holds exactly what a shop says; tests spoil it with `run`."""

    def __init__(self, file: Path, shop: Shop) -> None:
        self.file = file
        self._ids: dict[tuple[str, str], str] = {}
        self._connection = sqlite3.connect(file)
        self._connection.executescript(SCHEMA)
        dead = {
            (error.object_type, error.external_id)
            for error in shop.errors
            if (error.object_type, error.cause) != ("deal", "PARENT_REFUSED")
        }
        for kind, objects in shop.objects.items():
            for external_id, expected in objects.items():
                if (kind, external_id) not in dead:
                    self.add(kind, external_id, {name: self._stored(name, value) for name, value in expected.items()})
        for from_type, from_id, to_type, to_id in shop.links:
            if (from_type, from_id) in self._ids:
                self.link(from_type, self._ids[from_type, from_id], to_type, self._ids[to_type, to_id])

    def add(self, kind: str, external_id: str, properties: dict[str, str]) -> str:
        """A record as a sender would write it, with the write logged; gives its id."""
        record_id = str(1001 + self._connection.execute("SELECT count(*) FROM record").fetchone()[0])
        self._ids[kind, external_id] = record_id
        text = json.dumps({"shopbridge_key": f"demo:{kind.upper()}:{external_id}", **properties})
        stamp = "2026-01-01T12:00:02.500Z"
        self.run("INSERT INTO record VALUES (?, ?, ?, 0, ?, ?, NULL, NULL)", record_id, kind, text, stamp, stamp)
        self.write(kind, record_id, properties.get("shop_rev", ""), stamp, "create")
        return record_id

    def write(self, kind: str, record_id: str, rev: str, at: str, action: str = "update", request: str = "r") -> None:
        entry = (at, request, "c", kind, record_id, action, json.dumps({"shop_rev": rev}))
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
            "external_id": None if error.cause == "UNMAPPED_VALUE" else error.external_id,
            "cause": error.cause,
            "source_topic": f"demo.public.{error.table}",
            "row_key": error.row_key,
            "state": "OPEN",
        }
        for number, error in enumerate(shop.errors)
    ]
