"""What makes a message an operator's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from connector.message import Origin, SyncMessage


@dataclass(frozen=True, slots=True)
class Stamp:
    """Put on every message of an act that began at `at`.

    `sync`: HubSpot is told again (REPAIR), else a change was mapped again (REPLAY). `forced`: it takes the place of
    what is known, once for the act. `bulk`: it is served behind live changes.
    """

    at: datetime
    sync: bool = False
    forced: bool = False
    bulk: bool = False

    def __call__(self, message: SyncMessage) -> SyncMessage:
        return replace(
            message,
            origin=Origin.REPAIR if self.sync else Origin.REPLAY,
            forced=self.forced,
            bulk=self.bulk,
            revision=int(self.at.timestamp() * 1000) if self.forced else message.revision,
        )
