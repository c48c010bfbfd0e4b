"""Capture of MariaDB with the real Debezium: set up, rows read and seen, interrupted, looked at, taken away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.capture import binlog_catalogue, control, signals
from connector.capture.binlog_rights import NOBODY, read_rights
from connector.capture.config import connector_config, topics
from connector.capture.control import Applied
from connector.capture.errors import CaptureError
from connector.capture.log_status import LogStatus
from connector.capture.plan import plan_capture
from connector.capture.reread import reread
from connector.capture.script import PASSWORD_PLACE
from connector.capture.session import session_of
from connector.change import Change, Operation
from connector.kafka import Admin
from connector.mapping import load_shop
from connector.operations import capturing, database
from tests.support.lab import Lab, addresses_of, lab_of
from tests.support.place import HOME
from tests.support.world import ROOT, wait_until

pytestmark = pytest.mark.end_to_end

SHOP = """
store: {{id: {name}, label: Test}}
database: {{kind: mariadb, url: "{url}", schema: {name}, zone: Europe/Berlin}}
customers:
  from: ps_customer
  id: "{{id}}"
  properties: {{firstname: name}}
products:
  from: every_kind
  id: "{{id}}"
  properties: {{name: words}}
orders:
  from: order
  id: "{{id}}"
  properties: {{dealname: note}}
line_items:
  from: order_line
  id: "{{id}}"
  order: {{key: "{{order_id}}", cascade: true}}
  properties: {{name: name}}
"""

TABLES = """
CREATE TABLE ps_customer (id int UNSIGNED AUTO_INCREMENT PRIMARY KEY, name varchar(50), email varchar(50) UNIQUE,
    points int NOT NULL DEFAULT 0);
CREATE TABLE `order` (id bigint UNSIGNED PRIMARY KEY, note varchar(50), changed timestamp NOT NULL DEFAULT now());
CREATE TABLE order_line (id int PRIMARY KEY, order_id bigint UNSIGNED, name varchar(50),
    FOREIGN KEY (order_id) REFERENCES `order` (id) ON DELETE CASCADE);
CREATE TABLE not_mapped (id int PRIMARY KEY, address inet6);
CREATE TABLE every_kind (
    id int PRIMARY KEY, words varchar(20) CHARACTER SET latin1, face varchar(20), flag tinyint(1), yes boolean,
    tiny tinyint UNSIGNED, whole int UNSIGNED, big bigint UNSIGNED, price decimal(15, 4),
    count_ decimal(10, 0) UNSIGNED, part float, whole_part double, state enum('new', 'zurück', 'a,b'),
    several set('a', 'b', 'c'), bit_ bit(1), bits_ bit(10), year_ year, day_ date, never date NOT NULL DEFAULT
    '0000-00-00', away time, away6 time(6), at_ datetime, at3 datetime(3), at6 datetime(6), instant timestamp NULL,
    instant6 timestamp(6) NULL, json_ json, raw varbinary(8), raw8 binary(8), long_ longblob, id_ uuid,
    filled varchar(9) DEFAULT 'ddl', twice int AS (tiny * 2) STORED, thrice int AS (tiny * 3));
"""

ROW = """
INSERT INTO every_kind (id, words, face, flag, yes, tiny, whole, big, price, count_, part, whole_part, state, several,
    bit_, bits_, year_, day_, away, away6, at_, at3, at6, instant, instant6, json_, raw, raw8, long_, id_, filled)
VALUES ({}, 'Größe', '😀 ja', 2, true, 255, 4294967295, 18446744073709551615, -12345678901.2345, 7, 0.1, 0.1, 'a,b',
    'a,c', b'1', b'1000000001', 2155, '0999-12-31', '-838:59:59', '25:00:00.5', '2024-03-31 02:30:00',
    '2024-01-02 03:04:05.678', '9999-12-31 23:59:59.999999', '2024-07-01 12:00:00', '2024-07-01 12:00:00.5',
    '{{"a": 1}}', x'ff00', x'0102', x'00', 'b5e0e5a0-0000-4000-8000-000000000001', 'x')
