"""Proves that the sandbox holds what the shops say, without a line of the product's own code.

    python -m deploy.demo.compare --shop postgresql://… --shop mariadb://… --sandbox sandbox.db
        [--errors open.jsonl] [--ambiguous ids.txt] [--log-since SEQ] [--json]

Compares every object's every mapped property and every association with the views of each shop's expected.sql, people
by their e-mail over all shops; looks for records of one object or one e-mail, links made twice, a rev that fell; and,
with `--errors` (the lines of `shopbridge errors list --json --open`), for open errors other than the expected ones.
Exit codes: 0 all is as it must be, 1 something is not, 2 wrong arguments or something that cannot be read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
import pymysql
from rich.console import Console
from rich.table import Table

from deploy.demo import checks, history, reading
from deploy.demo.found import Difference, Expectation, OpenError, Sandbox, Tally
from deploy.demo.people import expect

Tallies = dict[tuple[str, str], Tally]
"""By store and type."""

SHOWN = 20
WIDTH = 110
"""Columns that the table needs; a pipe has 80."""


def compare(
    shop: Expectation, sandbox: Sandbox, errors: tuple[OpenError, ...] | None, ambiguous: frozenset[str]
) -> tuple[Tallies, list[Difference]]:
    """All checks; errors are left out where they are None."""
    tallies = {(store, kind): Tally(rows=rows) for (store, kind), rows in shop.rows.items()}
    differences = [
        *checks.compare_objects(shop, sandbox, tallies),
        *checks.compare_links(shop, sandbox),
        *checks.find_doubles(sandbox),
        *history.find_falls(sandbox.writes, ambiguous),
        *(history.compare_errors(shop.errors, errors) if errors is not None else ()),
    ]
    for error in shop.errors:
        dead_lettered = tallies[error.store, error.object_type].dead_lettered
        dead_lettered[error.cause] = dead_lettered.get(error.cause, 0) + 1
    history.measure_freshness(shop.commits, sandbox.writes, tallies)
    return tallies, differences


CAPTION = "A record that is not counted as equal belongs to a row that HubSpot refuses: it is dead-lettered."


def draw(tallies: Tallies) -> Table:
    """A line per store and object; the record of a person in several rows counts where the newest row is.

    `dead-lettered` counts the expected errors: a deal that lacks its contact is equal as well.
    """
    table = Table(title="Shops and HubSpot compared", caption=CAPTION)
    for title in ("shop", "object"):
        table.add_column(title)
    for title in ("rows", "records", "equal"):
        table.add_column(title, justify="right")
    table.add_column("dead-lettered", no_wrap=True)
    for title in ("fresh p50", "fresh p99"):
        table.add_column(title, justify="right")
    last = ""
    for (store, kind), tally in tallies.items():
        if last not in {"", store}:
            table.add_section()
        last = store
        causes = "\n".join(f"{cause} {count}" for cause, count in sorted(tally.dead_lettered.items())) or "-"
        seconds = [history.percentile(tally.freshness_s, share) for share in (0.5, 0.99)]
        fresh = ["-" if value is None else f"{value:.2f} s" for value in seconds]
        numbers = [f"{number:,}" for number in (tally.rows, tally.records, tally.equal)]
        table.add_row(store, kind.replace("_", " "), *numbers, causes, *fresh)
    return table


def as_json(tallies: Tallies, differences: list[Difference], *, errors_checked: bool) -> str:
    objects: dict[str, dict[str, object]] = {}
    for (store, kind), tally in tallies.items():
        objects.setdefault(store, {})[kind] = {
            "rows": tally.rows,
            "records": tally.records,
            "equal": tally.equal,
            "dead_lettered": tally.dead_lettered,
            "freshness_p50_s": history.percentile(tally.freshness_s, 0.5),
            "freshness_p99_s": history.percentile(tally.freshness_s, 0.99),
            "freshness_samples": len(tally.freshness_s),
        }
    listed = [
        {"kind": difference.kind, "type": difference.type, "subject": difference.subject, "text": difference.text}
        for difference in differences
    ]
    answer = {"ok": not differences, "errors_checked": errors_checked, "objects": objects, "differences": listed}
    return json.dumps(answer, ensure_ascii=False, indent=2)


def show(console: Console, tallies: Tallies, differences: list[Difference], *, errors_checked: bool) -> None:
    console.print(draw(tallies))
    for difference in differences[:SHOWN]:
        line = f"{difference.kind}: {difference.type} {difference.subject}: {difference.text}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(differences) > SHOWN:
        kinds = Counter(difference.kind for difference in differences)
        console.print(
            f"… {len(differences)} differences in all: {', '.join(f'{kind} {n}' for kind, n in kinds.items())}"
        )
    if not differences:
        console.print("All is equal." + ("" if errors_checked else " Open errors were not compared: give --errors."))


def say_people(shop: Expectation) -> str:
    """How many people stand in several rows."""
    both = sum(len(stores) > 1 for stores in shop.together.values())
    return f"{len(shop.together):,} people stand in several rows, {both:,} of them in both shops: one record each."


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        shop = expect([reading.read_shop(url) for url in options.shop])
        sandbox = reading.read_sandbox(options.sandbox, options.log_since)
        errors = reading.read_errors(options.errors) if options.errors else None
        ambiguous = reading.read_ambiguous(options.ambiguous) if options.ambiguous else frozenset()
    except (psycopg.Error, pymysql.Error, reading.UnreadableError) as error:
        sys.stderr.write(f"compare: {error}\n")
        return 2
    if options.fresh_since:
        since = datetime.fromisoformat(options.fresh_since)
        shop = replace(shop, commits={rev: seen for rev, seen in shop.commits.items() if seen[1] >= since})
    tallies, differences = compare(shop, sandbox, errors, ambiguous)
    if options.json:
        print(as_json(tallies, differences, errors_checked=errors is not None))
    else:
        console = Console()
        console.width = max(console.width, WIDTH)
        show(console, tallies, differences, errors_checked=errors is not None)
        console.print(say_people(shop))
    return 1 if differences else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare", description="Compares the demo shops with the sandbox.")
    parser.add_argument("--shop", action="append", help="may be given several times; default: $SHOP_DATABASE_URL")
    parser.add_argument("--sandbox", type=Path, required=True, help="the sandbox's SQLite file")
    parser.add_argument("--errors", type=Path, help="open errors, JSON lines")
    parser.add_argument("--ambiguous", type=Path, help="ids of calls whose fate the sender did not know")
    parser.add_argument("--log-since", type=int, default=0, help="read the log of writes after this seq")
    parser.add_argument("--fresh-since", metavar="ISO-TIME", help="freshness only of changes committed after this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    options.shop = options.shop or [url for url in (os.environ.get("SHOP_DATABASE_URL"),) if url]
    if not options.shop:
        parser.error("no database: give --shop or set SHOP_DATABASE_URL")
    return options


if __name__ == "__main__":
    sys.exit(main())
