"""What the courier asks of the ledger. Implemented by the ledger's sender desk, and by a list in memory in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from connector.message import LinkKind, ObjectType
from connector.outcome import LinkOutcome, LinkStep, Lookup, Outcome, Step


class Due(Protocol):
    """How much waits to be sent: counts, the age of the oldest in seconds, and when the next archive's grace ends."""

    @property
    def records(self) -> Mapping[ObjectType, int]:
        """Records by type."""
        ...

    @property
    def oldest_s(self) -> Mapping[ObjectType, float]:
        """The age of the oldest by type, seconds."""
        ...

    @property
    def links(self) -> Mapping[LinkKind, int]:
        """Links by kind."""
        ...

    @property
    def lookups(self) -> int:
        """Look-ups that are due or will be."""
        ...

    @property
    def archives_wait_s(self) -> float | None:
        """Seconds until the next archive's grace ends; None where none waits."""
        ...


class SenderPort(Protocol):
    """Chooses what is due and marks it in flight before it is returned; takes back what became of it."""

    async def take(self, object_type: ObjectType, limit: int) -> list[Step]:
        """Choose up to `limit` due records, live lane first, oldest first, and mark them in flight."""
        ...

    async def settle(self, outcomes: Mapping[int, Outcome]) -> None:
        """Commit what became of records in flight, by record id."""
        ...

    async def take_links(self, kind: LinkKind, limit: int) -> list[LinkStep]:
        """Choose up to `limit` links to make or unmake and mark them in flight."""
        ...

    async def settle_links(self, outcomes: Mapping[int, LinkOutcome]) -> None:
        """Commit what became of links in flight, by link id."""
        ...

    async def take_lookups(self, object_type: ObjectType, limit: int, now: float) -> list[Lookup]:
        """Choose rechecks and re-resolves that are due at `now` (monotonic seconds)."""
        ...

    async def requeue(self) -> None:
        """Make ambiguous what a former owner of the lease left in flight."""
        ...

    async def due(self) -> Due:
        """Count what waits."""
        ...

    async def wait_for_work(self, timeout_s: float) -> None:
        """Return when a merge made something due, at the latest after `timeout_s`."""
        ...
