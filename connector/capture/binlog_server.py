"""The shop's MariaDB or MySQL server: what it is, and what about it stands in the way of being captured.

Facts are Debezium's documentation of its MySQL and MariaDB connectors: row events with full images, no compressed ones,
and from MariaDB 11.4 on, which has the setting, positions of the old kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from connector.capture.errors import CaptureError
from connector.capture.plan import CapturePlan


class Asked(Protocol):
    """A session that can be asked."""

    def execute(self, statement: str, *parameters: object) -> Sequence[Sequence[Any]]: ...


@dataclass(frozen=True, slots=True)
class Server:
    """The server: what it is, and its settings by name, in lower case, all as text; those it does not have are absent.

    `version` is of the form (10, 11, 19).
    """

    is_mariadb: bool
    version: tuple[int, ...]
    settings: Mapping[str, str]

    @property
    def kind(self) -> str:
        return "mariadb" if self.is_mariadb else "mysql"

    @property
    def whole_rows(self) -> bool:
        """Whether changes carry whole old and new rows."""
        return self.settings.get("binlog_row_image", "").upper() == "FULL"

    @property
    def kept_seconds(self) -> float | None:
        """How long the binlog is kept; None where it is kept for ever."""
        seconds = float(self.settings.get("binlog_expire_logs_seconds", "0"))
        days = float(self.settings.get("expire_logs_days", "0"))
        return seconds or days * 24 * 60 * 60 or None


def server_of(session: Asked) -> Server:
    """The server that the session speaks to."""
    text = str(session.execute("SELECT VERSION()")[0][0])
    numbers = re.match(r"\d+(?:\.\d+)*", text.removeprefix("5.5.5-"))
    version = tuple(int(part) for part in (numbers[0] if numbers else "0").split("."))
    found = session.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN {_SETTINGS}")
    return Server("mariadb" in text.lower(), version, {name.lower(): str(value) for name, value in found})


_SETTINGS: Final = (
    "binlog_expire_logs_seconds",
    "binlog_format",
    "binlog_legacy_event_pos",
    "binlog_row_image",
    "binlog_row_value_options",
    "expire_logs_days",
    "log_bin",
    "log_bin_compress",
    "server_id",
)


def require_binlog(server: Server, plan: CapturePlan) -> None:
    """Raises CaptureError naming every setting of the server that forbids capture, with what to run."""
    if faults := server_faults(server, plan):
        raise CaptureError("the database server cannot be captured:\n    " + "\n    ".join(faults))


OLDEST: Final = {"mariadb": (10, 5), "mysql": (8, 0)}


def server_faults(server: Server, plan: CapturePlan) -> list[str]:
    """What about the server stands in the way; each with its remedy."""
    if server.kind != plan.kind:
        told = f"the server is {_NAMES[server.kind]}, and the shop file says `kind: {plan.kind}`"
        return [f"{told}: write `kind: {server.kind}`. Their binlogs differ, and so do their connectors"]
    oldest = OLDEST[plan.kind]
    settings = {name: value.upper() for name, value in server.settings.items()}
    found = [(remedy, settings.get(name)) for name, good, remedy in _MUST if settings.get(name, good) != good]
    faults = [remedy.format(value) for remedy, value in found]
    if server.version < oldest:
        faults.insert(0, f"{_NAMES[plan.kind]} must be {'.'.join(map(str, oldest))} or later")
    if settings.get("server_id") in {None, "0"}:
        faults.append("server_id must not be 0: write server_id=1 under [mysqld], then restart the server")
    if settings.get("server_id") == str(plan.server_id):
        faults.append(
            f"the server's own server_id is {plan.server_id}, which the connector would take for its own: "
            f"choose another by `capture: {{server_id: ...}}` in the shop file"
        )
    return faults


_NAMES: Final = {"mariadb": "MariaDB", "mysql": "MySQL"}

_AND_FILE: Final = "write it under [mysqld] too, and let the shop's programs connect anew"

_MUST: Final = (
    ("log_bin", "ON", "log_bin must be on: write log_bin=binlog and server_id=1 under [mysqld], restart the server"),
    ("binlog_format", "ROW", "binlog_format is {}, it must be ROW: SET GLOBAL binlog_format = 'ROW'; " + _AND_FILE),
    (
        "binlog_row_image",
        "FULL",
        "binlog_row_image is {}, it must be FULL: SET GLOBAL binlog_row_image = 'FULL'; " + _AND_FILE,
    ),
    ("log_bin_compress", "OFF", "log_bin_compress is {}, it must be off: SET GLOBAL log_bin_compress = 0"),
    (
        "binlog_legacy_event_pos",
        "ON",
        "binlog_legacy_event_pos is {}, it must be on: SET GLOBAL binlog_legacy_event_pos = 1",
    ),
    (
        "binlog_row_value_options",
        "",
        "binlog_row_value_options is {}, it must be empty: SET GLOBAL binlog_row_value_options = ''",
    ),
)
"""(setting, what it must be, remedy); a setting that the server does not have is right."""
