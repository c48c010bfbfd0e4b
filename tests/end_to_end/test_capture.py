"""Capture with the real Debezium: set up, read in snapshot and stream, looked at, taken away."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.capture import catalogue, control, postgres, signals
from connector.capture.connect import Connect
from connector.capture.control import Applied
from connector.capture.decode import ChangeDecoder, schema_ids
from connector.capture.errors import CaptureError
from connector.capture.log_status import LogStatus
from connector.capture.plan import CapturePlan, plan_capture
from connector.capture.script import PASSWORD_PLACE
from connector.capture.session import session_of
from connector.change import UNAVAILABLE, Operation
from connector.http import Http
from connector.mapping import load_shop
from connector.registry import Registry
from tests.support.every_type import SETUP
from tests.support.lab import Lab, addresses_of, lab_of
from tests.support.world import wait_until

pytestmark = pytest.mark.end_to_end

SHOP = """
store: {{id: {name}, label: Test}}
database: {{kind: postgres, url: "{url}", schema: public}}
customers:
  from: flags
  id: "{{id}}"
  properties: {{firstname: c0}}
products:
  from: long_values
  id: "{{id}}"
  properties: {{name: word}}
orders:
  from: order-items
  id: "{{order_id}}-{{Größe}}"
  properties: {{dealname: 1st}}
line_items:
  from: whole_rows
  id: "{{other}}"
  newest_by: id
  properties: {{name: word}}
"""

TABLES = """
CREATE TABLE flags (id integer PRIMARY KEY, c0 boolean);
CREATE TABLE long_values (id integer PRIMARY KEY, word text, t text, b bytea, n numeric, j jsonb, h hstore, x xml,
    ai integer[], at text[], au uuid[], ad date[], an numeric[], af double precision[], atz timestamptz[]);
CREATE TABLE "order-items" (order_id uuid, "Größe" numeric(6, 2), "1st" text NOT NULL DEFAULT 'ddl', n integer,
    twice integer GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (order_id, "Größe"));
CREATE TABLE whole_rows (id serial PRIMARY KEY, other text, word text);
"""

LONG = """
INSERT INTO long_values VALUES (1, 'a', repeat('t', 9000), decode(repeat('ab', 9000), 'hex'),
    ('1' || repeat('7', 9000))::numeric,
    to_jsonb(repeat('j', 9000)), hstore('k', repeat('h', 9000)), ('<a>' || repeat('x', 9000) || '</a>')::xml,
    array_fill(7, ARRAY[5000]), array_fill('t'::text, ARRAY[5000]), array_fill('{uuid}'::uuid, ARRAY[5000]),
    array_fill('2020-01-01'::date, ARRAY[5000]), array_fill(1.25, ARRAY[5000]), array_fill(1.5::float8, ARRAY[5000]),
    array_fill('2020-01-01'::timestamptz, ARRAY[5000]))
"""


@pytest.fixture(scope="module")
def addresses(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The addresses of the stack to test on."""
    return addresses_of(request, "SHOP_ADMIN_URL")


@pytest.fixture
def lab(addresses: Mapping[str, str], tmp_path: Path) -> Iterator[Lab]:
    """A database with the tables, not yet captured; everything is taken away again."""
    with lab_of("postgres", addresses, tmp_path, SHOP) as made:
        made.sql(SETUP, TABLES)
        yield made


async def test_long_values_that_did_not_change_are_unavailable(lab: Lab) -> None:
    """A value that the change does not carry is never taken for a value, but for arrays that Debezium makes NULL."""
    columns = ["t", "b", "n", "j", "h", "x", "ai", "at", "au", "ad", "an", "af", "atz"]
    external = [f"ALTER TABLE long_values ALTER {column} SET STORAGE EXTERNAL" for column in columns]
    lab.sql(*external)
    await lab.load()
    lab.sql(LONG.replace("{uuid}", str(uuid.uuid4())), "UPDATE long_values SET word = 'b'")
    *_, update = await lab.wait_for("long_values", 2)

    assert update.after is not None
    unavailable = [column for column in columns if update.after[column] is UNAVAILABLE]
    lost = [column for column in columns if update.after[column] is None]
    assert ["t", "b", "n", "j", "h", "x", "ai", "at", "au", "ad"] == unavailable
    assert ["an", "af", "atz"] == lost


