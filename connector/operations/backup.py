"""A copy of the ledger, taken by SQLite's online backup while the worker goes on writing."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from connector.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Backup:
    """What was made."""

    file: Path
    bytes: int
    records: int
    seconds: float


def back_up(ledger: Path, file: Path, *, replace: bool = False) -> Backup:
    """Copy the ledger to `file`, which appears when the copy is whole and checked.

    Raises ConfigurationError where there is no ledger, `file` is there already, or its folder cannot be written to.
    """
    started = time.monotonic()
    if not ledger.exists():
        raise ConfigurationError(f"There is no ledger at {ledger}. SHOPBRIDGE_LEDGER says where it is.")
    if file.exists() and not replace:
        raise ConfigurationError(f"{file} is there already. Name another file, or add --force to write over it.")
    partial = file.with_name(f"{file.name}.partial")
    try:
        records = _copy(ledger, partial)
        partial.replace(file)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise ConfigurationError(f"The ledger {ledger} could not be copied to {file}: {error}") from error
    return Backup(file, file.stat().st_size, records, time.monotonic() - started)


def _copy(ledger: Path, partial: Path) -> int:
    """Copy, check, and make sure it is on the disk; the number of records in it."""
    partial.unlink(missing_ok=True)
    partial.parent.resolve(strict=True)
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as source, closing(_new(partial)) as copy:
        source.backup(copy, pages=-1)
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the copy is not sound: {verdict}")
        records = int(copy.execute("SELECT count(*) FROM record").fetchone()[0])
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    return records


def _new(partial: Path) -> sqlite3.Connection:
    partial.touch(mode=0o600)
    return sqlite3.connect(partial)
