"""Which errors of a source row are over, by what HubSpot's last word on its records was. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from connector.ledger.plan import plan
from connector.ledger.state import Record
from connector.sync_error import Stage
from connector.version import SourceRow, Version

ByRow = defaultdict[SourceRow, dict[str, Version]]
"""Row → object (as text) → version of the row in it."""


def is_at_rest(record: Record) -> bool:
    """Nothing is due, in flight, refused or waited for."""
    return plan(record) is None and record.in_flight is None and record.taken_by is None and not is_refused(record)


def is_refused(record: Record) -> bool:
    """HubSpot refuses what the record should hold now."""
    return record.in_flight is None and record.refused_generation == record.generation


@dataclass(slots=True)
class Verdicts:
    """Versions of rows with which HubSpot is done: `rested`, it holds what they say; `refused`, it does not take it."""

    rested: ByRow = field(default_factory=lambda: defaultdict(dict))
    refused: ByRow = field(default_factory=lambda: defaultdict(dict))

    def hear(self, record: Record, subject: str, row: SourceRow, version: Version) -> None:
        """Take in how the record stands, for one row that speaks in it as `subject`."""
        if is_at_rest(record):
            self.rested[row][subject] = version
        elif is_refused(record):
            self.refused[row][subject] = version

    @property
    def rows(self) -> list[SourceRow]:
        return [*dict.fromkeys((*self.rested, *self.refused))]

    def closer(self, stage: Stage, subject: str | None, row: SourceRow, version: Version) -> Version | None:
        """The version that closes an error of this stage, object, row and version; None while it stays open.

        What HubSpot refused of an object, only that object at rest can close: another object of the same row may well
        be delivered. A row that could not be mapped is over as soon as a newer version of it could, even if HubSpot
        refuses that one; where it is known to make several kinds of objects, to one of the same kind.
        """
        if stage is Stage.LINK:
            return None
        own = self.rested[row].get(subject or "")
        if own is not None and own >= version:
            return own
        if stage is Stage.SEND:
            return None
        kind = None if subject is None else _kind(subject)
        heard = (*self.rested[row].items(), *self.refused[row].items())
        return max((each for of, each in heard if each > version and kind in {None, _kind(of)}), default=None)


def _kind(subject: str) -> tuple[str, ...]:
    """Store and type of an object's text; ids may hold colons too."""
    return tuple(subject.split(":", 2)[:2])
