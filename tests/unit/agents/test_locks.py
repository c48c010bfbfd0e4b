"""One process per role and ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.agents.locks import LockTakenError, held_lock, lock_path, roles_held
from connector.errors import ConfigurationError

HOLD = """
import sys
from pathlib import Path
from connector.agents.locks import roles_held
with roles_held(Path(sys.argv[1]), ["map"]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_holder_is_refused_by_name(tmp_path: Path) -> None:
    """The message says which process has the role."""
    ledger = tmp_path / "ledger.db"
    with (
        roles_held(ledger, ["apply", "map"]),
        pytest.raises(LockTakenError, match=rf"process {os.getpid()}\) already has the role map"),
        held_lock(ledger, "map"),
    ):
        pass


def test_other_roles_and_ledgers_are_free(tmp_path: Path) -> None:
    """Roles may be spread over processes."""
    here, there = tmp_path / "a.db", tmp_path / "b.db"
    with roles_held(here, ["map"]), roles_held(here, ["apply"]), roles_held(there, ["map"]):
        assert lock_path(there, "map").exists()


def test_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """After kill -9 the next worker starts at once."""
    ledger = tmp_path / "ledger.db"
    command = [sys.executable, "-c", HOLD, str(ledger)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert b"held\n" == holder.stdout.readline()
        with pytest.raises(LockTakenError, match=str(holder.pid)), held_lock(ledger, "map"):
            pass
        holder.kill()
        holder.wait()
    with held_lock(ledger, "map"):
        assert str(os.getpid()) == lock_path(ledger, "map").read_text()


def test_ledger_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A wrong path is a mistake of the configuration, with the setting's name."""
    with pytest.raises(ConfigurationError, match="SHOPBRIDGE_LEDGER"), held_lock(tmp_path / "no" / "ledger.db", "map"):
        pass
