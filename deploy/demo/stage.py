"""What the demo runs on: programs started with the stack's addresses, and a worker that outlives the demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg
from rich.console import Console
from rich.progress import Progress

from deploy.demo.legacy import database

SHOPS = ("modern", "legacy")
WORKER_STARTS_IN_S = 30.0
WORKER_STOPS_IN_S = 30.0


class StageError(Exception):
    """A step of the demo failed; the text says which and where to look."""


class Stage:
    """One home folder with its stack, its environment and its worker."""

    def __init__(self, root: Path, home: Path, port_base: int, console: Console) -> None:
        self.root = root
        self.home = (root / home).resolve()
        self.console = console
        self.environment = dict(os.environ)
        self._port_base = port_base
        self._pid_file = self.home / "pids" / "worker"

    @property
    def journal(self) -> Path:
        """Where the worker writes the ids of its requests and their fate."""
        return self.home / "data" / "requests.txt"

    @property
    def worker_log(self) -> Path:
        return self.home / "logs" / "worker.log"

    def stack(self, *command: str) -> list[str]:
        where = ("--home", str(self.home), "--port-base", str(self._port_base))
        return [sys.executable, "-m", "deploy.local", *command, *where]

    def python(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", module, *arguments]

    def shopbridge(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("shopbridge")), *arguments]

    def load_environment(self) -> None:
        """Take the stack's addresses, add the demo's own settings, and leave both as a file to be sourced."""
        lines = (self.home / "env").read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines if "=" in line)
        settings |= {
            "SHOPBRIDGE_SHOP": os.pathsep.join(str(self.root / f"deploy/demo/{shop}/shop.yaml") for shop in SHOPS),
            "SHOPBRIDGE_PARENT_DEADLINE_S": "20",
            "SHOPBRIDGE_REQUEST_JOURNAL": str(self.journal),
            "MODERN_ADMIN_URL": settings["SHOP_ADMIN_URL"],
            "SHOP_ADMIN_URL": f"{settings['SHOP_ADMIN_URL']} {settings['LEGACY_ADMIN_URL']}",
            "LEGACY_PORT": str(urlsplit(settings["LEGACY_ADMIN_URL"]).port),
        }
        self.environment |= settings
        path = f'export PATH="{Path(sys.executable).parent}:$PATH"'
        exports = [f'export {name}="{value}"' for name, value in settings.items()]
        (self.home / "env.sh").write_text("\n".join([*exports, path, ""]))

    @property
    def shops(self) -> Mapping[str, str]:
        """The shops and the addresses of their databases; the legacy one as its administrator."""
        return {"modern": self.environment["SHOP_DATABASE_URL"], "legacy": self.environment["LEGACY_ADMIN_URL"]}

    @property
    def hubspot(self) -> str:
        return self.environment["SHOPBRIDGE_HUBSPOT_URL"]

    def run(self, title: str, *command: str) -> None:
        """Run a step with its output on the screen. Raises StageError if it fails."""
        self.console.rule(title, align="left", style="dim")
        started = time.monotonic()
        code = subprocess.run(command, cwd=self.root, env=self.environment, check=False).returncode
        if code != 0:
            raise StageError(f"{title}: `{' '.join(command)}` ended with {code}")
        self.console.print(f"[dim]{time.monotonic() - started:.1f} s[/dim]")

    def run_together(self, title: str, commands: Mapping[str, Sequence[str]], lasts_s: float) -> None:
        """Run several programs at once, behind a bar, each with its output in a log; raises StageError if one fails."""
        self.console.rule(title, align="left", style="dim")
        processes = {name: self._start(name, command) for name, command in commands.items()}
        if self.console.is_terminal:
            self._show_time(list(processes.values()), title, lasts_s)
        for name, process in processes.items():
            code = process.wait()
            log = self.home / "logs" / f"{name}.log"
            if code != 0:
                raise StageError(f"{name} ended with {code}; see {log}")
            *_, last, _ = log.read_text().splitlines()
            times, rows = (cell.strip() for cell in last.strip("│ ").split("│")[1:3])
            self.console.print(f"{name}: {times} actions, {rows} row changes ({log.relative_to(self.root)})")

    def _start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self.home / "logs" / f"{name}.log").open("wb") as log:
            return subprocess.Popen(command, cwd=self.root, env=self.environment, stdout=log, stderr=log)

    def _show_time(self, processes: Sequence[subprocess.Popen[bytes]], title: str, lasts_s: float) -> None:
        with Progress(console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=lasts_s)
            while any(process.poll() is None for process in processes) and not progress.finished:
                time.sleep(0.25)
                progress.advance(task, 0.25)

    def output(self, *command: str) -> str:
        """What a program prints; raises StageError if it fails."""
        done = subprocess.run(command, cwd=self.root, env=self.environment, check=False, capture_output=True, text=True)
        if done.returncode not in {0, 1}:
            raise StageError(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def fetch(self, path: str) -> bytes:
        """What HubSpot's stand-in answers to its control plane's path."""
        with urlopen(f"{self.hubspot}{path}", timeout=30) as answer:  # noqa: S310 - http, on this machine
            found: bytes = answer.read()
        return found

    def shops_exist(self) -> bool:
        with psycopg.connect(self.environment["MODERN_ADMIN_URL"]) as shop:
            modern = shop.execute("SELECT to_regclass('public.order_items') IS NOT NULL").fetchone()
        with database.connect(self.environment["LEGACY_ADMIN_URL"]) as legacy:
            tables = database.rows(legacy, "SHOW TABLES LIKE 'ws_order_detail'")
        return bool(modern and modern[0] and tables)

    def an_order(self) -> int:
        """The number of an order that is in HubSpot, to try commands on."""
        with psycopg.connect(self.environment["MODERN_ADMIN_URL"]) as shop:
            found = shop.execute("SELECT min(id) FROM orders WHERE status = 'paid'").fetchone()
        return int(found[0]) if found and found[0] is not None else 1

    def start_worker(self) -> None:
        """Start the worker in a session of its own, unless it runs already with the same code and settings."""
        self.console.rule("Start the worker", align="left", style="dim")
        self.stop()
        self.worker_log.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.journal.touch()
        with self.worker_log.open("ab") as log:
            worker = subprocess.Popen(
                self.shopbridge("worker"),
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(str(worker.pid))
        self.console.print(f"pid {worker.pid}, log {self.worker_log}")

    def worker_pid(self) -> int | None:
        """The running worker's pid; a number that now belongs to another program is none."""
        if not self._pid_file.exists():
            return None
        pid = int(self._pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline")
        return pid if command.exists() and b"shopbridge" in command.read_bytes() else None

    def require_worker(self) -> None:
        """Raise StageError with the log's last lines if the worker has ended."""
        if self.worker_pid() is None:
            tail = "\n".join(self.worker_log.read_text(errors="replace").splitlines()[-15:])
            raise StageError(f"the worker has ended; the last lines of {self.worker_log}:\n{tail}")

    def stop(self) -> int:
        """Stop the worker if it runs; 0 once it is gone."""
        pid = self.worker_pid()
        if pid is None:
            return 0
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + WORKER_STOPS_IN_S
        while self.worker_pid() is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.1)
        self._pid_file.unlink()
        return 0
