"""Whatever happens to contacts, an address leads to one of them at most, and to the one that shows it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox.app import create_app
from connector.sandbox.settings import SandboxSettings

CONTACTS = "/crm/objects/2026-09/contacts"
ADDRESSES = [f"{name}@example.com" for name in "abcd"]

address = st.sampled_from([*ADDRESSES, ""])
addresses = st.lists(st.sampled_from(ADDRESSES), max_size=3).map(";".join)
place = st.integers(0, 7)
acts = st.one_of(
    st.tuples(st.just("create"), address, addresses),
    st.tuples(st.just("email"), place, address),
    st.tuples(st.just("additional"), place, addresses),
    st.tuples(st.just("upsert"), st.sampled_from(ADDRESSES), address),
    st.tuples(st.just("swap"), place, place),
    st.tuples(st.just("merge"), place, place),
    st.tuples(st.just("archive"), place, place),
    st.tuples(st.just("erase"), place, place),
)


class Portal:
    """Contacts under acts that may be refused; `ids` are those that were ever given."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.ids: list[str] = []

    async def do(self, act: tuple[Any, ...]) -> None:
        name, first, second = act
        answer = await getattr(self, f"_{name}")(first, second)
        assert answer.status_code < 500, answer.text
        if answer.is_success and answer.content:
            body = answer.json()
            self.ids += [row["id"] for row in body.get("results", [body])]

    def _at(self, number: int) -> str:
        return self.ids[number % len(self.ids)] if self.ids else "1"

    async def _create(self, email: str, additional: str) -> httpx.Response:
        properties = {"firstname": "A", "email": email, "hs_additional_emails": additional}
        return await self.client.post(CONTACTS, json={"properties": properties})

    async def _email(self, number: int, email: str) -> httpx.Response:
        return await self.client.patch(f"{CONTACTS}/{self._at(number)}", json={"properties": {"email": email}})

    async def _additional(self, number: int, listed: str) -> httpx.Response:
        properties = {"hs_additional_emails": listed}
        return await self.client.patch(f"{CONTACTS}/{self._at(number)}", json={"properties": properties})

    async def _upsert(self, key: str, email: str) -> httpx.Response:
        row = {"id": key, "idProperty": "email", "properties": {"email": email, "firstname": "A"}}
        return await self.client.post(f"{CONTACTS}/batch/upsert", json={"inputs": [row]})

    async def _swap(self, one: int, other: int) -> httpx.Response:
        rows = [
            {"id": self._at(one), "properties": {"email": ADDRESSES[0]}},
            {"id": self._at(other), "properties": {"email": ADDRESSES[1]}},
        ]
        return await self.client.post(f"{CONTACTS}/batch/update", json={"inputs": rows})

    async def _merge(self, one: int, other: int) -> httpx.Response:
        body = {"primaryObjectId": self._at(one), "objectIdToMerge": self._at(other)}
        return await self.client.post(f"{CONTACTS}/merge", json=body)

    async def _archive(self, number: int, _: int) -> httpx.Response:
        return await self.client.delete(f"{CONTACTS}/{self._at(number)}")

    async def _erase(self, number: int, _: int) -> httpx.Response:
        return await self.client.post(f"{CONTACTS}/gdpr-delete", json={"objectId": self._at(number)})

    async def owners(self) -> dict[str, list[str]]:
        """Who shows each address, among all living contacts."""
        shown: dict[str, list[str]] = {each: [] for each in ADDRESSES}
        listed = await self.client.get(f"{CONTACTS}?limit=100&properties=email,hs_additional_emails")
        for row in listed.json()["results"]:
            held = [row["properties"]["email"] or "", *(row["properties"]["hs_additional_emails"] or "").split(";")]
            for each in filter(None, held):
                shown[each].append(row["id"])
        return shown

    async def found(self, email: str) -> list[str]:
        body = {"idProperty": "email", "inputs": [{"id": email}]}
        return [row["id"] for row in (await self.client.post(f"{CONTACTS}/batch/read", json=body)).json()["results"]]


async def live(acts: Sequence[tuple[Any, ...]], switch: str) -> None:
    """Do the acts, and compare after each what contacts show with what addresses lead to."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(SandboxSettings(Path(folder) / "sandbox.db", seed=7, plan="unlimited"))
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": "Bearer pat"}
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.invalid", headers=headers) as client:
            await client.put("/sandbox/switches", json={"archived_key": switch})
            portal = Portal(client)
            for act in acts:
                await portal.do(act)
                shown = await portal.owners()
                assert shown == {each: await portal.found(each) for each in ADDRESSES}
        app.state.portal.database.close()


@given(st.lists(acts, max_size=12), st.sampled_from(["create", "conflict", "restore"]))
@settings(max_examples=60, deadline=None)
def test_an_address_leads_to_the_one_contact_that_shows_it(acts: list[tuple[Any, ...]], switch: str) -> None:
    """After any acts, taken or refused, a read by each address finds the contact that shows it and no other."""
    asyncio.run(live(acts, switch))