async def test_odd_names_and_deletes_by_key(lab: Lab) -> None:
    """Columns keep names that Avro forbids, a composite key its order and types, and a delete invents nothing.

    A changed key is another record key, perhaps on another partition: only changes of one key have an order.
    """
    await lab.load()
    order = uuid.uuid4()
    lab.sql(
        f"""INSERT INTO "order-items" VALUES ('{order}', 1.5, 'x', 4)""",
        f"""UPDATE "order-items" SET "Größe" = 2 WHERE order_id = '{order}'""",
        """DELETE FROM "order-items" """,
    )
    changes = await lab.wait_for("order-items", 4)

    old, new = (f'{{"order_id":"{order}","Größe":"{size}"}}' for size in ("1.50", "2.00"))
    by_key = {key: [change for change in changes if change.row_key == key] for key in (old, new)}
    assert {old: ["c", "d"], new: ["c", "d"]} == {
        key: [change.operation for change in found] for key, found in by_key.items()
    }
    created, deleted = by_key[old][0], by_key[new][-1]
    assert created.after is not None
    assert ["1st", "Größe", "n", "order_id"] == sorted(created.after)
    assert deleted.before == deleted.key
    assert not deleted.full_before
    assert created.database_position < deleted.database_position


async def test_whole_old_rows_where_the_shop_file_needs_them(lab: Lab) -> None:
    """An id made of a column outside the key makes the plan ask for REPLICA IDENTITY FULL, and old rows come whole."""
    assert ("whole_rows",) == lab.plan().full_rows
    await lab.load()
    lab.sql(
        "INSERT INTO whole_rows (other, word) VALUES ('o1', 'a')",
        "UPDATE whole_rows SET other = 'o2'",
        "DELETE FROM whole_rows",
        "TRUNCATE whole_rows",
    )
    _, update, delete, truncate = await lab.wait_for("whole_rows", 4, ["whole_rows"])

    assert {"id": 1, "other": "o1", "word": "a"} == update.before
    assert {"id": 1, "other": "o2", "word": "a"} == delete.before
    assert (Operation.TRUNCATE, "", {}) == (truncate.operation, truncate.row_key, truncate.key)


async def test_set_up_twice_then_look_then_take_away(lab: Lab) -> None:
    """The second time nothing is done; status tells health; removing leaves neither slot nor publication."""
    plan = lab.plan()
    first = await lab.apply(plan)
    assert first.configured
    assert first.signal is not None
    assert Applied((), False, None) == await lab.apply(plan_again(lab, plan))

    async with lab.connect() as connect:
        await connect.until(lambda: beats(lab, plan, connect), "there is no heartbeat")
        status = await control.status(plan, lab.owner, connect)
        assert status.healthy
        assert status.log.state == "reserved"

        assert (await lab.remove()).connector
        assert control.Removed(False, ()) == await lab.remove()
        assert await control.status(plan, lab.owner, connect) == control.CaptureStatus(None, LogStatus(False), None)
    with catalogue.connect(lab.admin) as connection:
        left = catalogue.read(connection, plan, postgres.grants(plan))
    assert catalogue.Catalogue(full_rows=frozenset({"whole_rows"})) == left


def plan_again(lab: Lab, plan: CapturePlan) -> CapturePlan:
    """A plan made later, with a password of its own."""
    later = lab.plan()
    assert later.address.password != plan.address.password
    return later


async def beats(lab: Lab, plan: CapturePlan, connect: Connect) -> bool:
    return (await control.status(plan, lab.owner, connect)).heartbeat is not None


async def test_heartbeats_say_how_far_the_log_was_read(lab: Lab) -> None:
    """A heartbeat's commit time, read from its topic, is later than that of the change before it."""
    plan = lab.plan()
    await lab.load()
    lab.sql("INSERT INTO whole_rows (other) VALUES ('x')")
    (change,) = await lab.wait_for("whole_rows", 1)
    http = Http(lab.settings.registry_url)
    registry = Registry(http)
    decoder = ChangeDecoder(registry, lambda _topic: "id")

    def newest() -> Any:
        records = lab.records(plan.heartbeat_topic)
        asyncio.run_coroutine_threadsafe(registry.load(schema_ids(records[-1]) if records else set()), loop).result(30)
        return signals.heartbeat(records[-1], decoder) if records else None

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        wait_until, "a later heartbeat", lambda: (at := newest()) is not None and at > change.committed_at, 60
    )
    await http.aclose()


