"""Is all well? Lag per stage, the accounting, open errors, the sender: read beside a running worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.errors import RetriableError
from connector.ledger import outbox, progress
from connector.ledger.progress import Progress
from connector.mapping import Shop
from connector.message import ObjectType
from connector.operations.accounting import Account, Accounting, Kind, Log, Logs, accounts, settle_accounts
from connector.operations.ledger_file import reading
from connector.operations.sender_state import TypeState, sender_states
from connector.operations.source import SourceState, source_state
from connector.operations.stock import DUE, EQUAL, IN_FLIGHT, Stock, take_stock
from connector.record import Partition
from connector.settings import Settings

KAFKA_TIMEOUT_S: Final = 5.0
NOTHING: Final = Stock({}, {}, {})


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


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `well`: no problem and no open error; `at_rest`: nothing is under way in any stage we can see."""

    well: bool
    at_rest: bool
    headline: str
    problems: tuple[str, ...]
    lag: Lag
    accounting: Accounting
    records: Mapping[str, Mapping[str, int]]
    links: Mapping[str, Mapping[str, int]]
    open_errors: Mapping[str, int]
    sender: Mapping[str, TypeState]
    sources: tuple[SourceState, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of the ledger in one transaction."""

    progress: tuple[Progress, ...] = ()
    stock: Stock = NOTHING
    outbox: int = 0
    sender: Mapping[str, TypeState] = field(default_factory=dict)


def read_status(settings: Settings, shops: Sequence[Shop]) -> Status:
    """Look at ledger, broker and databases. What cannot be reached is a problem in the answer, never an exception."""
    problems: list[str] = []
    seen = _seen(settings, problems)
    expected_names = expected(settings, shops)
    logs = _logs(settings, seen.progress, [topic for _, topic in expected_names], problems)
    partitions = [(agent, place) for agent, topic in expected_names for place in logs if place.topic == topic]
    every = accounts(seen.progress, logs, partitions)
    sources = tuple(source_state(shop, settings) for shop in shops)
    problems += [problem for source in sources for problem in source.problems]
    return judge(seen, every, problems, sources, oldest=lambda account: _age(settings, account), now=time.time())


def expected(settings: Settings, shops: Sequence[Shop]) -> list[tuple[str, str]]:
    """(agent, topic) for everything that a worker with these shop files reads."""
    changes = {
        (f"map:{mapping.section}", shop.topic(mapping.table)): None for shop in shops for mapping in shop.mappings()
    }
    syncs = [settings.sync_topic(kind) for kind in ObjectType]
    return [
        *changes,
        *((f"apply:{topic.rsplit('.', 1)[-1]}", topic) for topic in syncs),
        ("report", settings.errors_topic),
    ]


def judge(
    seen: Seen,
    every: Sequence[Account],
    problems: Sequence[str],
    sources: tuple[SourceState, ...],
    *,
    oldest: Callable[[Account], float | None],
    now: float,
) -> Status:
    """Make the answer of what was seen. `oldest` gives the age in seconds of the record that an account reads next."""
    lag = _lag(seen, every, oldest, now)
    rest = is_at_rest(lag) and not problems
    accounting = settle_accounts(every, refused_without_error=seen.stock.refused_without_error if rest else 0)
    paused = [f"{kind} is paused: {state.details}" for kind, state in seen.sender.items() if state.is_paused]
    found = (*problems, *paused, *accounting.wrong)
    open_errors = sum(seen.stock.open_errors.values())
    return Status(
        well=not found and not open_errors,
        at_rest=rest,
        headline=headline(found, open_errors, lag, seen.stock),
        problems=found,
        lag=lag,
        accounting=accounting,
        records=seen.stock.records,
        links=seen.stock.links,
        open_errors=seen.stock.open_errors,
        sender=seen.sender,
        sources=sources,
    )


def is_at_rest(lag: Lag) -> bool:
    """Nothing to read, to send, to settle or to look at again; links may wait for parents for ever."""
    stages = (lag.map, lag.apply, lag.report, lag.send)
    return not any([*(stage.records for stage in stages), lag.outbox, lag.links, lag.in_flight, lag.rechecks])


def headline(problems: Sequence[str], open_errors: int, lag: Lag, stock: Stock) -> str:
    """Say in one line whether all is well."""
    flow = "nothing is under way" if is_at_rest(lag) else _under_way(lag)
    if problems:
        return f"NOT WELL: {problems[0]}" + (f" (and {len(problems) - 1} more)" if problems[1:] else "")
    if open_errors:
        return f"{open_errors:,} errors are open, the rest is well: {flow}"
    return f"All is well: {flow}, {stock.records_that(EQUAL):,} records in HubSpot are as the shop has them"


def _under_way(lag: Lag) -> str:
    parts = {
        "changes to map": lag.map.records,
        "messages to apply": lag.apply.records,
        "errors to report": lag.report.records + lag.outbox,
        "records to send": lag.send.records,
        "links to make": lag.links,
        "in flight": lag.in_flight,
        "to look at again": lag.rechecks,
    }
    return ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)


def _lag(seen: Seen, every: Sequence[Account], oldest: Callable[[Account], float | None], now: float) -> Lag:
    stock = seen.stock
    due_since = min(stock.due_since.values(), default=None)
    return Lag(
        map=_stage(every, Kind.CHANGE, oldest),
        apply=_stage(every, Kind.SYNC, oldest),
        report=_stage(every, Kind.ERRORS, oldest),
        outbox=seen.outbox,
        send=Stage(stock.records_that(DUE), None if due_since is None else max(now - due_since, 0.0)),
        links=stock.links_due,
        in_flight=stock.records_that(IN_FLIGHT) + stock.links_in_flight,
        rechecks=stock.rechecks,
        waiting_for_parents=stock.waiting_for_parents,
    )


def _stage(every: Sequence[Account], kind: Kind, oldest: Callable[[Account], float | None]) -> Stage:
    """The stage's lag; its age is that of the partition that is furthest behind."""
    behind = [each for each in every if each.kind is kind and each.lag]
    if not behind:
        return Stage()
    furthest = max(behind, key=lambda each: each.lag or 0)
    return Stage(sum(each.lag or 0 for each in behind), oldest(furthest))


def _seen(settings: Settings, problems: list[str]) -> Seen:
    if not settings.ledger.exists():
        problems.append(f"there is no ledger at {settings.ledger}: start a worker, or set SHOPBRIDGE_LEDGER")
        return Seen()
    with reading(settings.ledger) as tx:
        return Seen(tuple(progress.everything(tx)), take_stock(tx), outbox.waiting(tx), sender_states(tx))


def _logs(
    settings: Settings, rows: Sequence[Progress], topics: Sequence[str], problems: list[str]
) -> dict[Partition, Log]:
    """The partitions as the broker has them now: read after the ledger, so that nobody seems to be ahead of them."""
    from connector.kafka import Admin  # noqa: PLC0415 - without a broker to ask it is not needed

    names = {*topics, *(row.topic for row in rows)}
    try:
        found = Admin(settings.kafka_bootstrap, timeout_s=KAFKA_TIMEOUT_S).topic_ids(names)
    except RetriableError as error:
        problems.append(str(error))
        return {}
    return {
        Partition(name, number): Log(topic.topic_id, topic.start_offsets[number], topic.end_offsets[number])
        for name, topic in found.items()
        for number in topic.end_offsets
    }


def _age(settings: Settings, account: Account) -> float | None:
    """Seconds since the record that the account reads next was written."""
    from connector.kafka import read_range  # noqa: PLC0415 - as above

    if account.end is None:
        return None
    for record in read_range(settings.kafka_bootstrap, account.topic, account.partition, account.next, account.end):
        return max(time.time() - record.timestamp_ms / 1000, 0.0)
    return None


__all__ = ["Lag", "Logs", "Stage", "Status", "judge", "read_status"]
