"""A shop of rows in memory, HubSpot's sandbox in this process, and a verification of the one against the other."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.capture.decode import row_key
from connector.change import Change, Column, Operation, Position
from connector.mapping import Shop, load_shop
from connector.operations.hubspot_pace import SlowLine
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.portal import wanted_by
from connector.operations.provision import provision
from connector.operations.verifying.course import Course, Report
from connector.operations.verifying.picture import Scope
from connector.operations.verifying.state import Options, State, begin
from connector.sender.paths import Paths
from connector.settings import Settings
from tests.unit.sender.in_process import Sandbox, sandbox

CASES = Path(__file__).parents[3] / "cases/verify"
PIPELINE = "75e28846-ad0d-4be2-a027-5e1da6590b98"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEYS = {"customers": ("id",), "guests": ("id",), "products": ("sku",), "orders": ("id",), "lines": ("order_id", "line")}

Row = dict[str, Column]


@dataclass
class Tables:
    """The shop's rows by table; `hooks` are called before a table is read."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in KEYS})
    reads: int = 0

    def add(self, table: str, **row: Column) -> None:
        self.rows[table].append(row)

    def row(self, table: str, **key: Column) -> Row:
        return next(row for row in self.rows[table] if key.items() <= row.items())

    def drop(self, table: str, **key: Column) -> None:
        self.rows[table].remove(self.row(table, **key))

    @contextmanager
    def open(self, shop: Shop) -> Iterator[Reading]:
        self.reads += 1
        yield Reading(self, shop)


@dataclass
class Reading:
    """Rows as changes, as a snapshot would deliver them."""

    tables: Tables
    shop: Shop

    def rows(self, table: str, *, keys: Sequence[Mapping[str, Any]] | None = None) -> Iterator[Change]:
        for row in self.tables.rows[table]:
            key = {name: row[name] for name in KEYS[table]}
            if keys is None or key in keys:
                yield self._change(table, key, row)

    def count(self, table: str) -> int:
        return len(self.tables.rows[table])

    def _change(self, table: str, key: Row, row: Row) -> Change:
        return Change(
            table=table,
            operation=Operation.READ,
            key=key,
            row_key=row_key(key),
            before=None,
            after=dict(row),
            full_before=False,
            position=Position(self.shop.topic(table), "", 0, -1),
            server="",
            database_position="",
            committed_at=NOW,
            snapshot=True,
        )


@dataclass
class Bench:
    """Shop and HubSpot side by side."""

    folder: Path
    shop: Shop
    hubspot: Sandbox
    tables: Tables = field(default_factory=Tables)
    made: dict[str, str] = field(default_factory=dict)
    """HubSpot's ids by key."""

    async def make(self, kind: str, key: str | None, **properties: str) -> str:
        """A record in HubSpot; its id."""
        body = {**properties, **({"shopbridge_key": f"small:{key}"} if key else {})}
        answer = await self.hubspot.request("POST", f"/crm/objects/2026-09/{kind}", json={"properties": body})
        assert 201 == answer.status, answer.text
        hubspot_id = str(answer.body["id"])
        if key:
            self.made[key] = hubspot_id
        return hubspot_id

    async def change(self, kind: str, hubspot_id: str, **properties: str) -> None:
        path = f"/crm/objects/2026-09/{kind}/{hubspot_id}"
        answer = await self.hubspot.request("PATCH", path, json={"properties": properties})
        assert 200 == answer.status, answer.text

    async def archive(self, kind: str, hubspot_id: str) -> None:
        await self.hubspot.request("DELETE", f"/crm/objects/2026-09/{kind}/{hubspot_id}")

    async def merge(self, first: str, other: str) -> str:
        body = {"primaryObjectId": first, "objectIdToMerge": other}
        answer = await self.hubspot.request("POST", "/crm/objects/2026-09/contacts/merge", json=body)
        return str(answer.body["id"])

    async def link(self, child: str, child_id: str, parent: str, parent_id: str) -> None:
        body = {"inputs": [{"from": {"id": child_id}, "to": {"id": parent_id}}]}
        path = f"/crm/associations/2026-09/{child}/{parent}/batch/associate/default"
        assert 200 == (await self.hubspot.request("POST", path, json=body)).status

    async def unlink(self, child: str, child_id: str, parent: str, parent_id: str) -> None:
        body = {"inputs": [{"from": {"id": child_id}, "to": [{"id": parent_id}]}]}
        await self.hubspot.request("POST", f"/crm/associations/2026-09/{child}/{parent}/batch/archive", json=body)

    def line(self) -> SlowLine:
        return SlowLine(self.hubspot, 1_000_000, 1_000_000)

    async def fault(self, effect: str, **rule: Any) -> None:
        answer = await self.hubspot.request("POST", "/sandbox/faults", json=[{"effect": effect, **rule}])
        assert 2 == answer.status // 100, answer.text

    @property
    def settings(self) -> Settings:
        """No ledger and no Kafka: there is no pipeline to wait for."""
        given = {"ledger": self.folder / "no-ledger.db", "kafka_bootstrap": "127.0.0.1:1"}
        return Settings.model_validate(given)

    def begin(self, **options: Any) -> State:
        return begin(self.settings, [self.shop], Options(**{"settle_s": 0.0, **options}), NOW, self.folder)

    async def run(self, state: State, reader: HubspotReader | None = None) -> Report:
        scope = Scope((self.shop,), state.options.types, self.tables.open)
        reader = reader or HubspotReader(self.line(), Paths("2026-09"))
        return await Course(self.settings, scope, state, reader).run()

    async def verify(self, *, reader: HubspotReader | None = None, **options: Any) -> Report:
        """Compare from the beginning."""
        return await self.run(self.begin(**options), reader)


