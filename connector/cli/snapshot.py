"""`shopbridge capture snapshot`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from connector.cli.context import Command, Context, option, pass_context
from connector.cli.output import print_json

if TYPE_CHECKING:
    from connector.mapping import Shop
    from connector.operations.snapshots import Course


@click.command(cls=Command)
@click.argument("tables", nargs=-1)
@option("--where", metavar="SQL", help="Only these rows of each table, as: status = 'paid'")
@option("--no-wait", is_flag=True, help="Ask, and do not wait until the tables are read.")
@pass_context
def snapshot(context: Context, tables: tuple[str, ...], where: str | None, *, no_wait: bool) -> int:
    """Read tables once more beside the stream, so that old rows are mapped as the shop file says today.

    Without TABLES all mapped ones, always parents first. Rows that say nothing new cause no call to HubSpot. Ended by
    Ctrl-C it goes on without being watched. Exits with 1 if a table could not be read.
    """
    from connector.operations import snapshots

    settings = context.settings()
    done = {}
    for shop in _shops_with(context.shops(), tables):
        mine = [table for table in tables if table in shop.tables()] or list(tables)
        tell = _Teller(shop.store.id, silent=context.json)
        course = asyncio.run(snapshots.take(shop, settings, mine, where, tell, wait=not no_wait))
        done[shop.store.id] = course
        tell.close(course)
    if context.json:
        print_json(done)
    return int(not no_wait and not all(course.is_good for course in done.values()))


def _shops_with(shops: list[Shop], tables: tuple[str, ...]) -> list[Shop]:
    """The shops that map any of the tables; all where none is named, so that a wrong name is refused by name."""
    return [shop for shop in shops if set(tables) & set(shop.tables())] or shops


class _Teller:
    """Prints a line when a snapshot is asked for, when a table begins, and when one is done."""

    def __init__(self, store: str, *, silent: bool) -> None:
        self._store = store
        self._silent = silent
        self._told: set[str] = set()

    def __call__(self, course: Course) -> None:
        self._say(f"{self._store}: asked for {', '.join(course.tables)} ({course.signal})")
        if course.heard:
            self._say("  the connector has begun")
        for table, rows in course.rows.items():
            self._say(f"  {table}: {rows:,} rows read")
        for table, status in course.failed.items():
            self._say(f"  {table}: could NOT be read: {status}")
        if course.current is not None and course.current not in course.rows:
            self._say(f"  {course.current}: is being read ...")

    def close(self, course: Course) -> None:
        """The last line."""
        if course.is_good:
            self._say(
                f"{self._store}: {sum(course.rows.values()):,} rows read; a worker maps them: `shopbridge status`"
            )
        elif course.ended is None:
            self._say(f"{self._store}: `shopbridge status` says how it goes")
        for problem in course.problems if course.ended is not None else ():
            click.secho(f"{self._store}: {problem}", err=True, fg="red")

    def _say(self, line: str) -> None:
        if line not in self._told and not self._silent:
            click.echo(line)
        self._told.add(line)
