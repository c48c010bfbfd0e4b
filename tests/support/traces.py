"""What an installation leaves behind, read beside it: the sandbox's file, the ledger, journal and log of the worker."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any


class Traces:
    """The files of one installation in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.sandbox_file = folder / "sandbox.db"
        self.ambiguous = folder / "ambiguous.txt"
        self.ambiguous.touch()

    def record(self, key: str) -> dict[str, Any] | None:
        """The unarchived sandbox record under our key, with its id as `id`."""
        living = "NOT archived AND merged_into IS NULL"
        rows = self.records(f"json_extract(properties, '$.shopbridge_key') = ? AND {living}", key)
        return rows[0] if rows else None

    def records(self, where: str, *values: Any) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{self.sandbox_file}?mode=ro", uri=True)) as connection:
            query = f"SELECT id, object_type, properties, archived FROM record WHERE {where}"
            rows = connection.execute(query, values).fetchall()
        return [{"id": row[0], "type": row[1], "archived": row[3], **json.loads(row[2])} for row in rows]

    def written(self) -> int:
        """How many requests the sandbox was sent that write records or associations, refused ones too."""
        return self.requests("method = 'POST' AND path NOT LIKE '%/read' AND path NOT LIKE '%/search'")

    def requests(self, where: str = "true") -> int:
        """How many lines of the sandbox's request log are so."""
        return int(self._sandbox_row(f"SELECT count(*) FROM request_log WHERE {where}")[0])

    def last_write(self) -> int:
        """The number of the last write to a record or an association."""
        return int(self._sandbox_row("SELECT coalesce(max(seq), 0) FROM write_log")[0])

    def revs(self, key: str) -> list[int]:
        """The shop_rev in each write to the record under our key, oldest first."""
        record = self.record(key)
        query = "SELECT group_concat(rev) FROM (SELECT json_extract(properties, '$.shop_rev') AS rev FROM write_log"
        found = self._sandbox_row(f"{query} WHERE record_id = ? ORDER BY seq)", record and record["id"])[0]
        return [int(rev) for rev in str(found or "").split(",") if rev]

    def links(self, ids: Sequence[str]) -> int:
        """How many associations start or end at one of these records, each direction for itself."""
        marks = ", ".join("?" * len(ids))
        query = f"SELECT count(*) FROM association WHERE from_id IN ({marks}) OR to_id IN ({marks})"
        return int(self._sandbox_row(query, *ids, *ids)[0])

    def unanswered(self) -> set[str]:
        """Ids of the worker's calls that had no answer, or have none yet."""
        asked: set[str] = set()
        for moment, request in (line.split() for line in self.ambiguous.read_text().splitlines()):
            (asked.add if moment == "SENT" else asked.discard)(request)
        return asked

    def positions(self, agent: str) -> dict[int, int]:
        """Partition → the offset that the agent reads next, as the ledger has it."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as connection:
            return dict(connection.execute('SELECT "partition", next FROM progress WHERE agent = ?', (agent,)))

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name in the worker's log, of all its starts."""
        path = self.folder / "worker.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        marked = [line for line in lines if f'"event": "{name}"' in line]
        return [json.loads(line) for line in marked]

    def count(self, name: str) -> int:
        """How often the worker's log holds an event."""
        return len(self.events(name))

    def _sandbox_row(self, query: str, *values: Any) -> tuple[Any, ...]:
        with closing(sqlite3.connect(f"file:{self.sandbox_file}?mode=ro", uri=True)) as connection:
            row: tuple[Any, ...] = connection.execute(query, values).fetchone()
        return row