@asynccontextmanager
async def bench(folder: Path, **switches: Any) -> AsyncIterator[Bench]:
    """An account that is set up for the shop, both empty."""
    shop = load_shop(CASES / "shop.yaml", {**os.environ, "SHOP_DATABASE_URL": "postgresql://nobody@127.0.0.1/none"})
    async with sandbox(folder, **switches) as hubspot:
        await provision(hubspot, wanted_by([shop], "2026-09"))
        yield Bench(folder, shop, hubspot)


def words(report: Report) -> set[str]:
    """The differences in short: kind, objects, what of them."""
    return {
        " ".join(
            each
            for each in (
                finding.kind,
                "+".join(name.removeprefix("small:") for name in finding.objects),
                finding.name,
                finding.shop and f"shop={finding.shop.removeprefix('small:')}",
                finding.hubspot and f"hubspot={finding.hubspot.removeprefix('small:')}",
                finding.reason and f"({finding.reason})",
            )
            if each
        )
        for finding in report.differences
    }


async def fill(both: Bench) -> None:
    """Two customers and a guest, two products, two orders with a line each, equal on both sides."""
    for number, name in ((1, "Ann"), (2, "Bob")):
        email = f"{name.lower()}@example.com"
        both.tables.add("customers", id=number, active=True, email=email, first_name=name, phone="", changed_at=NOW)
        await both.make("contacts", f"CONTACT:{number}", email=email, firstname=name)
    both.tables.add("guests", id=5, email="gil@example.com", name="Gil", changed_at=NOW)
    await both.make("contacts", "CONTACT:g5", email="gil@example.com", firstname="Gil")
    for sku, price in (("a", "10.00"), ("b", "2.50")):
        both.tables.add("products", sku=sku, name=f"Product {sku}", price=price)
        await both.make("products", f"PRODUCT:{sku}", name=f"Product {sku}", price=price)
    for number, customer in ((11, "1"), (12, "g5")):
        row: Row = {"id": number, "customer": customer, "status": "paid", "total": "12.50", "placed_at": NOW}
        both.tables.add("orders", **row)
        stage = {"dealstage": "checkout_completed", "pipeline": PIPELINE}
        closed = {"amount": "12.5", "closedate": "2026-05-04T12:00:00.000Z"}
        deal = await both.make("deals", f"DEAL:{number}", dealname=f"Order {number}", **closed, **stage)
        await both.link("deals", deal, "contacts", both.made[f"CONTACT:{customer}"])
        both.tables.add("lines", order_id=number, line=1, sku="a", name="Thing", quantity=2)
        values = {"name": "Thing", "quantity": "2", "hs_product_id": both.made["PRODUCT:a"]}
        line = await both.make("line_items", f"LINE_ITEM:{number}-1", **values)
        await both.link("line_items", line, "deals", deal)
