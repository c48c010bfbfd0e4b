"""MariaDB and MySQL on paper: what the server must be, who gets which rights, what the connector is told."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.capture import binlog, binlog_columns
from connector.capture.binlog_catalogue import Account
from connector.capture.binlog_config import DDL_FILTER, ddl_filter, java
from connector.capture.binlog_rights import NOBODY, Grant, Rights, privileges_in
from connector.capture.binlog_server import Server, server_faults
from connector.capture.columns import Names
from connector.capture.config import STRIP_DEFAULTS, connector_config, topics
from connector.capture.decode import database_position
from connector.capture.log_status import LogStatus
from connector.capture.plan import Address, CapturePlan
from connector.capture.reading import BinlogPosition, binlog_position, kept_for
from connector.capture.script import PASSWORD_PLACE
from connector.security import KafkaAccess
from connector.settings import Settings

SETTINGS = Settings.model_validate({"registry_url": "http://reg:8081/apis/ccompat/v7", "kafka_bootstrap": "k:9092"})
GOOD = {
    "log_bin": "ON",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "server_id": "1",
    "log_bin_compress": "OFF",
    "binlog_expire_logs_seconds": "0",
    "expire_logs_days": "10",
}
MARIADB = Server(is_mariadb=True, version=(10, 11, 19), settings=GOOD)
MYSQL = Server(is_mariadb=False, version=(8, 4, 2), settings=GOOD)
ANYWHERE, LOCAL = Account("shopbridge_main", "%"), Account("shopbridge_main", "localhost")
SHOP = Account("shop", "%")


@pytest.fixture
def mariadb(plan: CapturePlan) -> CapturePlan:
    address = Address("db", 3306, "legacy", "shopbridge_main", "pass'word")
    return replace(
        plan, kind="mariadb", schema="legacy", tables=("order", "ps, x"), address=address, server_id=1_600_000_000
    )


# ---- the server


def test_a_good_server_has_no_faults(mariadb: CapturePlan) -> None:
    """MariaDB keeps its binlog by days or seconds; a setting that a server does not have is right."""
    assert [] == server_faults(MARIADB, mariadb)
    assert 10 * 24 * 60 * 60 == MARIADB.kept_seconds
    assert [] == server_faults(MYSQL, replace(mariadb, kind="mysql"))


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("log_bin", "OFF", "write log_bin=binlog and server_id=1 under [mysqld], restart the server"),
        ("binlog_format", "STATEMENT", "it must be ROW: SET GLOBAL binlog_format = 'ROW'"),
        ("binlog_row_image", "MINIMAL", "it must be FULL: SET GLOBAL binlog_row_image = 'FULL'"),
        ("log_bin_compress", "ON", "SET GLOBAL log_bin_compress = 0"),
        ("binlog_legacy_event_pos", "OFF", "SET GLOBAL binlog_legacy_event_pos = 1"),
        ("binlog_row_value_options", "PARTIAL_JSON", "SET GLOBAL binlog_row_value_options = ''"),
        ("server_id", "0", "server_id must not be 0"),
        ("server_id", "1600000000", "choose another by `capture: {server_id: ...}`"),
    ],
)
def test_a_wrong_setting_is_told_with_its_remedy(mariadb: CapturePlan, setting: str, value: str, told: str) -> None:
    """One fault, with the statement to run."""
    (fault,) = server_faults(replace(MARIADB, settings={**GOOD, setting: value}), mariadb)
    assert told in fault


def test_the_other_kind_of_server_is_told_alone(mariadb: CapturePlan) -> None:
    """MySQL's connector cannot read MariaDB's binlog, so nothing else about it matters."""
    (fault,) = server_faults(replace(MYSQL, settings={}), mariadb)
    assert "the server is MySQL, and the shop file says `kind: mariadb`: write `kind: mysql`" in fault


def test_an_old_server_is_told(mariadb: CapturePlan) -> None:
    """Older than anybody has tried."""
    assert ["MariaDB must be 10.5 or later"] == server_faults(replace(MARIADB, version=(10, 3)), mariadb)


# ---- rights


def everything(plan: CapturePlan, server: Server = MARIADB) -> Rights:
    there = Rights(
        (ANYWHERE, LOCAL),
        (SHOP,),
        own_tables={"heartbeat_main": f"{binlog.MADE_BY_US} shopbridge_main", "signal_main": ""},
    )
    held: dict[Account, frozenset[tuple[str, str]]] = {}
    for grant in binlog.grants(plan, server, there):
        name = {"BINLOG MONITOR": "REPLICATION CLIENT"}.get(grant.privilege, grant.privilege)
        held[grant.account] = held.get(grant.account, frozenset()) | {(name, grant.place)}
    return replace(there, held=held)


def test_everything_is_made_where_nothing_is_there(mariadb: CapturePlan) -> None:
    """For `%` and for `localhost`, where an anonymous user would come first; no right to rows of other tables."""
    text = "\n".join(binlog.statements(mariadb, MARIADB))

    assert "CREATE DATABASE IF NOT EXISTS `shopbridge`" in text
    assert "CREATE USER 'shopbridge_main'@'localhost' IDENTIFIED BY 'pass''word'" in text
    assert "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'shopbridge_main'@'%'" in text
    assert "GRANT SELECT ON `legacy`.`ps, x` TO 'shopbridge_main'@'localhost'" in text
    assert "GRANT SELECT, INSERT, DELETE ON `shopbridge`.`signal_main` TO 'shopbridge_main'@'%'" in text
    assert not re.search(r"SELECT[^;\n]* ON (?:\*|`legacy`)\.\*", text)


@pytest.mark.parametrize(
    ("server", "name"),
    [
        (MARIADB, "BINLOG MONITOR"),
        (replace(MARIADB, version=(10, 5, 1)), "REPLICATION CLIENT"),
        (MYSQL, "REPLICATION CLIENT"),
    ],
)
def test_the_right_to_see_the_binlog_has_two_names(mariadb: CapturePlan, server: Server, name: str) -> None:
    """Split by version."""
    names = {grant.privilege for grant in binlog.grants(mariadb, server, NOBODY) if grant.place == "*.*"}
    assert {"REPLICATION SLAVE", name} == names


def test_nothing_is_done_where_all_is_there(mariadb: CapturePlan) -> None:
    """But for the password, which is ours to renew unless the connector's is kept."""
    there = everything(mariadb)
    assert [] == binlog.statements(replace(mariadb, sets_password=False), MARIADB, there)
    renewed = binlog.statements(mariadb, MARIADB, there)
    assert [f"ALTER USER {each} IDENTIFIED BY 'pass''word'" for each in (ANYWHERE, LOCAL)] == renewed


