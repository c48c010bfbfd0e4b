"""What outlives the process: everything that was answered."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

V = "2026-09"

Shown = tuple[Any, ...]


async def shown(client: Any) -> list[Any]:
    """Read all that an account holds, through the API."""
    answers = []
    for plural in ("contacts", "deals", "products", "line_items"):
        for archived in ("false", "true"):
            path = f"/crm/objects/{V}/{plural}?limit=100&archived={archived}&associations=deals,contacts"
            answers.append((await client.get(path)).json())
        answers.append((await client.get(f"/crm/properties/{V}/{plural}")).json())
    answers.append((await client.get(f"/crm/pipelines/{V}/deals")).json())
    return answers


async def fill(client: Any) -> None:
    """Do one of everything that changes the account."""

    async def post(path: str, body: dict[str, Any]) -> Any:
        answer = await client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    key = {"name": "key", "label": "K", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    await post(f"/crm/properties/{V}/deals", {**key, "groupName": "dealinformation"})
    await client.patch(f"/crm/properties/{V}/deals/dealname", json={"label": "Order"})
    paid = {"label": "Paid", "stageId": "paid", "metadata": {"probability": "1.0"}}
    await post(f"/crm/pipelines/{V}/deals", {"label": "Shop", "pipelineId": "shop", "stages": [paid]})
    await post(f"/crm/associations/{V}/deals/contacts/labels", {"label": "Payer", "name": "payer"})
    people = [
        await post(f"/crm/objects/{V}/contacts", {"properties": {"email": f"c{n}@example.com"}}) for n in range(5)
    ]
    rows = [
        {"id": str(n), "idProperty": "key", "properties": {"pipeline": "shop", "dealstage": "paid"}} for n in range(4)
    ]
    deals = (await post(f"/crm/objects/{V}/deals/batch/upsert", {"inputs": rows}))["results"]
    pairs = [
        {"from": {"id": deal["id"]}, "to": {"id": person["id"]}} for deal, person in zip(deals, people, strict=False)
    ]
    await post(f"/crm/associations/{V}/deals/contacts/batch/associate/default", {"inputs": pairs})
    merged = {"primaryObjectId": people[0]["id"], "objectIdToMerge": people[1]["id"]}
    await post(f"/crm/objects/{V}/contacts/merge", merged)
    await post(f"/crm/objects/{V}/contacts/gdpr-delete", {"objectId": people[2]["id"]})
    await client.delete(f"/crm/objects/{V}/deals/{deals[3]['id']}")


async def test_a_restart_changes_nothing(sandbox: Any) -> None:
    """A sandbox on the file of another shows the same account."""
    first = sandbox()
    await fill(first)

    assert await shown(first) == await shown(sandbox())


async def test_rules_hold_after_a_restart(sandbox: Any) -> None:
    """Unique values, blocked e-mails and merged ids are known to the next process."""
    await fill(sandbox())
    client = sandbox()

    taken = await client.post(f"/crm/objects/{V}/contacts", json={"properties": {"email": "c1@example.com"}})
    blocked = await client.post(f"/crm/objects/{V}/contacts", json={"properties": {"email": "c2@example.com"}})
    again = {"inputs": [{"id": "0", "idProperty": "key", "properties": {"dealname": "x"}}]}
    upserted = (await client.post(f"/crm/objects/{V}/deals/batch/upsert", json=again)).json()["results"][0]

    assert (409, 400, False) == (taken.status_code, blocked.status_code, upserted["new"])


async def test_the_tables_are_an_interface(sandbox: Any, tmp_path: Path) -> None:
    """Another process can read records, associations and logs under their promised names while the server runs."""
    client = sandbox()
    await fill(client)
    columns = {
        "record": "id object_type properties archived created_at updated_at archived_at merged_into",
        "association": "from_type from_id to_type to_id category type_id label",
        "write_log": "seq at at_monotonic request_id correlation_id object_type record_id action properties to_type"
        " to_id trace_id",
        "request_log": "seq at request_id method path status inputs millis fault",
    }

    with sqlite3.connect(f"file:{tmp_path / 'sandbox.db'}?mode=ro", uri=True) as db:
        for table, names in columns.items():
            assert db.execute(f"SELECT {', '.join(names.split())} FROM {table}").fetchone()
        one_way = db.execute("SELECT count(*) FROM association WHERE from_type = 'deal'").fetchone()
        other_way = db.execute("SELECT count(*) FROM association WHERE to_type = 'deal'").fetchone()
        assert one_way == other_way == (2,)
    db.close()
