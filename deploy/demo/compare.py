"""Proves that the sandbox holds what the shop says, without a line of the product's own code.

    python -m deploy.demo.compare --shop postgresql://… --sandbox sandbox.db
        [--errors open.jsonl] [--ambiguous ids.txt] [--log-since SEQ] [--store demo] [--json]

Compares every object's every mapped property and every association with the views of expected.sql; looks for records
that share an external id or an e-mail, links made twice, a rev that fell; and, with `--errors` (the lines of
`shopbridge errors list --json --open`), for open errors other than the expected ones.
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
from rich.console import Console
from rich.table import Table

from deploy.demo import checks, history, reading
from deploy.demo.found import TYPES, Difference, OpenError, Sandbox, Shop, Tally

SHOWN = 20
WIDTH = 110
"""Columns that the table needs; a pipe has 80."""


def compare(
    shop: Shop, sandbox: Sandbox, errors: tuple[OpenError, ...] | None, ambiguous: frozenset[str]
) -> tuple[dict[str, Tally], list[Difference]]:
    """All checks; errors are left out where they are None."""
    tallies = {kind: Tally() for kind in TYPES}
    differences = [
        *checks.compare_objects(shop, sandbox, tallies),
        *checks.compare_links(shop, sandbox),
        *checks.find_doubles(sandbox),
        *history.find_falls(sandbox.writes, ambiguous),
        *(history.compare_errors(shop.errors, errors) if errors is not None else ()),
    ]
    for error in shop.errors:
        dead_lettered = tallies[error.object_type].dead_lettered
        dead_lettered[error.cause] = dead_lettered.get(error.cause, 0) + 1
    history.measure_freshness(shop, sandbox.writes, tallies)
    return tallies, differences


def draw(tallies: dict[str, Tally], differences: list[Difference]) -> Table:
    """A line per object. `dead-lettered` counts the expected errors: a deal that lacks its contact is equal as well."""
    table = Table(title="Shop and HubSpot compared")
    table.add_column("object")
    for title in ("rows", "records", "equal"):
        table.add_column(title, justify="right")
    table.add_column("dead-lettered", no_wrap=True)
    for title in ("different", "fresh p50", "fresh p99"):
        table.add_column(title, justify="right")
    different = Counter(difference.type for difference in differences)
    for kind, tally in tallies.items():
        causes = "\n".join(f"{cause} {count}" for cause, count in sorted(tally.dead_lettered.items())) or "-"
        seconds = [history.percentile(tally.freshness_s, share) for share in (0.5, 0.99)]
        fresh = ["-" if value is None else f"{value:.2f} s" for value in seconds]
        numbers = map(str, (tally.rows, tally.records, tally.equal))
        table.add_row(kind.replace("_", " "), *numbers, causes, str(different[kind]), *fresh)
    return table


def as_json(tallies: dict[str, Tally], differences: list[Difference], *, errors_checked: bool) -> str:
    objects = {
        kind: {
            "rows": tally.rows,
            "records": tally.records,
            "equal": tally.equal,
            "dead_lettered": tally.dead_lettered,
            "different": sum(difference.type == kind for difference in differences),
            "freshness_p50_s": history.percentile(tally.freshness_s, 0.5),
            "freshness_p99_s": history.percentile(tally.freshness_s, 0.99),
            "freshness_samples": len(tally.freshness_s),
        }
        for kind, tally in tallies.items()
    }
    listed = [
        {"kind": difference.kind, "type": difference.type, "subject": difference.subject, "text": difference.text}
        for difference in differences
    ]
    answer = {"ok": not differences, "errors_checked": errors_checked, "objects": objects, "differences": listed}
    return json.dumps(answer, ensure_ascii=False, indent=2)


def show(console: Console, tallies: dict[str, Tally], differences: list[Difference], *, errors_checked: bool) -> None:
    console.print(draw(tallies, differences))
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


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        shop = reading.read_shop(options.shop)
        sandbox = reading.read_sandbox(options.sandbox, options.store, options.log_since)
        errors = reading.read_errors(options.errors) if options.errors else None
        ambiguous = reading.read_ambiguous(options.ambiguous) if options.ambiguous else frozenset()
    except (psycopg.Error, reading.UnreadableError) as error:
        sys.stderr.write(f"compare: {error}\n")
        return 2
    if options.fresh_since:
        since = datetime.fromisoformat(options.fresh_since)
        shop = replace(shop, commits={rev: at for rev, at in shop.commits.items() if at >= since})
    tallies, differences = compare(shop, sandbox, errors, ambiguous)
    if options.json:
        print(as_json(tallies, differences, errors_checked=errors is not None))
    else:
        console = Console()
        console.width = max(console.width, WIDTH)
        show(console, tallies, differences, errors_checked=errors is not None)
    return 1 if differences else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare", description="Compares the demo shop with the sandbox.")
    parser.add_argument("--shop", default=os.environ.get("SHOP_DATABASE_URL"), help="default: $SHOP_DATABASE_URL")
    parser.add_argument("--sandbox", type=Path, required=True, help="the sandbox's SQLite file")
    parser.add_argument("--errors", type=Path, help="open errors, JSON lines")
    parser.add_argument("--ambiguous", type=Path, help="ids of calls whose fate the sender did not know")
    parser.add_argument("--log-since", type=int, default=0, help="read the log of writes after this seq")
    parser.add_argument("--fresh-since", metavar="ISO-TIME", help="freshness only of changes committed after this")
    parser.add_argument("--store", default="demo", help="the store's id in the shop file")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if not options.shop:
        parser.error("no database: give --shop or set SHOP_DATABASE_URL")
    return options


if __name__ == "__main__":
    sys.exit(main())
