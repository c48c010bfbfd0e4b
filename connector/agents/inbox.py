"""Arrivals waiting for their batch, bounded in number and in bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from connector.agents.work import Arrival

BATCH_RECORDS: Final = 500
BATCH_BYTES: Final = 8 * 1024 * 1024
LINGER_S: Final = 0.005
ROOM_RECORDS: Final = 1_000
ROOM_BYTES: Final = 32 * 1024 * 1024


class Inbox:
    """A queue with one reader. A full one makes `put` wait, and thereby the consumer fetch less."""

    def __init__(self) -> None:
        self._arrivals: deque[Arrival] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._roomy = asyncio.Event()

    def __len__(self) -> int:
        return len(self._arrivals)

    async def put(self, arrival: Arrival) -> None:
        while len(self._arrivals) >= ROOM_RECORDS or self._bytes >= ROOM_BYTES:
            self._roomy.clear()
            await self._roomy.wait()
        self._arrivals.append(arrival)
        self._bytes += arrival.record.size
        self._filled.set()

    async def batch(self) -> list[Arrival]:
        """Wait for an arrival, then up to `LINGER_S` for more; at most `BATCH_RECORDS`, and `BATCH_BYTES` if it can."""
        while not self._arrivals:
            self._filled.clear()
            await self._filled.wait()
        if len(self._arrivals) < BATCH_RECORDS:
            await asyncio.sleep(LINGER_S)
        batch: list[Arrival] = []
        size = 0
        while self._arrivals and len(batch) < BATCH_RECORDS and size < BATCH_BYTES:
            arrival = self._arrivals.popleft()
            size += arrival.record.size
            batch.append(arrival)
        self._bytes -= size
        self._roomy.set()
        return batch

    def clear(self) -> None:
        """Forget what waits: it will be read again."""
        self._arrivals.clear()
        self._bytes = 0
        self._roomy.set()
