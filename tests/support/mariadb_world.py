"""A world whose shop lives in MariaDB."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.capture.binlog_config import heartbeat_query
from connector.capture.session import session_of
from tests.support.lab import drop_database, make_database
from tests.support.world import World, wait_until

KIND = "mariadb"


class MariaDbWorld(World):
    """One shop in a database of its own on the stack's MariaDB; SHOP_DATABASE_URL and SHOP_ADMIN_URL name it."""

    def __init__(self, name: str, folder: Path, stack: Mapping[str, str], **settings: str) -> None:
        addresses = {"SHOP_DATABASE_URL": stack["LEGACY_DATABASE_URL"], "SHOP_ADMIN_URL": stack["LEGACY_ADMIN_URL"]}
        super().__init__(name, folder, {**stack, **addresses}, **settings)

    def create_database(self) -> None:
        make_database(KIND, self._admin, self.name)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Several statements end with `;` and a new line; values go with one alone."""
        with session_of(KIND, self.environment["SHOP_DATABASE_URL"]) as session:
            session.execute(f"USE {session.quoted(self.name)}")
            found: list[tuple[Any, ...]] = []
            for each in statement.strip().rstrip(";").split(";\n"):
                found = [tuple(row) for row in session.execute(each, *values)]
            session.commit()
            return found

    def close(self) -> None:
        super().close()
        drop_database(KIND, self._admin, self.name)

    def wait_log_read(self, deadline_s: float) -> None:
        with session_of(KIND, self._admin) as session:
            [[file, byte, *_]] = session.execute("SHOW MASTER STATUS")
        wait_until("the connector to pass the binlog's end", lambda: self._place() > (file, byte), deadline_s)

    def _place(self) -> tuple[str, int]:
        """Where the connector is, by its offsets: at the beginning of the newest transaction that it has read."""
        with session_of(KIND, self._admin) as session:
            session.execute(heartbeat_query(session.quoted("shopbridge", f"heartbeat_{self.name}")))
            session.commit()
        (status,) = json.loads(self.shopbridge("--json", "capture", "status")).values()
        file, _, byte = str(status["log"]["confirmed"]).rpartition(":")
        return file, int(byte or 0)
