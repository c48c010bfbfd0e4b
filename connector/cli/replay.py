"""`shopbridge replay`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.error_filters import Since, count_of, object_of
from connector.cli.output import print_json, print_table
from connector.cli.progress import bar, stopping

if TYPE_CHECKING:
    from connector.mapping import Shop
    from connector.operations.acts import Act
    from connector.operations.replaying.act import Plan
    from connector.operations.replaying.looking import Look
    from connector.operations.replaying.rest import Rest
    from connector.operations.replaying.scope import Scope
    from connector.settings import Settings

RATE: Final = 1_000.0
WAIT_S: Final = 120.0
LOOK_EVERY_S: Final = 0.5
EXIT_STOPPED: Final = 130
TYPES: Final = ("contact", "deal", "product", "line-item")


class Offsets(click.ParamType):
    """A range of offsets, both ends within: 100-250, 100-, -250, or one: 100."""

    name = "offsets"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, int | None]:
        found = re.fullmatch(r"(\d*)(-?)(\d*)", str(value))
        if found is None or not str(value).strip("-"):
            self.fail(f"{value!r} is no range of offsets; write it like 100-250, 100-, -250 or 100", param, ctx)
        first, dash, last = found.groups()
        if not dash:
            last = first
        if first and last and int(first) > int(last):
            self.fail(f"{value!r} ends before it begins", param, ctx)
        return (int(first) if first else None), (int(last) if last else None)


@click.command(cls=Command)
@click.argument("tables", nargs=-1)
@option("--from", "origin", type=click.Choice(["changes", "sync"]), default="changes", show_default=True,
        help="Map changes again with today's shop file, or send sync messages again as they stand.")  # fmt: skip
@option("--partition", type=click.IntRange(min=0), metavar="N", help="Only this partition of each topic.")
@option("--offsets", type=Offsets(), metavar="A-B", help="Only these offsets, both within.")
@option("--since", type=Since(), metavar="TIME", help="Only records since: 2026-11-24T10:00, or 90m, 2h, 7d ago.")
@option("--until", type=Since(), metavar="TIME", help="Only records before this time.")
@option(
    "--type", "types", type=click.Choice(TYPES), multiple=True, help="Only of this type; may be given several times."
)
@option("--object", metavar="TYPE:ID", help="Only this object, as contact:17.")
@option("--store", metavar="STORE", help="Only of this shop, by its id.")
@option("--error", metavar="CAUSE|ID", help="Only the changes of open errors of this cause, or of this error.")
@option("--force", is_flag=True, help="Let them take the place of newer ones, until the next change of their row.")
@option("--rate", type=click.FloatRange(min=0, min_open=True), default=RATE, show_default=True, metavar="N",
        help="At most so many messages a second.")  # fmt: skip
@option("--dry-run", is_flag=True, help="Only show what would be done.")
@option("--yes", "-y", is_flag=True, help="Do not ask.")
@option("--wait/--no-wait", default=True, help="Wait until the ledger has merged what was said.")
@option("--resume", metavar="ACT", help="Go on with a replay that was stopped or killed, by the id of its act.")
@pass_context
def replay(context: Context, /, tables: tuple[str, ...], *, resume: str | None, **asked: Any) -> int:
    """Say again what is on the topics: all, or of TABLES (or sections), offsets, times, objects, errors.

    First it is shown what would be done: objects by type and action, how many would change nothing. Newer changes are
    never undone, unless --force. Rows whose newest change is on no topic any more are read from the database. More than
    1,000 objects are served behind live changes. Exits with 130 if stopped; --resume goes on.
    """
    from connector.operations.acts import find_act
    from connector.operations.replaying import act as acts

    settings, shops = context.settings(), context.shops()
    if resume is not None:
        act = find_act(settings, resume)
        plan = acts.plan_of(act, shops)
        return _carry_out(context, settings, shops, act, plan, asked)
    scope = _scope(tables, asked)
    unseen = None if asked["dry_run"] else acts.require_todays_mapping(settings, shops, scope)
    if unseen is not None:
        click.echo(f"Note: {unseen}.", err=True)
    prepared = _prepare(context, settings, shops, scope, asked)
    if prepared is None:
        return 0
    plan, total, rests = prepared
    consent(f"Say {count_of(total, 'record')} again?", yes=asked["yes"])
    act = acts.start(settings, plan, total)
    code = _carry_out(context, settings, shops, act, plan, asked)
    return code or _read_rests(settings, rests, silent=context.json)


def _scope(tables: tuple[str, ...], asked: Mapping[str, Any]) -> Scope:
    from connector.message import ObjectType
    from connector.operations.replaying.scope import Scope

    kind, external_id = object_of(asked["object"])
    if kind is not None and asked["types"]:
        raise click.UsageError("--object names the type already; leave --type out")
    named = tuple(ObjectType(name.upper().replace("-", "_")) for name in asked["types"])
    first, last = asked["offsets"] or (None, None)
    sync = asked["origin"] == "sync"
    if sync and tables:
        raise click.UsageError("sync topics are chosen by --type; TABLES go with --from changes")
    if sync and asked["error"]:
        raise click.UsageError("--error names changes; `shopbridge errors retry` sends their sync messages again")
    return Scope(
        sync=sync,
        tables=tables,
        partition=asked["partition"],
        first=first,
        last=last,
        since=asked["since"],
        until=asked["until"],
        types=named if kind is None else (kind,),
        external_id=external_id,
        store=asked["store"],
        error=asked["error"],
    )


def _prepare(
    context: Context, settings: Settings, shops: Sequence[Shop], scope: Scope, asked: Mapping[str, Any]
) -> tuple[Plan, int, list[Rest]] | None:
    """The plan, how many records it says, and what only the database can say; None if that is nothing, or a dry run."""
    from connector.operations.letters import read_letters
    from connector.operations.replaying.act import Plan
    from connector.operations.replaying.looking import look
    from connector.operations.replaying.rest import find_rest
    from connector.operations.replaying.scope import pieces_of

    click.echo(f"Looking what is on the topics at {settings.kafka_bootstrap} ...", err=True)
    pieces = pieces_of(settings, shops, scope, read_letters(settings) if scope.error else None)
    rests = find_rest(settings, shops, scope)
    with bar("read", silent=context.json) as advance:
        seen = look(settings, shops, scope, pieces, force=asked["force"], tell=advance)
    if context.json:
        print_json({"look": _as_json(seen), "rest": {each.table: len(each.row_keys) for each in rests}})
    else:
        _print_look(scope, seen)
        _print_rests(rests)
    if asked["dry_run"] or (not seen.said and not rests):
        return None
    hashes = {shop.store.id: shop.hash for shop in shops}
    return Plan(scope, tuple(pieces), hashes, asked["force"], seen.is_bulk), seen.said, rests


def _as_json(seen: Look) -> dict[str, Any]:
    counts = {"messages": seen.messages, "changes": seen.changes}
    joined = {
        name: None if counted is None else {" ".join(kind): count for kind, count in counted.items()}
        for name, counted in counts.items()
    }
    first = [{"object": str(each.ref), "action": each.action, "properties": each.changed} for each in seen.first]
    said = {name: getattr(seen, name) for name in ("records", "objects", "errors", "outcomes", "blind")}
    return {**said, **joined, "first": first}


def _print_look(scope: Scope, seen: Look) -> None:
    click.secho(
        f"{count_of(seen.records, 'record')} give {count_of(sum(seen.messages.values()), 'message')} "
        f"about {count_of(seen.objects, 'object')}",
        bold=True,
    )
    if seen.messages:
        rows = [(kind, action, count) for (kind, action), count in sorted(seen.messages.items())]
        print_table(None, ("type", "says", "messages"), rows)
    if seen.errors:
        click.echo(f"{count_of(seen.errors, 'record')} cannot be mapped: each becomes (or stays) an error.")
    if seen.blind is not None:
        click.echo(f"What would change cannot be told: {seen.blind}.")
    elif scope.sync:
        click.echo("HubSpot is told again what each of these objects should hold; older messages change no value.")
    else:
        _print_changes(seen)


def _print_changes(seen: Look) -> None:
    outcomes, changes = seen.outcomes or {}, seen.changes or {}
    quiet = outcomes.get("repeat", 0) + outcomes.get("unchanged", 0)
    older = outcomes.get("superseded", 0)
    click.echo(f"{quiet:,} would change nothing, {older:,} are older than what is known.")
    if not changes:
        click.secho("No object would change.", fg="green")
        return
    click.secho(f"{count_of(sum(changes.values()), 'object')} would change:", bold=True)
    print_table(None, ("type", "action", "objects"), [(*kind, count) for kind, count in sorted(changes.items())])
    for each in seen.first:
        said = ", ".join((*each.changed, *each.links_added, *(f"no {link}" for link in each.links_removed)))
        click.echo(f"  {each.action} {each.ref}: {said}")
    if sum(changes.values()) > len(seen.first):
        click.echo(f"  ... and {sum(changes.values()) - len(seen.first):,} more")


def _print_rests(rests: Sequence[Rest]) -> None:
    for each in rests:
        rows = count_of(len(each.row_keys), "row")
        if each.is_external:
            click.echo(f"{each.table}: the newest change of {rows} is on no topic any more; ask your own connector for "
                       f"an incremental snapshot of the table.")  # fmt: skip
        else:
            click.echo(f"{each.table}: the newest change of {rows} is on no topic any more: read from the database.")


def _carry_out(
    context: Context, settings: Settings, shops: Sequence[Shop], act: Act, plan: Plan, asked: Mapping[str, Any]
) -> int:
    from connector.operations.acts import State
    from connector.operations.replaying.act import carry_out

    rate: float = asked["rate"]
    click.echo(f"Act {act.id}: at most {rate:,.0f} messages a second; Ctrl-C stops it tidily.", err=True)
    with stopping() as stop, bar("said", silent=context.json) as advance:
        done = carry_out(
            settings, shops, act, plan, rate=rate, tell=lambda now: advance(now.done, now.total), stop=stop
        )
    if context.json:
        print_json({"act": done})
    if done.state is not State.DONE:
        click.echo(f"Stopped after {done.done:,}: shopbridge replay --resume {done.id} goes on.", err=True)
        return EXIT_STOPPED
    click.echo(f"{count_of(done.done, 'record')} said (act {done.id}).", err=context.json)
    return _wait(settings, done, plan) if asked["wait"] else 0


def _wait(settings: Settings, done: Act, plan: Plan) -> int:
    """Wait until what was said is merged; 1 if the worker does not get there in time."""
    from connector.operations.acts import Journal
    from connector.operations.replaying.act import is_applied

    topics = [topic for topic in done.result if topic != settings.errors_topic]
    if not topics or not settings.ledger.exists():
        return 0
    with Journal(settings) as journal:
        ends = journal.ends(topics)
    deadline = time.monotonic() + WAIT_S
    while not is_applied(settings, ends):
        if time.monotonic() > deadline:
            click.echo("The worker has not merged it all yet: `shopbridge status` says how it fares.", err=True)
            return 1
        time.sleep(LOOK_EVERY_S)
    click.echo("The ledger has merged it; what HubSpot has still to be told goes out: `shopbridge status`.", err=True)
    if plan.scope.is_whole and not plan.scope.sync:
        click.echo("Objects that the shop file makes no more: `shopbridge leftovers` lists them.", err=True)
    return 0


def _read_rests(settings: Settings, rests: Sequence[Rest], *, silent: bool) -> int:
    """Let the connectors read what only the database has; 1 if a table could not be read."""
    from connector.operations import snapshots

    good = True
    for each in rests:
        if each.is_external:
            continue
        click.echo(f"{each.table}: asking the connector for {count_of(len(each.row_keys), 'row')} ...", err=silent)
        course = asyncio.run(
            snapshots.take(each.shop, settings, [each.table], each.condition(), lambda _: None, wait=True)
        )
        for problem in course.problems:
            click.secho(problem, err=True, fg="red")
        good = good and course.is_good
    return int(not good)
