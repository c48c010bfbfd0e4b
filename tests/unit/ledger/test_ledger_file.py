"""The ledger's file survives whatever happens to the process that makes it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from connector.ledger.ledger import Ledger
from connector.ledger.migrations import versions

NEWEST = f"{len(list(Path(versions.__path__[0]).glob('v*.py'))):04}"

DIE_AT = """
import os, sys
from pathlib import Path
from sqlalchemy import Engine, event
from connector.ledger.ledger import Ledger

@event.listens_for(Engine, "before_cursor_execute")
def die(_connection, _cursor, statement, *_rest):
    if sys.argv[2] in statement:
        os._exit(9)

Ledger.open(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("statement", ["CREATE TABLE audit", "CREATE TABLE link", "INSERT INTO alembic_version"])
async def test_a_kill_while_the_schema_is_made_leaves_a_file_that_opens(tmp_path: Path, statement: str) -> None:
    """The schema is there whole or not at all, so the next start makes it."""
    file = tmp_path / "ledger.db"
    command = [sys.executable, "-c", DIE_AT, str(file), statement]
    killed = await asyncio.to_thread(subprocess.run, command, check=False)
    assert 9 == killed.returncode
    ledger = Ledger.open(file)
    assert [(NEWEST,)] == await ledger.read(
        lambda tx: [tuple(row) for row in tx.execute(text("SELECT * FROM alembic_version"))]
    )
    await ledger.close()
