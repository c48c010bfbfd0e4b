"""Rows of which the ledger lacks a value: their changes left it out, and no reading of the row brought it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, func, select

from connector.ledger.state import Standing
from connector.ledger.tables import contributions
from connector.version import SourceRow

_held = func.json_each(contributions.c.said, "$.held").table_valued("type")

_LACKING = (
    select(contributions.c.topic, contributions.c.row_key, contributions.c.said)
    .where(contributions.c.standing != str(Standing.ENDED))
    .where(exists(select(1).select_from(_held).where(_held.c.type == "null")))
    .order_by(contributions.c.topic, contributions.c.row_key)
)
"""All contributions are looked through, so this is asked seldom."""


def rows_without_values(tx: Connection, topics: Collection[str], before: datetime) -> list[SourceRow]:
    """The rows of these change topics that were last changed before `before` and lack a value; each once."""
    found = tx.execute(_LACKING.where(contributions.c.topic.in_(topics)))
    return list(
        dict.fromkeys(
            SourceRow(row.topic, row.row_key)
            for row in found
            if datetime.fromisoformat(row.said["committed_at"]) < before
        )
    )
