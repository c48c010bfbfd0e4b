"""A shop's contacts from row to HubSpot and back to rest, under either key of contacts: ledger, courier and sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connector.message import Link, LinkKind, ObjectType, SyncMessage
from connector.operations.provision import Wanted, provision
from connector.sender.contact_key import PROBE_KEY, ContactKey
from connector.sender.courier import Courier
from connector.sender.crm import Crm
from connector.sender.pace import Pace
from connector.sender.paths import Paths
from connector.sender.runner import Timing
from connector.sender.state import Alert
from tests.support.desk import Office
from tests.support.story import deleted, said
from tests.unit.sender.fakes import Ours, passing
from tests.unit.sender.in_process import Sandbox, sandbox

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
DEADLINE_S = 30.0
HASTY = Timing(linger=0.005, idle=0.01, tick=0.05, probe_every=0.02, lookups_every=0.05)
BOTH = pytest.mark.parametrize("accepted", [True, False], ids=["by our key", "by e-mail"])


@dataclass
class Shop:
    """A ledger whose courier runs against a sandbox."""

    office: Office
    hubspot: Sandbox
    alerts: list[Alert] = field(default_factory=list)

    async def say(self, *messages: SyncMessage) -> None:
        await self.office.say(*messages)

    async def until(self, what: str, done: Callable[[dict[str, dict[str, str | None]]], bool]) -> None:
        """Wait until what HubSpot holds of contacts, by e-mail address, is as it must be."""
        ends = asyncio.get_running_loop().time() + DEADLINE_S
        while not done(held := await self.held()):
            assert asyncio.get_running_loop().time() < ends, f"{what}: {held} {self.office.errors} {self.alerts}"
            await passing(0.01)

    async def at_rest(self) -> None:
        """Wait until the ledger has nothing more to send or to look up."""
        ends = asyncio.get_running_loop().time() + DEADLINE_S
        while (due := await self.office.desk.due()).lookups or due.records:
            assert asyncio.get_running_loop().time() < ends, f"not at rest: {due}"
            await passing(0.01)

    async def held(self) -> dict[str, dict[str, str | None]]:
        path = "/crm/objects/2026-09/contacts?limit=100&properties=email,firstname,phone,shopbridge_key"
        rows = (await self.hubspot.request("GET", path)).body["results"]
        return {row["properties"]["email"] or "": row["properties"] for row in rows}


@asynccontextmanager
async def open_shop(folder: Path, *, accepted: bool) -> AsyncIterator[Shop]:
    office = await Office(folder).start()
    async with sandbox(folder, contacts_custom_key=accepted) as hubspot:
        paths = Paths("2026-09")
        await provision(hubspot, Wanted(paths, "shopbridge_key", dict.fromkeys(ObjectType, ()), pipeline=False))
        shop = Shop(office, hubspot)
        crm = Crm(paths, contact_key=ContactKey())
        pace = Pace.of(10_000, 10_000)
        courier = Courier(office.desk, hubspot, Ours(), crm, pace, timing=HASTY, alert=shop.alerts.append)
        running = asyncio.create_task(courier.run())
        try:
            yield shop
        finally:
            courier.stop()
            await asyncio.wait_for(running, DEADLINE_S)
            await office.close()


def customer(name: str, offset: int, email: str | None, **more: str) -> SyncMessage:
    return said(CONTACT, name, offset, {"firstname": name, "email": email, **more})


@BOTH
async def test_contacts_come_change_and_go(tmp_path: Path, accepted: bool) -> None:  # noqa: FBT001
    """Written with our key, changed under another address, archived; of the trial nothing is left."""
    async with open_shop(tmp_path, accepted=accepted) as shop:
        await shop.say(*(customer(f"c{n}", n, f"C{n}@Example.com") for n in range(60)))
        await shop.until("sixty", lambda held: len(held) == 60 and PROBE_KEY not in str(held))
        assert {f"c{n}@example.com": f"shop:CONTACT:c{n}" for n in range(60)} == {
            email: properties["shopbridge_key"] for email, properties in (await shop.held()).items()
        }
        await shop.say(customer("c1", 101, "new@example.com"), customer("c2", 102, None), deleted(CONTACT, "c3", 103))
        gone = {"c1@example.com", "c2@example.com", "c3@example.com"}
        await shop.until("the changes", lambda held: len(held) == 59 and not gone & held.keys())
        assert ["c1", "c2"] == [(await shop.held())[email]["firstname"] for email in ("new@example.com", "")]
        assert ([], []) == (shop.office.errors, shop.alerts)


@BOTH
async def test_a_contact_without_an_address(tmp_path: Path, accepted: bool) -> None:  # noqa: FBT001
    """Written by our key; where only addresses find contacts, an error with that cause until an address comes."""
    async with open_shop(tmp_path, accepted=accepted) as shop:
        order = said(DEAL, "d1", 1, {"dealname": "D"}, links=(Link(LinkKind.DEAL_CONTACT, "guest"),))
        await shop.say(customer("guest", 1, None), customer("good", 2, "good@example.com"), order)
        if accepted:
            await shop.until("both", lambda held: {"", "good@example.com"} == held.keys())
            assert [] == shop.office.errors
            return
        await shop.until("the good one", lambda held: "good@example.com" in held and bool(shop.office.errors))
        assert ["CONTACT_WITHOUT_EMAIL"] == [error.type for error in shop.office.errors]
        assert "email" == shop.office.errors[0].property_name
        await shop.say(customer("guest", 3, "guest@example.com"))
        await shop.until("the guest", lambda held: "guest@example.com" in held)
        assert [] == shop.alerts


@BOTH
async def test_a_contact_removed_by_hubspots_users_is_asked_for(tmp_path: Path, accepted: bool) -> None:  # noqa: FBT001
    """An update that finds nothing looks the contact up, finds it gone, and leaves it so; the others go on."""
    async with open_shop(tmp_path, accepted=accepted) as shop:
        await shop.say(customer("a", 1, "a@example.com"), customer("b", 2, "b@example.com"))
        await shop.until("both", lambda held: len(held) == 2)
        rows = (await shop.hubspot.request("GET", "/crm/objects/2026-09/contacts?properties=email")).body["results"]
        removed = next(row["id"] for row in rows if row["properties"]["email"] == "a@example.com")
        await shop.hubspot.request("DELETE", f"/crm/objects/2026-09/contacts/{removed}")
        await shop.say(customer("a", 3, "a@example.com", phone="1"), customer("b", 4, "b@example.com", phone="1"))
        await shop.until("b", lambda held: held.get("b@example.com", {}).get("phone") == "1")
        await shop.at_rest()
        assert {"b@example.com"} == (await shop.held()).keys()
        assert ([], []) == (shop.office.errors, shop.alerts)
