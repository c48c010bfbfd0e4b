"""A shop's change log without a shop: writes to change topics what Debezium would, and starts workers that read it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import fastavro

from connector.http import Http
from connector.kafka import Admin, Producer, ensure_change_topics
from connector.record import Outgoing
from connector.registry import Registry
from connector.settings import Settings
from connector.wire import frame
from tests.support.world import wait_until

SHOP = """
store: {{id: test, label: Test}}
database: {{kind: postgres, url: "postgresql://nobody@127.0.0.1:1/shop", schema: public}}
capture: {{prefix: {prefix}}}
customers:
  from: customers
  id: "{{id}}"
  properties: {{email: email, firstname: first_name}}
orders:
  from: customers
  id: "order-{{id}}"
  properties: {{dealname: first_name}}
"""

FUNCTIONS = """
import os

def first_name(row):
    if row["first_name"] == "{name}":
        os._exit(9)
    return row["first_name"]
"""

WORKER = """
import os, sys
from pathlib import Path
from connector.agents.worker import run_worker
from connector.mapping import load_shop
from connector.settings import Settings
shop = load_shop(Path(sys.argv[1]), os.environ)
sys.exit(run_worker([shop], Settings(), sys.argv[2].split(","), accepted=sys.argv[3:]))
"""

DEADLINE_S = 60.0


def envelope(topic: str) -> dict[str, Any]:
    """Debezium's value schema of a table with three columns, as its Avro converter registers it."""
    columns = [
        {"name": "id", "type": "int"},
        *({"name": n, "type": ["null", "string"]} for n in ("email", "first_name")),
    ]
    source = [
        *({"name": name, "type": "string"} for name in ("version", "connector", "name", "db", "schema", "table")),
        {"name": "ts_ms", "type": "long"},
        {"name": "snapshot", "type": ["null", "string"]},
        {"name": "lsn", "type": ["null", "long"]},
    ]
    row = {"type": "record", "name": "Value", "fields": columns}
    return {
        "type": "record",
        "name": "Envelope",
        "namespace": topic,
        "fields": [
            {"name": "before", "type": ["null", row]},
            {"name": "after", "type": ["null", "Value"]},
            {"name": "source", "type": {"type": "record", "name": "Source", "fields": source}},
            {"name": "op", "type": "string"},
        ],
    }


def key(topic: str) -> dict[str, Any]:
    """Debezium's key schema of the same table."""
    return {"type": "record", "name": "Key", "namespace": topic, "fields": [{"name": "id", "type": "int"}]}


def avro(number: int, schema: Any, datum: Any) -> bytes:
    """A datum in Confluent's wire format."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, schema, datum)
    return frame(number, stream.getvalue())


@dataclass(frozen=True)
class Schemas:
    """The schemas of the table, parsed, with the registry's ids."""

    key_id: int
    key: Any
    value_id: int
    value: Any


