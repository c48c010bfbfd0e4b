"""Whether the pipeline has passed a moment: what was committed before it is captured, mapped, applied and sent."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, or_, select, tuple_

from connector.capture import signals
from connector.capture.decode import ChangeDecoder, schema_ids
from connector.capture.plan import plan_capture, reads_binlog
from connector.capture.session import session_of
from connector.kafka import read_range
from connector.ledger import progress
from connector.ledger.bulk import select_in
from connector.ledger.tables import links, objects, records
from connector.mapping import Shop
from connector.message import ObjectRef, ObjectType
from connector.operations.broker import admin_of
from connector.operations.contracts import registry_of
from connector.operations.ledger_file import reading
from connector.registry import Registry
from connector.settings import Settings

QUIET_S: Final = 15.0
"""Another's connector tells nothing while the shop is at rest: what was committed so long ago counts as captured."""

HEARTBEATS: Final = 5
"""So many of the newest heartbeats are read: one of them may be a deletion."""

Ends = Mapping[tuple[str, int], int]
"""(topic, partition) → end offset."""


def database_now(shop: Shop) -> datetime:
    """The time by the clock of the shop's database, to which its connector's heartbeats are compared."""
    with session_of(shop.database.kind, shop.database.url) as session:
        seconds = session.execute(_NOW[reads_binlog(shop.database.kind)])[0][0]
    return datetime.fromtimestamp(float(seconds), UTC)


_NOW: Final = {
    False: "SELECT extract(epoch FROM clock_timestamp())",
    True: "SELECT unix_timestamp(sysdate(6))",
}


class Pipeline:
    """Follows one moment through the stages, seen from the ledger; one look after another, in no hurry.

    `moments`: the moment by each shop's own clock, by store. Made when the moment is there.
    """

    def __init__(self, settings: Settings, shops: Sequence[Shop]) -> None:
        self._settings = settings
        self._shops = shops
        self._began = time.monotonic()
        self._moments = {shop.store.id: database_now(shop) for shop in shops}
        self._changes: Ends | None = None
        self._messages: Ends | None = None

    async def look(self, refs: Collection[ObjectRef]) -> str | None:
        """What is waited for still; None once the moment is passed, and nothing of these objects is to be sent.

        Raises ConfigurationError without a ledger here, RetriableError when Kafka or the registry do not answer.
        """
        if self._changes is None:
            if (behind := await self._not_captured()) is not None:
                return behind
            self._changes = self._ends(shop.topic(table) for shop in self._shops for table in shop.tables())
        with reading(self._settings.ledger) as tx:
            if not _read_up_to(tx, "map:", self._changes):
                return "changes are to be mapped"
            if self._messages is None:
                self._messages = self._ends(self._settings.sync_topic(kind) for kind in ObjectType)
            if not _read_up_to(tx, "apply:", self._messages):
                return "messages are to be applied"
            waiting = _unsent(tx, refs)
        return f"{waiting:,} of the records that differ are to be sent" if waiting else None

    async def _not_captured(self) -> str | None:
        async with registry_of(self._settings) as registry:
            for shop in self._shops:
                if shop.capture.external is not None:
                    if time.monotonic() - self._began < QUIET_S:
                        return f"what was written to {shop.store.id} is to be captured"
                    continue
                until = await _captured_until(self._settings, registry, shop)
                if until is None or until <= self._moments[shop.store.id]:
                    return f"{shop.store.id} is captured until {'-' if until is None else f'{until:%H:%M:%S}Z'}"
        return None

    def _ends(self, names: Iterable[str]) -> Ends:
        found = admin_of(self._settings).topic_ids(set(names))
        return {(name, number): end for name, topic in found.items() for number, end in topic.end_offsets.items()}


async def _captured_until(settings: Settings, registry: Registry, shop: Shop) -> datetime | None:
    """The commit time of the newest heartbeat row that has arrived."""
    name = plan_capture(shop).heartbeat_topic
    topic = admin_of(settings).topic_ids([name]).get(name)
    if topic is None or topic.end_offsets[0] == topic.start_offsets[0]:
        return None
    end = topic.end_offsets[0]
    decoder, newest = ChangeDecoder(registry, lambda _: ""), None
    for record in read_range(settings.kafka, name, 0, max(topic.start_offsets[0], end - HEARTBEATS), end):
        await registry.load(schema_ids(record))
        newest = signals.heartbeat(record, decoder) or newest
    return None if newest is None else newest.astimezone(UTC)


def _read_up_to(tx: Connection, agents: str, ends: Ends) -> bool:
    """Whether every partition that holds records has been read up to there, by all agents that read it."""
    reached: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for row in progress.current(tx):
        if row.agent.startswith(agents):
            reached[row.topic, row.partition].append(row.next)
    return all(min(reached.get(partition, [0])) >= end for partition, end in ends.items())


def _unsent(tx: Connection, refs: Collection[ObjectRef]) -> int:
    """How many of the objects' records have a call due or out, for themselves or their links."""
    columns = tuple_(objects.c.store, objects.c.type, objects.c.external_id)
    named = sorted((ref.store, str(ref.type), ref.external_id) for ref in refs)
    numbers = sorted({row.record for row in select_in(tx, select(objects.c.record), columns, named)})
    own = or_(records.c.due, records.c.in_flight.is_not(None), records.c.recheck.is_not(None))
    busy = {row.number for row in select_in(tx, select(records.c.number).where(own), records.c.number, numbers)}
    linking = or_(links.c.due.is_not(None), links.c.in_flight.is_not(None))
    busy |= {row.child for row in select_in(tx, select(links.c.child).where(linking), links.c.child, numbers)}
    return len(busy)
