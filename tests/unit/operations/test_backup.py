"""A copy of the ledger: whole, sound, taken while the worker writes, and never half there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.operations.backup import back_up
from connector.operations.ledger_file import reading
from connector.operations.stock import take_stock
from tests.support.desk import Office
from tests.support.story import contact


async def test_a_backup_holds_what_was_committed(tmp_path: Path) -> None:
    """The copy can be opened as a ledger and holds every record, though the original is open for writing."""
    office = await Office(tmp_path).start()
    await office.say(contact("1", 1), contact("2", 2))
    await office.send()
    made = back_up(tmp_path / "ledger.db", tmp_path / "copy.db")
    await office.say(contact("3", 3))
    await office.close()
    assert 2 == made.records
    with reading(tmp_path / "copy.db") as tx:
        assert {"CONTACT": {"equal": 2}} == take_stock(tx).records


async def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    """An older backup is not written over by mistake; with `replace` it is, whole."""
    office = await Office(tmp_path).start()
    await office.close()
    target = tmp_path / "copy.db"
    target.write_text("older")
    with pytest.raises(ConfigurationError, match="--force"):
        back_up(tmp_path / "ledger.db", target)
    assert "older" == target.read_text()
    assert 0 == back_up(tmp_path / "ledger.db", target, replace=True).records


def test_without_a_ledger_nothing_is_made(tmp_path: Path) -> None:
    """A wrong path is said; no empty file appears anywhere."""
    with pytest.raises(ConfigurationError, match="There is no ledger"):
        back_up(tmp_path / "nowhere.db", tmp_path / "copy.db")
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_no_ledger_leaves_no_copy(tmp_path: Path) -> None:
    """What cannot be checked is no backup: the partial file is taken away again."""
    (tmp_path / "ledger.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(ConfigurationError, match="could not be copied"):
        back_up(tmp_path / "ledger.db", tmp_path / "copy.db")
    assert ["ledger.db"] == [path.name for path in tmp_path.iterdir()]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    """The copy's folder must be there."""
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        ledger.execute("CREATE TABLE record (number INTEGER)")
    with pytest.raises(ConfigurationError, match="could not be copied"):
        back_up(tmp_path / "ledger.db", tmp_path / "none" / "copy.db")
