"""A world of both demo shops: two shop files, two databases, one worker, one account."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.demo.legacy import database
from deploy.demo.waiting import Binlog
from tests.support.world import ROOT, World, wait_until


class TwoShops(World):
    """The modern shop in PostgreSQL and the legacy one in MariaDB, each in a database of its own."""

    def __init__(self, name: str, folder: Path, stack: Mapping[str, str], **settings: str) -> None:
        super().__init__(name, folder, stack, **settings)
        self._server = stack["LEGACY_ADMIN_URL"]
        self.legacy_file = folder / "legacy.yaml"
        for variable in ("LEGACY_DATABASE_URL", "LEGACY_ADMIN_URL"):
            self.environment[variable] = f"{stack[variable].rpartition('/')[0]}/{name}"
        self.environment["SHOPBRIDGE_SHOP"] = os.pathsep.join((str(self.shop_file), str(self.legacy_file)))

    @property
    def urls(self) -> tuple[str, str]:
        return self.environment["SHOP_DATABASE_URL"], self.environment["LEGACY_ADMIN_URL"]

    def build(self, *, scale: float) -> None:
        """Both shops at a scale, captured, and an account in use; the worker is not started."""
        self.create_database()
        self.write_shop_file((ROOT / "deploy/demo/modern/shop.yaml").read_text())
        legacy = (ROOT / "deploy/demo/legacy/shop.yaml").read_text().replace("schema: legacy", f"schema: {self.name}")
        self.legacy_file.write_text(f"{legacy}\ncapture: {{prefix: {self.name}_legacy}}\n")
        with database.connect(self._server) as connection:
            database.execute(connection, f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4")
            database.execute(connection, f"GRANT ALL ON {self.name}.* TO shop@'%', shop@localhost")
        for url in self.urls:
            self.run(sys.executable, "-m", "deploy.demo.generate", "--shop", url, "--scale", str(scale))
        self.start_sandbox()
        given = [part for url in self.urls for part in ("--shop", url)]
        hubspot = self.environment["SHOPBRIDGE_HUBSPOT_URL"]
        self.run(sys.executable, "-m", "deploy.demo.portal", "--hubspot", hubspot, *given)
        self.shopbridge("setup")
        self.environment["SHOP_ADMIN_URL"] += f" {self.environment['LEGACY_ADMIN_URL']}"
        self.shopbridge("capture", "apply")

    def live(self, seconds: float, *, rate: float, seed: int) -> None:
        """Traffic on both shops at once, with all that happens once in a run."""
        pace = ["--seconds", str(seconds), "--rate", str(rate), "--seed", str(seed), "--programme"]
        command = [sys.executable, "-m", "deploy.demo.traffic", *pace, "--shop"]
        running = [self._start([*command, url], f"traffic-{number}") for number, url in enumerate(self.urls)]
        for each in running:
            self.finish(each)

    def wait_log_read(self, deadline_s: float) -> None:
        binlog = Binlog(self.environment, f"shopbridge_{self.name}_legacy")
        both, modern = self.environment["SHOP_ADMIN_URL"], self.environment["SHOP_ADMIN_URL"].split()[0]
        self.environment["SHOP_ADMIN_URL"] = modern
        super().wait_log_read(deadline_s)
        self.environment["SHOP_ADMIN_URL"] = both
        wait_until("the connector to read the binlog", lambda: binlog.unread() == 0, deadline_s)

    def compare(self) -> str:
        """Both shops and the sandbox set side by side; raises WorldError if they differ."""
        errors = self.folder / "errors.jsonl"
        errors.write_text(self.shopbridge("--json", "errors", "list", "--open"))
        shops = [part for url in self.urls for part in ("--shop", url)]
        command = [sys.executable, "-m", "deploy.demo.compare", *shops, "--sandbox", str(self.sandbox_file)]
        return self.run(*command, "--errors", str(errors), "--ambiguous", str(self.ambiguous))

    def close(self) -> None:
        super().close()
        with database.connect(self._server) as connection:
            for name in (self.name, database.demo_name(self.name)):
                database.execute(connection, f"DROP DATABASE IF EXISTS {name}")
