"""The ledger's thread: units of work share commits, and fail alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from connector.errors import ConfigurationError, StalePositionError
from connector.ledger import outbox, progress
from connector.ledger.ledger import Ledger


@pytest_asyncio.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger.open(tmp_path / "ledger.db")
    yield ledger
    await ledger.close()


def put(tx: Connection, key: bytes) -> None:
    outbox.put(tx, "topic", key, b"value")


async def test_a_unit_that_fails_is_undone_alone(ledger: Ledger) -> None:
    """Its exception reaches whoever asked; the units beside it are kept."""

    def fails(tx: Connection) -> None:
        put(tx, b"bad")
        raise StalePositionError("moved")

    units = [ledger.write(lambda tx: put(tx, b"one")), ledger.write(fails), ledger.write(lambda tx: put(tx, b"two"))]
    done = await asyncio.gather(*units, return_exceptions=True)
    assert [None, "StalePositionError", None] == [each and type(each).__name__ for each in done]
    assert [b"one", b"two"] == [row[2] for row in await ledger.read(lambda tx: outbox.head(tx, 10))]


async def test_a_group_that_cannot_be_committed_fails_for_all_and_the_next_goes_on(ledger: Ledger) -> None:
    """A transaction that is gone before its commit, as after a full disk, leaves nobody waiting."""

    def loses_the_transaction(tx: Connection) -> None:
        put(tx, b"lost")
        tx.exec_driver_sql("ROLLBACK")

    with pytest.raises(Exception, match="no such savepoint"):
        await ledger.write(loses_the_transaction)
    await ledger.write(lambda tx: put(tx, b"kept"))
    assert [b"kept"] == [row[2] for row in await ledger.read(lambda tx: outbox.head(tx, 10))]


async def test_only_changes_wake_listeners(ledger: Ledger) -> None:
    """Reading wakes nobody, so that those who look when woken do not wake themselves."""
    heard: list[str] = []
    ledger.on_commit(lambda: heard.append("commit"))
    await ledger.read(outbox.waiting)
    await ledger.write(lambda tx: put(tx, b"one"))
    await ledger.read(outbox.waiting)  # listeners are called before the next unit, after the writer has its answer
    assert ["commit"] == heard


async def test_positions_move_by_compare_and_set(ledger: Ledger) -> None:
    """A batch that does not start where the agent stands changes nothing."""
    await ledger.write(lambda tx: progress.begin(tx, "a", "t", "id", 0, 5))
    await ledger.write(lambda tx: progress.advance(tx, "a", "t", "id", 0, 5, 7, {"merged": 2}))
    with pytest.raises(StalePositionError, match="is at 7"):
        await ledger.write(lambda tx: progress.advance(tx, "a", "t", "id", 0, 5, 9, {"merged": 4}))
    (row,) = await ledger.read(progress.everything)
    assert (5, 7, {"merged": 2}) == (row.start, row.next, row.counts)


async def test_every_commit_is_on_disk(ledger: Ledger) -> None:
    """Write-ahead log, synchronous FULL: a commit survives a loss of power."""
    mode = await ledger.read(lambda tx: tx.execute(text("PRAGMA synchronous")).scalar())
    assert 2 == mode


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A ledger that cannot be opened says where and what to do."""
    with pytest.raises(ConfigurationError, match="there is no folder"):
        Ledger.open(tmp_path / "nowhere" / "ledger.db")