class ChangeLog:
    """One shop's change log and everything about the installation that reads it; names are the test's own."""

    def __init__(self, folder: Path, name: str, bootstrap: str, registry_url: str) -> None:
        self.folder = folder
        self.topic = f"{name}.public.customers"
        self.environ = {
            "SHOPBRIDGE_KAFKA_BOOTSTRAP": bootstrap,
            "SHOPBRIDGE_REGISTRY_URL": registry_url,
            "SHOPBRIDGE_LEDGER": str(folder / "ledger.db"),
            "SHOPBRIDGE_GROUP": name,
            "SHOPBRIDGE_TOPIC_PREFIX": name,
        }
        self.settings = Settings.model_validate(
            {key.removeprefix("SHOPBRIDGE_").lower(): value for key, value in self.environ.items()}
        )
        self.shop = folder / "shop.yaml"
        self.shop.write_text(SHOP.format(prefix=name))
        self.admin = Admin(bootstrap)
        ensure_change_topics(self.settings, [self.topic], self.admin)
        self._schemas = asyncio.run(self._register())
        self._lsn = 1000

    async def _register(self) -> Schemas:
        http = Http(self.settings.registry_url)
        registry = Registry(http, patience_s=DEADLINE_S)
        key_id = await registry.register(f"{self.topic}-key", json.dumps(key(self.topic)))
        value_id = await registry.register(f"{self.topic}-value", json.dumps(envelope(self.topic)))
        await http.aclose()
        parsed = [fastavro.parse_schema(make(self.topic)) for make in (key, envelope)]
        return Schemas(key_id, parsed[0], value_id, parsed[1])

    def change(self, number: int, name: str, op: str = "u", *, table: str = "customers") -> Outgoing:
        """The record of one change of the customer `number`, whose first name becomes `name`."""
        row = {"id": number, "email": f"c{number}@example.com", "first_name": name}
        source = self._source("public", table, int(time.time() * 1000))
        return self._outgoing(
            self.topic, number, {"before": None, "after": None if op == "d" else row, "op": op}, source
        )

    def foreign_change(self, schema: str, table: str, at: datetime) -> Outgoing:
        """A change of a row of another table, committed at `at`."""
        row = {"id": 1, "email": None, "first_name": None}
        source = self._source(schema, table, int(at.timestamp() * 1000))
        topic = f"{source['name']}.{schema}.{table}"
        return self._outgoing(topic, 1, {"before": None, "after": row, "op": "u"}, source)

    def _source(self, schema: str, table: str, at_ms: int) -> dict[str, Any]:
        self._lsn += 8
        prefix = self.topic.split(".", 1)[0]
        where = {"name": prefix, "db": "shop", "schema": schema, "table": table, "lsn": self._lsn}
        return {"version": "3", "connector": "postgresql", "ts_ms": at_ms, "snapshot": "false", **where}

    def _outgoing(self, topic: str, number: int, change: dict[str, Any], source: dict[str, Any]) -> Outgoing:
        schemas = self._schemas
        key_bytes = avro(schemas.key_id, schemas.key, {"id": number})
        return Outgoing(topic, key_bytes, avro(schemas.value_id, schemas.value, {**change, "source": source}))

    def let_function_die_of(self, name: str) -> None:
        """Map the first name by a user's function that ends the process when it meets `name`."""
        (self.folder / f"{self.settings.group}_functions.py").write_text(FUNCTIONS.format(name=name))
        by_function = f'firstname: {{python: "{self.settings.group}_functions:first_name"}}'
        self.shop.write_text(self.shop.read_text().replace("firstname: first_name", by_function))

    def is_dead_or_through(self, worker: Worker) -> bool:
        """Whether a worker has ended, or has mapped the whole change topic."""
        return worker.is_dead or (worker.says('"event": "working"') and self.has_read("map:customers", self.topic))

    def write(self, records: Sequence[Outgoing]) -> None:
        """Produce records and wait for their delivery."""

        async def send() -> None:
            producer = Producer(self.settings.kafka_bootstrap)
            await producer.send(records)
            await producer.aclose()

        asyncio.run(send())

    def ends(self, topics: Iterable[str]) -> int:
        """The sum of the end offsets of topics."""
        return sum(sum(info.end_offsets.values()) for info in self.admin.topic_ids(topics).values())

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the ledger's file from outside."""
        with sqlite3.connect(f"file:{self.settings.ledger}?mode=ro", uri=True, timeout=30) as connection:
            return connection.execute(sql, values).fetchall()

    def break_ledger(self) -> None:
        """Take a table away under a running worker."""
        with sqlite3.connect(self.settings.ledger, timeout=30) as connection:
            connection.execute("drop table progress")

    def progress(self, agent: str) -> tuple[int, Counter[str]]:
        """How many records an agent has behind it, and their counts."""
        counts: Counter[str] = Counter()
        done = 0
        for start, following, text in self.query("select start, next, counts from progress where agent = ?", agent):
            done += following - start
            counts.update(json.loads(text))
        return done, counts

    def has_done(self, agent: str, count: int) -> bool:
        """Whether an agent has so many records behind it."""
        return self.progress(agent)[0] >= count

    def has_read(self, agent: str, topic: str) -> bool:
        """Whether an agent stands at the end of every partition of a topic."""
        info = self.admin.topic_ids([topic])[topic]
        rows = self.query("select partition, next from progress where agent = ? and topic_id = ?", agent, info.topic_id)
        return info.end_offsets == dict(rows)

    def said(self) -> dict[str, str]:
        """Customer's id → first name, as the ledger's contributions have it."""
        rows = self.query(
            "select o.external_id, c.said from contribution c join object o on o.number = c.object where o.type = ?",
            "CONTACT",
        )
        return {external_id: json.loads(said)["properties"]["firstname"] for external_id, said in rows}

    def message_bytes(self) -> bytes:
        """A record in the wire format whose schema is registered but is no envelope: the key's."""
        return avro(self._schemas.key_id, self._schemas.key, {"id": 7})

    def make_topic_anew(self) -> None:
        """Delete the change topic and make it again, empty."""
        former = self.admin.topic_ids([self.topic])[self.topic].topic_id
        self.admin.delete_topics([self.topic])
        wait_until("the topic is gone", lambda: not self.admin.topic_ids([self.topic]))
        ensure_change_topics(self.settings, [self.topic], self.admin)
        assert former != self.admin.topic_ids([self.topic])[self.topic].topic_id

    def worker(self, roles: str = "map,apply,report", *, accepted: Sequence[str] = ()) -> Worker:
        """A worker's process, running until the block ends."""
        return Worker(self, roles, accepted)


class Worker:
    """A worker in a process of its own; `log` is where its lines go."""

    def __init__(self, change_log: ChangeLog, roles: str, accepted: Sequence[str]) -> None:
        self.log = change_log.folder / f"worker-{roles}-{time.monotonic_ns()}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(change_log.shop), roles, *accepted],
                env={**os.environ, **change_log.environ},
                stderr=log,
                stdout=log,
            )

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def says(self, text: str) -> bool:
        """Whether its log holds the text."""
        return text in self.log.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        if error is not None:
            sys.stderr.write(self.log.read_text()[-20_000:])
