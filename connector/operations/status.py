"""Everything that `status` looks at, beside a running worker and in about a second.

The ledger is read in one transaction, then the broker, Connect and the databases are asked at once, each with little
patience: what does not answer is said, and holds up nobody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from connector.errors import RetriableError, ShopbridgeError
from connector.kafka import TopicInfo, read_range
from connector.ledger import outbox, progress
from connector.ledger.links import LinkState
from connector.ledger.numbering import Epoch, known_topics
from connector.mapping import Shop
from connector.message import ObjectType
from connector.operations.accounting import Account, Log, accounts
from connector.operations.acts import read_acts, said_by
from connector.operations.asking import Asked, Silence
from connector.operations.broker import admin_of
from connector.operations.lately import newest
from connector.operations.ledger_file import reading
from connector.operations.overall import Seen, Status, judge
from connector.operations.parked import awaited
from connector.operations.problems import Problem, Urgency
from connector.operations.roles_held import workers
from connector.operations.sender_state import read_sender, sender_states
from connector.operations.source import SourceLook, SourceState, watch_topics
from connector.operations.stock import take_stock
from connector.record import Partition
from connector.settings import Settings

PATIENCE_S: Final = 4.0
"""So long the broker, Connect and the databases have for their answers, all at once."""
AGE_PATIENCE_S: Final = 1.0
NOT_ASKED: Final = "databases and connectors were not asked: name a shop file by --shop"


def read_status(
    settings: Settings, shops: Sequence[Shop], locks: Mapping[str, Path], *, patience_s: float = PATIENCE_S
) -> Status:
    """Look at ledger, broker, databases, connectors and the roles' lock files.

    What cannot be reached is told in the answer, never raised.
    """
    until = time.monotonic() + patience_s
    noted = Asked("operators' acts", partial(read_acts, settings))
    looks = [SourceLook(shop, settings) for shop in shops]
    ledger = _ledger(settings)
    agents = expected(settings, shops)
    names = {*(topic for _, topic in agents), *(row.topic for row in ledger.progress)}
    names |= {topic for shop in shops for topic in watch_topics(shop)}
    acts = noted.answer(until - patience_s / 2)  # before the topics, so that they hold all that is noted
    topics, unreachable = _topics(settings, names, until)
    sources = _sources(looks, topics, until)
    known = [] if isinstance(acts, Silence) else acts
    whole = replace(
        ledger,
        accounts=accounts(ledger.progress, logs(topics, ledger.epochs), partitions(agents, topics)),
        sources=sources,
        workers=workers(locks),
        acts=newest(known),
        by_acts=said_by(known),
        blind=(*ledger.blind, *unreachable),
        unseen=(*ledger.unseen, *_silent(acts), *(() if shops else (NOT_ASKED,))),
    )
    return judge(whole, partial(age_of, settings), time.time())


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


def _ledger(settings: Settings) -> Seen:
    """What the ledger says, and the worker's own word of its sender, which lies beside it."""
    try:
        with reading(settings.ledger) as tx:
            stock = take_stock(tx)
            waits = stock.links_that(LinkState.PARKED) or stock.links_that(LinkState.FAILED)
            seen = Seen(
                progress=tuple(progress.everything(tx)),
                epochs=known_topics(tx),
                stock=stock,
                outbox=outbox.waiting(tx),
                parents=awaited(tx) if waits else (),
                held_up=sender_states(tx),
            )
    except ShopbridgeError as error:
        return Seen(blind=(Problem(Urgency.UNSEEN, str(error)),))
    try:
        return replace(seen, sender=read_sender(settings.ledger, datetime.now(UTC)))
    except ShopbridgeError as error:
        return replace(seen, unseen=(str(error),))


def _topics(settings: Settings, names: set[str], until: float) -> tuple[Mapping[str, TopicInfo], tuple[Problem, ...]]:
    """The topics as they are now: read after the ledger, so that nobody seems to be ahead of them."""
    answer = Asked("Kafka", lambda: admin_of(settings).topic_ids(names)).answer(until)
    if not isinstance(answer, Silence):
        return answer, ()
    what = answer.why if answer.why.startswith("Kafka") else str(answer)
    return {}, (Problem(Urgency.STOPPED, what),)


def _sources(looks: Sequence[SourceLook], topics: Mapping[str, TopicInfo], until: float) -> tuple[SourceState, ...]:
    asked = [Asked(f"source {number}", partial(look.state, topics, until)) for number, look in enumerate(looks)]
    answers = [each.answer(until + AGE_PATIENCE_S) for each in asked]
    return tuple(each for each in answers if not isinstance(each, Silence))


def _silent(answer: object) -> tuple[str, ...]:
    return (str(answer),) if isinstance(answer, Silence) else ()


def age_of(settings: Settings, account: Account) -> float | None:
    """Seconds since the record that the account reads next was written; None where it cannot be read."""
    asked = Asked(str(account), lambda: _written_at(settings, account))
    answer = asked.answer(time.monotonic() + AGE_PATIENCE_S)
    return None if answer is None or isinstance(answer, Silence) else max(time.time() - answer, 0.0)


def _written_at(settings: Settings, account: Account) -> float | None:
    if account.end is None:
        return None
    records = read_range(settings.kafka, account.topic, account.partition, account.next, account.end)
    try:
        record = next(records, None)
    except RetriableError:
        return None
    return None if record is None else record.timestamp_ms / 1000
