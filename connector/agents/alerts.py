"""One line for a cause, however many rows it spoils: each row is an error of its own, which `errors list` groups."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import structlog

from connector.catalogue import entry
from connector.change import Change
from connector.errors import RowError
from connector.mapping.faults import MissingColumnError

log = structlog.get_logger(__name__)

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Alerts:
    """What was told of the change topics of one worker; shared by its map agents."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, str | None]] = set()
        self._missing: dict[str, dict[str, datetime]] = {}

    def failed(self, topic: str, change: Change | None, error: RowError) -> None:
        """A record of the topic could not be mapped: tell it, unless its cause was told."""
        if isinstance(error, MissingColumnError):
            self._column_failed(topic, _EARLIEST if change is None else change.committed_at, error)
            return
        cause = (topic, error.type, error.property_name)
        if cause not in self._told:
            self._told.add(cause)
            log.warning("a row cannot be mapped", **_facts(topic, error), note="others of this cause are not told here")

    def _column_failed(self, topic: str, at: datetime, error: MissingColumnError) -> None:
        missing = self._missing.setdefault(topic, {})
        if error.column not in missing:
            log.error("rows cannot be mapped", column=error.column, **_facts(topic, error))
        missing[error.column] = max(at, missing.get(error.column, at))

    def mapped(self, topic: str, change: Change) -> None:
        """A change could be mapped. One with a lost column, later than all that lacked it, says that it is back."""
        missing = self._missing.get(topic)
        if not missing or change.after is None:
            return
        for column, at in list(missing.items()):
            if column in change.after and change.committed_at > at:
                del missing[column]
                log.warning("rows can be mapped again", topic=topic, column=column)


def _facts(topic: str, error: RowError) -> dict[str, str | None]:
    return {
        "topic": topic,
        "cause": error.type,
        "property": error.property_name,
        "reason": error.details,
        "remedy": entry(error.type).remedy,
    }
