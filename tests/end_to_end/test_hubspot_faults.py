"""HubSpot is away, busy, silent, unclear or wrongly set up: nothing is lost, nothing dead-lettered, no rev falls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.world import World, pause, say, wait_until

pytestmark = pytest.mark.end_to_end

SCALE = 0.05
RECORDS = {"method": "POST", "path_regex": "/objects/.*/batch/(upsert|update)$"}
LINKS = {"method": "POST", "path_regex": "/associations/.*/(create|archive|labels/archive)$"}
AWAY_S = 15
PARENT_DEADLINE_S = 5
"""Less than HubSpot is away: that a parent is not there yet is no child's error."""

TIMEOUT_S = 3
"""The worker's patience with a call."""

SHOPS_OWN_FAULT = {
    "INVALID_EMAIL_ADDRESS",
    "INVALID_NUMBER",
    "UNMAPPED_VALUE",
    "PARENT_NEVER_SEEN",
    "PARENT_REFUSED",
}
"""Causes that the demo plants; any other would be HubSpot's trouble laid to a row."""

Rules = list[dict[str, Any]]

STRANGE: dict[str, Rules] = {
    "an empty 200": [
        {"effect": effect, "match": match, "times": 3}
        for match in (RECORDS, LINKS)
        for effect in ("empty_200", "empty_200_after_commit")
    ],
    "an answer lost after the write": [
        *({"effect": "reset_after_commit", "match": match, "times": 2} for match in (RECORDS, LINKS)),
        {"effect": "524_after_commit", "match": RECORDS, "times": 2},
        {"effect": "missing_outcomes", "match": RECORDS, "times": 3, "drop": 2},
    ],
    "a whole batch answered with 409": [{"effect": "conflict_409_batch", "match": RECORDS, "seconds": 8}],
    "locks, an account on the move, a write that lands after the worker gave it up": [
        {"effect": "reset_before", "times": 3},
        {"effect": "423", "match": RECORDS, "times": 2},
        {"effect": "477", "match": RECORDS, "times": 2, "retry_after": 1},
        {"effect": "slow", "match": RECORDS, "times": 3, "delay_s": TIMEOUT_S + 1.5},
    ],
}


@pytest.fixture(scope="module")
def world(make_world: Callable[..., World]) -> World:
    """A demo shop at rest, its worker running."""
    world = make_world(
        "faults",
        SHOPBRIDGE_RECHECK_AFTER_S="5",
        SHOPBRIDGE_HUBSPOT_TIMEOUT_S=str(TIMEOUT_S),
        SHOPBRIDGE_PARENT_DEADLINE_S=str(PARENT_DEADLINE_S),
    )
    world.build(scale=SCALE)
    world.start_worker()
    world.wait_at_rest()
    return world


def endure(world: World, rules: Rules, traffic_s: float, seed: int) -> None:
    """Let the rules strike while the shop lives; each must strike, and afterwards all is equal."""
    for rule in rules:
        world.fault(**rule)
    world.finish(world.traffic(seconds=traffic_s, seed=seed))
    wait_until("every fault to strike", lambda: all(rule["hits"] for rule in world.faults()), 30)
    say(", ".join(f"{rule['effect']} struck {rule['hits']} times" for rule in world.faults()))
    wait_until("the faults to end", lambda: all(_is_over(rule) for rule in world.faults()), 30)
    prove(world)


def _is_over(rule: dict[str, Any]) -> bool:
    return rule["seconds"] is not None or rule["hits"] >= rule["times"]


def prove(world: World) -> None:
    """At rest, equal; whatever was ever dead-lettered is the shop's own fault."""
    world.wait_at_rest()
    world.clear_faults()
    world.compare()
    lines = world.shopbridge("--json", "errors", "list", "--state", "all").splitlines()
    assert set() == {json.loads(line)["type"] for line in lines} - SHOPS_OWN_FAULT


def test_503_for_a_while(world: World) -> None:
    """HubSpot is away: everything waits, one alert says so, one that it is back."""
    endure(world, [{"effect": "503", "seconds": AWAY_S}], AWAY_S, seed=1)
    assert (1, 1) == (world.count("sender.away"), world.count("sender.back"))


def test_429_for_a_while(world: World) -> None:
    """The ten-second limit, used up by others."""
    endure(world, [{"effect": "429", "seconds": 10}], 10, seed=2)


def test_the_days_quota_is_used_up(world: World) -> None:
    """One alert when it is, one when it goes on."""
    rules = [{"effect": "429", "policy": "DAILY", "retry_after": 3, "seconds": 8}]
    endure(world, rules, 8, seed=3)
    assert (1, 1) == (world.count("sender.halted"), world.count("sender.halt_over"))


@pytest.mark.parametrize("what", STRANGE)
def test_strange_answers(world: World, what: str) -> None:
    """Each kind of strange answer strikes while the shop lives."""
    endure(world, STRANGE[what], 6, seed=10 + list(STRANGE).index(what))


def test_a_missing_property_pauses_its_type_alone(world: World) -> None:
    """One alert, no dead letter, other types go on; `setup` makes it anew and the type goes on by itself."""
    tier = "/crm/properties/2026-09/contacts/shop_tier"
    errors = world.errors()
    assert 204 == world.hubspot("DELETE", tier).status_code
    world.sql("""UPDATE customers SET attributes = '{"loyalty": {"tier": "new"}}'""")
    wait_until("the alert", lambda: world.count("sender.paused") > 0)
    world.sql("UPDATE customers SET phone = '1'")
    product = world.sql("SELECT min(id) FROM products")[0][0]
    world.sql("UPDATE products SET price = 47.11 WHERE id = %s", product)
    wait_until("the product", lambda: (world.record(f"demo:PRODUCT:{product}") or {}).get("price") == "47.1100")
    pause(6)
    assert ["shop_tier"] == [event["property"] for event in world.events("sender.paused")]
    assert any("CONTACT is paused" in problem for problem in world.status()["problems"])
    assert errors == world.errors()
    say(world.shopbridge("setup"))
    prove(world)
    assert 1 == world.count("sender.resumed")


def test_a_refused_credential_pauses_everything(world: World) -> None:
    """One alert; once the credential is accepted, sending goes on."""
    back = world.count("sender.back")
    world.fault("unauthorized", seconds=5)
    world.finish(world.traffic(seconds=6, seed=30))
    prove(world)
    assert (1, back + 1) == (world.count("sender.credential_refused"), world.count("sender.back"))
