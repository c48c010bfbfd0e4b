"""A bar for what takes long: how far, how fast, how long still. Where no terminal is, a line now and then."""
# ruff: noqa: PLC0415 - rich is only needed where a bar is shown

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from connector.cli.output import seconds

EVERY_S = 5.0
"""Between two lines where no bar can be shown."""

Advance = Callable[[int, int | None], None]
"""Hears how much is done, and of how much (None: unknown)."""


@contextmanager
def bar(what: str, *, silent: bool) -> Iterator[Advance]:
    """Shows on standard error how far `what` has come."""
    if silent:
        yield lambda _done, _total: None
    elif sys.stderr.isatty():
        with _shown(what) as advance:
            yield advance
    else:
        yield _Lines(what)


@contextmanager
def _shown(what: str) -> Iterator[Advance]:
    with bars() as tell:
        tell(what, 0, None)
        yield lambda done, total: tell(what, done, total)


@contextmanager
def bars() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for each name that is told of, with how much of it is done, and of how much."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    known: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def tell(name: str, done: int, total: int | None) -> None:
            if name not in known:
                known[name] = progress.add_task(name, total=total)
            progress.update(known[name], completed=done, total=total)

        yield tell


class _Lines:
    """A line every few seconds, with the time left by the pace so far."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = self._said = time.monotonic()

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._said < EVERY_S:
            return
        self._said = now
        left = f", {seconds((total - done) * (now - self._began) / done)} left" if total and done else ""
        click.echo(f"{self._what}: {done:,} of {'?' if total is None else f'{total:,}'}{left}", err=True)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Set by Ctrl-C or SIGTERM: what is under way is finished, and can be gone on with later."""
    stop = threading.Event()
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
