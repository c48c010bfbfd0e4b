"""PostgreSQL with logical decoding: a cluster of the stack's own, whatever else runs on the machine."""

from __future__ import annotations

import os
import shutil
import signal
from functools import partial
from pathlib import Path

from deploy.local.errors import NotReadyError, StackError
from deploy.local.packages import POSTGRES_PROGRAMS
from deploy.local.parts.account import Account
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch, complete, wait_until
from deploy.local.stack import LOOPBACK, Stack

USER = "postgres"
ACCOUNT = Account(USER, Path("/var/lib/postgresql"))

# The administrator comes in without a password, everybody else as in a real shop.
ACCESS = """\
# type  database  user      address        method
host    all       postgres  127.0.0.1/32   trust
host    all       all       127.0.0.1/32   scram-sha-256
"""

SHOP_DATABASE = Path(__file__).parents[1] / "shop_database.sql"


def settings(stack: Stack) -> dict[str, object]:
    """Given on the command line, so that a change here or of the port needs no edit of a file in the cluster."""
    return {
        "listen_addresses": LOOPBACK,
        "port": stack.port("postgres"),
        "unix_socket_directories": "",
        "wal_level": "logical",
        "max_replication_slots": 24,
        "max_wal_senders": 24,
        # A connector that stays away must not fill the disk; its slot is lost after this much.
        "max_slot_wal_keep_size": "4GB",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }


def part(stack: Stack) -> Part:
    return Part(
        name="postgres",
        ports=(stack.port("postgres"),),
        programs=("postgres",),
        prepare=partial(prepare, stack),
        probe=partial(check, stack),
        settle=partial(create_shop, stack),
        deadline=60,
        stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
    )


def folder(stack: Stack) -> Path:
    return stack.data / "postgres"


def prepare(stack: Stack, _say: Say) -> Launch:
    place = folder(stack)
    ACCOUNT.take(place)
    cluster = place / "cluster"
    if not cluster.exists():
        initialise(place)
    (cluster / "pg_hba.conf").write_text(ACCESS)
    clear_leftovers(cluster)
    options = [word for name, value in settings(stack).items() for word in ("-c", f"{name}={value}")]
    return Launch(as_server(place, "postgres", "cluster", *options), folder=Path("/"))


def initialise(place: Path) -> None:
    """A new cluster, made under another name first: an interrupted initdb leaves nothing that looks like one."""
    shutil.rmtree(place / "cluster.part", ignore_errors=True)
    switches = ("--encoding=UTF8", "--locale=C.UTF-8", f"--username={USER}", "--auth=trust")
    complete(as_server(place, "initdb", "cluster.part", *switches))
    (place / "cluster.part").rename(place / "cluster")


def as_server(place: Path, program: str, cluster: str, *arguments: str) -> tuple[str, ...]:
    """A command on a cluster in `place`, as the user and with the view of the folders that the server has."""
    folder_seen = str(ACCOUNT.sees(place) / cluster)
    return ACCOUNT.command(place, str(POSTGRES_PROGRAMS / program), "-D", folder_seen, *arguments)


def clear_leftovers(cluster: Path) -> None:
    """Make way after a crash.

    The server's helpers end by themselves soon after it was killed; until then a new one refuses to start. A
    postmaster.pid from before a reboot may name a process of somebody else, which the server would take for itself.
    """
    if not wait_until(lambda: not processes_in(cluster), 15):
        pids = ", ".join(map(str, processes_in(cluster)))
        raise StackError(f"postgres: other processes than this stack's work in {cluster}: {pids}. Stop them first")
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def processes_in(cluster: Path) -> list[int]:
    """Every server process has the cluster's folder as its working folder."""
    wanted = cluster.stat()
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if works_in(path, wanted)]


def works_in(process: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat((process / "cwd").stat(), wanted)
    except OSError:
        return False  # ended meanwhile, or another user's


def check(stack: Stack) -> None:
    try:
        sql(stack, "postgres", "SELECT 1")
    except StackError as error:
        raise NotReadyError(str(error)) from error


def create_shop(stack: Stack) -> None:
    """The database `shop` and its owner, when they are not there."""
    sql(stack, "postgres", SHOP_DATABASE.read_text())


def sql(stack: Stack, database: str, text: str) -> None:
    """Run SQL as the administrator. Raises StackError with psql's words."""
    address = f"postgresql://{USER}@{LOOPBACK}:{stack.port('postgres')}/{database}?connect_timeout=5"
    complete((str(POSTGRES_PROGRAMS / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", address), text)