async def test_a_snapshot_is_followed_by_its_notifications(lab: Lab) -> None:
    """Chosen rows of one table are read again, and the state says when it is over and how many they were."""
    plan = lab.plan()
    lab.sql("INSERT INTO whole_rows (other) SELECT 'o' || i FROM generate_series(1, 3000) i")
    await lab.apply(plan)
    await lab.wait_for("whole_rows", 3000)
    with session_of("postgres", lab.owner) as session:
        signal = signals.snapshot(session, plan, ["whole_rows"], "id > 2990")
    await lab.wait_for("whole_rows", 3010)
    found = await lab.snapshot_over(plan, signal)

    assert (signal, ("public.whole_rows",), 10, ()) == (found.signal, found.tables_done, found.rows, found.failures)


async def test_without_rights_the_sql_is_given_and_works(lab: Lab, tmp_path: Path) -> None:
    """The shop's own role may not prepare capture; what it is told to run does, with a password of one's choice."""
    with pytest.raises(CaptureError) as caught:
        await lab.apply(url=lab.owner)
    script = str(caught.value).split("run:\n\n", 1)[1].replace(PASSWORD_PLACE, "chosen")
    lab.sql(script)

    path = tmp_path / "external.yaml"
    role = lab.owner.replace("shop:shop@", f"{lab.plan().address.user}:chosen@")
    path.write_text(SHOP.format(name=lab.name, url=lab.owner) + f'capture: {{url: "{role}"}}\n')
    shop = load_shop(path, {})
    plan = plan_capture(shop, control.read_facts("postgres", lab.owner, "public", shop.tables()))
    applied = await lab.apply(plan, lab.owner)

    assert ((), True) == (applied.statements, applied.configured)


async def test_mistakes_are_said_before_anything_runs(lab: Lab) -> None:
    """A misspelt setting, which Connect would pass over, and one that the plugin refuses, together."""
    config = {"heartbeat.intervall.ms": "1", "snapshot.mode": "sometimes"}
    with pytest.raises(CaptureError) as caught:
        await lab.apply(replace(lab.plan(), extra_config=config))

    assert "heartbeat.intervall.ms (did you mean heartbeat.interval.ms?): no such setting" in str(caught.value)
    assert "snapshot.mode: " in str(caught.value)
    async with lab.connect() as connect:
        assert await connect.config(lab.plan().connector) is None


async def test_a_task_that_fails_says_why(lab: Lab) -> None:
    """The connector may run while its task does not: the task's own words are in the error."""
    plan = replace(lab.plan(), extra_config={"publication.name": "nobody_made_it"})
    with pytest.raises(CaptureError, match="Publication autocreation is disabled"):
        await lab.apply(plan)


async def test_a_connector_that_somebody_stopped_is_started(lab: Lab) -> None:
    """Setting up again brings it back as it was."""
    plan = lab.plan()
    await lab.load()
    async with lab.connect() as connect:
        await connect.stop(plan.connector)
        assert not (await control.status(plan, lab.owner, connect)).healthy

        assert Applied((), False, None) == await lab.apply()
        assert (await control.status(plan, lab.owner, connect)).healthy


async def test_a_publication_that_was_dropped_is_told(lab: Lab) -> None:
    """A new one would not help: the server reads the slot's log with the publications of its time."""
    plan = lab.plan()
    await lab.load()
    async with lab.connect() as connect:
        await connect.stop(plan.connector)
    lab.sql(f"DROP PUBLICATION {plan.publication}")
    with pytest.raises(CaptureError, match="is gone while its slot"):
        await lab.apply()

    await lab.remove()
    assert (await lab.apply()).signal is not None


async def test_a_slot_that_was_dropped_means_another_load(lab: Lab) -> None:
    """What happened in the meantime is in no log, so all rows are read again."""
    plan = lab.plan()
    await lab.load()
    async with lab.connect() as connect:
        await connect.stop(plan.connector)
    lab.sql(f"SELECT pg_drop_replication_slot('{plan.slot}')", "INSERT INTO whole_rows (other) VALUES ('unseen')")
    applied = await lab.apply()
    (change,) = await lab.wait_for("whole_rows", 1)

    assert applied.signal is not None
    assert (Operation.READ, True) == (change.operation, change.snapshot)
