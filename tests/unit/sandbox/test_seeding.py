"""An account in use: what POST /sandbox/seed makes, and that it behaves as what HubSpot's users made."""

from __future__ import annotations

from typing import Any

import httpx

CONTACTS = "/crm/objects/2026-09/contacts"


async def seeded(client: httpx.AsyncClient, *contacts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Seed contacts and give what became of each, by address."""
    answer = await client.post("/sandbox/seed", json={"contacts": contacts})
    answer.raise_for_status()
    return {row["email"]: row for row in answer.json()["contacts"]}


async def read(client: httpx.AsyncClient, email: str) -> Any:
    body = {"idProperty": "email", "properties": ["email", "hs_additional_emails"], "inputs": [{"id": email}]}
    return (await client.post(f"{CONTACTS}/batch/read", json=body)).json()["results"]


async def test_contacts_are_there_in_any_spelling(sandbox: Any) -> None:
    """A seeded contact is found by its address however either side spells it, and has the properties given."""
    client = sandbox()
    made = await seeded(client, {"email": " Ada@Example.COM", "properties": {"firstname": "Ada"}})

    answer = await client.get(f"{CONTACTS}/aDa@example.com?idProperty=email")
    assert made["ada@example.com"]["id"] == answer.json()["id"]
    assert "Ada" == answer.json()["properties"]["firstname"]


async def test_the_first_spelling_counts(sandbox: Any) -> None:
    """Two spellings of one address are one contact."""
    client = sandbox()
    made = await seeded(
        client,
        {"email": "ada@example.com", "properties": {"firstname": "First"}},
        {"email": "ADA@example.com", "properties": {"firstname": "Second"}, "state": "archived"},
    )

    assert [("ada@example.com", "living")] == [(row["email"], row["state"]) for row in made.values()]
    assert 1 == (await client.get("/sandbox/health")).json()["records"]["contact"]


async def test_merged_contacts(sandbox: Any) -> None:
    """The addresses of merged contacts lead to the one that absorbed them, under the id that it has in the end."""
    client = sandbox()
    made = await seeded(
        client,
        {"email": "ada@old.example.com", "state": "merged", "into": "Ada@example.com"},
        {"email": "ada@work.example.com", "state": "merged", "into": "ada@example.com"},
        {"email": "ada@example.com"},
        {"email": "bob@example.com", "state": "merged"},
    )

    winner = made["ada@example.com"]["id"]
    assert [winner] * 2 == [made[email]["id"] for email in ("ada@old.example.com", "ada@work.example.com")]
    (ada,) = await read(client, "ada@old.example.com")
    wanted = (winner, "ada@example.com", "ada@old.example.com;ada@work.example.com")
    assert wanted == (ada["id"], ada["properties"]["email"], ada["properties"]["hs_additional_emails"])
    (bob,) = await read(client, "bob@example.com")
    assert "merged.bob@example.com" == bob["properties"]["email"]
    assert 2 == (await client.get("/sandbox/health")).json()["records"]["contact"]


async def test_archived_and_erased_contacts(sandbox: Any) -> None:
    """An archived contact is in the bin and its address free; an erased one is gone and its address blocked."""
    client = sandbox()
    made = await seeded(
        client, {"email": "ada@example.com", "state": "archived"}, {"email": "bob@example.com", "state": "erased"}
    )

    binned = (await client.get(f"{CONTACTS}?archived=true")).json()["results"]
    assert [made["ada@example.com"]["id"]] == [row["id"] for row in binned]
    assert made["bob@example.com"]["id"] is None
    answers = [
        (await client.post(CONTACTS, json={"properties": {"email": email}})).status_code
        for email in ("ada@example.com", "bob@example.com")
    ]
    assert [201, 400] == answers


async def test_a_seed_is_made_whole_or_not_at_all(sandbox: Any) -> None:
    """Each contact that cannot be made is named with its place and the reason, and nothing is made."""
    client = sandbox()
    await seeded(client, {"email": "taken@example.com"})
    contacts = [
        {"email": "fine@example.com"},
        {"email": "no address"},
        {"email": "taken@example.com"},
        {"email": "ada@example.com", "state": "merged", "into": "bin@example.com"},
        {"email": "bin@example.com", "state": "archived"},
        {"email": "eve@example.com", "properties": {"shoe_size": "44"}},
    ]

    answer = await client.post("/sandbox/seed", json={"contacts": contacts})

    assert 400 == answer.status_code
    told = {detail["where"]: detail["what"] for detail in answer.json()["details"]}
    assert {"contacts.1", "contacts.2", "contacts.3.into", "contacts.5"} == set(told)
    assert "bin@example.com is archived: merge into a contact that is living" == told["contacts.3.into"]
    assert 1 == (await client.get("/sandbox/health")).json()["records"]["contact"]


async def test_too_many_merges_are_refused(sandbox: Any) -> None:
    """A profile of more than 250 identities cannot be seeded either."""
    client = sandbox()
    contacts = [{"email": f"c{n}@example.com", "state": "merged", "into": "ada@example.com"} for n in range(130)]

    answer = await client.post("/sandbox/seed", json={"contacts": contacts})

    assert 400 == answer.status_code
    assert "Cannot have more than 250 identities on a profile" in answer.json()["details"][0]["what"]


async def test_what_is_no_seed_is_refused(sandbox: Any) -> None:
    """A state that does not exist is named with its place."""
    answer = await sandbox().post("/sandbox/seed", json={"contacts": [{"email": "a@example.com", "state": "asleep"}]})

    assert (400, ["contacts.0.state"]) == (answer.status_code, [row["where"] for row in answer.json()["details"]])


async def test_seeds_are_told_apart_in_the_log(sandbox: Any) -> None:
    """The write log has the acts of a seed under a request id of their own."""
    client = sandbox()
    await seeded(client, {"email": "ada@example.com", "state": "archived"})

    log = (await client.get("/sandbox/log")).json()
    assert [("seed", "create"), ("seed", "archive")] == [(row["request_id"], row["action"]) for row in log]
