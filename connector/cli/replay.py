"""`shopbridge replay`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli import exit_codes
from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.options import TYPE, Since, dry_run, object_of, rate, types_of, yes
from connector.cli.output import count_of, print_json
from connector.cli.progress import bar, stopping
from connector.cli.replay_words import (
    FEW,
    leftovers_as_json,
    look_as_json,
    print_leftovers,
    print_look,
    print_rests,
    print_unreached,
)

if TYPE_CHECKING:
    from connector.mapping import Shop
    from connector.operations.acts import Act
    from connector.operations.replaying.act import Plan
    from connector.operations.replaying.leftovers import Leftover
    from connector.operations.replaying.rest import Rest
    from connector.operations.replaying.scope import Scope
    from connector.settings import Settings

RATE: Final = 1_000.0
CHOOSING: Final = ("partition", "offsets", "since", "until", "types", "object", "store", "error", "force")
"""Options that choose what is said: an act that is resumed has them already."""


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
@option("--type", "types", type=TYPE, multiple=True, help="Only of this type; may be given several times.")
@option("--object", metavar="TYPE:ID", help="Only this object, as contact:17.")
@option("--store", metavar="STORE", help="Only of this shop, by its id.")
@option("--error", metavar="CAUSE|ID", help="Only the changes of open errors of this cause, or of this error.")
@option("--force", is_flag=True, help="Let them take the place of newer ones, until the next change of their row.")
@rate(RATE)
@dry_run
@yes
@option("--wait/--no-wait", default=True, help="Wait until the ledger has merged what was said.")
@option("--resume", metavar="ACT", help="Go on with a replay that was stopped or killed, by the id of its act.")
@pass_context
def replay(context: Context, /, tables: tuple[str, ...], *, resume: str | None, **asked: Any) -> int:
    """Say again what is on the topics: all, or of TABLES (or sections), offsets, times, objects, errors.

    First it is shown what would be done: objects by type and action, how many would change nothing. Newer changes are
    never undone, unless --force: then the newest of the chosen changes of each row stands. Rows whose newest change is
    on no topic any more are read from the database. More than 1,000 objects are served behind live changes. Exits with
    130 if stopped; --resume goes on.
    """
    settings, shops = context.settings(), context.shops()
    run = _Run(context, settings, shops, asked)
    if resume is not None:
        if tables or any(asked[name] for name in CHOOSING) or asked["origin"] != "changes":
            raise click.UsageError("--resume goes on with what was chosen then; choose nothing beside it")
        return run.go_on(resume)
    return run.begin(_scope(tables, asked))


def _scope(tables: tuple[str, ...], asked: Mapping[str, Any]) -> Scope:
    from connector.operations.replaying.scope import Scope

    kind, external_id = object_of(asked["object"])
    if kind is not None and asked["types"]:
        raise click.UsageError("--object names the type already; leave --type out")
    named = types_of(asked["types"])
    first, last = asked["offsets"] or (None, None)
    sync = asked["origin"] == "sync"
    if sync and tables:
        raise click.UsageError("sync topics are chosen by --type; TABLES go with --from changes")
    if sync and asked["error"]:
        raise click.UsageError("--error names changes; `shopbridge errors retry` sends their sync messages again")
    if asked["error"] and any(asked[name] is not None for name in ("partition", "offsets", "since", "until")):
        raise click.UsageError("--error says which changes are meant; leave partition, offsets and times out")
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


class _Run:
    """One replay from its plan to its end. `told` is what programs are told, in one document at the end."""

    def __init__(self, context: Context, settings: Settings, shops: Sequence[Shop], asked: Mapping[str, Any]) -> None:
        self._settings = settings
        self._shops = shops
        self._asked = asked
        self._silent = context.json
        self._told: dict[str, Any] = {}

    def begin(self, scope: Scope) -> int:
        """Show what would be done, ask, and do it."""
        from connector.operations.replaying import act as acts

        generations = {} if self._asked["dry_run"] else acts.require_todays_mapping(self._settings, self._shops, scope)
        if not self._settings.ledger.exists() and not scope.sync:
            click.echo("There is no ledger here: whether the worker runs with this shop file cannot be seen.", err=True)
        plan, total, rests = self._look(scope)
        if self._asked["dry_run"] or not (total or rests):
            return self._end(0)
        rows = sum(len(each.row_keys) for each in rests if not each.is_external)
        reading = f", and have {count_of(rows, 'row')} read from the database" if rows else ""
        consent(f"Say {count_of(total, 'record')} again{reading}?", yes=self._asked["yes"])
        plan = replace(plan, generations=generations)
        return self._do(acts.start(self._settings, plan, total), plan)

    def go_on(self, name: str) -> int:
        """Go on with an act where it was stopped or killed."""
        from connector.operations.acts import find_act
        from connector.operations.replaying.act import plan_of

        act = find_act(self._settings, name)
        plan = plan_of(self._settings, act, self._shops)
        total = "?" if act.total is None else f"{act.total:,}"
        click.echo(f"Act {act.id} by {act.who}, {act.text}: {act.done:,} of {total} records are said.", err=True)
        self._told["act"] = act
        if self._asked["dry_run"]:
            return self._end(0)
        consent("Go on with it?", yes=self._asked["yes"])
        return self._do(act, plan)

    def _look(self, scope: Scope) -> tuple[Plan, int, list[Rest]]:
        """The plan, how many records it says, and what only the database can say."""
        from connector.operations.letters import read_letters
        from connector.operations.replaying.act import Plan
        from connector.operations.replaying.by_error import Named, pieces_of_errors
        from connector.operations.replaying.looking import look
        from connector.operations.replaying.rest import find_rest
        from connector.operations.replaying.scope import pieces_of

        settings, shops = self._settings, self._shops
        click.echo(f"Looking what is on the topics at {settings.kafka_bootstrap} ...", err=True)
        if scope.error:
            named = pieces_of_errors(settings, shops, scope, read_letters(settings))
        else:
            named = Named(tuple(pieces_of(settings, shops, scope)))
        rests = find_rest(settings, shops, scope)
        with bar("read", silent=self._silent) as advance:
            seen = look(settings, shops, scope, named.pieces, force=self._asked["force"], tell=advance)
        rest = {each.table: len(each.row_keys) for each in rests}
        self._told |= {"look": look_as_json(seen), "rest": rest, "unreached": named.unreached}
        if not self._silent:
            print_look(scope, seen)
            print_rests(rests)
            print_unreached(named.unreached, scope.error or "")
        hashes = {shop.store.id: shop.hash for shop in shops}
        return Plan(scope, named.pieces, hashes, self._asked["force"], seen.is_bulk), seen.said, rests

    def _do(self, act: Act, plan: Plan) -> int:
        from connector.operations.acts import State
        from connector.operations.replaying.act import carry_out
        from connector.operations.replaying.rest import find_rest

        settings, shops, rate = self._settings, self._shops, self._asked["rate"]
        click.echo(f"Act {act.id}: at most {rate:,.0f} messages a second; Ctrl-C stops it tidily.", err=True)
        with stopping() as stop, bar("said", silent=self._silent) as advance:
            done = carry_out(
                settings, shops, act, plan, rate=rate, tell=lambda now: advance(now.done, now.total), stop=stop
            )
        self._told["act"] = done
        if done.state is not State.DONE:
            click.echo(f"Stopped after {done.done:,}: shopbridge replay --resume {done.id} goes on.", err=True)
            return self._end(exit_codes.INTERRUPTED)
        click.echo(f"{count_of(done.done, 'record')} said (act {done.id}).", err=self._silent)
        taken = self._wait(plan) if self._asked["wait"] else 0
        unread = self._read_rests(find_rest(settings, shops, plan.scope))
        return self._end(taken or unread)

    def _wait(self, plan: Plan) -> int:
        """Wait until the ledger has taken what was said; 1 if the worker does not get there."""
        from connector.operations.replaying.following import ends_now, wait_taken
        from connector.operations.replaying.leftovers import find_leftovers

        settings = self._settings
        if not settings.ledger.exists():
            return 0
        ends = ends_now(settings)
        with bar("merged", silent=self._silent) as advance:
            taken = wait_taken(settings, ends, advance)
        self._told["merged"] = taken
        if not taken:
            click.echo("The worker has not merged it all yet: `shopbridge status` says how it fares.", err=True)
            return 1
        click.echo(
            "The ledger has merged it; what HubSpot has still to be told goes out: `shopbridge status`.", err=True
        )
        if plan.scope.is_whole and not plan.scope.sync:
            self._tell_leftovers(find_leftovers(settings, self._shops))
        return 0

    def _tell_leftovers(self, found: Sequence[Leftover]) -> None:
        self._told["leftovers"] = leftovers_as_json(found)
        if not self._silent:
            print_leftovers(found, most=FEW)

    def _read_rests(self, rests: Sequence[Rest]) -> int:
        """Let the connectors read what only the database has; 1 if a table could not be read."""
        from connector.operations import snapshots

        good = True
        for each in rests:
            if each.is_external:
                continue
            rows = count_of(len(each.row_keys), "row")
            click.echo(f"{each.table}: asking the connector for {rows} ...", err=self._silent)
            condition = each.condition()
            course = asyncio.run(
                snapshots.take(each.shop, self._settings, [each.table], condition, lambda _: None, wait=True)
            )
            for problem in course.problems:
                click.secho(problem, err=True, fg="red")
            good = good and course.is_good
        return int(not good)

    def _end(self, code: int) -> int:
        if self._silent:
            print_json(self._told)
        return code
