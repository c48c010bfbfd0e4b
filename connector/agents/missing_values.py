"""Long texts that were lost between the change log and the first load: noticed in the ledger, and read once more.

PostgreSQL leaves a long value out of an update that does not touch it, and Debezium drops the reading of a row that
changes while the snapshot reads it: such a value would come by nothing but the row's next full change.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from connector.agents.capture_watch import CaptureClock
from connector.capture.plan import plan_capture
from connector.capture.reread import reread
from connector.errors import ConfigurationError, RetriableError
from connector.ledger.ledger import Ledger
from connector.ledger.missing_values import rows_without_values
from connector.mapping import Shop
from connector.version import SourceRow

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 2.0
AT_ONCE: Final = 200
"""Rows of a table that one snapshot reads."""

TRIES: Final = 5
"""A row whose reading brings nothing either, since it cannot be mapped, is not asked for without end."""

Ask = Callable[[Shop, str, Sequence[str]], None]
"""Asks for the rows of a table by their keys; raises RetriableError or ConfigurationError."""


def ask_database(shop: Shop, table: str, row_keys: Sequence[str]) -> None:
    """Ask for a snapshot by the shop file's own address."""
    reread(plan_capture(shop), shop.database.url, table, row_keys)


class MissingValues:
    """Looks after the start, and after each snapshot, once all that it read is in the ledger.

    `clocks` tells of the connectors by prefix; `arrived` up to which commit time everything of one is in the ledger.
    """

    def __init__(
        self,
        ledger: Ledger,
        shops: Sequence[Shop],
        clocks: Mapping[str, CaptureClock],
        arrived: Callable[[str], datetime | None],
        ask: Ask = ask_database,
    ) -> None:
        self._ledger = ledger
        self._shops = shops
        self._clocks = clocks
        self._arrived = arrived
        self._ask = ask
        self._looked_after: dict[str, str] = {}
        self._tries: Counter[SourceRow] = Counter()

    async def run(self) -> None:
        """Look for ever; a database that is away is asked again."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for shop in self._shops:
                try:
                    await self.look(shop)
                except (RetriableError, ConfigurationError) as error:
                    log.warning("rows cannot be read once more", store=shop.store.id, reason=str(error))

    async def look(self, shop: Shop) -> None:
        """Ask for the rows of one shop that lack a value, if it is time to.

        Raises RetriableError or ConfigurationError where the database cannot be asked.
        """
        prefix = shop.capture.prefix
        arrived, snapshot = self._arrived(prefix), self._clocks[prefix].snapshot
        if arrived is None or snapshot.running or self._looked_after.get(prefix) == snapshot.signal:
            return
        if snapshot.at is not None and arrived <= snapshot.at:
            return
        topics = {shop.topic(table): table for table in shop.tables()}
        lacking = await self._ledger.read(partial(rows_without_values, topics=topics, before=arrived))
        for topic, table in topics.items():
            await self._ask_for(shop, table, [row for row in lacking if row.topic == topic])
        self._looked_after[prefix] = snapshot.signal

    async def _ask_for(self, shop: Shop, table: str, lacking: Sequence[SourceRow]) -> None:
        rows = [row for row in lacking if self._tries[row] < TRIES][:AT_ONCE]
        if len(lacking) > len(rows):
            log.warning("rows lack values", store=shop.store.id, table=table, rows=len(lacking), asked_for=len(rows))
        if rows:
            log.info("reading rows once more", store=shop.store.id, table=table, rows=len(rows))
            await asyncio.to_thread(self._ask, shop, table, [row.row_key for row in rows])
            self._tries.update(rows)
