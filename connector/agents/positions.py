"""Where each partition is read from: the ledger's positions, checked against the broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from connector.agents.epochs import Epochs
from connector.agents.gaps import Stored, require_there, stand
from connector.agents.loop import Loop
from connector.agents.patience import patiently
from connector.agents.tries import Tries
from connector.agents.work import Advance, Counts, Effect, Keeper, Place
from connector.kafka import Admin, Broker, TopicInfo, read_range
from connector.ledger import progress
from connector.ledger.ledger import Ledger
from connector.record import Partition


class LedgerKeeper:
    """The Keeper over the ledger's table of progress."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def positions(self, agent: str) -> Stored:
        return await self._ledger.read(lambda tx: progress.positions(tx, agent))

    async def begin(self, starts: Sequence[Advance]) -> None:
        def unit(tx: Connection) -> None:
            for start in starts:
                progress.begin(tx, start.agent, *start.partition_parts, start.start)

        await self._ledger.write(unit)

    async def commit(self, advance: Advance, effect: Effect, extra: Counts) -> None:
        def unit(tx: Connection) -> None:
            counts = Counter(effect.write(tx))
            counts.update(extra)
            progress.advance(tx, advance.agent, *advance.partition_parts, advance.start, advance.next, counts)

        await self._ledger.write(unit)


class Positions:
    """Says where the consumer seeks to, and tells each loop where it stands."""

    def __init__(
        self,
        broker: Broker,
        keeper: Keeper,
        loops: Iterable[Loop] = (),
        *,
        epochs: Epochs,
        tries: Tries | None = None,
    ) -> None:
        self._broker = broker
        self._admin = Admin(broker)
        self._keeper = keeper
        self._epochs = epochs
        self._tries = tries
        self.loops = tuple(loops)

    async def take_up(self, held: Collection[Partition]) -> dict[Partition, int]:
        """The next offset of each partition: the lowest over the agents that read it.

        Raises GapError when records are missing. A partition that an agent never read begins at the log's start.
        """
        # Positions first: a log that grows meanwhile must not seem to be shorter than what was read of it.
        positions = {loop.work.name: await self._keeper.positions(loop.work.name) for loop in self.loops}
        topics = await self._topics(held)
        lowest: dict[Partition, int] = {}
        for loop in self.loops:
            stored = positions[loop.work.name]
            places = self._places(loop, held, stored, topics)
            await self._begin(loop.work.name, places, stored)
            self._note_start(loop.work.name, places, topics)
            loop.places.clear()
            loop.places.update(places)
            for partition, place in places.items():
                lowest[partition] = min(place.next, lowest.get(partition, place.next))
        return lowest

    def _note_start(self, agent: str, places: Mapping[Partition, Place], topics: Mapping[str, TopicInfo]) -> None:
        if self._tries is None:
            return
        for partition, place in places.items():
            unread = place.next < topics[partition.topic].end_offsets[partition.number]
            self._tries.begin(agent, partition, place.next, unread=unread)

    async def _topics(self, held: Iterable[Partition]) -> dict[str, TopicInfo]:
        names = {partition.topic for partition in held}
        return await patiently(lambda: asyncio.to_thread(self._admin.topic_ids, names))

    def _places(
        self, loop: Loop, held: Iterable[Partition], stored: Stored, topics: Mapping[str, TopicInfo]
    ) -> dict[Partition, Place]:
        places = {}
        for partition in held:
            if partition.topic in loop.work.topics:
                place = self._stand(loop.work.name, partition, stored, topics)
                places[partition] = place or self._fresh(partition, topics)
        return places

    def _stand(self, agent: str, partition: Partition, stored: Stored, topics: Mapping[str, TopicInfo]) -> Place | None:
        epoch = self._epochs[partition.topic][-1]
        return stand(agent, partition, stored, topics.get(partition.topic), epoch)

    def _fresh(self, partition: Partition, topics: Mapping[str, TopicInfo]) -> Place:
        start = topics[partition.topic].start_offsets[partition.number]
        return Place(self._epochs[partition.topic][-1].id, start)

    async def _begin(self, agent: str, places: Mapping[Partition, Place], stored: Stored) -> None:
        starts = [
            Advance(agent, partition, place.topic_id, place.next, place.next)
            for partition, place in places.items()
            if (partition.topic, place.topic_id, partition.number) not in stored
        ]
        if starts:
            await self._keeper.begin(starts)

    async def check(self) -> dict[Partition, int]:
        """Look again whether every topic is there and holds what comes next; end offsets by partition held.

        Also topics of which nothing is held: of one that is deleted the group takes the partitions away without a word.
        Raises GapError.
        """
        stands = [
            (loop.work.name, partition, {(partition.topic, place.topic_id, partition.number): place.next})
            for loop in self.loops
            for partition, place in loop.places.items()
        ]
        topics = await self._topics(Partition(name, 0) for name in self._epochs)
        for agent, partition, stored in stands:
            self._stand(agent, partition, stored, topics)
        for loop in self.loops:
            for name in loop.work.topics:
                require_there(loop.work.name, topics.get(name), self._epochs[name][-1])
        return {partition: topics[partition.topic].end_offsets[partition.number] for _, partition, _ in stands}

    async def is_empty(self, advance: Advance) -> bool:
        """Whether the log holds nothing from `advance.start` to before `advance.next`.

        Raises GapError if the log no longer reaches back to the start: then its emptiness means nothing.
        """
        await self._require_range(advance)
        is_empty = await asyncio.to_thread(self._holds_nothing, advance)
        await self._require_range(advance)
        return is_empty

    async def _require_range(self, advance: Advance) -> None:
        partition = advance.partition
        topics = await asyncio.to_thread(self._admin.topic_ids, [partition.topic])
        self._stand(advance.agent, partition, {advance.partition_parts: advance.start}, topics)

    def _holds_nothing(self, advance: Advance) -> bool:
        records = read_range(self._broker, *advance.partition, advance.start, advance.next)
        return next(records, None) is None
