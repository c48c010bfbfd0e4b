"""MariaDB with a row binlog: a server of the stack's own, whatever else runs on the machine."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from deploy.local.errors import NotReadyError, StackError
from deploy.local.packages import MARIADB_SERVER
from deploy.local.parts.account import Account
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch, complete
from deploy.local.stack import LOOPBACK, Stack

ACCOUNT = Account("mysql", Path("/var/lib/mysql"))
ZONES = Path("/usr/share/zoneinfo")

LEGACY_DATABASE = Path(__file__).parents[1] / "legacy_database.sql"


def settings(stack: Stack) -> dict[str, object]:
    """Given on the command line, so that a change here or of the port needs no edit of a file."""
    return {
        "bind_address": LOOPBACK,
        "port": stack.port("mariadb"),
        "socket": "mariadb.sock",  # in the folder of the data
        "pid_file": "mariadb.pid",
        "server_id": 1,
        "log_bin": "binlog",
        "binlog_format": "ROW",
        "binlog_row_image": "FULL",
        # Debezium reads no compressed events.
        "log_bin_compress": 0,
        "expire_logs_days": 7,
        "max_binlog_size": "64M",
        "character_set_server": "utf8mb4",
        "default_time_zone": "+00:00",
        "local_infile": 0,
        # Small: a demo shop on a machine that runs four more servers.
        "innodb_buffer_pool_size": "64M",
        "innodb_log_file_size": "48M",
        "performance_schema": 0,
        "max_connections": 60,
        "key_buffer_size": "4M",
        "aria_pagecache_buffer_size": "8M",
    }


def part(stack: Stack) -> Part:
    return Part(
        name="mariadb",
        ports=(stack.port("mariadb"),),
        programs=("mariadb",),
        prepare=partial(prepare, stack),
        probe=partial(check, stack),
        settle=partial(create_shop, stack),
        deadline=60,
    )


def prepare(stack: Stack, _say: Say) -> Launch:
    place = stack.data / "mariadb"
    ACCOUNT.take(place)
    if not (place / "server").exists():
        initialise(place)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings(stack).items()]
    data = f"--datadir={ACCOUNT.sees(place) / 'server'}"
    return Launch(ACCOUNT.command(place, str(MARIADB_SERVER), "--no-defaults", data, *options), folder=Path("/"))


def initialise(place: Path) -> None:
    """New data, made under another name first: an interrupted program leaves nothing that looks like a server's."""
    shutil.rmtree(place / "server.part", ignore_errors=True)
    data = f"--datadir={ACCOUNT.sees(place) / 'server.part'}"
    switches = ("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin")
    complete(ACCOUNT.command(place, "mariadb-install-db", "--no-defaults", data, *switches))
    (place / "server.part").rename(place / "server")


def check(stack: Stack) -> None:
    try:
        sql(stack, "SELECT 1")
    except StackError as error:
        raise NotReadyError(str(error)) from error


def create_shop(stack: Stack) -> None:
    """The database `legacy` and its owner, and the named time zones, when they are not there."""
    sql(stack, LEGACY_DATABASE.read_text())
    if sql(stack, "SELECT count(*) FROM mysql.time_zone_name").strip() == "0" and ZONES.exists():
        zones = complete(("mariadb-tzinfo-to-sql", str(ZONES)))
        sql(stack, f"SET sql_log_bin = 0; USE mysql; {zones}")


def sql(stack: Stack, text: str) -> str:
    """Run SQL as the administrator, and what it answers. Raises StackError with the client's words."""
    address = ("--protocol=tcp", f"--host={LOOPBACK}", f"--port={stack.port('mariadb')}", "--user=root")
    switches = (
        "--no-defaults",
        "--batch",
        "--skip-column-names",
        "--connect-timeout=5",
        "--default-character-set=utf8mb4",
    )
    return complete(("mariadb", *switches, *address), text)
