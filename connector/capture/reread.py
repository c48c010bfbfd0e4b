"""Single rows read once more, by a snapshot of these rows alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import psycopg

from connector.capture import catalogue, signals
from connector.capture.catalogue import quoted
from connector.capture.errors import CaptureError
from connector.capture.plan import CapturePlan


def reread(plan: CapturePlan, url: str, table: str, row_keys: Sequence[str]) -> str:
    """Ask for the rows of the table that have these keys; returns the signal's id.

    Raises RetriableError when the database does not answer, CaptureError when it refuses.
    """
    try:
        with catalogue.connect(url) as connection:
            return signals.snapshot(connection, plan, [table], rows_with(row_keys))
    except psycopg.Error as error:
        raise CaptureError(f"the shop's database refuses to be asked for a snapshot: {error}") from error


def rows_with(row_keys: Sequence[str]) -> str:
    """The SQL condition that chooses the rows with these keys, each as `decode.row_key` writes it.

    Values are literals without a type, which PostgreSQL reads by the type of the column.
    """
    return " OR ".join(f"({_is(json.loads(key))})" for key in row_keys)


def _is(key: dict[str, object]) -> str:
    return " AND ".join(f"{quoted(column)} = {_literal(value)}" for column, value in key.items())


def _literal(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "'" + text.replace("'", "''") + "'"
