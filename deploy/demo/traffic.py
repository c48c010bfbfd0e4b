"""Live traffic: a living shop, seeded, at a rate.

    python -m deploy.demo.traffic --shop postgresql://… [--rate 20] [--seconds 60] [--seed 7]

Runs for the stated time, or until SIGTERM or SIGINT, finishes what it owes (orders whose lines are there already), and
prints what it did. Exit codes: 0 done, 2 wrong arguments or the database went away.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter

import psycopg
from rich.console import Console
from rich.table import Table

from deploy.demo.modern.actions import ACTIONS, Action
from deploy.demo.modern.actions.orders import pay_owed
from deploy.demo.modern.live_shop import LiveShop, connect

PAY_CHANCE = 0.3
"""How likely an owed order comes after each action."""


def run(shop: LiveShop, rate: float, seconds: float | None, stop: threading.Event) -> Counter[tuple[str, str]]:
    """Acts until `seconds` have passed or `stop` is set, at `rate` row changes a second.

    Counts (action, "times") and (action, "rows").
    """
    done: Counter[tuple[str, str]] = Counter()
    weights = [weight for weight, _ in ACTIONS]
    start = time.monotonic()
    while not stop.is_set() and (seconds is None or time.monotonic() - start < seconds):
        act = shop.rng.choices(ACTIONS, weights)[0][1]
        if shop.owed and shop.rng.random() < PAY_CHANCE:
            act = pay_owed
        _count(shop, done, act)
        stop.wait(max(0.0, start + shop.changes / rate - time.monotonic()))
    while shop.owed:
        _count(shop, done, pay_owed)
    return done


def _count(shop: LiveShop, done: Counter[tuple[str, str]], act: Action) -> None:
    before = shop.changes
    act(shop)
    if shop.changes > before:
        done[act.__name__, "times"] += 1
        done[act.__name__, "rows"] += shop.changes - before


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
    parser = argparse.ArgumentParser(prog="traffic", description="Live traffic in the demo shop.")
    parser.add_argument("--shop", default=os.environ.get("SHOP_DATABASE_URL"), help="default: $SHOP_DATABASE_URL")
    parser.add_argument("--rate", type=float, default=20.0, help="row changes a second")
    parser.add_argument("--seconds", type=float, help="default: until SIGTERM")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    if not options.shop:
        parser.error("no database: give --shop or set SHOP_DATABASE_URL")
    if options.rate <= 0:
        parser.error("--rate must be above 0")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        shop = connect(options.shop, options.seed)
        with shop.connection:
            done = run(shop, options.rate, options.seconds, stop)
    except psycopg.Error as error:
        sys.stderr.write(f"traffic: the database does not answer or holds no demo shop: {error}\n")
        return 2
    Console().print(table(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
