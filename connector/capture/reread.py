"""Single rows read once more, by a snapshot of these rows alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

from connector.capture import signals
from connector.capture.plan import CapturePlan
from connector.capture.session import Quoting, session_of


def reread(plan: CapturePlan, url: str, table: str, row_keys: Sequence[str]) -> str:
    """Ask for the rows of the table that have these keys; returns the signal's id.

    Raises RetriableError when the database does not answer, CaptureError when it refuses.
    """
    with session_of(plan.kind, url) as session:
        return signals.snapshot(session, plan, [table], rows_with(session, row_keys))


def rows_with(quoting: Quoting, row_keys: Sequence[str]) -> str:
    """The SQL condition that chooses the rows with these keys, each as `decode.row_key` writes it.

    Values are literals without a type, which the database reads by the type of the column.
    """
    return " OR ".join(f"({_is(quoting, json.loads(key))})" for key in row_keys)


def _is(quoting: Quoting, key: dict[str, object]) -> str:
    return " AND ".join(
        f"{quoting.quoted(column)} = {quoting.literal(value if isinstance(value, str) else json.dumps(value))}"
        for column, value in key.items()
    )
