"""Merging up to HubSpot's limit."""

from __future__ import annotations

from typing import Any

CONTACTS = "/crm/objects/2026-09/contacts"


async def test_a_profile_has_at_most_250_identities(sandbox: Any) -> None:
    """The merge that would give a profile its 251st id is refused with 414."""
    client = sandbox()
    await client.put("/sandbox/switches", json={"primary_id_preservation": True})
    rows = [{"properties": {"firstname": f"C{n}"}} for n in range(100)]
    ids = []
    for _ in range(3):
        ids += [
            row["id"]
            for row in (await client.post(f"{CONTACTS}/batch/create", json={"inputs": rows})).json()["results"]
        ]

    statuses = []
    for other in ids[1:251]:
        body = {"primaryObjectId": ids[0], "objectIdToMerge": other}
        statuses.append((await client.post(f"{CONTACTS}/merge", json=body)).status_code)

    assert [200] * 249 + [414] == statuses
