"""What is under way, stage by stage. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector.operations.accounting import Account, Kind
from connector.operations.stock import DUE, IN_FLIGHT, Stock

Age = Callable[[Account], float | None]
"""Seconds since the record that an account reads next was written."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Records that a stage has still to take, and the age in seconds of the oldest of them where it is known."""

    records: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Lag:
    """What is under way. `waiting_for_parents`: links parked because their parent is not in HubSpot."""

    map: Stage
    apply: Stage
    report: Stage
    outbox: int
    send: Stage
    links: int
    in_flight: int
    rechecks: int
    waiting_for_parents: int

    @property
    def is_none(self) -> bool:
        """Nothing to read, to send, to settle or to look at again; links may wait for parents for ever."""
        stages = (self.map, self.apply, self.report, self.send)
        return not any([*(each.records for each in stages), self.outbox, self.links, self.in_flight, self.rechecks])

    def __str__(self) -> str:
        parts = {
            "changes to map": self.map.records,
            "messages to apply": self.apply.records,
            "errors to report": self.report.records + self.outbox,
            "records to send": self.send.records,
            "associations to make": self.links,
            "in flight": self.in_flight,
            "to look at again": self.rechecks,
        }
        return ", ".join(f"{count:,} {name}" for name, count in parts.items() if count) or "nothing is under way"


def measure(accounts: Sequence[Account], stock: Stock, outbox: int, age: Age, now: float) -> Lag:
    """The lag at `now`, in seconds since 1970. Children that wait for parents are no lag: they may wait for ever."""
    due_since = min(stock.due_since.values(), default=None)
    return Lag(
        map=_stage(accounts, Kind.CHANGE, age),
        apply=_stage(accounts, Kind.SYNC, age),
        report=_stage(accounts, Kind.ERRORS, age),
        outbox=outbox,
        send=Stage(stock.records_that(DUE), None if due_since is None else max(now - due_since, 0.0)),
        links=stock.links_due,
        in_flight=stock.records_that(IN_FLIGHT) + stock.links_in_flight,
        rechecks=stock.rechecks,
        waiting_for_parents=stock.waiting_for_parents,
    )


def _stage(accounts: Sequence[Account], kind: Kind, age: Age) -> Stage:
    """The stage's lag; its age is that of the partition that is furthest behind."""
    behind = [each for each in accounts if each.kind is kind and each.lag]
    if not behind:
        return Stage()
    furthest = max(behind, key=lambda each: each.lag or 0)
    return Stage(sum(each.lag or 0 for each in behind), age(furthest))


@dataclass(frozen=True, slots=True)
class Flow:
    """Records per second that each stage took between two looks, and calls to HubSpot; None where nobody counted."""

    map: float
    apply: float
    report: float
    calls: float | None


def flow(before: Taken, after: Taken) -> Flow | None:
    """The flow between two looks; None where no time passed between them, or a count began anew."""
    seconds = after.at - before.at
    if seconds <= 0 or min(after.map - before.map, after.apply - before.apply, after.report - before.report) < 0:
        return None
    calls = None
    if before.calls is not None and after.calls is not None and after.calls >= before.calls:
        calls = (after.calls - before.calls) / seconds
    return Flow(
        map=(after.map - before.map) / seconds,
        apply=(after.apply - before.apply) / seconds,
        report=(after.report - before.report) / seconds,
        calls=calls,
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """How many records each stage has taken so far, and calls made; `at` in seconds since 1970."""

    at: float
    map: int
    apply: int
    report: int
    calls: int | None
