"""Errors as a table for spreadsheets, or as JSON lines for programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TextIO

from connector.catalogue import entry
from connector.operations.letters import Letter, as_line

COLUMNS: Final = (
    "id",
    "state",
    "type",
    "stage",
    "store",
    "object_type",
    "external_id",
    "property",
    "details",
    "meaning",
    "remedy",
    "first_at",
    "at",
    "attempts",
    "category",
    "correlation_id",
    "source_topic",
    "row_key",
    "partition",
    "offset",
    "database_position",
    "note",
    "who",
)

_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute a cell instead of showing it."""


def exported(letter: Letter) -> dict[str, Any]:
    """An error with what it means and what to do about it."""
    known = entry(letter.error.type)
    return {**as_line(letter), "meaning": known.cause, "remedy": known.remedy}


def write_csv(lines: Iterable[Mapping[str, Any]], to: TextIO) -> int:
    """Write lines with a head of column names; how many lines. Cells never begin a formula."""
    writer = csv.writer(to, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for line in lines:
        writer.writerow([cell(line[name]) for name in COLUMNS])
        count += 1
    return count


def cell(value: Any) -> str:
    """A value as a cell: what a spreadsheet would take for a formula gets an apostrophe before it."""
    match value:
        case None:
            return ""
        case Enum():
            text = str(value.value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case int():
            return str(value)
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def write_lines(lines: Iterable[Mapping[str, Any]], to: TextIO) -> int:
    """Write each error as a line of JSON; how many."""
    count = 0
    for line in lines:
        to.write(json.dumps(line, ensure_ascii=False, default=_json) + "\n")
        count += 1
    return count


def _json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
