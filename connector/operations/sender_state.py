"""What the sender last met, by object type, as far as the ledger tells: from the attempts of records that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from connector.ledger.tables import records
from connector.message import ObjectType
from connector.outcome import Ambiguous, NotSent, SchemaRefused

LOOKED_AT: Final = 50
"""So many of the records that wait longest are asked."""


@dataclass(frozen=True, slots=True)
class TypeState:
    """The last attempt at a waiting record of a type: what became of it, when (ISO 8601) and HubSpot's words."""

    outcome: str
    at: str
    details: str

    @property
    def is_paused(self) -> bool:
        """HubSpot refused the portal's schema or our rights: nothing of this type can go before that is mended."""
        return self.outcome == SchemaRefused.__name__

    @property
    def is_waiting(self) -> bool:
        """HubSpot was away, busy, or did not answer clearly; the sender tries again by itself."""
        return self.outcome in {NotSent.__name__, Ambiguous.__name__}


def sender_states(tx: Connection) -> dict[str, TypeState]:
    """By object type, for types of which something waits that was tried before."""
    found = {}
    for kind in ObjectType:
        query = select(records.c.attempts).where(records.c.type == str(kind), records.c.due)
        longest = query.order_by(records.c.lane, records.c.due_since).limit(LOOKED_AT)
        attempts = [kept[-1] for kept in tx.execute(longest).scalars() if kept]
        if attempts:
            found[str(kind)] = _state(max(attempts, key=lambda each: str(each["at"])))
    return found


def _state(attempt: Mapping[str, Any]) -> TypeState:
    words = [attempt.get("type"), attempt.get("details") or attempt.get("category")]
    return TypeState(str(attempt["outcome"]), str(attempt["at"]), ": ".join(str(each) for each in words if each))
