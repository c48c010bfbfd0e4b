"""The way out of the ledger: records written there in a transaction go to Kafka, in order, and are then forgotten."""

from __future__ import annotations

import asyncio
from typing import Final

from connector.agents.patience import patiently
from connector.agents.work import Sender
from connector.ledger import outbox
from connector.ledger.ledger import Ledger
from connector.record import Outgoing

BATCH: Final = 100
PAUSE_S: Final = 0.05
"""Between looks at an empty outbox, so that a busy ledger is not asked after each of its commits."""
LONGEST_S: Final = 1.0
"""Another process may write to the ledger too, and its commits wake nobody here."""


class OutboxPump:
    """Produces what the outbox holds. Killed between the delivery and the forgetting it repeats, never reorders."""

    def __init__(self, ledger: Ledger, sender: Sender) -> None:
        self._ledger = ledger
        self._sender = sender
        self._committed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        ledger.on_commit(self._wake)

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._committed.set)

    async def run(self) -> None:
        """Pump for ever; waits while Kafka is away."""
        while True:
            if not await self.pump():
                await asyncio.sleep(PAUSE_S)
                await self._next_commit()

    async def pump(self) -> int:
        """Produce one batch; how many records it had."""
        self._committed.clear()
        head = await self._ledger.read(lambda tx: outbox.head(tx, BATCH))
        if head:
            records = [Outgoing(topic, key, value) for _, topic, key, value in head]
            await patiently(lambda: self._sender.send(records))
            await self._ledger.write(lambda tx: outbox.done(tx, [number for number, *_ in head]))
        return len(head)

    async def _next_commit(self) -> None:
        try:
            await asyncio.wait_for(self._committed.wait(), LONGEST_S)
        except TimeoutError:
            return
