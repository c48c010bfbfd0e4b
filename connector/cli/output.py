"""How things are printed: JSON for programs, tables for people."""
# ruff: noqa: PLC0415 - rich is only needed for tables

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

FILE_WIDTH = 240
"""Columns of a line where no terminal sets them."""

LONGEST = 200
"""Characters of a text that are shown on a screen."""


def plain(value: Any) -> Any:
    """JSON's types for dataclasses, mappings, times and bytes."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value.value) if isinstance(value, Enum) else _text(value)


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def shortened(value: Any) -> Any:
    """JSON's types with long texts cut, for a screen; how long they are is said."""
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value]
    is_long = isinstance(value, str) and len(value) > LONGEST
    return f"{value[: LONGEST // 2]}... ({len(value):,} characters)" if is_long else value


def print_json(value: Any, *, indent: int | None = 2) -> None:
    click.echo(json.dumps(plain(value), indent=indent, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, compact: bool = False) -> Table:
    """A table without lines; columns whose cells are all numbers stand to the right. `compact`: no rule, no blanks."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    cells = [list(row) for row in rows]
    has_names = any(columns)
    made = Table(
        box=SIMPLE_HEAD if has_names and not compact else None,
        show_header=has_names,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for number, name in enumerate(columns):
        is_number = all(isinstance(row[number], int | float) for row in cells) and bool(cells)
        made.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        made.add_row(*(Text(_cell(each)) for each in row))
    return made


def print_table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as it is printed, under its title."""
    made = table(columns, rows)
    if title:
        click.secho(f"\n{title}", bold=True)
    console().print(made)


def console() -> Console:
    """The screen; where there is none, lines are as long as in a file."""
    from rich.console import Console

    made = Console()
    if not made.is_terminal:
        made.width = FILE_WIDTH
    return made


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def seconds(value: float | None) -> str:
    """A duration as people say it: 0.4 s, 12 s, 3 min, 5 h."""
    if value is None:
        return "-"
    if value < 10:
        return f"{max(value, 0.0):.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def moment(value: datetime | None) -> str:
    """A time with its date, to the second, in UTC."""
    return "-" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def count_of(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
