"""What operators did: kept for whoever asks later."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from connector.ledger.tables import audit


def note(tx: Connection, who: str, act: str, details: Mapping[str, Any]) -> None:
    """Keep an act, in the transaction of its effect; `details` are JSON."""
    tx.execute(insert(audit).values(at=time.time(), who=who, act=act, details=dict(details)))
