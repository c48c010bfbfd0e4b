"""The open questions about HubSpot, each answered otherwise: the demo must hold under every answer.

    python -m deploy.demo.switches [--port-base 19100] [--scale 0.2] [--seconds 15]

Runs the whole demo anew for each, on a stack of its own, and ends with a list. Exit code 0 only if all are equal.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
HOME = Path(".local/demo-switches")

FLIPPED: Mapping[str, Mapping[str, str]] = {
    "1 a taken value fails its item, not the batch": {"upsert_conflict": "item"},
    "2 upsert by e-mail blanks what it leaves out": {"strict_partial_email": "blank", "contacts_custom_key": "false"},
    "3 contacts take no key of ours": {"contacts_custom_key": "false"},
    "4 upsert results carry trace ids": {"echo_trace_id_in_results": "true"},
    "5 a dead id fails its association, not the batch": {"association_dead_id": "item"},
    "6 SKUs may repeat, order ids may not": {"unique_hs_sku": "false", "unique_hs_external_order_id": "true"},
    "7 the key of an archived record stays taken": {"archived_key": "conflict"},
    "8 a pipeline id that exists is invalid": {"pipeline_id_collision": "invalid"},
}
"""What is so → the switches of the stand-in that make it so."""


def run(number: str, switches: Mapping[str, str], options: argparse.Namespace) -> int:
    """The demo from nothing with these switches; its exit code. Output goes to a log."""
    where = ("--home", str(HOME), "--port-base", str(options.port_base))
    given = [part for name, value in switches.items() for part in ("--switch", f"{name}={value}")]
    size = ("--scale", str(options.scale), "--seconds", str(options.seconds))
    log = ROOT / f".local/demo-switch-{number}.log"
    log.parent.mkdir(exist_ok=True)
    down(options)
    with log.open("wb") as out:
        command = (sys.executable, "-m", "deploy.demo.run", *where, *size, *given)
        return subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, check=False).returncode


def down(options: argparse.Namespace) -> None:
    """Stop what the run before left running, and forget its data."""
    where = ("--home", str(HOME), "--port-base", str(options.port_base))
    for command in (("deploy.demo.run", *where, "--stop"), ("deploy.local", "down", *where)):
        subprocess.run((sys.executable, "-m", *command), cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(ROOT / HOME, ignore_errors=True)


def main() -> int:
    options = _options()
    console, codes = Console(), dict[str, int]()
    for question, switches in FLIPPED.items():
        started = time.monotonic()
        codes[question] = run(question[0], switches, options)
        word = "equal" if codes[question] == 0 else "NOT equal"
        console.print(f"{question}: {word}, {time.monotonic() - started:.0f} s", highlight=False)
    down(options)
    console.print(table(codes))
    return max(codes.values())


def table(codes: Mapping[str, int]) -> Table:
    drawn = Table(
        "what HubSpot does", "switches", "shops and HubSpot", "log", title="The open questions answered otherwise"
    )
    for question, code in codes.items():
        given = "\n".join(f"{name}={value}" for name, value in FLIPPED[question].items())
        verdict = "[green]equal[/green]" if code == 0 else "[red]NOT equal[/red]"
        drawn.add_row(question, given, verdict, f".local/demo-switch-{question[0]}.log")
    return drawn


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.demo.switches", description="The demo under every answer.")
    parser.add_argument("--port-base", type=int, default=19100)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--seconds", type=int, default=15, help="of live traffic")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
