"""`make demo`: the whole way on this machine, and the proof.

    python -m deploy.demo.run [--home .local/demo] [--port-base 19000] [--scale 1.0] [--seconds N] [--rate 20] [--stop]

Starts the local stack, makes the demo shop, provisions HubSpot's stand-in, captures the shop, starts the worker, lets
live traffic run, waits until nothing is under way, and compares everything. All is left running. Exit code 0 only if
the comparison holds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
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
    seconds = options.seconds or (SECONDS_AGAIN if stage.shop_exists() else SECONDS_FIRST)
    if not stage.shop_exists():
        stage.run("Make the demo shop", *stage.python("deploy.demo.generate", "--scale", str(options.scale)))
    stage.run("Provision HubSpot's stand-in", *stage.shopbridge("setup"))
    stage.run("Capture the shop", *stage.shopbridge("capture", "apply"))
    stage.start_worker()
    since = datetime.now(UTC).isoformat()
    traffic = ("--rate", str(options.rate), "--seconds", str(seconds), "--seed", str(time.time_ns() % 10_000))
    live = stage.python("deploy.demo.traffic", *traffic)
    stage.run(f"Live traffic for {seconds} s", *live, lasts_s=seconds)
    status = wait_for_rest(stage, deadline_s=options.deadline)
    verdict = max(compare(stage, since), judge_accounting(stage, status))
    farewell(stage, verdict, time.monotonic() - started)
    return verdict


def compare(stage: Stage, since: str) -> int:
    """Set the shop beside HubSpot's stand-in, by a program that knows nothing of the product."""
    errors = stage.home / "open-errors.jsonl"
    errors.write_text(stage.output(*stage.shopbridge("--json", "errors", "list", "--open")))
    command = stage.python("deploy.demo.compare", "--sandbox", stage.environment["SHOPBRIDGE_SANDBOX_DATABASE"])
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
    stage.console.print(f"\nShop and HubSpot are {word}, after {seconds:.0f} s. Everything is still running.\n")
    stage.console.print(f"  Look at   {sandbox}/  HubSpot's stand-in: records, associations, writes", soft_wrap=True)
    stage.console.print(f"  Try       source {stage.home.relative_to(ROOT)}/env.sh", highlight=False)
    order = stage.an_order()
    for command in ("status", "errors list", f"status deal {order}", "capture status", "check"):
        stage.console.print(f"            shopbridge {command}", highlight=False)
    change = f"UPDATE orders SET status = 'cancelled' WHERE id = {order}"  # noqa: S608 - shown, not run
    stage.console.print(f'            psql $SHOP_DATABASE_URL -c "{change}"', highlight=False, soft_wrap=True)
    stage.console.print("  Stop      make down\n", highlight=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.demo.run", description="The whole way, and the proof.")
    parser.add_argument("--home", type=Path, default=Path(".local/demo"), help="folder for data, logs and pids")
    parser.add_argument("--port-base", type=int, default=19000)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: 2,000 customers, 5,000 orders")
    parser.add_argument("--seconds", type=int, help=f"of live traffic; {SECONDS_FIRST}, in later runs {SECONDS_AGAIN}")
    parser.add_argument("--rate", type=float, default=20.0, help="row changes a second")
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds to wait for rest before giving up")
    parser.add_argument("--stop", action="store_true", help="only stop the worker")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
