"""Arrivals wait in bounded number and size, and leave in batches."""

from __future__ import annotations

import asyncio

from connector.agents.inbox import BATCH_BYTES, BATCH_RECORDS, ROOM_RECORDS, Inbox
from connector.agents.work import Arrival
from tests.unit.agents.bench import record


def arrival(offset: int, size: int = 1) -> Arrival:
    return Arrival(record(offset, value=b"x" * size), 1, lambda: None)


def offsets(batch: list[Arrival]) -> list[int]:
    return [it.record.offset for it in batch]


async def test_batch_keeps_the_order_and_its_limit() -> None:
    """A full inbox gives batches of the limit, in the order of arrival."""
    inbox = Inbox()
    for offset in range(BATCH_RECORDS + 20):
        await inbox.put(arrival(offset))
    assert list(range(BATCH_RECORDS)) == offsets(await inbox.batch())
    assert 20 == len(await inbox.batch())


async def test_batch_lingers_for_what_follows_at_once() -> None:
    """A record that comes a moment after the first still travels with it."""
    inbox = Inbox()
    batch = asyncio.create_task(inbox.batch())
    await inbox.put(arrival(0))
    await asyncio.sleep(0)
    await inbox.put(arrival(1))
    assert [0, 1] == offsets(await batch)


async def test_large_records_make_small_batches() -> None:
    """A batch ends with the record that fills it in bytes."""
    inbox = Inbox()
    for offset in range(4):
        await inbox.put(arrival(offset, BATCH_BYTES // 2))
    assert [0, 1] == offsets(await inbox.batch())


async def test_full_inbox_makes_its_writer_wait() -> None:
    """The one record too many is taken when a batch has left."""
    inbox = Inbox()
    for offset in range(ROOM_RECORDS):
        await inbox.put(arrival(offset))
    waiting = asyncio.create_task(inbox.put(arrival(ROOM_RECORDS)))
    done, _ = await asyncio.wait([waiting], timeout=0.01)
    assert not done
    await inbox.batch()
    await asyncio.wait_for(waiting, 5)


async def test_cleared_inbox_has_room_again() -> None:
    """What is forgotten does not count any more."""
    inbox = Inbox()
    for offset in range(ROOM_RECORDS):
        await inbox.put(arrival(offset))
    inbox.clear()
    await asyncio.wait_for(inbox.put(arrival(7)), 5)
    assert [7] == offsets(await inbox.batch())
