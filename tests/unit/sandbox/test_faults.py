"""Faults on demand, beyond what the case files show."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connector.sandbox.gateway import ConnectionCutError

CONTACTS = "/crm/objects/2026-09/contacts"


def contact(email: str) -> dict[str, Any]:
    return {"properties": {"email": email}}


async def plan(client: httpx.AsyncClient, *rules: dict[str, Any]) -> None:
    (await client.put("/sandbox/faults", json=list(rules))).raise_for_status()


async def held(client: httpx.AsyncClient) -> int:
    count: int = (await client.get("/sandbox/health")).json()["records"]["contact"]
    return count


async def test_slow_waits_before_it_writes(sandbox: Any, clock: Any) -> None:
    """A slow call is handled after the delay: what it wrote is dated later."""
    client = sandbox()
    await plan(client, {"effect": "slow", "delay_s": 30, "times": 1})

    made = await client.post(CONTACTS, json=contact("a@example.com"))
    assert 30 == clock.elapsed
    assert "2026-03-04T12:00:30.000Z" == made.json()["createdAt"]


async def test_reset_before_writes_nothing(sandbox: Any) -> None:
    """A connection cut before the call leaves nothing behind."""
    client = sandbox()
    await plan(client, {"effect": "reset_before", "times": 1})

    with pytest.raises(ConnectionCutError):
        await client.post(CONTACTS, json=contact("a@example.com"))

    assert 0 == await held(client)


async def test_reset_after_commit_has_written(sandbox: Any) -> None:
    """A connection cut after the write leaves the write, logged under the client's request id."""
    client = sandbox()
    await plan(client, {"effect": "reset_after_commit", "times": 1})

    with pytest.raises(ConnectionCutError):
        await client.post(CONTACTS, json=contact("a@example.com"), headers={"X-Request-Id": "mine"})

    assert 1 == await held(client)
    assert ["mine"] == [entry["request_id"] for entry in (await client.get("/sandbox/log")).json()]


async def test_first_matching_rule_strikes(sandbox: Any) -> None:
    """Rules are tried in order; one that is used up makes room for the next."""
    client = sandbox()
    await plan(client, {"effect": "503", "times": 1}, {"effect": "423", "times": 1, "match": {"method": "get"}})

    assert [503, 423, 200] == [(await client.get(CONTACTS)).status_code for _ in range(3)]


async def test_rules_tell_their_hits(sandbox: Any) -> None:
    """The control plane tells how often each rule struck."""
    client = sandbox()
    await plan(client, {"effect": "503", "times": 1}, {"effect": "500", "match": {"path_regex": "deals"}})
    await client.get(CONTACTS)

    assert [1, 0] == [rule["hits"] for rule in (await client.get("/sandbox/faults")).json()]


async def test_refused_calls_do_not_use_rules_up(sandbox: Any) -> None:
    """A call without credentials is refused before any fault strikes."""
    client = sandbox()
    await plan(client, {"effect": "503", "times": 1})

    assert 401 == (await client.get(CONTACTS, headers={"Authorization": ""})).status_code
    assert 503 == (await client.get(CONTACTS)).status_code


async def test_rules_can_be_added_and_cleared(sandbox: Any) -> None:
    """POST adds to the rules, DELETE ends them all."""
    client = sandbox()
    await plan(client, {"effect": "503"})
    added = await client.post("/sandbox/faults", json=[{"effect": "500"}])
    assert ["503", "500"] == [rule["effect"] for rule in added.json()]

    assert 204 == (await client.delete("/sandbox/faults")).status_code
    assert 200 == (await client.get(CONTACTS)).status_code


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({"effect": "418"}, "0.effect"),
        ({"effect": "503", "match": {"path_regex": "("}}, "0.match.path_regex"),
        ({"effect": "503", "match": {"object_type": "butterflies"}}, "0.match.object_type"),
        ({"effect": "503", "times": 0}, "0.times"),
        ({"effect": "503", "colour": "red"}, "0.colour"),
    ],
)
async def test_wrong_rules_are_refused_with_their_place(sandbox: Any, rule: dict[str, Any], where: str) -> None:
    """A rule that is not understood is refused, and the answer says where it is wrong."""
    answer = await sandbox().put("/sandbox/faults", json=[rule])

    assert 400 == answer.status_code
    assert where in [detail["where"] for detail in answer.json()["details"]]