def test_the_shops_user_may_ask_for_snapshots(mariadb: CapturePlan) -> None:
    """Wherever it comes from."""
    there = replace(everything(mariadb), held={}, shop_accounts=(SHOP, Account("shop", "10.%")))
    text = "\n".join(binlog.statements(mariadb, MARIADB, there))
    assert "GRANT SELECT, INSERT ON `shopbridge`.`signal_main` TO 'shop'@'10.%'" in text


def test_the_script_holds_no_password(mariadb: CapturePlan) -> None:
    """It goes through other people's hands."""
    script = binlog.sql_script(mariadb, MARIADB)
    assert "pass''word" not in script
    assert 3 == script.count(PASSWORD_PLACE)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GRANT USAGE ON *.* TO `a`@`%`", {("USAGE", "*.*")}),
        ("GRANT ALL PRIVILEGES ON `legacy`.* TO `a`@`%`", {("ALL PRIVILEGES", "`legacy`.*")}),
        (
            "GRANT SELECT, INSERT ON `l\\_x`.`order` TO `a`@`%`",
            {("SELECT", "`l_x`.`order`"), ("INSERT", "`l_x`.`order`")},
        ),
        (
            "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*AB, C'",
            {("REPLICATION SLAVE", "*.*"), ("REPLICATION CLIENT", "*.*")},
        ),
        ("GRANT SELECT (`a`, `b`) ON `l`.`t` TO `a`@`%`", set()),
        ("GRANT `some_role`@`%` TO `a`@`%`", set()),
    ],
)
def test_grants_are_read(line: str, expected: set[tuple[str, str]]) -> None:
    """Under one name each; rights to single columns are none to the table."""
    assert expected == set(privileges_in([line]))


def test_a_wider_right_will_do() -> None:
    """On the whole database or server, or all of them."""
    wanted = Grant("SELECT", "`legacy`.`order`", SHOP)
    for held in [("SELECT", "`legacy`.*"), ("ALL PRIVILEGES", "*.*"), ("SELECT", "`legacy`.`order`")]:
        assert Rights(held={SHOP: frozenset({held})}).has(wanted)
    assert not Rights(held={SHOP: frozenset({("INSERT", "*.*"), ("SELECT", "`other`.*")})}).has(wanted)


