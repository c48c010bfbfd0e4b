"""Live traffic: a living shop, seeded, at a rate.

    python -m deploy.demo.traffic --shop postgresql://… [--rate 20] [--seconds 60] [--seed 7] [--programme]

Runs for the stated time, or until SIGTERM or SIGINT, finishes what it owes (orders whose lines are there already), and
prints what it did. With `--programme` also what happens once in a run: columns come, change their name and go, an
unmapped table is emptied, 5,000 rows change in one transaction.
Exit codes: 0 done, 2 wrong arguments or the database went away.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

import psycopg
import pymysql
from rich.console import Console
from rich.table import Table

from deploy.demo import legacy_url
from deploy.demo.legacy import actions as legacy_actions
from deploy.demo.legacy import live_shop as legacy_shop
from deploy.demo.legacy import programme as legacy_programme
from deploy.demo.modern import actions as modern_actions
from deploy.demo.modern import live_shop as modern_shop
from deploy.demo.modern import programme as modern_programme
from deploy.demo.modern.actions.orders import pay_owed

PAY_CHANCE = 0.3
"""How likely an owed order comes after each action."""


class Living(Protocol):
    """A shop in the hands of traffic; `owed` are orders whose lines are there already."""

    rng: Random
    owed: list[int]
    changes: int


@dataclass(slots=True)
class Traffic:
    """What happens to a shop: actions by chance, with their weights, and events after a part of the time."""

    shop: Any
    actions: Sequence[tuple[int, Callable[[Any], None]]]
    programme: Sequence[tuple[float, Callable[[Any], None]]] = ()
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(action, "times") and (action, "rows")."""

    def run(self, rate: float, seconds: float | None, stop: threading.Event) -> Counter[tuple[str, str]]:
        """Acts until `seconds` have passed or `stop` is set, at `rate` row changes a second."""
        shop: Living = self.shop
        weights = [weight for weight, _ in self.actions]
        start, planned, ahead = time.monotonic(), list(self.programme), 0
        while not stop.is_set() and (seconds is None or time.monotonic() - start < seconds):
            act = shop.rng.choices(self.actions, weights)[0][1]
            if shop.owed and shop.rng.random() < PAY_CHANCE:
                act = pay_owed
            if planned and seconds is not None and time.monotonic() - start >= planned[0][0] * seconds:
                ahead += self._count(planned.pop(0)[1])
            else:
                self._count(act)
            stop.wait(max(0.0, start + (shop.changes - ahead) / rate - time.monotonic()))
        for _, event in planned if seconds is not None else ():
            self._count(event)
        while shop.owed:
            self._count(pay_owed)
        return self.done

    def _count(self, act: Callable[[Any], None]) -> int:
        before = self.shop.changes
        act(self.shop)
        rows: int = self.shop.changes - before
        if rows:
            self.done[act.__name__, "times"] += 1
            self.done[act.__name__, "rows"] += rows
        return rows


def open_shop(url: str, seed: int, *, programme: bool) -> Traffic:
    """Traffic on the shop at an address. Raises psycopg.Error, pymysql.Error."""
    if legacy_url(url):
        events = legacy_programme.PROGRAMME if programme else ()
        return Traffic(legacy_shop.connect(url, seed), legacy_actions.ACTIONS, events)
    return Traffic(
        modern_shop.connect(url, seed), modern_actions.ACTIONS, modern_programme.PROGRAMME if programme else ()
    )


def table(done: Counter[tuple[str, str]]) -> Table:
    """What was done, most rows first."""
    drawn = Table("action", "times", "rows", title="Live traffic")
    for name in sorted({name for name, _ in done}, key=lambda name: -done[name, "rows"]):
        drawn.add_row(name.replace("_", " "), str(done[name, "times"]), str(done[name, "rows"]))
    times, rows = (sum(count for (_, kind), count in done.items() if kind == wanted) for wanted in ("times", "rows"))
    drawn.add_section()
    drawn.add_row("all", str(times), str(rows))
    return drawn


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        traffic = open_shop(options.shop, options.seed, programme=options.programme)
        with traffic.shop.connection:
            done = traffic.run(options.rate, options.seconds, stop)
    except (psycopg.Error, pymysql.Error) as error:
        sys.stderr.write(f"traffic: the database does not answer or holds no demo shop: {error}\n")
        return 2
    Console().print(table(done))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="traffic", description="Live traffic in a demo shop.")
    parser.add_argument("--shop", default=os.environ.get("SHOP_DATABASE_URL"), help="default: $SHOP_DATABASE_URL")
    parser.add_argument("--rate", type=float, default=20.0, help="row changes a second")
    parser.add_argument("--seconds", type=float, help="default: until SIGTERM")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--programme", action="store_true", help="also what happens once in a run")
    options = parser.parse_args(arguments)
    if not options.shop:
        parser.error("no database: give --shop or set SHOP_DATABASE_URL")
    if options.rate <= 0:
        parser.error("--rate must be above 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
