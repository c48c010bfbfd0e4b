"""Remembers over restarts where a process died, so that one record cannot end every process that meets it.

A worker that starts for the third time at one position of a partition, with records to read and none done, takes that
partition record by record. Each record leaves a mark while it is worked on; the one whose mark outlived two processes
is rejected as POISON instead of being tried again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from connector.record import Partition

STARTS: Final = 3
DEATHS: Final = 2
CAREFUL_RECORDS: Final = 500
"""So many records after the one in question are still taken one by one."""


@dataclass(slots=True)
class _Place:
    """A position, how often a process started there, and the marks by offset."""

    at: int
    starts: int = 1
    deaths: dict[str, int] = field(default_factory=dict)

    def started(self, following: int) -> _Place:
        """The place after one more start at `following`: who is under suspicion stays so until it is passed."""
        deaths = {offset: count for offset, count in self.deaths.items() if int(offset) >= following}
        again = self.starts + 1 if self.at == following else 1
        return _Place(following, max(again, STARTS) if deaths else again, deaths)


class Tries:
    """The marks of one role, in a file beside the ledger; the role's lock keeps others away from it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = self._read()
        self._begun: set[str] = set()
        self._left: dict[str, int] = {}

    def _read(self) -> dict[str, _Place]:
        try:
            return {name: _Place(**place) for name, place in json.loads(self._path.read_text()).items()}
        except (FileNotFoundError, ValueError, TypeError):
            return {}  # nothing was tried, or the file was torn: the count begins anew

    def begin(self, agent: str, partition: Partition, following: int, *, unread: bool) -> None:
        """An agent takes up a partition at `following`; counts once per process, if there is something to read."""
        name = f"{agent} {partition}"
        if name in self._begun:
            return
        self._begun.add(name)
        if not unread:
            self._places.pop(name, None)
        else:
            self._places[name] = self._places.get(name, _Place(following, 0)).started(following)
        if unread and self._places[name].starts >= STARTS:
            self._left[name] = CAREFUL_RECORDS
        self._write()

    def is_careful(self, agent: str, partition: Partition) -> bool:
        """Whether the partition is to be taken record by record."""
        return self._left.get(f"{agent} {partition}", 0) > 0

    def is_poison(self, agent: str, partition: Partition, offset: int) -> bool:
        """Whether the record ended too many processes already."""
        place = self._places.get(f"{agent} {partition}")
        return place is not None and place.deaths.get(str(offset), 0) >= DEATHS

    def mark(self, agent: str, partition: Partition, offset: int) -> None:
        """The record is about to be worked on: a mark that is not taken back counts as a death."""
        deaths = self._places.setdefault(f"{agent} {partition}", _Place(offset)).deaths
        deaths[str(offset)] = deaths.get(str(offset), 0) + 1
        self._write()

    def unmark(self, agent: str, partition: Partition, offset: int) -> None:
        """The record did no harm."""
        name = f"{agent} {partition}"
        self._left[name] = self._left.get(name, 0) - 1
        deaths = self._places[name].deaths
        deaths[str(offset)] -= 1
        if not deaths[str(offset)]:
            del deaths[str(offset)]
        self._write()

    def _write(self) -> None:
        half = self._path.with_name(f"{self._path.name}.half")
        half.write_text(json.dumps({name: asdict(place) for name, place in self._places.items()}))
        half.replace(self._path)


def tries_path(ledger: Path, role: str) -> Path:
    """Where the marks of a role are."""
    return ledger.with_name(f"{ledger.name}.{role}.tries")
