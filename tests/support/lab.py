"""A shop's database of its own with the real Debezium at it, and what comes of it on the topics."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from connector.capture import control, signals
from connector.capture.connect import Connect
from connector.capture.control import Applied
from connector.capture.decode import ChangeDecoder, schema_ids
from connector.capture.plan import CapturePlan, plan_capture, reads_binlog
from connector.capture.session import session_of
from connector.change import Change
from connector.http import Http
from connector.kafka import Admin, read_range
from connector.mapping import Shop, load_shop
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings
from tests.support.world import wait_until


def addresses_of(request: pytest.FixtureRequest, variable: str) -> Mapping[str, str]:
    """The stack that the environment names by `variable`, as `deploy.local env` prints it, or else the shared one."""
    if variable in os.environ:
        return os.environ
    shared: Mapping[str, str] = request.getfixturevalue("stack")
    return shared


@dataclass(frozen=True)
class Lab:
    """A database of its own, captured under a name of its own. `owner` and `admin` are its addresses."""

    name: str
    owner: str
    admin: str
    settings: Settings
    shop: Shop

    def sql(self, *statements: str) -> None:
        with session_of(self.shop.database.kind, self.admin) as session:
            if reads_binlog(self.shop.database.kind):
                session.execute(f"USE `{self.name}`")
            for statement in statements:
                session.execute(statement)
                session.commit()

    def plan(self) -> CapturePlan:
        database = self.shop.database
        return plan_capture(
            self.shop, control.read_facts(database.kind, self.admin, database.schema, self.shop.tables())
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connect]:
        http = Http(self.settings.connect_url)
        try:
            yield Connect(http, patience_s=30)
        finally:
            await http.aclose()

    async def apply(self, plan: CapturePlan | None = None, url: str | None = None) -> Applied:
        async with self.connect() as connect:
            topics = Admin(self.settings.kafka)
            return await control.apply(plan or self.plan(), self.settings, url or self.admin, connect, topics)

    async def remove(self) -> control.Removed:
        async with self.connect() as connect:
            return await control.remove(self.plan(), self.admin, connect, Admin(self.settings.kafka))

    def records(self, topic: str) -> list[Record]:
        """All records of a topic, by partition."""
        info = Admin(self.settings.kafka_bootstrap).topic_ids([topic])[topic]
        return [
            record
            for number, end in info.end_offsets.items()
            for record in read_range(self.settings.kafka_bootstrap, topic, number, info.start_offsets[number], end)
        ]

    async def changes(self, table: str, full: Sequence[str] = ()) -> list[Change]:
        """All changes of a table that came so far, in the order of the database."""
        http = Http(self.settings.registry_url)
        registry = Registry(http, patience_s=30)
        decoder = ChangeDecoder(registry, lambda _topic: "id", lambda topic: topic.endswith(tuple(full)))
        records = await asyncio.to_thread(self.records, self.shop.topic(table))
        await registry.load({number for record in records for number in schema_ids(record)})
        await http.aclose()
        found = [change for record in records if (change := decoder.decode(record)) is not None]
        return sorted(found, key=lambda change: change.database_position)

    async def wait_for(self, table: str, count: int, full: Sequence[str] = ()) -> list[Change]:
        """The changes of a table once there are so many."""
        topic = self.shop.topic(table)
        await asyncio.to_thread(
            wait_until, f"{count} changes of {table}", lambda: len(self.records(topic)) >= count, 60
        )
        return await self.changes(table, full)

    async def snapshot(self, plan: CapturePlan) -> signals.SnapshotState:
        """How the newest snapshot goes."""
        http = Http(self.settings.registry_url)
        registry = Registry(http, patience_s=30)
        records = await asyncio.to_thread(self.records, plan.notifications_topic)
        await registry.load({number for record in records for number in schema_ids(record)})
        await http.aclose()
        return signals.follow(records, registry)

    async def snapshot_over(self, plan: CapturePlan, signal: str | None) -> signals.SnapshotState:
        """The state of the snapshot of this signal, once it is over."""
        async with self.connect() as connect:

            async def over() -> bool:
                found = await self.snapshot(plan)
                return found.signal == signal and not found.running

            await connect.until(over, "the snapshot goes on")
        return await self.snapshot(plan)

    async def load(self) -> None:
        """Set capture up and wait for the end of the first load."""
        plan = self.plan()
        applied = await self.apply(plan)
        await self.snapshot_over(plan, applied.signal)


VARIABLES = {"postgres": "SHOP", "mariadb": "LEGACY"}
"""How the names of the stack's addresses begin, by kind of database."""


@contextmanager
def lab_of(kind: str, addresses: Mapping[str, str], folder: Path, shop_text: str) -> Iterator[Lab]:
    """A database with no table yet, not captured; everything is taken away again.

    `shop_text` is a shop file in which {name} and {url} stand for the database's name and its owner's address.
    """
    name = f"cap_{uuid.uuid4().hex[:8]}"
    admin, owner = (addresses[f"{VARIABLES[kind]}_{who}_URL"] for who in ("ADMIN", "DATABASE"))
    prefix = "SHOPBRIDGE_"
    given = {key.removeprefix(prefix).lower(): value for key, value in addresses.items() if key.startswith(prefix)}
    path = folder / "shop.yaml"
    own, whole = (f"{url.rsplit('/', 1)[0]}/{name}" for url in (owner, admin))
    path.write_text(shop_text.format(name=name, url=own))
    make_database(kind, admin, name)
    made = Lab(name, own, whole, Settings.model_validate(given), load_shop(path, {}))
    try:
        yield made
    finally:
        asyncio.run(made.remove())
        drop_database(kind, admin, name)


def make_database(kind: str, admin: str, name: str) -> None:
    """A database that the stack's user `shop` owns."""
    if kind == "postgres":
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" OWNER shop')
        return
    with session_of(kind, admin) as session:
        session.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        session.execute(f"GRANT ALL PRIVILEGES ON `{name}`.* TO shop@'%', shop@localhost")


def drop_database(kind: str, admin: str, name: str) -> None:
    if kind == "postgres":
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        return
    with session_of(kind, admin) as session:
        session.execute(f"DROP DATABASE `{name}`")
        session.execute(f"REVOKE ALL PRIVILEGES ON `{name}`.* FROM shop@'%', shop@localhost")