"""

READ = {
    "words": "Größe",
    "face": "😀 ja",
    "flag": 2,
    "yes": 1,
    "tiny": 255,
    "whole": 4294967295,
    "big": 18446744073709551615,
    "price": Decimal("-12345678901.2345"),
    "count_": Decimal(7),
    "part": 0.1,
    "whole_part": 0.1,
    "state": "a,b",
    "several": "a,c",
    "bit_": True,
    "bits_": 513,
    "year_": 2155,
    "day_": date(999, 12, 31),
    "never": date(1970, 1, 1),
    "away": -timedelta(hours=838, minutes=59, seconds=59),
    "away6": timedelta(hours=25, milliseconds=500),
    "at_": datetime(2024, 3, 31, 2, 30),  # noqa: DTZ001 - a wall clock
    "at3": datetime(2024, 1, 2, 3, 4, 5, 678000),  # noqa: DTZ001
    "at6": datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
    "instant": datetime(2024, 7, 1, 16, tzinfo=UTC),
    "instant6": datetime(2024, 7, 1, 16, 0, 0, 500000, tzinfo=UTC),
    "json_": '{"a": 1}',
    "raw": b"\xff\x00",
    "raw8": b"\x01\x02\x00\x00\x00\x00\x00\x00",
    "long_": b"\x00",
    "id_": "b5e0e5a0-0000-4000-8000-000000000001",
    "filled": "x",
    "twice": 510,
    "thrice": 765,
}
"""What the row above is, written by a session of New York's time zone."""


