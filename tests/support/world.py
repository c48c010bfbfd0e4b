"""An installation of its own on the shared stack: database, topics, ledger, sandbox, worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.support.traces import Traces

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(ROOT / ".local/cache/bytecode")}
"""Programs start again and again here: what Python compiles is kept, even where the machine's habit is not to."""


class WorldError(AssertionError):
    """Something that the world needs did not come about; the text holds what there was to see."""


def wait_until(what: str, happened: Callable[[], bool], deadline_s: float = 60.0, every_s: float = 0.2) -> None:
    """Return once `happened`; raise WorldError after the deadline."""
    deadline = time.monotonic() + deadline_s
    while not happened():
        if time.monotonic() > deadline:
            raise WorldError(f"after {deadline_s:.0f} s still waiting for: {what}")
        pause(every_s)


def pause(seconds: float) -> None:
    """Let the other processes work between two looks."""
    time.sleep(seconds)


def say(text: str) -> None:
    """Tell whoever reads the test's output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class World(Traces):
    """One shop with everything around it. `stack` holds the addresses of the shared parts."""

    def __init__(self, name: str, folder: Path, stack: Mapping[str, str], **settings: str) -> None:
        self.name = name
        self.sandbox_port = free_port()
        super().__init__(folder)
        self.shop_file = folder / "shop.yaml"
        self.environment = {**os.environ, **stack, **BYTECODE}
        for variable in ("SHOP_DATABASE_URL", "SHOP_ADMIN_URL"):
            self.environment[variable] = stack[variable].rsplit("/", 1)[0] + f"/{name}"
        self._admin = stack["SHOP_ADMIN_URL"]
        self.environment |= {
            "SHOPBRIDGE_LEDGER": str(self.ledger),
            "SHOPBRIDGE_HUBSPOT_URL": f"http://127.0.0.1:{self.sandbox_port}",
            "SHOPBRIDGE_TOPIC_PREFIX": name,
            "SHOPBRIDGE_GROUP": name,
            "SHOPBRIDGE_SHOP": str(self.shop_file),
            "SHOPBRIDGE_PARENT_DEADLINE_S": "20",
            "SHOPBRIDGE_REQUEST_JOURNAL": str(self.ambiguous),
            **settings,
        }
        self.sandbox: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self._said = 0
        self._lives = 0
        self._http = httpx.Client(base_url=self.environment["SHOPBRIDGE_HUBSPOT_URL"], timeout=10)

    # -- building ------------------------------------------------------------------------------------------------

    def create_database(self) -> None:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self.name}" OWNER shop')

    def write_shop_file(self, text: str) -> None:
        """The shop file, with this world's own prefix for topics, slot and publication."""
        self.shop_file.write_text(f"{text}\ncapture: {{prefix: {self.name}}}\n")

    def build(self, *, scale: float) -> None:
        """The demo shop at a scale, captured; the worker is not started."""
        self.create_database()
        self.write_shop_file((ROOT / "deploy/demo/modern/shop.yaml").read_text())
        self.run(sys.executable, "-m", "deploy.demo.generate", "--scale", str(scale))
        self.start_sandbox()
        self.shopbridge("setup")
        self.shopbridge("capture", "apply")

    def start_sandbox(self) -> None:
        command = [sys.executable, "-m", "connector.sandbox", "--host", "127.0.0.1", "--port", str(self.sandbox_port)]
        self.sandbox = self._start([*command, "--database", str(self.sandbox_file)], "sandbox")
        wait_until("the sandbox's health", self._sandbox_is_up)

    def begin_anew(self) -> None:
        """An empty account and an empty ledger, with topics of their own; what was captured is kept."""
        self._lives += 1
        if self.worker is not None and self.worker.poll() is None:
            self.worker.kill()
            self.worker.wait()
        self._http.post("/sandbox/reset").raise_for_status()
        self.ledger = self.folder / f"ledger-{self._lives}.db"
        name = f"{self.name}_{self._lives}"
        self.environment |= {
            "SHOPBRIDGE_LEDGER": str(self.ledger),
            "SHOPBRIDGE_TOPIC_PREFIX": name,
            "SHOPBRIDGE_GROUP": name,
        }

    def start_worker(self, *arguments: str) -> None:
        self._said = self.count("working")
        self.worker = self._start([str(BIN / "shopbridge"), "worker", *arguments], "worker")

    def wait_working(self, deadline_s: float = 60.0) -> None:
        """Return once the worker that was started last says that it works."""

        def works() -> bool:
            self._require_worker()
            return self.count("working") > self._said

        wait_until("the worker to say that it works", works, deadline_s)

    def kill_worker(self) -> None:
        """End it by kill -9, as a loss of power would."""
        assert self.worker is not None
        self._require_worker()
        self.worker.kill()
        self.worker.wait()

    def stop_worker(self) -> int:
        """SIGTERM; the exit code."""
        assert self.worker is not None
        self.worker.send_signal(signal.SIGTERM)
        return self.worker.wait(60)

    def close(self) -> None:
        for process in (self.worker, self.sandbox):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        self._http.close()
        command = [str(BIN / "shopbridge"), "capture", "remove", "--yes"]
        subprocess.run(command, env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)

    # -- acting --------------------------------------------------------------------------------------------------

    def run(self, *command: str, expect: int = 0) -> str:
        """Run a program in this world; what it printed."""
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != expect:
            raise WorldError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def shopbridge(self, *arguments: str, expect: int = 0) -> str:
        return self.run(str(BIN / "shopbridge"), *arguments, expect=expect)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["SHOP_DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def traffic(self, seconds: float, *, rate: float = 20.0, seed: int = 1) -> subprocess.Popen[bytes]:
        """Start live traffic; wait for the process to end it."""
        options = ["--seconds", str(seconds), "--rate", str(rate), "--seed", str(seed)]
        return self._start([sys.executable, "-m", "deploy.demo.traffic", *options], "traffic")

    def finish(self, traffic: subprocess.Popen[bytes], deadline_s: float = 120.0) -> None:
        """Wait for live traffic to end by itself."""
        if traffic.wait(deadline_s) != 0:
            raise WorldError(f"the traffic ended with {traffic.returncode}:\n{self.log('traffic')}")

    def fault(self, effect: str, **rule: Any) -> None:
        """Add a fault rule to the sandbox."""
        self._http.post("/sandbox/faults", json=[{"effect": effect, **rule}]).raise_for_status()

    def seed(self, contacts: list[dict[str, Any]]) -> None:
        """Contacts that others made before us."""
        self._http.post("/sandbox/seed", json={"contacts": contacts}, timeout=60).raise_for_status()

    def asked(self) -> dict[str, Any]:
        """How many requests the sandbox had, by status and by kind."""
        found: dict[str, Any] = self._http.get("/sandbox/requests").raise_for_status().json()
        return found

    def faults(self) -> list[dict[str, Any]]:
        """The fault rules, each with its `hits`."""
        found: list[dict[str, Any]] = self._http.get("/sandbox/faults").raise_for_status().json()
        return found

    def hubspot(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Do something in HubSpot as one of its users would."""
        token = self.environment["SHOPBRIDGE_HUBSPOT_TOKEN"]
        return self._http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    def merge(self, first: str, other: str) -> None:
        """HubSpot's users make one contact of two."""
        body = {"primaryObjectId": first, "objectIdToMerge": other}
        self.hubspot("POST", "/crm/v3/objects/contacts/merge", body).raise_for_status()

    def clear_faults(self) -> None:
        self._http.delete("/sandbox/faults").raise_for_status()

    # -- looking -------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        command = [str(BIN / "shopbridge"), "--json", "status"]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 1}:
            raise WorldError(f"status ended with {done.returncode}: {done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def errors(self) -> list[dict[str, Any]]:
        """The open errors, from the dead-letter topic."""
        lines = self.shopbridge("--json", "errors", "list", "--open").splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def wait_at_rest(self, deadline_s: float = 180.0) -> None:
        """Return once the database's log is read and nothing is under way."""
        self.wait_log_read(deadline_s)
        quiet = [0]

        def at_rest() -> bool:
            self._require_worker()
            status = self.status()
            rests = bool(status["at_rest"]) and not status["lag"]["waiting_for_parents"]
            quiet[0] = quiet[0] + 1 if rests else 0
            return quiet[0] >= 2

        try:
            wait_until("rest", at_rest, deadline_s, every_s=0.5)
        except WorldError as error:
            raise WorldError(f"{error}\n{json.dumps(self.status(), indent=1)[:4000]}\n{self.log()}") from None

    def wait_log_read(self, deadline_s: float) -> None:
        """Return once the connector has read all that the database's log holds now."""
        with psycopg.connect(self.environment["SHOP_ADMIN_URL"]) as connection:
            row = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        assert row is not None
        wait_until("the slot to confirm the log", lambda: self._unread(row[0]) <= 0, deadline_s)

    def compare(self) -> str:
        """Shop and sandbox set side by side by the demo's own comparison; raises WorldError if they differ."""
        errors = self.folder / "errors.jsonl"
        errors.write_text(self.shopbridge("--json", "errors", "list", "--open"))
        command = [sys.executable, "-m", "deploy.demo.compare", "--sandbox", str(self.sandbox_file)]
        found = self.run(*command, "--errors", str(errors), "--ambiguous", str(self.ambiguous))
        say(found)
        return found

    def log(self, name: str = "worker", lines: int = 40) -> str:
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def _unread(self, lsn: str) -> int:
        query = "SELECT coalesce(max(%s::pg_lsn - confirmed_flush_lsn), 1)::bigint FROM pg_replication_slots"
        with psycopg.connect(self.environment["SHOP_ADMIN_URL"]) as connection:
            row = connection.execute(f"{query} WHERE database = %s", (lsn, self.name)).fetchone()
        return int(row[0]) if row else 1

    def _require_worker(self) -> None:
        if self.worker is not None and self.worker.poll() is not None:
            raise WorldError(f"the worker ended with {self.worker.returncode}:\n{self.log()}")

    def _sandbox_is_up(self) -> bool:
        try:
            return self._http.get("/sandbox/health").is_success
        except httpx.TransportError:
            return False

    def _start(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
