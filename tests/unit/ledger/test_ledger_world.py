"""A small shop, told in any order to a HubSpot that answers badly, by operators too: in the end both are equal."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.message import LinkKind, ObjectType, Origin, SyncMessage
from tests.support.bad_line import BadLine
from tests.support.desk import TYPES, Office, Portal
from tests.support.story import contact, deal, deleted, line, product

CONTACT, DEAL, PRODUCT, LINE = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.PRODUCT, ObjectType.LINE_ITEM


@dataclass
class World:
    """The rows of the shop as they are, and the next offset of each table."""

    customers: dict[str, int] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)
    orders: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    lines: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    offset: int = 0
    told: list[SyncMessage] = field(default_factory=list)

    def change(self, what: str, which: int, value: int) -> SyncMessage:
        """Change one row; the message that tells of it."""
        self.told.append(self._change(what, which, value))
        return self.told[-1]

    def again(self, which: int, origin: Origin) -> SyncMessage:
        """Any of the messages once more, by an operator."""
        return replace(self.told[which % len(self.told)], origin=origin)

    def _change(self, what: str, which: int, value: int) -> SyncMessage:
        self.offset += 1
        at, name = self.offset, str(which)
        parent = None if value == 0 else str(value % 2)
        match what:
            case "customer":
                self.customers[name] = value
                return contact(name, at, visits=value)
            case "product":
                self.products[name] = value
                return product(name, at, price=value)
            case "order":
                self.orders[name] = (parent, value)
                return deal(name, at, parent, amount=value)
            case "line":
                self.lines[f"{name}-1"] = (parent, value)
                return line(f"{name}-1", at, name, parent, quantity=value)
        return self._remove(what, name, at)

    def _remove(self, what: str, name: str, at: int) -> SyncMessage:
        if what == "no customer":
            self.customers.pop(name, None)
            return deleted(CONTACT, name, at)
        if what == "no product":
            self.products.pop(name, None)
            return deleted(PRODUCT, name, at)
        if what == "no order":
            self.orders.pop(name, None)
            return deleted(DEAL, name, at)
        self.lines.pop(f"{name}-1", None)
        return deleted(LINE, f"{name}-1", at)

    def expected(self) -> dict[str, dict[str, str]]:
        """What HubSpot should hold, by key; parents of links as keys."""
        held: dict[str, dict[str, str]] = {}
        for name, value in self.customers.items():
            held[f"shop:CONTACT:{name}"] = {"email": f"{name}@x.example", "visits": str(value)}
        for name, value in self.products.items():
            held[f"shop:PRODUCT:{name}"] = {"name": name, "price": str(value)}
        for name, (customer, value) in self.orders.items():
            links = {"contact": customer} if customer in self.customers else {}
            held[f"shop:DEAL:{name}"] = {"dealname": name, "amount": str(value), **links}
        for name, (goods, value) in self.lines.items():
            if (order := name.split("-")[0]) in self.orders:
                links = {"product": goods} if goods in self.products else {}
                row = {"name": name, "quantity": str(value), "deal": order, **links}
                held[f"shop:LINE_ITEM:{name}"] = row
        return held


def held(office: Office) -> dict[str, dict[str, str]]:
    """What the portal holds, in the words of `World.expected`."""
    names = {hubspot_id: key for key, hubspot_id in office.portal.keys.items()}
    found: dict[str, dict[str, str]] = {}
    for hubspot_id, properties in office.portal.records.items():
        row = dict(properties)
        if (goods := row.pop("hs_product_id", None)) is not None:
            row["product"] = names[goods].rsplit(":", 1)[1]
        found[names[hubspot_id]] = row
    for kind, child, parent in office.portal.links:
        word = "contact" if kind == LinkKind.DEAL_CONTACT else "deal"
        assert word not in found[names[child]], "a child has two parents of one kind"
        found[names[child]][word] = names[parent].rsplit(":", 1)[1]
    return found


WHAT = ["customer", "product", "order", "line", "no customer", "no product", "no order", "no line"]
FOCUS = [WHAT, ["order"], ["order", "no order"], ["order", "customer", "no customer"], ["line", "order", "no order"]]
"""What may change in one story: in those of few parts these meet more often."""

DEED = st.sampled_from(["send", "send", "crash", "read back"])
OPERATORS = st.tuples(st.sampled_from(["replay", "repair", "vandal"]), st.integers(0, 40), st.just(0))
MOOD = st.sampled_from(["good", "good", "late", "lost answer", "not sent"])
ACTS = st.sampled_from(FOCUS).flatmap(
    lambda whats: st.lists(
        st.one_of(st.tuples(st.sampled_from(whats), st.integers(0, 1), st.integers(0, 3)), DEED, OPERATORS), max_size=30
    )
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS, st.lists(MOOD, max_size=40))
def test_whatever_happens_both_are_equal_in_the_end(acts: list[Any], moods: list[str]) -> None:
    """Any changes, any losses, any restarts: after quiet HubSpot holds exactly the shop's rows and links."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        asyncio.run(_play(folder, acts, moods))
    finally:
        shutil.rmtree(folder)


def _said(act: tuple[str, int, int], world: World, portal: Portal) -> SyncMessage:
    """A change of the shop; or what an operator says again, `vandal`: after HubSpot's users spoilt that very object."""
    what, which, _ = act
    if what == "replay":
        return world.again(which, Origin.REPLAY)
    if what in {"repair", "vandal"}:
        message = world.again(which, Origin.REPAIR)
        if what == "vandal":
            _spoil(portal, str(message.ref))
        return message
    return world.change(*act)


def _spoil(portal: Portal, key: str) -> None:
    """Its properties are others, and its links to parents are gone."""
    hubspot_id = portal.keys.get(key)
    if hubspot_id is not None:
        held = portal.records[hubspot_id]
        held.update({name: "spoilt" for name in held if name != "hs_product_id"})
        portal.links = {link for link in portal.links if link[1] != hubspot_id}


async def _play(folder: Path, acts: list[Any], moods: list[str]) -> None:
    office, world = await Office(folder).start(), World()
    sending = BadLine(office, [])
    for what in ("customer", "product", "order", "line"):
        await office.say(*(world.change(what, which, 1) for which in (0, 1)))
    await office.send()
    sending.moods = moods
    for act in acts:
        if act == "send":
            await sending.round()
        elif act == "crash":
            await sending.crash()
        elif act == "read back":
            await sending.read_back()
        else:
            await office.say(_said(act, world, office.portal))
    for _ in range(4):
        await sending.round()
    sending.land()
    await office.send(rounds=20)
    expected, got = world.expected(), held(office)
    due = await office.desk.due()
    await office.close()
    assert expected == got
    assert {} == due.records
    assert {} == due.links
    assert [kind for kind in TYPES if kind in due.records] == []
