"""Options that several commands have, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import click

from connector.cli.context import option
from connector.message import TYPE_NAMES, ObjectType

F = TypeVar("F", bound=Callable[..., Any])

UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SOME: Final = click.FloatRange(min=0, min_open=True)
"""More than nothing."""


class Since(click.ParamType):
    """A moment, or how long ago: 2026-11-24T10:00, 90m, 2h, 7d."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        text = str(value)
        if text[-1:] in UNITS and text[:-1].isdigit():
            return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * UNITS[text[-1]])
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no time; write it like 2026-11-24T10:00 or 90m, 2h, 7d", param, ctx)
        return found if found.tzinfo else found.astimezone()


TYPE: Final = click.Choice(tuple(TYPE_NAMES))
"""A type of object, by any of its names."""


def types_of(names: Iterable[str]) -> tuple[ObjectType, ...]:
    """The types of these names, each once."""
    return tuple(dict.fromkeys(TYPE_NAMES[name] for name in names))


def object_of(text: str | None) -> tuple[ObjectType | None, str | None]:
    """The type and id of `deal:1042`."""
    if text is None:
        return None, None
    name, _, external_id = text.partition(":")
    kind = TYPE_NAMES.get(name.lower().replace("_", "-"))
    if kind is None:
        raise click.BadParameter(f"there is no type {name!r}; there are {', '.join(TYPE_NAMES)}", param_hint="--object")
    return kind, external_id or None


def yes(command: F) -> F:
    """The option that agrees beforehand."""
    return option("--yes", "-y", is_flag=True, help="Do not ask.")(command)


def dry_run(command: F) -> F:
    """The option that leaves it at showing."""
    return option("--dry-run", is_flag=True, help="Only show what would be done.")(command)


def rate(default: float | None) -> Callable[[F], F]:
    """The option of how fast it is said."""
    text = "At most so many records a second."
    return option("--rate", type=SOME, default=default, show_default=default is not None, metavar="N", help=text)


def shows(command: F) -> F:
    """The option that shows personal data."""
    return option("--show", is_flag=True, help="Show personal data as it is.")(command)