def test_only_a_user_of_ours_is_dropped(mariadb: CapturePlan) -> None:
    """Our table's comment tells whose it is."""
    there = everything(mariadb)
    assert ["DROP USER 'shopbridge_main'@'%'", "DROP USER 'shopbridge_main'@'localhost'"] == binlog.removal(
        mariadb, there
    )[:2]
    theirs = replace(there, own_tables={"heartbeat_main": "", "signal_main": ""})
    assert [] == [line for line in binlog.removal(mariadb, theirs) if "USER" in line]
    assert [] == binlog.removal(mariadb, NOBODY)


# ---- the connector


def test_the_connector_is_told_what_must_be_told(mariadb: CapturePlan) -> None:
    """Each of these has a default that loses changes, blocks the shop, or misreads a type."""
    config = connector_config(mariadb, SETTINGS)
    must = {
        "connector.class": "io.debezium.connector.mariadb.MariaDbConnector",
        "database.server.id": "1600000000",
        "database.include.list": "legacy,shopbridge",
        "table.include.list": r"legacy\.order,legacy\.ps\,\ x,shopbridge\.heartbeat_main",
        "signal.data.collection": "shopbridge.signal_main",
        "snapshot.mode": "no_data",
        "snapshot.locking.mode": "none",
        "skipped.operations": "none",
        "bigint.unsigned.handling.mode": "precise",
        "decimal.handling.mode": "string",
        "column.propagate.source.type": ".*",
        "schema.history.internal.kafka.topic": "main_schema_history",
        "schema.history.internal.kafka.bootstrap.servers": "k:9092",
        "connect.keep.alive.interval.ms": "15000",
    }
    assert must == {key: config.get(key) for key in must}
    assert [] == [key for key in config if key.startswith(("slot.", "publication.", "plugin."))]


def test_definitions_are_kept_for_ever(mariadb: CapturePlan) -> None:
    """Whatever the broker's usual retention is."""
    (history,) = [topic for topic in topics(mariadb, SETTINGS) if topic.name == mariadb.history_topic]
    kept = {key: history.config[key] for key in ("cleanup.policy", "retention.ms", "retention.bytes")}
    assert (1, {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}) == (
        history.partitions,
        kept,
    )


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_our_transform_comes_first_where_connect_has_it(plan: CapturePlan, kind: str) -> None:
    """Those of the shop file stay."""
    plan = replace(plan, kind=kind, server_id=5)
    assert "transforms" not in connector_config(plan, SETTINGS)
    theirs = replace(plan, extra_config={"transforms": "mine", "transforms.mine.type": "x.Y"})
    found = connector_config(theirs, SETTINGS, strips_defaults=True)
    assert ("stripDefaults,mine", STRIP_DEFAULTS) == (found["transforms"], found["transforms.stripDefaults.type"])


def test_the_history_comes_in_as_we_do() -> None:
    """Its clients are Kafka's own, and are told nothing by the connector's converters."""
    access = KafkaAccess("k:9093", "SASL_SSL", "SCRAM-SHA-512", "me", 'pa"ss\\')
    expected = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        r'username="me" password="pa\"ss\\";',
    }
    assert expected == java(access)
    assert {} == java(KafkaAccess("k:9092"))


@pytest.mark.parametrize(
    ("statement", "passed_over"),
    [
        ("CREATE TABLE other (a inet6)", True),
        ("ALTER TABLE `x`\n ADD COLUMN a inet4", True),
        ("GRANT SELECT ON legacy.order TO a", True),
        (
            "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW v AS SELECT * FROM `order`",
            True,
        ),
        ("create definer = root@localhost trigger t before insert on `order` for each row set @a = 1", True),
        ("SET STATEMENT max_statement_time=1 FOR ANALYZE TABLE `order`", True),
        ("DROP TEMPORARY TABLE IF EXISTS `order` /* generated by server */", True),
        ("ALTER TABLE `order` ADD COLUMN a int", False),
        ("alter table\n`ORDER` drop column a", False),
        ("CREATE TABLE _order_new LIKE `order`", False),
        ("RENAME TABLE `order` TO _order_old, _order_new TO `order`", False),
        ("TRUNCATE `order`", False),
        ("ALTER TABLE `ps, x` MODIFY a text COMMENT 'the VIEW of a USER'", False),
        ("DROP TABLE IF EXISTS `order`", False),
        ("CREATE TABLE signal_main (id int)", False),
    ],
)
def test_only_statements_about_other_things_are_passed_over(
    mariadb: CapturePlan,
    statement: str,
    passed_over: bool,  # noqa: FBT001 - a column
) -> None:
    """Patterns between commas match the whole statement, as Debezium's do, in Java's and Python's reading alike."""
    assert ddl_filter(mariadb) == connector_config(mariadb, SETTINGS)[DDL_FILTER]
    patterns = [each.replace("\\,", ",") for each in re.split(r"(?<!\\),", ddl_filter(mariadb))]
    matches = [re.fullmatch(pattern, statement, re.IGNORECASE | re.DOTALL) for pattern in patterns]
    assert passed_over == any(matches)