@pytest.fixture(scope="module")
def addresses(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The addresses of the stack to test on."""
    return addresses_of(request, "LEGACY_ADMIN_URL")


@pytest.fixture
def lab(addresses: Mapping[str, str], tmp_path: Path) -> Iterator[Lab]:
    """A database with the tables, not yet captured; everything is taken away again."""
    with lab_of("mariadb", addresses, tmp_path, SHOP) as made:
        made.sql(*TABLES.strip().rstrip(";").split(";\n"))
        yield made


def by_key(changes: list[Change]) -> dict[str, list[str]]:
    """Row key → operations in the order of the binlog."""
    found: dict[str, list[str]] = {}
    for change in changes:
        found.setdefault(change.row_key, []).append(str(change.operation))
    return found


def local(*words: str) -> None:
    """Do something to a part of the stack."""
    command = [sys.executable, "-m", "deploy.local", *words, "--home", HOME]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


async def test_every_type_is_the_same_read_and_seen(lab: Lab) -> None:
    """Flags as numbers whichever way Debezium learnt of the column, wall clocks as written, instants in UTC."""
    zoned = "SET time_zone = 'America/New_York'"
    lab.sql(zoned, ROW.format(1), "INSERT INTO every_kind (id) VALUES (2)")
    await lab.load()
    lab.sql(zoned, "ALTER TABLE every_kind ADD COLUMN later boolean DEFAULT true", ROW.format(3))
    lab.sql("INSERT INTO every_kind (id, later) VALUES (4, false)")
    changes: dict[Any, Change] = {change.key["id"]: change for change in await lab.wait_for("every_kind", 4)}
    rows: dict[Any, Any] = {number: change.after for number, change in changes.items()}

    assert READ == {column: rows[1][column] for column in READ}
    assert READ == {column: rows[3][column] for column in READ}
    assert {2: "r", 4: "c"} == {number: changes[number].operation for number in (2, 4)}
    for number in (2, 4):
        assert {None} == {rows[number][column] for column in READ.keys() - {"never", "filled"}}
    assert (1, 0) == (rows[3]["later"], rows[4]["later"])


async def test_changes_of_every_kind(lab: Lab) -> None:
    """REPLACE is a deletion and a creation, a changed key another row; positions rise; TRUNCATE is one change."""
    await lab.load()
    lab.sql(
        "INSERT INTO ps_customer (id, name, email) VALUES (1, 'a', 'a@x'), (2, 'b', 'b@x')",
        "REPLACE INTO ps_customer (id, name, email) VALUES (3, 'c', 'a@x')",
        "INSERT INTO ps_customer (id, name) VALUES (2, 'B') ON DUPLICATE KEY UPDATE name = 'B', points = 5",
        "UPDATE ps_customer SET id = 7 WHERE id = 3",
        "DELETE FROM ps_customer WHERE id = 7",
        "TRUNCATE ps_customer",
    )
    changes = await lab.wait_for("ps_customer", 9, full=["ps_customer"])

    expected = {'{"id":1}': ["c", "d"], '{"id":2}': ["c", "u"], '{"id":3}': ["c", "d"], '{"id":7}': ["c", "d"]}
    assert expected | {"": ["t"]} == by_key(changes)
    update = next(change for change in changes if change.operation is Operation.UPDATE)
    assert {"id": 2, "name": "b", "email": "b@x", "points": 0} == update.before
    assert {"id": 2, "name": "B", "email": "b@x", "points": 5} == update.after
    assert {f"mariadb/{lab.name}/{lab.name}"} == {change.server for change in changes}
    assert (Operation.TRUNCATE, {}) == (changes[-1].operation, changes[-1].key)


async def test_positions_of_read_rows_and_changes_are_comparable(lab: Lab) -> None:
    """A row read by the first load is older than what happens to it afterwards, across a new file of the binlog."""
    lab.sql("INSERT INTO `order` (id, note) VALUES (18446744073709551615, 'a')")
    await lab.load()
    with session_of("mariadb", lab.admin) as session:
        session.execute("FLUSH BINARY LOGS")
    lab.sql("UPDATE `order` SET note = 'b'")
    read, update = await lab.wait_for("order", 2)

    assert ["r", "u"] == [read.operation, update.operation]
    assert {'{"id":18446744073709551615}'} == {read.row_key, update.row_key}
    assert (read.server, True) == (update.server, read.database_position < update.database_position)
    assert read.after is not None
    assert read.after["changed"].tzinfo is UTC  # type: ignore[union-attr]


async def test_cascades_leave_no_change(lab: Lab) -> None:
    """The database deletes the lines below its binlog: why the shop file has `cascade: true`."""
    await lab.load()
    lab.sql(
        "INSERT INTO `order` (id) VALUES (1)",
        "INSERT INTO order_line VALUES (1, 1, 'x'), (2, 1, 'y')",
        "DELETE FROM `order`",
        "INSERT INTO `order` (id) VALUES (2)",
        "INSERT INTO order_line VALUES (3, 2, 'z')",
    )
    assert [["c"], ["c"], ["c"]] == list(by_key(await lab.wait_for("order_line", 3)).values())
    assert {'{"id":1}': ["c", "d"], '{"id":2}': ["c"]} == by_key(await lab.wait_for("order", 3))


async def test_set_up_twice_then_look_then_take_away(lab: Lab) -> None:
    """The second time nothing is done; status tells health; removing leaves neither user, tables nor topic."""
    plan = lab.plan()
    first = await lab.apply(plan)
    assert first.configured
    assert first.signal is not None
    assert Applied((), False, None) == await lab.apply()

    async with lab.connect() as connect:
        await connect.until(lambda: beats(lab, connect), "there is no heartbeat")
        status = await control.status(plan, lab.admin, connect)
        assert (True, "reserved", True) == (status.healthy, status.log.state, status.log.active)
        assert (await control.status(plan, lab.owner, connect)).healthy

        assert (await lab.remove()).connector
        assert control.Removed(False, ()) == await lab.remove()
        nothing = control.CaptureStatus(None, LogStatus(False), None)
        assert nothing == await control.status(plan, lab.admin, connect)
    with binlog_catalogue.session(lab.admin) as session:
        assert replace(NOBODY, shop_accounts=()) == replace(
            read_rights(session, plan, lab.admin), shop_accounts=(), held={}
        )
    assert {} == Admin(lab.settings.kafka).topic_ids([plan.history_topic])


async def beats(lab: Lab, connect: Any) -> bool:
    return (await control.status(lab.plan(), lab.admin, connect)).heartbeat is not None


async def test_definitions_are_kept_for_ever(lab: Lab) -> None:
    """The topic that the connector cannot go on without outlives the broker's usual week."""
    await lab.apply()
    name = lab.plan().history_topic
    admin = Admin(lab.settings.kafka)
    config = admin.configs([name])[name]
    assert ("delete", "-1", "-1") == tuple(config[key] for key in ("cleanup.policy", "retention.ms", "retention.bytes"))
    assert 1 == admin.topic_ids([name])[name].partitions


async def test_restarts_in_between_lose_nothing(lab: Lab) -> None:
    """Connect killed, MariaDB killed, and rows written meanwhile: each comes once more at most, none is missing."""
    await lab.load()
    lab.sql("INSERT INTO `order` (id) VALUES (1)")
    await lab.wait_for("order", 1)
    await asyncio.to_thread(local, "kill", "connect")
    lab.sql("INSERT INTO `order` (id) VALUES (2)", "ALTER TABLE `order` ADD COLUMN more int DEFAULT 5")
    await asyncio.to_thread(local, "kill", "mariadb")
    await asyncio.to_thread(local, "start", "mariadb")
    lab.sql("INSERT INTO `order` (id, more) VALUES (3, NULL)")
    await asyncio.to_thread(local, "start", "connect")
    wanted = {'{"id":1}', '{"id":2}', '{"id":3}'}
    await asyncio.to_thread(wait_until, "all orders", lambda: len(lab.records(lab.shop.topic("order"))) >= 3, 90)
    changes = await lab.changes("order")

    assert wanted == set(by_key(changes))
    assert "more" in (changes[-1].after or {})

    await asyncio.to_thread(local, "restart", "mariadb")
    lab.sql("INSERT INTO `order` (id, more) VALUES (4, 1)")
    await lab.wait_for("order", len(changes) + 1)
    assert Applied((), False, None) == await lab.apply()


async def test_statements_about_other_tables_do_not_matter(lab: Lab) -> None:
    """Debezium stops at a type that it cannot parse; where none of ours is meant, it is not asked to."""
    await lab.load()
    lab.sql(
        "CREATE TABLE elsewhere (id int PRIMARY KEY, a inet6)",
        "ALTER TABLE elsewhere ADD COLUMN b inet4",
        "CREATE OR REPLACE VIEW of_orders AS SELECT o.id, CAST('::1' AS inet6) AS a FROM `order` o",
        "TRUNCATE TABLE elsewhere",
        "ALTER TABLE `order` ADD COLUMN c int",
        "INSERT INTO `order` (id, c) VALUES (1, 5)",
    )
    (change,) = await lab.wait_for("order", 1)
    assert change.after is not None
    assert 5 == change.after["c"]


async def test_a_table_mapped_later_is_captured_without_a_gap(lab: Lab) -> None:
    """Its definition is learnt where the binlog was left, and nothing of the others is missing."""
    first = replace(lab.plan(), tables=("ps_customer",), topics=(lab.shop.topic("ps_customer"),))
    await lab.apply(first)
    lab.sql("INSERT INTO ps_customer (id) VALUES (1)", "INSERT INTO `order` (id) VALUES (1)")
    await lab.wait_for("ps_customer", 1)
    applied = await lab.apply()
    lab.sql("INSERT INTO ps_customer (id) VALUES (2)", "INSERT INTO `order` (id) VALUES (2)")

    assert (True, None) == (applied.configured, applied.signal)
    assert {'{"id":1}': ["c"], '{"id":2}': ["c"]} == by_key(await lab.wait_for("ps_customer", 2))
    assert ["c"] == by_key(await lab.wait_for("order", 1))['{"id":2}']


async def test_chosen_rows_are_read_again(lab: Lab) -> None:
    """By a condition, and by their keys: a table of a reserved word too."""
    plan = lab.plan()
    lab.sql("INSERT INTO `order` (id, note) SELECT seq, concat('o', seq) FROM seq_1_to_3000")
    await lab.apply(plan)
    await lab.wait_for("order", 3000)
    with session_of("mariadb", lab.owner) as session:
        signal = signals.snapshot(session, plan, ["order"], "id > 2990")
    found = await lab.snapshot_over(plan, signal)
    assert ((f"{lab.name}.order",), 10, ()) == (found.tables_done, found.rows, found.failures)

    again = await lab.snapshot_over(plan, reread(plan, lab.owner, "order", ['{"id":5}', '{"id":7}']))
    assert 2 == again.rows
    assert 3012 == len(await lab.wait_for("order", 3012))


async def test_without_rights_the_sql_is_given_and_works(lab: Lab, tmp_path: Path) -> None:
    """The shop's own user may not prepare capture; what it is told to run does, with a password of one's choice."""
    with pytest.raises(CaptureError) as caught:
        await lab.apply(url=lab.owner)
    script = str(caught.value).split("run:\n\n", 1)[1].replace(PASSWORD_PLACE, "chosen")
    lab.sql(*(line.rstrip(";") for line in script.splitlines() if line and not line.startswith("--")))

    path = tmp_path / "given.yaml"
    user = lab.owner.replace("shop:shop@", f"{lab.plan().address.user}:chosen@")
    path.write_text(SHOP.format(name=lab.name, url=lab.owner) + f'capture: {{url: "{user}", server_id: 4711}}\n')
    shop = load_shop(path, {})
    plan = plan_capture(shop, control.read_facts("mariadb", lab.owner, lab.name, shop.tables()))
    applied = await lab.apply(plan, lab.owner)

    assert ((), True) == (applied.statements, applied.configured)
    assert [] == [finding for finding in database.look(shop, 3) if not finding.ok]

    lab.sql(f"REVOKE SELECT ON `{lab.name}`.`order` FROM {plan.address.user}@localhost")
    (wrong,) = [finding for finding in database.look(shop, 3) if not finding.ok]
    assert "not all is prepared for capture (GRANT SELECT)" in wrong.what
    assert f"GRANT SELECT ON `{lab.name}`.`order` TO '{plan.address.user}'@'localhost';" in capturing.sql(
        shop, lab.owner
    )


@pytest.mark.parametrize(
    ("setting", "wrong", "right", "told"),
    [
        ("binlog_format", "'MIXED'", "'ROW'", "SET GLOBAL binlog_format = 'ROW'"),
        ("binlog_row_image", "'MINIMAL'", "'FULL'", "SET GLOBAL binlog_row_image = 'FULL'"),
        ("log_bin_compress", "1", "0", "SET GLOBAL log_bin_compress = 0"),
    ],
)
async def test_a_server_that_cannot_be_captured_is_told(
    lab: Lab, setting: str, wrong: str, right: str, told: str
) -> None:
    """By `check` and by setting up, with the statement to run, before anything is touched."""
    with session_of("mariadb", lab.admin) as session:
        session.execute(f"SET GLOBAL {setting} = {wrong}")
        try:
            findings = database.look(lab.shop, 3)
            with pytest.raises(CaptureError, match=told):
                await lab.apply()
        finally:
            session.execute(f"SET GLOBAL {setting} = {right}")
    assert [told] == [told for finding in findings if told in finding.remedy]


async def test_a_binlog_that_was_deleted_is_told(lab: Lab) -> None:
    """What was in it is lost: only removing and setting up again, with a new load, helps."""
    await lab.load()
    plan = lab.plan()
    async with lab.connect() as connect:
        await connect.stop(plan.connector)
        lab.sql("INSERT INTO `order` (id) VALUES (1)")
        with binlog_catalogue.session(lab.admin) as session:
            await asyncio.to_thread(wait_until, "an empty binlog", lambda: purged(session))
        assert "lost" == (await control.status(plan, lab.admin, connect)).log.state
    with pytest.raises(CaptureError, match="deleted the binlog that the connector still needed"):
        await lab.apply()

    await lab.remove()
    applied = await lab.apply()
    assert applied.signal is not None
    assert {'{"id":1}': ["r"]} == by_key(await lab.wait_for("order", 1))


def purged(session: binlog_catalogue.MySqlSession) -> bool:
    """Delete all of the binlog but a new file; the server keeps what somebody still reads."""
    for (reader,) in session.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'"):
        session.execute(f"KILL {reader}")
    session.execute("FLUSH BINARY LOGS")
    newest = list(binlog_catalogue.binlogs(session) or {})[-1]
    session.execute(f"PURGE BINARY LOGS TO '{newest}'")
    return [newest] == list(binlog_catalogue.binlogs(session) or {})


async def test_mysql_is_told_the_same(lab: Lab) -> None:
    """The plugin for MySQL knows every setting, and finds nothing wrong but the server, which is none of its kind."""
    plan = replace(lab.plan(), kind="mysql", address=replace(lab.plan().address, port=1))
    assert plan.history_topic in [topic.name for topic in topics(plan, lab.settings)]
    async with lab.connect() as connect:
        with pytest.raises(CaptureError) as caught:
            await connect.validate(plan.connector, connector_config(plan, lab.settings, strips_defaults=False))
    faults = str(caught.value).splitlines()[1:]
    assert [True] == [
        "database.hostname: " in fault and "Failed to establish connection" in fault for fault in faults
    ], faults
