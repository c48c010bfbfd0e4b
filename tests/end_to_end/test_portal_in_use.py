"""A first load into an account that holds all of the shop's people already, under no key of ours.

`E2E_CONTACTS` says how many; `make in-use` takes 20,000.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.world import World, say

pytestmark = pytest.mark.end_to_end

CONTACTS = int(os.environ.get("E2E_CONTACTS") or 2000)
STATEMENTS = (
    "CREATE TABLE people (id integer PRIMARY KEY, email text, last_name text, updated_at timestamptz DEFAULT now())",
    "INSERT INTO people SELECT n, ' Person.' || n || '@Example.com', 'Number ' || n FROM generate_series(1, {count}) n",
)
SHOP = """
store: {id: main}
database: {kind: postgres, url: "${SHOP_DATABASE_URL}", schema: public}
customers:
  from: people
  id: "{id}"
  properties: {email: {sql: "lower(trim(email))"}, lastname: last_name}
  match_by: email
  newest_by: updated_at
"""


def statuses(world: World) -> Counter[str]:
    """How often each status was answered."""
    return Counter(dict(world.asked()["by_status"]))


def test_a_first_load_adopts_every_contact_and_no_request_fails(make_world: Callable[..., World]) -> None:
    """Each contact gets our key and the shop's values, none is made twice, and HubSpot refuses nothing."""
    world = make_world("in_use")
    world.create_database()
    world.write_shop_file(SHOP)
    for statement in STATEMENTS:
        world.sql(statement.format(count=CONTACTS))
    world.start_sandbox()
    for start in range(1, CONTACTS + 1, 1000):
        numbers = range(start, min(start + 1000, CONTACTS + 1))
        world.seed([{"email": f"person.{n}@example.com", "properties": {"lastname": "Old"}} for n in numbers])
    world.shopbridge("setup")
    world.shopbridge("capture", "apply")
    before = statuses(world)
    world.start_worker()
    world.wait_at_rest(deadline_s=60 + CONTACTS / 20)
    asked = statuses(world) - before
    total = sum(asked.values())
    say(f"{CONTACTS:,} contacts in use: {total:,} requests, {1000 * total / CONTACTS:.0f} for 1,000; {dict(asked)}")
    assert {status for status in asked if not status.startswith("2")} == set()
    found = world.records("object_type = 'contact' AND NOT archived")
    assert CONTACTS == len(found)
    assert {f"main:CONTACT:{n}" for n in range(1, CONTACTS + 1)} == {record["shopbridge_key"] for record in found}
    assert {f"Number {n}" for n in range(1, CONTACTS + 1)} == {record["lastname"] for record in found}
    assert [] == world.errors()
