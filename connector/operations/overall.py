"""What all that was seen comes to: is all well, and what is most important to do? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from connector.ledger.numbering import Epoch
from connector.ledger.progress import Progress
from connector.operations.accounting import Account, Accounting, Kind, settle_accounts
from connector.operations.lag import Age, Lag, Taken, measure
from connector.operations.lately import Lately
from connector.operations.parked import Awaited
from connector.operations.problems import Problem, Urgency, ranked
from connector.operations.roles_held import Worker
from connector.operations.sender_state import SenderNow, TypeState, sender_problems
from connector.operations.source import SourceState
from connector.operations.stock import EQUAL, NOTHING, Stock

START: Final = "start `shopbridge worker`"


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `well`: no problem and no open error; `at_rest`: nothing is under way in any stage.

    `problems` are sentences, the most urgent first, each with what to do; `to_do` the same in parts. `unseen`: what
    could not be looked at. `sender`: what its worker last wrote, `held_up`: without that, the last attempts of what
    waits. `parents`: those for which most children wait. `workers`: which process has which role; None where the system
    does not tell. `acts`: what operators did last.
    """

    at: datetime
    well: bool
    at_rest: bool
    headline: str
    problems: tuple[str, ...]
    to_do: tuple[Problem, ...]
    unseen: tuple[str, ...]
    lag: Lag
    accounting: Accounting
    records: Mapping[str, Mapping[str, int]]
    links: Mapping[str, Mapping[str, int]]
    parents: tuple[Awaited, ...]
    open_errors: Mapping[str, int]
    sender: SenderNow | None
    held_up: Mapping[str, TypeState]
    sources: tuple[SourceState, ...]
    workers: Mapping[str, Worker | None] | None
    acts: tuple[Lately, ...]

    @property
    def taken(self) -> Taken:
        """What the stages have taken so far; two of these tell the flow."""
        read = {kind: counts["read"] for kind, counts in self.accounting.totals.items()}
        calls = None if self.sender is None or self.sender.is_old else sum(self.sender.report.requests.values())
        return Taken(self.at.timestamp(), read[Kind.CHANGE], read[Kind.SYNC], read[Kind.ERRORS], calls)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: the ledger in one transaction, then everything beside it.

    `by_acts`: what acts noted to have produced, by topic. `blind` says which of ledger and broker could not be looked
    at, without which nothing can be said to be at rest; `unseen` what else.
    """

    progress: tuple[Progress, ...] = ()
    epochs: Mapping[str, Sequence[Epoch]] = field(default_factory=dict)
    stock: Stock = NOTHING
    outbox: int = 0
    parents: tuple[Awaited, ...] = ()
    sender: SenderNow | None = None
    held_up: Mapping[str, TypeState] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    sources: tuple[SourceState, ...] = ()
    workers: Mapping[str, Worker | None] | None = None
    acts: tuple[Lately, ...] = ()
    by_acts: Mapping[str, int] = field(default_factory=dict)
    blind: tuple[Problem, ...] = ()
    unseen: tuple[str, ...] = ()


def judge(seen: Seen, age: Age, now: float) -> Status:
    """Make the answer of what was seen. `now` counts in seconds since 1970."""
    lag = measure(seen.accounts, seen.stock, seen.outbox, age, now)
    rest = lag.is_none and not seen.blind and not any(source.snapshot.running for source in seen.sources)
    refused = seen.stock.refused_without_error if rest else 0
    accounting = settle_accounts(seen.accounts, refused_without_error=refused, by_acts=seen.by_acts)
    problems = ranked([*_problems(seen), *(Problem(Urgency.WRONG, each) for each in accounting.wrong)])
    unseen = (*(each.what for each in seen.blind), *seen.unseen, *(e for source in seen.sources for e in source.unseen))
    return Status(
        at=datetime.fromtimestamp(now, UTC),
        well=not problems and not seen.stock.open_errors,
        at_rest=rest,
        headline=headline(problems, lag, seen.stock),
        problems=tuple(map(str, problems)),
        to_do=problems,
        unseen=unseen,
        lag=lag,
        accounting=accounting,
        records=seen.stock.records,
        links=seen.stock.links,
        parents=seen.parents,
        open_errors=seen.stock.open_errors,
        sender=seen.sender,
        held_up=seen.held_up,
        sources=seen.sources,
        workers=seen.workers,
        acts=seen.acts,
    )


def _problems(seen: Seen) -> list[Problem]:
    return [
        *seen.blind,
        *_idle(seen),
        *_sender(seen),
        *(problem for source in seen.sources for problem in source.problems),
    ]


def _idle(seen: Seen) -> list[Problem]:
    idle = [role for role, worker in (seen.workers or {}).items() if worker is None]
    return [Problem(Urgency.STOPPED, f"no worker does {', '.join(idle)}", START)] if idle else []


def _sender(seen: Seen) -> list[Problem]:
    """What holds the sender up, by its own word; by the last attempts of what waits where it says nothing.

    Of a sender that does not run, nothing is said: that is another problem.
    """
    runs = seen.workers is None or seen.workers.get("send") is not None
    if not runs:
        return []
    if seen.sender is not None and not seen.sender.is_old:
        return sender_problems(seen.sender.report)
    paused = [
        Problem(
            Urgency.HELD_UP, f"{kind} is paused: {state.details}", "see `shopbridge errors list` and `shopbridge check`"
        )
        for kind, state in seen.held_up.items()
        if state.is_paused
    ]
    if seen.sender is None or seen.workers is None:
        return paused
    what = f"the worker that sends has said nothing of itself for {seen.sender.age_s:.0f} s"
    return [*paused, Problem(Urgency.LATE, what, "see its log; if it does not go on, stop it and " + START)]


def headline(problems: Sequence[Problem], lag: Lag, stock: Stock) -> str:
    """Say in one line whether all is well, or what is most important to do."""
    equal = f"{stock.records_that(EQUAL):,} records in HubSpot are as the shop has them"
    if problems:
        others = f" (and {len(problems) - 1} more)" if problems[1:] else ""
        return f"NOT WELL: {_one_line(str(problems[0]))}{others}"
    if stock.open_errors:
        count = sum(stock.open_errors.values())
        noun = "error is" if count == 1 else "errors are"
        return f"{count:,} {noun} open, the rest is well: `shopbridge errors list` says what to do; {lag}; {equal}"
    return f"All is well: {lag}; {equal}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
