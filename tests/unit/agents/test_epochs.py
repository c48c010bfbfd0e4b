"""A topic that is not what it was is refused, and once an operator accepts it, every agent goes on and all adds up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connector.agents.epochs import meet, read_accepted
from connector.errors import ConfigurationError, GapError
from connector.kafka import TopicInfo
from connector.ledger import progress
from connector.ledger.ledger import Ledger
from connector.ledger.numbering import Epoch
from connector.ledger.tables import audit
from connector.operations.accounting import Account, accounts, settle_accounts
from connector.operations.status import logs

NAME = "shop.public.orders"
AGENTS = ("map:orders", "map:line_items")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger.open(tmp_path / "ledger.db")
    yield ledger
    await ledger.close()


def topic(ends: Mapping[int, int], topic_id: str = "a", starts: Mapping[int, int] | None = None) -> TopicInfo:
    return TopicInfo(NAME, topic_id, len(ends), 1, {**dict.fromkeys(ends, 0), **(starts or {})}, ends)


async def read(ledger: Ledger, ends: Mapping[int, int], topic_id: str = "a") -> None:
    """Let both agents read a topic up to these offsets, every record mapped."""
    await meet(ledger, [topic(ends, topic_id)], {}, ordered=True)
    for agent in AGENTS:
        for number, end in ends.items():
            here: dict[str, Any] = {"agent": agent, "topic": NAME, "topic_id": topic_id, "partition": number}
            await ledger.write(partial(progress.begin, **here, start=0))
            await ledger.write(partial(progress.advance, **here, start=0, next=end, counts={"mapped": end}))


async def positions(ledger: Ledger, agent: str = AGENTS[0]) -> dict[tuple[str, int], int]:
    """(epoch's id, partition) → next offset."""
    found = await ledger.read(lambda tx: progress.positions(tx, agent))
    return {(epoch_id, number): following for (_, epoch_id, number), following in found.items()}


async def account(ledger: Ledger, now: TopicInfo, epochs: list[Epoch]) -> list[Account]:
    """The accounts, which must add up."""
    rows = await ledger.read(progress.everything)
    found = accounts(rows, logs({NAME: now}, {NAME: epochs}))
    assert () == settle_accounts(found).wrong
    return list(found)


async def accept(ledger: Ledger, now: TopicInfo, *, at_end: bool = False) -> list[Epoch]:
    epochs = await meet(ledger, [now], {NAME: at_end}, ordered=True)
    return list(epochs[NAME])


async def test_same_topic_keeps_its_epoch(ledger: Ledger) -> None:
    """Meeting it again changes nothing, nor does an acceptance that has nothing to accept, left in a unit file."""
    await read(ledger, {0: 5, 1: 5})
    now = topic({0: 7, 1: 7})
    for accepted in ({}, {NAME: False}, {NAME: True}):
        epochs = await meet(ledger, [now], accepted, ordered=True)
        assert [Epoch(1, NAME, "a", 2)] == epochs[NAME]
    assert {("a", 0): 5, ("a", 1): 5} == await positions(ledger)
    assert [] == await ledger.read(lambda tx: tx.execute(select(audit)).all())


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (topic({0: 3, 1: 3}, "b"), r"id b, was a\).*\[1\] up to offset 6 by map:orders"),
        (topic({0: 9, 1: 9, 2: 0}), "has 3 partitions, it had 2"),
    ],
)
async def test_other_topic_is_refused(ledger: Ledger, now: TopicInfo, words: str) -> None:
    """The error names partitions, how far they were read, and the option; nothing is written."""
    await read(ledger, {0: 5, 1: 6})
    with pytest.raises(GapError, match=words) as caught:
        await meet(ledger, [now], {}, ordered=True)
    assert f"--accept-new-topic {NAME}" in str(caught.value)
    assert {("a", 0): 5, ("a", 1): 6} == await positions(ledger)


async def test_topic_made_anew_is_read_from_its_start(ledger: Ledger) -> None:
    """All it holds was written after the old one was gone; the old account stays, without an end."""
    await read(ledger, {0: 5, 1: 5})
    now = topic({0: 3, 1: 4, 2: 1}, "b")
    epochs = await accept(ledger, now)
    assert [Epoch(2, NAME, "b", 3)] == epochs
    for agent in AGENTS:
        there = {("a", 0): 5, ("a", 1): 5, ("b", 0): 0, ("b", 1): 0, ("b", 2): 0}
        assert there == await positions(ledger, agent)
    found = await account(ledger, now, epochs)
    assert 2 * (3 + 4 + 1) == sum(each.lag or 0 for each in found)
    assert epochs == (await meet(ledger, [now], {}, ordered=True))[NAME]


