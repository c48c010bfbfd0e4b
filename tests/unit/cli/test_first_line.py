"""Help comes without anything heavy, and a command says what it does before it asks anybody."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import BYTECODE

HEAVY = ("aiokafka", "alembic", "confluent_kafka", "fastavro", "faust", "httpx", "psycopg", "sqlalchemy", "sqlglot")
"""What takes long to import."""

HELPS = """
import sys
import click
from connector.cli.reference import commands
from connector.cli.root import cli
for ctx, command in commands(click.Context(cli, info_name="shopbridge"), cli):
    assert command.get_help(ctx)
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep=",")
"""

COMMANDS = (
    "status",
    "trace order 1",
    "check",
    "errors list",
    "errors show abc",
    "errors retry --all --dry-run",
    "errors edit abc --set email=a@example.com",
    "errors ignore abc --note x --yes",
    "errors export",
    "acts",
    "replay --dry-run",
    "preview customers",
    "verify",
    "forget contact 1 --dry-run",
    "capture status",
)
"""Commands that ask a server."""

DEADLINE_S = 60.0
"""For a machine that is busy with other things; on an idle one the line is there within a second."""

SHOP = """
store: {id: small, label: Small}
database: {kind: postgres, url: "${SHOP_DATABASE_URL}", schema: public}
customers:
  from: customers
  id: "{id}"
  properties: {email: email}
"""


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        yield server.getsockname()[1]


def test_help_imports_nothing_heavy() -> None:
    """Every command's help, in a process that then tells what it has imported."""
    done = subprocess.run([sys.executable, "-c", HELPS], capture_output=True, text=True, check=False)
    assert "" == done.stderr
    assert set() == set(done.stdout.strip().split(",")) & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_line_is_said_while_nobody_has_answered_yet(command: str, silent: int, tmp_path: Path) -> None:
    """All servers take the connection and stay silent: who waits sees at once what is waited for."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    there = f"127.0.0.1:{silent}"
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("SHOP")},
        **BYTECODE,
        "SHOP_DATABASE_URL": f"postgresql://shop@{there}/shop",
        "SHOPBRIDGE_KAFKA_BOOTSTRAP": there,
        "SHOPBRIDGE_REGISTRY_URL": f"http://{there}",
        "SHOPBRIDGE_CONNECT_URL": f"http://{there}",
        "SHOPBRIDGE_HUBSPOT_URL": f"http://{there}",
        "SHOPBRIDGE_HUBSPOT_TOKEN": "token",
        "SHOPBRIDGE_LEDGER": str(tmp_path / "ledger.db"),
    }
    program = Path(sys.executable).parent / "shopbridge"
    process = subprocess.Popen(
        [str(program), *command.split()],
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        line = _first_line(process)
        assert line.strip()
        assert process.poll() is None, f"it was over by then, and said: {line}"
    finally:
        process.kill()
        process.communicate()


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """What the process says first, as soon as it does."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        until = time.monotonic() + DEADLINE_S
        assert selector.select(until - time.monotonic()), "nothing was said"
    return os.read(process.stdout.fileno(), 10_000).decode()
