"""What the key of a row says of the object's id, where the row could not be mapped."""

from __future__ import annotations

import json


def key_values(row_key: str) -> tuple[str, ...]:
    """What an object's id may be by its row's key: the value of a key of one column, or those of several joined."""
    try:
        columns = json.loads(row_key)
    except ValueError:
        return (row_key,)
    if not isinstance(columns, dict):
        return (row_key,)
    return ("-".join(map(str, columns.values())),)
