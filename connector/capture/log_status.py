"""How the database's change log stands, as far as the connector still needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOST: Final = "lost"
"""The `state` of a log of which the database dropped what the connector had not read."""


@dataclass(frozen=True, slots=True)
class LogStatus:
    """PostgreSQL: the replication slot. MariaDB and MySQL: the binlog from the connector's position on.

    `exists`: there is a slot, or a position. `active`: somebody reads it; None where our role may not see that.
    `state` is PostgreSQL's `wal_status`, or `reserved`, `lost` or `unknown` of a binlog. Sizes are in bytes: the log
    kept for the connector, and the log that it has not confirmed; None where that cannot be told. `confirmed` and
    `current` are positions as the database writes them. `safe_bytes`: what the database may still write before the slot
    is in danger of losing log, None where it has no limit (`max_slot_wal_keep_size`).
    """

    exists: bool
    active: bool | None = False
    state: str = ""
    retained_bytes: int | None = None
    behind_bytes: int | None = None
    confirmed: str | None = None
    current: str | None = None
    safe_bytes: int | None = None
