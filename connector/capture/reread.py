"""Single rows read once more, by a snapshot of these rows alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from connector.capture import signals
from connector.capture.plan import CapturePlan
from connector.capture.session import Quoting, Session, session_of

BYTES: Final = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
"""MariaDB's and MySQL's types whose values are in a key's text as hexadecimal digits, as PostgreSQL's bytea is."""
_DIGITS: Final = re.compile(r"(?:[0-9a-f]{2})*")
_KINDS: Final = (
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
)

Kinds = Mapping[str, str]
"""Column → its type's name in the information schema."""


def reread(plan: CapturePlan, url: str, table: str, row_keys: Sequence[str]) -> str:
    """Ask for the rows of the table that have these keys; returns the signal's id.

    Raises RetriableError when the database does not answer, CaptureError when it refuses.
    """
    with session_of(plan.kind, url) as session:
        where = rows_with(session, row_keys, kinds_of(session, plan.schema, table))
        return signals.snapshot(session, plan, [table], where)


def kinds_of(session: Session, schema: str, table: str) -> Kinds:
    """The types of a table's columns."""
    return {str(name): str(kind).lower() for name, kind in session.execute(_KINDS, schema, table)}


def rows_with(quoting: Quoting, row_keys: Sequence[str], kinds: Kinds) -> str:
    """The SQL condition that chooses the rows with these keys, each as `decode.row_key` writes it.

    Values are literals without a type, which the database reads by the type of the column, but for those whose form in
    a key is none that it reads: bytes, bits, and MariaDB's and MySQL's truth values and instants.
    """
    return " OR ".join(f"({_is(quoting, json.loads(key), kinds)})" for key in row_keys)


def _is(quoting: Quoting, key: Mapping[str, object], kinds: Kinds) -> str:
    return " AND ".join(
        _equals(quoting, quoting.quoted(column), value, kinds.get(column, "")) for column, value in key.items()
    )


def _equals(quoting: Quoting, column: str, value: object, kind: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if kind == "bytea":
        return f"{column} = {quoting.literal(chr(92) + 'x' + text)}"
    if kind in BYTES and _DIGITS.fullmatch(text):
        return f"{column} = X'{text}'"
    if isinstance(value, bool) and kind in {"bit", "tinyint"}:
        return f"{column} = {'b' if kind == 'bit' else ''}'{int(value)}'"
    if isinstance(value, int) and kind == "bit":
        return f"{column} = {value}"
    if kind == "timestamp" and text.endswith("+00:00"):
        return f"UNIX_TIMESTAMP({column}) = {_seconds(text)}"
    return f"{column} = {quoting.literal(text)}"


def _seconds(instant: str) -> str:
    """Since 1970, exact to the microsecond: what does not depend on the session's time zone."""
    at = datetime.fromisoformat(instant)
    return f"{int(at.timestamp())}.{at.microsecond:06d}"
