"""Is all well? Lag per stage, the accounting, open errors, the sender: read beside a running worker."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from connector.errors import RetriableError, ShopbridgeError
from connector.kafka import TopicInfo, read_range
from connector.ledger import outbox, progress
from connector.ledger.numbering import Epoch, known_topics
from connector.ledger.progress import Progress
from connector.mapping import Shop
from connector.message import ObjectType
from connector.operations.accounting import Account, Accounting, Log, accounts, settle_accounts
from connector.operations.broker import admin_of
from connector.operations.lag import Age, Lag, measure
from connector.operations.ledger_file import reading
from connector.operations.roles_held import roles_held
from connector.operations.sender_state import TypeState, sender_states
from connector.operations.source import SourceState, source_state, watch_topics
from connector.operations.stock import EQUAL, NOTHING, Stock, take_stock
from connector.record import Partition
from connector.settings import Settings


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `well`: no problem and no open error; `at_rest`: nothing is under way in any stage.

    `workers`: which process has which role; None where the system does not tell.
    """

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
    workers: Mapping[str, int | None] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: the ledger in one transaction, then the broker's logs, then everything beside them.

    `blind` says what could not be looked at, `problems` what else is not as it must be.
    """

    progress: tuple[Progress, ...] = ()
    epochs: Mapping[str, Sequence[Epoch]] = field(default_factory=dict)
    stock: Stock = NOTHING
    outbox: int = 0
    sender: Mapping[str, TypeState] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    sources: tuple[SourceState, ...] = ()
    workers: Mapping[str, int | None] | None = None
    blind: tuple[str, ...] = ()


def read_status(settings: Settings, shops: Sequence[Shop], locks: Mapping[str, Path]) -> Status:
    """Look at ledger, broker, databases and the roles' lock files.

    What cannot be reached is a problem in the answer, never an exception.
    """
    seen, blind = _ledger(settings)
    agents = expected(settings, shops)
    names = {*(topic for _, topic in agents), *(row.topic for row in seen.progress)}
    names |= {topic for shop in shops for topic in watch_topics(shop)}
    topics, unreachable = _topics(settings, names)
    with ThreadPoolExecutor() as pool:
        sources = tuple(pool.map(lambda shop: source_state(shop, settings, topics), shops))
    whole = Seen(
        seen.progress,
        seen.epochs,
        seen.stock,
        seen.outbox,
        seen.sender,
        accounts(seen.progress, logs(topics, seen.epochs), partitions(agents, topics)),
        sources,
        roles_held(locks),
        (*blind, *unreachable),
    )
    return judge(whole, partial(_age, settings), time.time())


def expected(settings: Settings, shops: Sequence[Shop]) -> list[tuple[str, str]]:
    """(agent, topic) for everything that a worker with these shop files reads."""
    changes = {(f"map:{each.section}", shop.topic(each.table)): None for shop in shops for each in shop.mappings()}
    syncs = [settings.sync_topic(kind) for kind in ObjectType]
    applies = [(f"apply:{topic.rsplit('.', 1)[-1]}", topic) for topic in syncs]
    return [*changes, *applies, ("report", settings.errors_topic)]


def logs(topics: Mapping[str, TopicInfo], epochs: Mapping[str, Sequence[Epoch]]) -> dict[Partition, Log]:
    """The partitions as the broker has them."""
    return {
        Partition(name, number): Log(_epoch_id(topic, epochs.get(name, ())), topic.start_offsets[number], end)
        for name, topic in topics.items()
        for number, end in topic.end_offsets.items()
    }


def _epoch_id(topic: TopicInfo, epochs: Sequence[Epoch]) -> str:
    """The id of the epoch that agents read in; the topic's own if it has none yet."""
    present = [epoch.id for epoch in epochs if epoch.broker_id == topic.topic_id]
    return present[-1] if present else topic.topic_id


def partitions(agents: Sequence[tuple[str, str]], topics: Mapping[str, TopicInfo]) -> list[tuple[str, Partition]]:
    """Each agent with each partition of its topic."""
    return [
        (agent, Partition(topic, number))
        for agent, topic in agents
        if topic in topics
        for number in topics[topic].end_offsets
    ]


def judge(seen: Seen, age: Age, now: float) -> Status:
    """Make the answer of what was seen. `now` counts in seconds since 1970."""
    lag = measure(seen.accounts, seen.stock, seen.outbox, age, now)
    rest = lag.is_none and not seen.blind and not any(source.snapshot.running for source in seen.sources)
    accounting = settle_accounts(seen.accounts, refused_without_error=seen.stock.refused_without_error if rest else 0)
    problems = (*seen.blind, *_problems(seen), *accounting.wrong)
    open_errors = sum(seen.stock.open_errors.values())
    return Status(
        well=not problems and not open_errors,
        at_rest=rest,
        headline=headline(problems, open_errors, lag, seen.stock),
        problems=problems,
        lag=lag,
        accounting=accounting,
        records=seen.stock.records,
        links=seen.stock.links,
        open_errors=seen.stock.open_errors,
        sender=seen.sender,
        sources=seen.sources,
        workers=seen.workers,
    )


def _problems(seen: Seen) -> list[str]:
    idle = [role for role, pid in (seen.workers or {}).items() if pid is None]
    return [
        *([f"no worker does {', '.join(idle)}: start `shopbridge worker`"] if idle else []),
        *(f"{kind} is paused: {state.details}" for kind, state in seen.sender.items() if state.is_paused),
        *(problem for source in seen.sources for problem in source.problems),
    ]


def headline(problems: Sequence[str], open_errors: int, lag: Lag, stock: Stock) -> str:
    """Say in one line whether all is well."""
    equal = f"{stock.records_that(EQUAL):,} records in HubSpot are as the shop has them"
    if problems:
        return f"NOT WELL: {problems[0]}" + (f" (and {len(problems) - 1} more)" if problems[1:] else "")
    if open_errors:
        noun = "error is" if open_errors == 1 else "errors are"
        return f"{open_errors:,} {noun} open, the rest is well: {lag}; {equal}"
    return f"All is well: {lag}; {equal}"


def _ledger(settings: Settings) -> tuple[Seen, list[str]]:
    try:
        with reading(settings.ledger) as tx:
            rows = tuple(progress.everything(tx))
            return Seen(rows, known_topics(tx), take_stock(tx), outbox.waiting(tx), sender_states(tx)), []
    except ShopbridgeError as error:
        return Seen(), [str(error)]


def _topics(settings: Settings, names: set[str]) -> tuple[Mapping[str, TopicInfo], list[str]]:
    """The topics as they are now: read after the ledger, so that nobody seems to be ahead of them."""
    try:
        return admin_of(settings).topic_ids(names), []
    except ShopbridgeError as error:
        return {}, [str(error)]


def _age(settings: Settings, account: Account) -> float | None:
    """Seconds since the record that the account reads next was written; None where it cannot be read."""
    if account.end is None:
        return None
    records = read_range(settings.kafka, account.topic, account.partition, account.next, account.end)
    try:
        record = next(records, None)
    except RetriableError:
        return None
    return None if record is None else max(time.time() - record.timestamp_ms / 1000, 0.0)