# ---- the binlog


@pytest.mark.parametrize(
    ("files", "position", "expected"),
    [
        ({"b.1": 100, "b.2": 50}, BinlogPosition("b.1", 40),
         LogStatus(True, True, "reserved", 150, 110, "b.1:40", "b.2:50")),
        ({"b.2": 50}, BinlogPosition("b.2", 50), LogStatus(True, True, "reserved", 50, 0, "b.2:50", "b.2:50")),
        ({"b.2": 50}, BinlogPosition("b.1", 40), LogStatus(True, True, "lost", 50, None, "b.1:40", "b.2:50")),
        (None, BinlogPosition("b.1", 40), LogStatus(True, True, "unknown", None, None, "b.1:40", None)),
        ({"b.2": 50}, None, LogStatus(False)),
    ],
)  # fmt: skip
def test_how_much_of_the_binlog_is_unread(
    files: dict[str, int] | None, position: BinlogPosition | None, expected: LogStatus
) -> None:
    """From the connector's place to the newest file's end; a file that is gone is lost."""
    assert expected == kept_for(files, position, active=True)


def test_a_start_that_failed_has_no_place() -> None:
    """It leaves an empty offset, at which the next start would fail."""
    assert BinlogPosition("b.7", 9) == binlog_position([{"offset": {"file": "b.7", "pos": 9}}])
    assert binlog_position([{"partition": {}, "offset": {}}]) is None
    assert binlog_position([]) is None


def test_places_sort_as_text() -> None:
    """By the file's number, the byte and the row, whatever the files are called; rows that were read have one too."""
    places = [
        {"file": "mysql-bin.000009", "pos": 1000, "row": 0},
        {"file": "binlog.000010", "pos": 4, "row": 0},
        {"file": "binlog.000010", "pos": 4, "row": 10},
        {"file": "binlog.000010", "pos": 120, "row": 0},
        {"file": "binlog.1000000", "pos": 4, "row": None},
    ]
    found = [database_position(place, None) for place in places]
    assert sorted(found) == found


# ---- columns


def column(kind: str, source: str, name: str | None = None, **parameters: str) -> dict[str, Any]:
    given = {"__debezium.source.column.type": source, **parameters}
    return {"type": kind, "connect.parameters": given, **({"connect.name": name} if name else {})}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (column("boolean", "BOOLEAN"), True, 1),
        (column("boolean", "TINYINT"), False, 0),
        (column("int", "TINYINT"), 2, 2),
        (column("boolean", "BIT"), True, True),
        (column("bytes", "BIGINT UNSIGNED", "org.apache.kafka.connect.data.Decimal", scale="0"), b"\x00" + b"\xff" * 8,
         2**64 - 1),
        (column("string", "DECIMAL UNSIGNED"), "7", Decimal(7)),
        (column("string", "VARCHAR"), "7", "7"),
        (column("bytes", "VARBINARY"), b"\x00\xff", b"\x00\xff"),
        (column("string", "ENUM", "io.debezium.data.Enum", allowed=r"new,a\,b"), r"a\,b", "a,b"),
        (column("string", "ENUM", "io.debezium.data.Enum", allowed=r"new,a\,b"), "a,b", "a,b"),
    ],
)  # fmt: skip
def test_columns_mean_the_same_however_they_come(schema: dict[str, Any], value: Any, expected: Any) -> None:
    """The type counts too: True is no 1."""
    found = binlog_columns.converter(["null", schema], Names())(value)
    assert (type(expected), expected) == (type(found), found)
