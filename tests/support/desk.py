"""A ledger in a folder, driven as agents and sender drive it, with a plain dictionary in HubSpot's place."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from connector.ledger import numbering, outbox
from connector.ledger.apply import merge_messages
from connector.ledger.delivery import UNMEASURED, Measure
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
    Match,
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
    """Records by id, associations by pair: HubSpot that refuses an e-mail taken and links to what is not there."""

    records: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    links: set[tuple[str, str, str]] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    next_id: int = 1000

    def do(self, step: Step) -> Outcome:
        match step:
            case Upsert():
                return self._upsert(step)
            case Update():
                return self._update(step)
            case Archive():
                self.records.pop(step.hubspot_id, None)
                self.keys = {key: each for key, each in self.keys.items() if each != step.hubspot_id}
                self.links = {link for link in self.links if step.hubspot_id not in link}
                return Archived()
            case Lookup():
                hubspot_id = self._now(step.hubspot_id or "")
                if hubspot_id not in self.records:
                    hubspot_id = self.keys.get(step.key, "")
                if hubspot_id not in self.records:
                    return Missing()
                return Found(hubspot_id, dict(self.records[hubspot_id]))
            case Match():
                owner = self._with_email(step.value, None)
                return Missing() if owner is None else Found(owner, dict(self.records[owner]))

    def _upsert(self, step: Upsert) -> Outcome:
        created = step.key not in self.keys
        if owner := self._owner(step, self.keys.get(step.key)):
            return _conflict(owner)
        if created:
            self.keys[step.key] = self.add()
        hubspot_id = self.keys[step.key]
        self._set(hubspot_id, step.properties)
        return Written(hubspot_id, created)

    def _update(self, step: Update) -> Outcome:
        """A record that was merged into another is found there, as the sender does."""
        if step.hubspot_id not in self.records:
            now = self._now(step.hubspot_id)
            key = next((key for key, each in self.keys.items() if each == now), None)
            return Found(now, {"shopbridge_key": key}) if now in self.records else Missing()
        if owner := self._owner(step, step.hubspot_id):
            return _conflict(owner)
        if step.key is not None and self.keys.get(step.key, step.hubspot_id) != step.hubspot_id:
            return _conflict(self.keys[step.key], "shopbridge_key")
        self._set(step.hubspot_id, step.properties)
        if step.key is not None:
            self.keys = {key: each for key, each in self.keys.items() if each != step.hubspot_id}
            self.keys[step.key] = step.hubspot_id
        return Written(step.hubspot_id)

    def _owner(self, step: Upsert | Update, but: str | None) -> str | None:
        """The other record that has the e-mail which the step would write."""
        email = step.properties.get("email")
        if step.type is not ObjectType.CONTACT or not email:
            return None
        return self._with_email(str(email), but)

    def _with_email(self, email: str, but: str | None) -> str | None:
        wanted = email.strip().lower()
        for hubspot_id, held in self.records.items():
            further = held.get("hs_additional_emails", "").split(";")
            if hubspot_id != but and wanted in {each.strip().lower() for each in (held.get("email", ""), *further)}:
                return hubspot_id
        return None

    def has_email(self, email: str) -> bool:
        return self._with_email(email, None) is not None

    def _now(self, hubspot_id: str) -> str:
        while hubspot_id in self.merged:
            hubspot_id = self.merged[hubspot_id]
        return hubspot_id

    def merge(self, first: str, other: str) -> str:
        """HubSpot's users make two contacts one: the first one's values win, and it has a new id."""
        kept, given = self.records.pop(first), self.records.pop(other)
        further = [each for each in (given.get("email"), kept.get("hs_additional_emails")) if each]
        further += [given["hs_additional_emails"]] if given.get("hs_additional_emails") else []
        winner = self.add(**{**given, **kept, **({"hs_additional_emails": ";".join(further)} if further else {})})
        self.merged |= {first: winner, other: winner}
        keys = [key for key, each in self.keys.items() if each == first]
        self.keys = {key: each for key, each in self.keys.items() if each not in {first, other}}
        self.keys |= dict.fromkeys(keys, winner)
        self.links = {
            (kind, winner if a in {first, other} else a, winner if b in {first, other} else b)
            for kind, a, b in self.links
        }
        return winner

    def add(self, **properties: str) -> str:
        """A record that others made; its id."""
        self.next_id += 1
        self.records[str(self.next_id)] = properties
        return str(self.next_id)

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


def _conflict(owner: str, name: str = "email") -> Refused:
    return Refused(Refusal("CONFLICT", f"Existing ID: {owner}", name, existing_id=owner))


class Office:
    """A ledger with its desk; `errors` collects what would be published."""

    def __init__(
        self,
        folder: Path,
        *,
        grace_s: float = 0.0,
        recheck_s: float = 0.0,
        recreate: bool = False,
        measure: Measure = UNMEASURED,
    ) -> None:
        self.measure = measure
        self.errors: list[SyncError] = []
        self.ledger = Ledger.open(folder / "ledger.db")
        self.post = ErrorPost("portal", "errors", self._encode, lambda message: repr(message).encode())
        self.desk = SenderDesk(
            self.ledger, self.post, grace_s=grace_s, recheck_s=recheck_s, recreate=recreate, measure=measure
        )
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
