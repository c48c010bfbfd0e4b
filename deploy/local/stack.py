"""One stack: a folder that holds all its data, logs and pids, and a range of ports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import UsageError

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_HOME = REPOSITORY / ".local" / "demo"
DEFAULT_PORT_BASE = 19000
LOOPBACK = "127.0.0.1"
SANDBOX_TOKEN = "pat-na1-00000000-0000-4000-8000-000000000000"  # noqa: S105 - the sandbox's own, opens nothing else

# The last two digits of the usual port of each part, so that 19092 is recognised as Kafka's 9092 and 19006 as 3306.
PORT_OFFSETS: Mapping[str, int] = {
    "mariadb": 6,
    "postgres": 32,
    "sandbox": 80,
    "registry": 81,
    "connect": 83,
    "kafka": 92,
    "controller": 93,
}


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a stack lives. `home` is absolute; two stacks differ in home and in port base."""

    home: Path
    port_base: int

    def port(self, name: str) -> int:
        return self.port_base + PORT_OFFSETS[name]

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def make_folders(self) -> None:
        for folder in (self.data, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)


def open_stack(home: Path, port_base: int | None) -> Stack:
    """The stack at `home`; without a port base, the one it was last started with.

    Raises UsageError for a base that puts a port below 1024 or above 65535.
    """
    home = home.expanduser().absolute()
    base = port_base if port_base is not None else remembered_port_base(home)
    if not 1024 <= base <= 65535 - max(PORT_OFFSETS.values()):
        raise UsageError(f"port base {base} is out of range; choose one between 1024 and 65442, as 19000")
    return Stack(home, base)


def remembered_port_base(home: Path) -> int:
    try:
        return int(json.loads((home / "stack.json").read_text())["port_base"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return DEFAULT_PORT_BASE


def remember(stack: Stack) -> None:
    (stack.home / "stack.json").write_text(json.dumps({"port_base": stack.port_base}) + "\n")


def environment(stack: Stack) -> dict[str, str]:
    """What a program needs to find the parts: settings of `shopbridge` and the addresses of the shops' databases."""
    mariadb = f"{LOOPBACK}:{stack.port('mariadb')}/legacy"
    postgres = f"{LOOPBACK}:{stack.port('postgres')}/shop"
    registry = f"http://{LOOPBACK}:{stack.port('registry')}/apis"
    return {
        "SHOPBRIDGE_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{stack.port('kafka')}",
        "SHOPBRIDGE_REGISTRY_URL": f"{registry}/ccompat/v7",
        "SHOPBRIDGE_CONNECT_URL": f"http://{LOOPBACK}:{stack.port('connect')}",
        "SHOPBRIDGE_CONNECT_REGISTRY_URL": f"{registry}/registry/v2",
        "SHOPBRIDGE_HUBSPOT_URL": f"http://{LOOPBACK}:{stack.port('sandbox')}",
        "SHOPBRIDGE_HUBSPOT_TOKEN": SANDBOX_TOKEN,
        "SHOPBRIDGE_LEDGER": str(stack.data / "ledger.db"),
        "SHOPBRIDGE_SANDBOX_DATABASE": str(stack.data / "sandbox.db"),
        "SHOP_DATABASE_URL": f"postgresql://shop:shop@{postgres}",
        "SHOP_ADMIN_URL": f"postgresql://postgres@{postgres}",
        "LEGACY_DATABASE_URL": f"mariadb://shop:shop@{mariadb}",
        "LEGACY_ADMIN_URL": f"mariadb://root@{mariadb}",
    }


def environment_lines(stack: Stack) -> str:
    return "".join(f"{key}={value}\n" for key, value in environment(stack).items())
