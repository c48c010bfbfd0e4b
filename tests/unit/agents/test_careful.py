"""A record that ends the process is found over restarts and set aside; its neighbours are worked on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from connector.agents.careful import CarefulWork
from connector.agents.tries import DEATHS, STARTS, Tries
from connector.agents.work import Counts, Effect
from connector.record import Record
from tests.unit.agents.bench import HERE, NO_CONNECTION, Work, record

RECORDS = [record(offset) for offset in range(5)]


class Death(BaseException):
    """The end of the process, for a test: nothing in the product catches it."""


class Deadly(Work):
    """Dies of offset 3."""

    def step(self, records: Sequence[Record]) -> Effect:
        if any(it.offset == 3 for it in records):
            raise Death
        return super().step(records)


class Unwritable(Work):
    """Its effect on offset 3 cannot be written, for a reason of `error`'s kind."""

    def step(self, records: Sequence[Record]) -> Effect:
        def write(_: Connection) -> Counts:
            if self.error is not None and any(it.offset == 3 for it in records):
                raise self.error
            return {"kept": len(records)}

        return Effect(write)


def start(path: Path, work: Work) -> CarefulWork:
    """A process: it opens the marks, takes up the partition, and makes its work careful."""
    tries = Tries(path)
    tries.begin(work.name, HERE, 0, unread=True)
    return CarefulWork(work, tries)


def test_deadly_record_is_poison_after_some_starts(tmp_path: Path) -> None:
    """Three starts make the worker careful, two deaths at one record make it poison, then all others go on."""
    for _ in range(STARTS - 1 + DEATHS):
        with pytest.raises(Death):
            start(tmp_path / "tries", Deadly()).step(RECORDS)
    effect = start(tmp_path / "tries", Deadly()).step(RECORDS)
    assert {"kept": 4, "poisoned": 1} == effect.write(NO_CONNECTION)


def test_record_that_cannot_be_written_is_poison_too(tmp_path: Path) -> None:
    """A merge that raises on one message would stop the agent for ever; that message is set aside."""
    work = Unwritable(error=KeyError("a bug"))
    for _ in range(STARTS - 1 + DEATHS):
        with pytest.raises(KeyError):
            start(tmp_path / "tries", work).step(RECORDS).write(NO_CONNECTION)
    assert {"kept": 4, "poisoned": 1} == start(tmp_path / "tries", work).step(RECORDS).write(NO_CONNECTION)


def test_ledger_that_cannot_be_written_is_no_records_fault(tmp_path: Path) -> None:
    """A full disk leaves no mark, however often the worker starts."""
    work = Unwritable(error=OperationalError("insert", {}, OSError("disk full")))
    for _ in range(STARTS + DEATHS + 3):
        with pytest.raises(OperationalError):
            start(tmp_path / "tries", work).step(RECORDS).write(NO_CONNECTION)


def test_progress_ends_suspicion(tmp_path: Path) -> None:
    """Starts count only while they begin at one position."""
    for following in (0, 0, 1):
        tries = Tries(tmp_path / "tries")
        tries.begin("map:x", HERE, following, unread=True)
    assert not tries.is_careful("map:x", HERE)


def test_partition_without_anything_to_read_raises_no_suspicion(tmp_path: Path) -> None:
    """A quiet shop's worker may be restarted as often as one likes."""
    for _ in range(STARTS + 1):
        tries = Tries(tmp_path / "tries")
        tries.begin("map:x", HERE, 7, unread=False)
    assert not tries.is_careful("map:x", HERE)


def test_assignments_within_a_process_count_once(tmp_path: Path) -> None:
    """A rebalance is no restart."""
    tries = Tries(tmp_path / "tries")
    for _ in range(STARTS + 1):
        tries.begin("map:x", HERE, 0, unread=True)
    assert not tries.is_careful("map:x", HERE)


def test_torn_file_begins_anew(tmp_path: Path) -> None:
    """Marks are a help, not a truth: without them a record is tried again."""
    (tmp_path / "tries").write_text('{"map:x changes[0]": {"at"')
    assert not Tries(tmp_path / "tries").is_poison("map:x", HERE, 3)
