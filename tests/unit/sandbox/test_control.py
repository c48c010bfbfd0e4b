"""Switches, logs and reset."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.settings import Switches

V = "2026-09"


async def test_switches_change_what_is_sent_and_keep_the_rest(sandbox: Any) -> None:
    """A PUT of one switch leaves the others, and answers with the value of each."""
    client = sandbox()
    changed = (await client.put("/sandbox/switches", json={"shuffle": False})).json()

    assert {**Switches().model_dump(mode="json"), "shuffle": False} == changed
    shown = (await client.get("/sandbox/switches")).json()
    assert changed == {name: switch["value"] for name, switch in shown.items()}


async def test_wrong_switches_are_refused(sandbox: Any) -> None:
    """An unknown switch, value or object type is refused and changes nothing."""
    client = sandbox()
    wrong = {"archived_key": "forget", "shufle": True, "required": {"butterflies": ["wings"]}}
    answer = await client.put("/sandbox/switches", json=wrong)

    assert 400 == answer.status_code
    assert sorted(wrong) == sorted(detail["where"] for detail in answer.json()["details"])
    assert "create" == (await client.get("/sandbox/switches")).json()["archived_key"]["value"]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ({"property": "zip", "pattern": "("}, "no regular expression"),
        ({"property": "zip"}, "a rule needs a pattern, a length or a range"),
        ({"property": "zip", "max_length": -1}, "greater than or equal to 0"),
        ({"property": "zip", "minimum": "none"}, "valid decimal"),
        ({"object_type": "butterflies", "property": "zip", "min_length": 1}, "no object type: butterflies"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
async def test_wrong_rules_are_refused(sandbox: Any, rule: dict[str, Any], what: str) -> None:
    """A rule that cannot be meant is refused with its place."""
    answer = await sandbox().put("/sandbox/switches", json={"rules": [{"object_type": "contact", **rule}]})

    assert 400 == answer.status_code
    (detail,) = answer.json()["details"]
    assert detail["where"].startswith("rules.0")
    assert what in detail["what"]


async def test_log_tells_what_each_request_wrote(sandbox: Any) -> None:
    """The write log holds each act with the properties that this request wrote, and no others."""
    client = sandbox()
    headers = {"X-Request-Id": "r1"}
    made = await client.post(
        f"/crm/objects/{V}/products", json={"properties": {"name": "Mug", "price": "1"}}, headers=headers
    )
    mug = made.json()["id"]
    update = {"inputs": [{"id": mug, "properties": {"price": "2"}, "objectWriteTraceId": "t"}]}
    await client.post(f"/crm/objects/{V}/products/batch/update", json=update)
    await client.delete(f"/crm/objects/{V}/products/{mug}")

    log = (await client.get("/sandbox/log", params={"record": mug})).json()
    assert ["create", "update", "archive"] == [entry["action"] for entry in log]
    assert [{"name": "Mug", "price": "1"}, {"price": "2"}, {}] == [entry["properties"] for entry in log]
    assert ("r1", "t") == (log[0]["request_id"], log[1]["trace_id"])
    later = await client.get("/sandbox/log", params={"since": log[0]["seq"], "object_type": "products"})
    assert ["update", "archive"] == [entry["action"] for entry in later.json()]


async def test_log_of_an_unknown_type_is_refused(sandbox: Any) -> None:
    """A mistake in a question about the log is told, not answered with nothing."""
    answer = await sandbox().get("/sandbox/log", params={"object_type": "butterflies"})

    assert 400 == answer.status_code


async def test_associations_are_logged_once(sandbox: Any) -> None:
    """A link and its removal are one entry each, found from both ends."""
    client = sandbox()
    deal = (await client.post(f"/crm/objects/{V}/deals", json={"properties": {"dealname": "D"}})).json()["id"]
    ada = (await client.post(f"/crm/objects/{V}/contacts", json={"properties": {"firstname": "A"}})).json()["id"]
    await client.put(f"/crm/objects/{V}/deals/{deal}/associations/default/contacts/{ada}")
    await client.delete(f"/crm/objects/{V}/deals/{deal}/associations/contacts/{ada}")

    for record in (deal, ada):
        log = (await client.get("/sandbox/log", params={"record": record})).json()
        acts = [(entry["action"], entry["record_id"], entry["to_id"]) for entry in log[-2:]]
        assert [("associate", deal, ada), ("disassociate", deal, ada)] == acts


async def test_requests_are_counted(sandbox: Any) -> None:
    """The request counts tell kinds, mean inputs, statuses and refusals for a limit."""
    client = sandbox()
    for size in (1, 3):
        rows = [{"id": f"c{n}@example.com", "idProperty": "email", "properties": {}} for n in range(size)]
        await client.post(f"/crm/objects/{V}/contacts/batch/upsert", json={"inputs": rows})
    await client.put("/sandbox/faults", json=[{"effect": "429", "times": 1}])
    await client.get(f"/crm/objects/{V}/contacts")

    counts = (await client.get("/sandbox/requests")).json()
    assert (3, 1, {"200": 2, "429": 1}) == (counts["total"], counts["limited"], counts["by_status"])
    upserts = next(row for row in counts["by_kind"] if row["kind"] == "batch upsert")
    assert (2, 2.0, 0) == (upserts["requests"], upserts["mean_inputs"], upserts["limited"])


async def test_reset_makes_the_account_as_new(sandbox: Any) -> None:
    """After a reset there are no records, properties of one's own, faults, logs or flipped switches."""
    client = sandbox()
    row = {"name": "rev", "label": "Rev", "type": "number", "fieldType": "number", "groupName": "contactinformation"}
    await client.post(f"/crm/properties/{V}/contacts", json=row)
    await client.post(f"/crm/objects/{V}/contacts", json={"properties": {"email": "a@example.com", "rev": 1}})
    await client.put("/sandbox/switches", json={"shuffle": False})
    await client.put("/sandbox/faults", json=[{"effect": "503", "match": {"object_type": "deal"}}])

    assert 204 == (await client.post("/sandbox/reset")).status_code

    assert 0 == (await client.get("/sandbox/health")).json()["records"]["contact"]
    assert 404 == (await client.get(f"/crm/properties/{V}/contacts/rev")).status_code
    assert [] == (await client.get("/sandbox/log")).json()
    assert (await client.get("/sandbox/switches")).json()["shuffle"]["value"]
    assert (
        201
        == (
            await client.post(f"/crm/objects/{V}/contacts", json={"properties": {"email": "a@example.com"}})
        ).status_code
    )
