"""A shop's own functions, for the cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]


def initials(row: Row) -> str:
    return "".join(word[0] for word in (row["first_name"], row["last_name"]))


def careless(row: Row) -> str:
    return str(row["phone"]["number"])


def swallowing(row: Row) -> str:
    """Hides that a column could not be read."""
    try:
        return str(dict(row)["description"])
    except Exception:  # noqa: BLE001 - what careless users write
        return "nothing"


def untyped(_: Row) -> object:
    return {"a": 1}


def unzoned(_: Row) -> datetime:
    return datetime(2024, 1, 1)  # noqa: DTZ001 - the mistake that the case is about


def zoned(_: Row) -> datetime:
    return datetime(2024, 1, 1, 12, tzinfo=UTC)


def endless(_: Row) -> float:
    return float("inf")


NOT_A_FUNCTION = 5
