"""The search index: a copy of the records that lags behind them, as HubSpot's does by seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from connector.sandbox.clock import Clock
from connector.sandbox.record import Record


class SearchIndex:
    """Shows each record as it was when its write became visible. What was there at the start is visible at once."""

    def __init__(self, clock: Clock, records: Iterable[Record]) -> None:
        self._clock = clock
        self._visible = {record.record_id: record for record in records}
        self._coming: deque[tuple[float, Record]] = deque()

    def put(self, record: Record, lag_s: float) -> None:
        self._coming.append((self._clock.monotonic() + lag_s, record))

    def clear(self) -> None:
        self._visible.clear()
        self._coming.clear()

    def records(self, object_type: str) -> Iterator[Record]:
        """Walk the records of a type that search sees now."""
        now = self._clock.monotonic()
        while self._coming and self._coming[0][0] <= now:
            _, record = self._coming.popleft()
            self._visible[record.record_id] = record
        return (r for r in self._visible.values() if r.object_type == object_type and r.alive)
