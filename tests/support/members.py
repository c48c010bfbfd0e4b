"""Workers of one group inside the test's own process, with work that keeps what it reads."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from connector.agents.epochs import Epochs, meet
from connector.agents.loop import Loop
from connector.agents.positions import LedgerKeeper, Positions
from connector.agents.runner import run_app
from connector.agents.shell import Shell, create_app
from connector.agents.work import Arrival, Counts, Effect
from connector.kafka import Admin, NewTopic, Producer
from connector.ledger import outbox
from connector.ledger.ledger import Ledger
from connector.record import Outgoing, Record
from connector.settings import Settings

DEADLINE_S = 60.0


async def until(what: str, happened: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Return once `happened`; AssertionError with `what` after the deadline."""
    end = time.monotonic() + deadline_s
    while not happened():
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        await asyncio.sleep(0.02)


class Keep:
    """Puts every record into the ledger's outbox, once `gate` is open."""

    tolerates_holes = True

    def __init__(self, name: str, topic: str) -> None:
        self.name = name
        self.topics = (topic,)
        self.gate = asyncio.Event()

    async def prepare(self, records: Sequence[Record]) -> None:
        assert records
        await self.gate.wait()

    def step(self, records: Sequence[Record]) -> Effect:
        def write(tx: Connection) -> Counts:
            for record in records:
                outbox.put(tx, self.name, f"{record.partition}/{record.offset}".encode(), record.value or b"")
            return {"kept": len(records)}

        return Effect(write)

    def poison(self, record: Record) -> Effect:
        return self.step([record])


class EagerLoop(Loop):
    """A loop with a mistake planted: it acknowledges what it has not worked on."""

    async def put(self, arrival: Arrival) -> None:
        arrival.ack()
        await super().put(arrival)


class Group:
    """A topic, a ledger, and the workers that share them."""

    def __init__(self, folder: Path, name: str, bootstrap: str) -> None:
        self.topic = name
        self.settings = Settings.model_validate(
            {"kafka_bootstrap": bootstrap, "group": name, "ledger": folder / "ledger.db"}
        )
        self.admin = Admin(bootstrap)
        self.admin.create_topics([NewTopic(name, 4, 1)])
        self.ledger = Ledger.open(self.settings.ledger)
        self.producer = Producer(bootstrap)
        self.members: list[Member] = []

    async def write(self, count: int, prefix: str = "k") -> None:
        await self.producer.send([Outgoing(self.topic, f"{prefix}{n}".encode(), b"v") for n in range(count)])

    async def join(self, *agents: str, loop: type[Loop] = Loop) -> Member:
        """Start one more worker, whose works wait at their gates."""
        topics = await asyncio.to_thread(self.admin.topic_ids, [self.topic])
        epochs = await meet(self.ledger, topics.values(), {}, ordered=False)
        member = Member(self, f"member-{len(self.members)}", agents, loop, epochs)
        self.members.append(member)
        return member

    async def kept(self) -> Counter[tuple[str, bytes]]:
        """(agent, partition/offset) → how often its effect was written."""
        head = await self.ledger.read(lambda tx: outbox.head(tx, 1_000_000))
        return Counter((agent, key) for _, agent, key, _ in head)

    async def until_kept(self, count: int) -> None:
        """Wait until so many effects are written."""
        end = time.monotonic() + DEADLINE_S
        while (kept := (await self.kept()).total()) < count:
            assert time.monotonic() < end, f"{kept} of {count} effects within {DEADLINE_S} s"
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        for member in self.members:
            await member.leave()
        await self.producer.aclose()
        await self.ledger.close()


class Member:
    """One worker of the group, running."""

    def __init__(self, group: Group, name: str, agents: Sequence[str], loop: type[Loop], epochs: Epochs) -> None:
        self.works = [Keep(agent, group.topic) for agent in agents]
        shell, keeper = Shell(), LedgerKeeper(group.ledger)
        self.loops = [loop(work, keeper, shell, group.producer) for work in self.works]
        positions = Positions(group.settings.kafka_bootstrap, keeper, self.loops, epochs=epochs)
        self.app = create_app(group.settings, "keep", shell, positions, member=name)
        self.running = asyncio.create_task(run_app(self.app))

    def open(self) -> Member:
        """Let the works begin."""
        for work in self.works:
            work.gate.set()
        return self

    @property
    def held(self) -> int:
        """How many partitions it works on."""
        return len(self.loops[0].places)

    async def leave(self) -> None:
        """Stop as SIGTERM would."""
        self.running.cancel()
        await asyncio.wait([self.running])
