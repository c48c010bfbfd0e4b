"""A Debezium that somebody else set up: a connector made through Connect's REST, with converters of their choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import psycopg

from tests.support.small_shop import CASES, SmallShop
from tests.support.typed import typed
from tests.support.world import World, WorldError, wait_until

TABLES = (CASES / "external.sql").read_text()
SHOP = (CASES / "external.yaml").read_text()
JSON = "org.apache.kafka.connect.json.JsonConverter"


def json_converters(*, value: bool, key: bool) -> dict[str, str]:
    """Kafka's JsonConverter, with or without schemas on each side."""
    return {
        "key.converter": JSON,
        "key.converter.schemas.enable": str(key).lower(),
        "value.converter": JSON,
        "value.converter.schemas.enable": str(value).lower(),
    }


@dataclass(frozen=True)
class Variant:
    """A way to set up a connector, and what the shop file says of it (below `external:`)."""

    name: str
    config: Mapping[str, str]
    external: str = "true"


class Theirs:
    """One shop behind somebody else's connector, and our worker beside it."""

    def __init__(self, world: World, variant: Variant) -> None:
        self.world, self.variant = world, variant
        self.shop = SmallShop(world)
        self._connect = httpx.Client(base_url=world.environment["SHOPBRIDGE_CONNECT_URL"], timeout=30)

    def build(self) -> None:
        """Database, connector, sandbox; the worker is not started."""
        self.world.create_database()
        self.world.sql(TABLES)
        self._connect.put(f"/connectors/{self.name}/config", json=self.config()).raise_for_status()
        wait_until("their connector to stream", self._streams)
        external = self.variant.external.replace("NAME", self.world.name)
        self.world.shop_file.write_text(f"{SHOP}\ncapture: {{prefix: {self.world.name}, external: {external}}}\n")
        self.world.start_sandbox()
        self.world.shopbridge("setup")

    @property
    def name(self) -> str:
        return f"theirs-{self.world.name}"

    def config(self) -> dict[str, str]:
        """What they told Debezium: as little as one can."""
        port = self.world.environment["SHOP_ADMIN_URL"].rpartition(":")[2].partition("/")[0]
        return {
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "database.hostname": "127.0.0.1",
            "database.port": port,
            "database.user": "postgres",
            "database.dbname": self.world.name,
            "plugin.name": "pgoutput",
            "slot.name": f"theirs_{self.world.name}",
            "publication.autocreate.mode": "filtered",
            "publication.name": f"theirs_{self.world.name}",
            "table.include.list": "public.people,public.bills",
            "topic.prefix": self.world.name,
            "topic.creation.default.partitions": "2",
            "topic.creation.default.replication.factor": "1",
            **{key: text.replace("NAME", self.world.name) for key, text in self.variant.config.items()},
        }

    def topic(self, table: str) -> str:
        """The topic of a table, routed where this variant routes."""
        routed = "transforms.route.replacement" in self.variant.config
        return f"all-{table}.{self.world.name}" if routed else f"{self.world.name}.public.{table}"

    def undecodable(self) -> list[str]:
        """The details of the dead letters of records that could not be read."""
        return [str(line["details"]) for line in self.shop.letters() if line["cause"] == "UNDECODABLE"]

    def type(self, *arguments: str) -> tuple[int, str]:
        """Type a command; its exit code, and all that it printed."""
        return typed(self.world, *arguments)

    def _streams(self) -> bool:
        status = self._connect.get(f"/connectors/{self.name}/status").json()
        tasks = status.get("tasks", [])
        if failed := [task for task in tasks if task["state"] == "FAILED"]:
            raise WorldError(failed[0]["trace"])
        query = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s AND active"
        return bool(tasks) and self.world.sql(query, f"theirs_{self.world.name}") == [(1,)]

    def close(self) -> None:
        """Their connector is deleted, and the slot that it leaves."""
        self._connect.delete(f"/connectors/{self.name}")
        self._connect.close()
        wait_until("their slot to be free", self._drop_slot)

    def _drop_slot(self) -> bool:
        own = f"slot_name = 'theirs_{self.world.name}'"
        with psycopg.connect(self.world.environment["SHOP_ADMIN_URL"], autocommit=True) as connection:
            connection.execute(
                f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE {own} AND NOT active"
            )
            return connection.execute(f"SELECT 1 FROM pg_replication_slots WHERE {own}").fetchone() is None
