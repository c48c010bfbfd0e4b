"""`shopbridge status --watch`: one screen that is drawn anew, or one line a period where there is no screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import click
from rich.live import Live
from rich.text import Text

from connector.cli.output import console, print_json
from connector.cli.status_page import line, screen
from connector.operations.lag import Flow, flow
from connector.operations.overall import Status

Look = Callable[[], Status]


def watch(look: Look, every_s: float, *, as_json: bool) -> None:
    """Look and tell every so many seconds, until it is interrupted."""
    if as_json:
        for found, _ in looks(look, every_s):
            print_json(found, indent=None)
    elif not sys.stdout.isatty():
        for found, rates in looks(look, every_s):
            click.echo(line(found, rates))
    else:
        with Live(Text("..."), console=console(), auto_refresh=False, screen=True) as live:
            for found, rates in looks(look, every_s):
                live.update(screen(found, rates), refresh=True)


def looks(look: Look, every_s: float) -> Iterator[tuple[Status, Flow | None]]:
    """One look after another, each with the flow since the one before."""
    before = None
    while True:
        began = time.monotonic()
        found = look()
        yield found, None if before is None else flow(before.taken, found.taken)
        before = found
        time.sleep(max(began + every_s - time.monotonic(), 0.0))
