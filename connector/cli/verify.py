"""`shopbridge verify`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import TYPE, Since, shows, types_of, yes
from connector.cli.output import count_of, moment, print_json, print_table
from connector.cli.progress import stopping
from connector.cli.stages import stages
from connector.cli.verify_words import finding_line, report_json

if TYPE_CHECKING:
    from connector.operations.masking import Masking
    from connector.operations.verifying.course import Progress, Report
    from connector.operations.verifying.repair_plan import RepairPlan
    from connector.operations.verifying.state import Options, State
    from connector.settings import Settings

SHOWN: Final = 50
SETTLE_S: Final = 120.0


@click.command(cls=Command)
@option("--type", "types", type=TYPE, multiple=True, help="Only this type; may be given several times.")
@option("--full", is_flag=True, help="Every record, and those that have no row. This is done unless --sample is given.")
@option("--sample", type=click.IntRange(min=1), metavar="N", help="Only N objects, chosen at random.")
@option("--seed", type=int, default=1, show_default=True, metavar="N", help="The choice of a sample.")
@option("--since", type=Since(), metavar="TIME",
        help="Only rows whose newest_by is since: 2026-11-24T10:00, or 90m, 2h, 7d ago.")  # fmt: skip
@option("--settle", type=click.FloatRange(min=0), default=SETTLE_S, show_default=True, metavar="SECONDS",
        help="How long changes may take to reach HubSpot; without a ledger here it is waited so long.")  # fmt: skip
@option("--repair", is_flag=True, help="Mend what was found.")
@option("--recreate", is_flag=True, help="With --repair: make anew what HubSpot's users archived.")
@option("--dry-run", is_flag=True, help="With --repair: only show what would be done.")
@yes
@shows
@option("--resume", type=click.Path(path_type=Path, file_okay=False), metavar="PATH",
        help="Go on with a verification that was stopped or killed, by the path that it printed.")  # fmt: skip
@pass_context
def verify(context: Context, /, **asked: Any) -> int:
    """Compare every mapped row with its record in HubSpot: read from database and HubSpot, not from the ledger.

    Found are records missing or extra, properties different, associations missing, wrong or superfluous. A difference
    counts if it is still there once the pipeline has passed the first reading. At most a third of HubSpot's limit is
    used. --repair sends just these again, from a fresh reading of their rows. Exits with 1 if anything differs.
    """
    if asked["full"] and asked["sample"] is not None:
        raise click.UsageError("--full compares everything and --sample a part: give one of them")
    if (asked["recreate"] or asked["dry_run"]) and not asked["repair"]:
        raise click.UsageError("--recreate and --dry-run go with --repair")
    click.echo("Comparing the shop's rows with HubSpot ...", err=True)
    from connector.operations.masking import masking_of
    from connector.operations.verifying import verify as verifying

    settings, shops = context.settings(), context.shops()
    masking = masking_of(settings, show=asked["show"])
    state = verifying.prepare(settings, shops, _options(asked), asked["resume"])
    click.echo(f"If it is cut off: shopbridge verify --resume {state.folder}", err=True)
    with _kept(state), stages(silent=context.json) as tell:
        report = verifying.verify(settings, shops, state, lambda it: tell(_what(it), it.done, it.total))
    try:
        if not context.json:
            _print(report, masking)
        repairs = asked["repair"] and report.differences
        repaired = _repair(context, settings, state, report, asked) if repairs else None
        if context.json:
            print_json(report_json(report, masking) | {"repair": repaired})
    finally:
        verifying.forget(state)
    return int(not report.is_equal)


def _options(asked: dict[str, Any]) -> Options:
    from connector.message import ObjectType
    from connector.operations.verifying.state import Options

    types = types_of(asked["types"])
    since: datetime | None = asked["since"]
    return Options(types or tuple(ObjectType), asked["sample"], asked["seed"], since, asked["settle"])


@contextmanager
def _kept(state: State) -> Iterator[None]:
    """Say how to go on where it does not come to its end."""
    try:
        yield
    except BaseException:
        click.echo(f"Not done: shopbridge verify --resume {state.folder} goes on where it ended.", err=True)
        raise


def _what(progress: Progress) -> str:
    return f"{progress.stage}: {progress.details}"


def _print(report: Report, masking: Masking) -> None:
    what = "all records" if report.is_full else "a sample"
    click.secho(
        f"{', '.join(report.stores)} compared with HubSpot, {what}, as of {moment(report.read_at)}: "
        f"{_headline(report)}",
        fg="green" if report.is_equal else "red",
        bold=True,
    )
    rows = [(kind, count, report.equal[kind]) for kind, count in report.compared.items()]
    print_table(None, ("object", "compared", "equal"), rows)
    _list(report.differences, lambda each: click.echo(finding_line(each, masking)), "differences")
    if report.refused:
        click.secho(f"\nKnown: {count_of(len(report.refused), 'difference')} of rows that are refused", bold=True)
        _list(report.refused, lambda each: click.echo(_refused(each, masking)), "of these")
    if report.moving:
        click.secho(f"\n{count_of(len(report.moving), 'difference')} that changed in every reading", bold=True)
        _list(report.moving, lambda each: click.echo(finding_line(each, masking)), "of these")
    if report.shared:
        click.secho(f"\n{count_of(len(report.shared), 'record')} shared by several rows", bold=True)
        _list(report.shared, lambda each: click.echo(_shared(each)), "of these")
    for note in report.notes:
        click.echo(f"Note: {note}.")


def _headline(report: Report) -> str:
    if report.is_equal:
        return "nothing differs"
    return count_of(len(report.differences), "difference")


def _list(items: tuple[Any, ...], show: Callable[[Any], None], noun: str) -> None:
    for each in items[:SHOWN]:
        show(each)
    if len(items) > SHOWN:
        click.echo(f"... and {len(items) - SHOWN:,} more {noun}: --json lists all")


def _refused(each: Any, masking: Masking) -> str:
    error = f"refused, error {each.error_id[:12]}" if each.error_id else "cannot be mapped"
    return f"{finding_line(each.finding, masking)}\n    {error}: {each.type}"


def _shared(each: Any) -> str:
    merged = ", merged by HubSpot's users" if each.merged else ""
    return f"  {' and '.join(each.objects)}: {each.hubspot_id}{merged}"


def _repair(
    context: Context, settings: Settings, state: State, report: Report, asked: dict[str, Any]
) -> dict[str, Any] | None:
    """Mend after asking; what was done."""
    from connector.operations.verifying import verify as verifying

    plan = verifying.plan_repair(settings, report, recreate=asked["recreate"])
    if not context.json:
        _print_plan(plan)
    if plan.is_empty or asked["dry_run"]:
        return {"plan": plan} if context.json else None
    consent(f"Mend {count_of(len(report.differences) - len(plan.left), 'difference')}?", yes=asked["yes"])
    with stopping() as stop:
        done = verifying.repair(
            settings, context.shops(), state, plan, tell=lambda text: click.echo(f"  {text}", err=True), stop=stop
        )
    if not context.json:
        for problem in done.problems:
            click.secho(problem, err=True, fg="red")
        click.echo(f"Act {done.act.id} is {done.act.state.lower()}: {count_of(done.act.done, 'message')} said.")
        click.echo("Once they are sent (`shopbridge status`), `shopbridge verify` shows what is left.")
    return {"plan": plan, "act": done.act, "rows": done.rows, "problems": done.problems}


def _print_plan(plan: RepairPlan) -> None:
    click.secho("\nTo mend this:", bold=True)
    for count, what in (
        (len(plan.told), "to be told to HubSpot again, from a fresh reading of the rows"),
        (len(plan.revived), "of these to be made anew, although archived in HubSpot"),
        (len(plan.ended), "whose row is gone to be ended"),
    ):
        if count:
            click.echo(f"  {count_of(count, 'object')} {what}")
    for each in plan.unlinked[:SHOWN]:
        click.echo(f"  association to be removed: {each.objects[0]} to {each.hubspot} ({each.other_id})")
    for each_left in plan.left[:SHOWN]:
        click.echo(f"  left as it is: {', '.join(each_left.finding.objects)}: {each_left.why}")
