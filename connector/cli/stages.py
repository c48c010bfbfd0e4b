"""Progress of something that has several stages: a bar for each, or a line now and then where no terminal is."""
# ruff: noqa: PLC0415 - rich is only needed where bars are shown

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from connector.cli.progress import EVERY_S

Tell = Callable[[str, int, int | None], None]
"""Hears of which stage, how much of it is done, and of how much (None: unknown)."""


@contextmanager
def stages(*, silent: bool) -> Iterator[Tell]:
    """Shows on standard error how far each stage has come."""
    if silent:
        yield lambda *_: None
    elif sys.stderr.isatty():
        with _bars() as tell:
            yield tell
    else:
        yield _Lines()


@contextmanager
def _bars() -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    known: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def tell(stage: str, done: int, total: int | None) -> None:
            if stage not in known:
                known[stage] = progress.add_task(stage, total=total)
            progress.update(known[stage], completed=done, total=total)

        yield tell


class _Lines:
    """A line when a stage begins, and every few seconds."""

    def __init__(self) -> None:
        self._stage = ""
        self._said = 0.0

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._said < EVERY_S:
            return
        self._stage, self._said = stage, now
        numbers = "" if not done and total is None else f" {done:,}{'' if total is None else f' of {total:,}'}"
        click.echo(f"  {stage}{numbers}", err=True)
