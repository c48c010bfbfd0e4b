"""`make demo`: the whole way on this machine, and the proof.

    python -m deploy.demo.run [--home .local/demo] [--port-base 19000] [--scale 1.0] [--seconds N] [--rate 20] [--stop]
        [--switch NAME=VALUE]

Starts the local stack, makes both demo shops, fills HubSpot's stand-in with contacts of others, provisions it, captures
the shops, starts the worker, lets live traffic run in both, waits until nothing is under way, and compares everything.
All is left running. Exit code 0 only if the comparison holds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.demo.stage import Stage, StageError
from deploy.demo.waiting import wait_for_rest

ROOT = Path(__file__).parents[2]
SECONDS_FIRST, SECONDS_AGAIN = 60, 10
"""How long live traffic runs: a minute beside the first load, less where the shop is loaded already."""


def main() -> int:
    """Run the demo; the exit code."""
    options = _options()
    console = Console()
    stage = Stage(ROOT, options.home, options.port_base, console)
    try:
        return stage.stop() if options.stop else show(stage, options)
    except StageError as error:
        console.print(f"[red]{error}[/red]")
        return 1


def show(stage: Stage, options: argparse.Namespace) -> int:
    """The demo, step by step."""
    started = time.monotonic()
    stage.run("Start the local stack", *stage.stack("up"))
    stage.load_environment()
    known = stage.shops_exist()
    seconds = options.seconds or (SECONDS_AGAIN if known else SECONDS_FIRST)
    if not known:
        make_shops(stage, options)
    stage.run("Provision HubSpot's stand-in", *stage.shopbridge("setup"))
    stage.run("Capture the shops", *stage.shopbridge("capture", "apply"))
    asked = requests(stage)
    stage.start_worker()
    since = datetime.now(UTC).isoformat()
    pace = ("--rate", str(options.rate), "--seconds", str(seconds), "--seed", str(time.time_ns() % 10_000))
    # Later runs leave out what happens once, so that they show how fresh records are on an ordinary day.
    programme = () if known else ("--programme",)
    traffic = {
        f"traffic-{name}": stage.python("deploy.demo.traffic", "--shop", url, *pace, *programme)
        for name, url in stage.shops.items()
    }
    stage.run_together(f"Live traffic in both shops for {seconds} s", traffic, lasts_s=seconds)
    status = wait_for_rest(stage, deadline_s=options.deadline)
    verdict = max(compare(stage, since), judge_accounting(stage, status))
    stage.console.print(asked_for(asked, requests(stage)))
    farewell(stage, verdict, time.monotonic() - started)
    return verdict


def make_shops(stage: Stage, options: argparse.Namespace) -> None:
    """Both shops, and an account that knows a part of their people already."""
    for name, url in stage.shops.items():
        make = stage.python("deploy.demo.generate", "--shop", url, "--scale", str(options.scale))
        stage.run(f"Make the {name} shop", *make)
    given = [part for url in stage.shops.values() for part in ("--shop", url)]
    given += [part for switch in options.switch for part in ("--switch", switch)]
    portal = stage.python("deploy.demo.portal", "--hubspot", stage.hubspot, *given)
    stage.run("Let others have filled HubSpot's stand-in before us", *portal)


def requests(stage: Stage) -> Mapping[str, int]:
    """How many requests the stand-in had so far, how many of them it refused for a limit, and its records."""
    asked = json.loads(stage.fetch("/sandbox/requests"))
    records = json.loads(stage.fetch("/sandbox/health"))["records"]
    return {"total": asked["total"], "limited": asked["limited"], "records": sum(records.values())}


def asked_for(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """The requests of this run in a sentence."""
    total, limited = (after[name] - before[name] for name in ("total", "limited"))
    each = 1000 * total / max(1, after["records"])
    return (
        f"{total:,} requests for {after['records']:,} records: {each:.0f} for 1,000; {limited:,} refused for a limit."
    )


def compare(stage: Stage, since: str) -> int:
    """Set the shops beside HubSpot's stand-in, by a program that knows nothing of the product."""
    errors = stage.home / "open-errors.jsonl"
    errors.write_text(stage.output(*stage.shopbridge("--json", "errors", "list", "--open")))
    shops = [part for url in stage.shops.values() for part in ("--shop", url)]
    command = stage.python("deploy.demo.compare", "--sandbox", stage.environment["SHOPBRIDGE_SANDBOX_DATABASE"], *shops)
    return subprocess.run(
        [*command, "--errors", str(errors), "--ambiguous", str(stage.journal), "--fresh-since", since],
        cwd=ROOT,
        env=stage.environment,
        check=False,
    ).returncode


def judge_accounting(stage: Stage, status: dict[str, Any]) -> int:
    """Say whether every record that the broker holds is accounted for; 0 if so."""
    accounting = status["accounting"]
    if accounting["balanced"]:
        stage.console.print("Every record of every topic is accounted for, up to the broker's end offsets.")
        return 0
    stage.console.print(f"[red]The accounting does not add up: {accounting}[/red]")
    return 1


def farewell(stage: Stage, verdict: int, seconds: float) -> None:
    """Say how it ended, what to look at, and what to try."""
    sandbox = stage.environment["SHOPBRIDGE_HUBSPOT_URL"]
    word = "[green]equal[/green]" if verdict == 0 else "[red]not equal[/red]"
    stage.console.print(f"\nShops and HubSpot are {word}, after {seconds:.0f} s. Everything is still running.\n")
    stage.console.print(f"  Look at   {sandbox}/  HubSpot's stand-in: records, associations, writes", soft_wrap=True)
    stage.console.print(f"  Try       source {stage.home.relative_to(ROOT)}/env.sh", highlight=False)
    order = stage.an_order()
    for command in ("status", "errors list", f"trace order {order} --store demo", "verify --sample 200", "check"):
        stage.console.print(f"            shopbridge {command}", highlight=False)
    change = f"UPDATE orders SET status = 'cancelled' WHERE id = {order}"  # noqa: S608 - shown, not run
    stage.console.print(f'            psql $SHOP_DATABASE_URL -c "{change}"', highlight=False, soft_wrap=True)
    shown = "mariadb --protocol=tcp -h127.0.0.1 -P$LEGACY_PORT -ushop -pshop legacy"
    change = "UPDATE ws_product SET price = price + 1 WHERE active = 1 LIMIT 3"
    stage.console.print(f'            {shown} -e "{change}"', highlight=False, soft_wrap=True)
    stage.console.print("  Stop      make down\n", highlight=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.demo.run", description="The whole way, and the proof.")
    parser.add_argument("--home", type=Path, default=Path(".local/demo"), help="folder for data, logs and pids")
    parser.add_argument("--port-base", type=int, default=19000)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: 2,000 customers, 5,000 orders, and half of it")
    parser.add_argument("--seconds", type=int, help=f"of live traffic; {SECONDS_FIRST}, in later runs {SECONDS_AGAIN}")
    parser.add_argument("--rate", type=float, default=20.0, help="row changes a second")
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds to wait for rest before giving up")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="of the stand-in")
    parser.add_argument("--stop", action="store_true", help="only stop the worker")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
