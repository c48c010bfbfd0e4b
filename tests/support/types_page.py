"""The tables of docs/types.md: what was written, and what arrived.

`python -m tests.support.types_page` writes them into the page as `every_type` and `every_mariadb_type` state them; the
end-to-end test makes them of what it read from the real thing, and compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tests.support import type_remarks
from tests.support.every_mariadb_type import MARIADB_TYPES
from tests.support.every_type import TYPES, ColumnType, Refused, Sample

PAGE: Final = Path(__file__).parents[2] / "docs" / "types.md"


@dataclass(frozen=True, slots=True)
class Database:
    """A kind of database, as the page names it, with its types and what else is to be said of them."""

    name: str
    types: tuple[ColumnType, ...]
    remarks: Mapping[str, str]


DATABASES: Final[Mapping[str, Database]] = {
    "postgres": Database("PostgreSQL", TYPES, type_remarks.POSTGRES),
    "mariadb": Database("MariaDB", MARIADB_TYPES, type_remarks.MARIADB),
}


def table(kind: str, seen: Sequence[Sequence[tuple[Any, Any]]] | None = None) -> str:
    """The Markdown table, as stated, or of what was `seen`: by type and sample, what came by snapshot and by stream."""
    database = DATABASES[kind]
    head = f"| {database.name} | arrives as | written → read | remarks |\n|---|---|---|---|\n"
    types = database.types if seen is None else map(_as_seen, database.types, seen)
    return head + "".join(_row(each, database.remarks.get(each.sql, "")) for each in types)


def stated(kind: str, page: str) -> str:
    """The table that stands in the page."""
    found = re.search(rf"^\| {DATABASES[kind].name} \|.*?\n(?!\|)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/types.md has no table of {kind}"
    return found.group()


def rewritten(page: str) -> str:
    for kind in DATABASES:
        page = page.replace(stated(kind, page), table(kind))
    return page


def _as_seen(column: ColumnType, seen: Sequence[tuple[Any, Any]]) -> ColumnType:
    pairs = zip(column.samples, seen, strict=True)
    return replace(column, samples=tuple(Sample(sample.sql, live, snapshot) for sample, (snapshot, live) in pairs))


def _row(column: ColumnType, remark: str) -> str:
    examples = "<br>".join(_example(sample) for sample in column.samples)
    return f"| `{column.sql}` | {column.arrives} | {examples} | {remark} |\n"


def _example(sample: Sample) -> str:
    live, snapshot = _shown(sample.value), _shown(sample.in_snapshot)
    differs = "" if live == snapshot else f", in a snapshot {snapshot}"
    return f"{_code(sample.sql)} → {live}{differs}"


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Refused):
        return f"`{value.error_type}`"
    return _code(repr(value).replace("datetime.timezone.utc", "UTC").replace("datetime.", ""))


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("\n", "\\n") + "`"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
