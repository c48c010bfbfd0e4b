"""A ledger in a folder, driven as agents and sender drive it, with a plain dictionary in HubSpot's place."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from connector.ledger import numbering, outbox
from connector.ledger.apply import merge_messages
from connector.ledger.desk import SenderDesk
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import Ledger
from connector.message import LinkKind, ObjectType, SyncMessage
from connector.outcome import (
    Archive,
    Archived,
    Found,
    LinkOutcome,
    LinkStep,
    Lookup,
    Missing,
    Outcome,
    Refusal,
    Refused,
    Step,
    Update,
    Upsert,
    Written,
)
from connector.sync_error import SyncError

TYPES = (ObjectType.CONTACT, ObjectType.PRODUCT, ObjectType.DEAL, ObjectType.LINE_ITEM)


@dataclass
class Portal:
    """Records by id, associations by pair: HubSpot that refuses nothing but links to what is not there."""

    records: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    links: set[tuple[str, str, str]] = field(default_factory=set)
    next_id: int = 1000

    def do(self, step: Step) -> Outcome:
        match step:
            case Upsert():
                created = step.key not in self.keys
                if created:
                    self.next_id += 1
                    self.keys[step.key] = str(self.next_id)
                    self.records[str(self.next_id)] = {}
                hubspot_id = self.keys[step.key]
                self._set(hubspot_id, step.properties)
                return Written(hubspot_id, created)
            case Update():
                if step.hubspot_id not in self.records:
                    return Missing()
                self._set(step.hubspot_id, step.properties)
                return Written(step.hubspot_id)
            case Archive():
                self.records.pop(step.hubspot_id, None)
                self.keys = {key: each for key, each in self.keys.items() if each != step.hubspot_id}
                self.links = {link for link in self.links if step.hubspot_id not in link}
                return Archived()
            case Lookup():
                hubspot_id = step.hubspot_id or self.keys.get(step.key, "")
                if hubspot_id not in self.records:
                    return Missing()
                return Found(hubspot_id, dict(self.records[hubspot_id]))

    def link(self, step: LinkStep) -> LinkOutcome:
        pair = (str(step.kind), step.child_id, step.parent_id)
        if step.make and not {step.child_id, step.parent_id} <= self.records.keys():
            return Refused(Refusal("INVALID_ASSOCIATION_PROPERTY", "no such record"))
        if step.make:
            self.links.add(pair)
        else:
            self.links.discard(pair)
        return Written("")

    def _set(self, hubspot_id: str, properties: object) -> None:
        assert isinstance(properties, dict)
        for name, value in properties.items():
            if value is None:
                self.records[hubspot_id].pop(name, None)
            else:
                self.records[hubspot_id][name] = str(value)


class Office:
    """A ledger with its desk; `errors` collects what would be published."""

    def __init__(self, folder: Path, *, grace_s: float = 0.0, recheck_s: float = 0.0, recreate: bool = False) -> None:
        self.errors: list[SyncError] = []
        self.ledger = Ledger.open(folder / "ledger.db")
        self.post = ErrorPost("portal", "errors", self._encode)
        self.desk = SenderDesk(self.ledger, self.post, grace_s=grace_s, recheck_s=recheck_s, recreate=recreate)
        self.portal = Portal()
        self.log: list[Step | LinkStep] = []

    def _encode(self, error: SyncError) -> bytes:
        self.errors.append(error)
        return b"error"

    async def start(self) -> Office:
        await self.ledger.write(lambda tx: numbering.meet_mapping(tx, "m1"))
        for table in ("customers", "orders", "products", "order_items", "newsletter"):
            await self.ledger.write(partial(numbering.meet_topic, topic=f"shop.public.{table}", topic_id="t1"))
        return self

    async def say(self, *messages: SyncMessage) -> Counter[str]:
        return await self.ledger.write(lambda tx: merge_messages(tx, self.post, messages))

    async def take(self) -> list[Step]:
        return [step for kind in TYPES for step in await self.desk.take(kind, 100)]

    async def send(self, rounds: int = 6) -> None:
        """Do what is due until nothing is."""
        for _ in range(rounds):
            steps = await self.take()
            steps += [step for kind in TYPES for step in await self.desk.take_lookups(kind, 100, 1e12)]
            await self.desk.settle({step.record: self._do(step) for step in steps})
            links = await self.send_links()
            if not steps and not links:
                return

    async def send_links(self) -> list[LinkStep]:
        """Do what is due for links, once."""
        links = [step for kind in LinkKind for step in await self.desk.take_links(kind, 100)]
        await self.desk.settle_links({step.link: self._link(step) for step in links})
        return links

    def _do(self, step: Step) -> Outcome:
        self.log.append(step)
        return self.portal.do(step)

    def _link(self, step: LinkStep) -> LinkOutcome:
        self.log.append(step)
        return self.portal.link(step)

    def held(self, key: str) -> dict[str, str]:
        """The properties HubSpot holds under a key."""
        return self.portal.records[self.portal.keys[key]]

    async def outbox(self) -> int:
        return await self.ledger.read(outbox.waiting)

    async def close(self) -> None:
        await asyncio.wait_for(self.ledger.close(), 10)
