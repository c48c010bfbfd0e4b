"""The lease: one sender per ledger."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connector.sender.lease import Lease, LeaseHeldError

HOLDER = """
import pathlib, sys
from connector.sender.lease import Lease
held = Lease(pathlib.Path(sys.argv[1]))
print(1, flush=True)
input()
"""


def test_a_second_process_is_refused_by_name(tmp_path: Path) -> None:
    """While another process holds the lease, its number is named; once it has ended, the lease is free."""
    ledger = tmp_path / "ledger.db"
    command = [sys.executable, "-c", HOLDER, str(ledger)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        with pytest.raises(LeaseHeldError, match=f"process {holder.pid}.*SHOPBRIDGE_LEDGER"):
            Lease(ledger)
        holder.kill()
    with Lease(ledger) as lease:
        assert lease.still_ours()


def test_a_released_lease_can_be_taken_again(tmp_path: Path) -> None:
    """Release lets the next one in, and the ledger's own file is never touched."""
    ledger = tmp_path / "ledger.db"
    Lease(ledger).release()
    Lease(ledger).release()
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db.sender.lock"]


@pytest.mark.parametrize("replaced", [True, False])
def test_a_removed_lock_file_is_noticed(tmp_path: Path, replaced: bool) -> None:  # noqa: FBT001 - a case
    """A lock on a file that is gone keeps nobody out, so it is not ours any more."""
    with Lease(tmp_path / "ledger.db") as lease:
        lease.path.unlink()
        if replaced:
            lease.path.touch()
        assert not lease.still_ours()