async def test_topic_filled_from_a_copy_is_passed_to_its_end(ledger: Ledger) -> None:
    """What it held at the acceptance is counted as passed, and nothing is left to read."""
    await read(ledger, {0: 5, 1: 5})
    now = topic({0: 30, 1: 40}, "b", starts={1: 10})
    epochs = await accept(ledger, now, at_end=True)
    assert {("a", 0): 5, ("a", 1): 5, ("b", 0): 30, ("b", 1): 40} == await positions(ledger)
    found = await account(ledger, now, epochs)
    assert [30, 30] == [
        each.counts.get("passed", 0) for each in found if each.end is not None and each.agent == AGENTS[0]
    ]
    assert 0 == sum(each.lag or 0 for each in found)


async def test_added_partitions_begin_an_epoch_at_the_ends_seen(ledger: Ledger) -> None:
    """Agents go on where they stood; what lies below the ends seen is older than what follows."""
    await read(ledger, {0: 5, 1: 5})
    now = topic({0: 8, 1: 9, 2: 2})
    epochs = await accept(ledger, now)
    assert [Epoch(1, NAME, "a", 2), Epoch(2, NAME, "a@2", 3, {0: 8, 1: 9})] == epochs
    assert {("a", 0): 5, ("a", 1): 5, ("a@2", 0): 5, ("a@2", 1): 5, ("a@2", 2): 0} == await positions(ledger)
    assert 2 * (3 + 4 + 2) == sum(each.lag or 0 for each in await account(ledger, now, epochs))
    assert epochs == (await meet(ledger, [now], {}, ordered=True))[NAME]


async def test_removed_records_are_passed_over(ledger: Ledger) -> None:
    """Offsets still order all that is left, so the epoch stays."""
    await read(ledger, {0: 5, 1: 5})
    now = topic({0: 9, 1: 9}, starts={0: 7})
    epochs = await accept(ledger, now)
    assert [Epoch(1, NAME, "a", 2)] == epochs
    assert {("a", 0): 7, ("a", 1): 5} == await positions(ledger)
    assert {"mapped": 5, "passed": 2} == (await account(ledger, now, epochs))[-2].counts
    ((who, act, details),) = await ledger.read(
        lambda tx: tx.execute(select(audit.c.who, audit.c.act, audit.c.details)).all()
    )
    assert (True, "accept-new-topic", 2 * 2) == (bool(who), act, details["passed"])


async def test_records_lost_by_the_broker_begin_an_epoch(ledger: Ledger) -> None:
    """Their offsets are given again, to newer records: those are newer than all that was read."""
    await read(ledger, {0: 5, 1: 5})
    now = topic({0: 3, 1: 5})
    epochs = await accept(ledger, now)
    assert [Epoch(1, NAME, "a", 2), Epoch(2, NAME, "a@2", 2, {0: 3, 1: 5})] == epochs
    assert {("a", 0): 5, ("a", 1): 5, ("a@2", 0): 3, ("a@2", 1): 5} == await positions(ledger)
    await account(ledger, now, epochs)


async def test_own_topic_takes_more_partitions_unasked(ledger: Ledger) -> None:
    """Versions order its messages, not offsets; but one made anew is refused, even if it was never numbered."""
    await ledger.write(lambda tx: progress.begin(tx, "apply:deals", NAME, "a", 0, 0))
    with pytest.raises(GapError, match="id b, was a"):
        await meet(ledger, [topic({0: 1}, "b")], {}, ordered=False)
    for ends, accepted in (({0: 1}, {NAME: True}), ({0: 1}, {}), ({0: 1, 1: 0}, {})):
        assert [Epoch(1, NAME, "a", 0)] == (await meet(ledger, [topic(ends)], accepted, ordered=False))[NAME]


def test_accepted_topics_as_given() -> None:
    """The end is asked for behind the name; a name that nobody reads is refused."""
    assert {"t": False, "u": True} == read_accepted(["t", "u@end"], ["t", "u", "v"])
    with pytest.raises(ConfigurationError, match=r"names w, which this worker does not read. It reads t, u\."):
        read_accepted(["w"], ["t", "u"])
