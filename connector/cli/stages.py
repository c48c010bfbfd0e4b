"""Progress of something that has several stages: a bar for each, or a line now and then where no terminal is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from connector.cli.progress import EVERY_S, bars

Tell = Callable[[str, int, int | None], None]
"""Hears of which stage, how much of it is done, and of how much (None: unknown)."""


@contextmanager
def stages(*, silent: bool) -> Iterator[Tell]:
    """Shows on standard error how far each stage has come."""
    if silent:
        yield lambda *_: None
    elif sys.stderr.isatty():
        with bars() as tell:
            yield tell
    else:
        yield _Lines()


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
