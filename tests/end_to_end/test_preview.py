"""What a preview says is what happens, and nothing happens by a preview."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.support.world import World

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def world(make_world: Callable[..., World]) -> World:
    """A small demo shop, all in HubSpot, and its worker."""
    made = make_world("preview", SHOPBRIDGE_PARENT_DEADLINE_S="5")
    made.build(scale=0.02)
    made.start_worker()
    made.wait_at_rest()
    return made


def preview(world: World, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.shopbridge("--json", "preview", *arguments))
    return found


def ledger_of(world: World) -> list[str]:
    """The ledger's content, but for the progress of heartbeats."""
    with closing(sqlite3.connect(f"file:{world.ledger}?mode=ro", uri=True)) as connection:
        names = ("contribution", "record", "link", "error", "object", "mapping")
        return [str(row) for name in names for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]


def writes_since(world: World, seq: int) -> dict[str, set[str]]:
    """Our key of each record written since → the properties that were written; associations under their kind."""
    query = "SELECT record_id, action, properties FROM write_log WHERE seq > ?"
    with closing(sqlite3.connect(f"file:{world.sandbox_file}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query, (seq,)).fetchall()
        keys = dict(connection.execute("SELECT id, json_extract(properties, '$.shopbridge_key') FROM record"))
    found: dict[str, set[str]] = {}
    for record_id, action, properties in rows:
        names = set(json.loads(properties)) - {"shopbridge_key"}
        found.setdefault(str(keys.get(record_id)), set()).update(names or {action})
    return found


def test_rows_are_shown_all_the_way(world: World) -> None:
    """Row, message, no request where HubSpot holds it already, and what somebody changed there; people are masked."""
    before = (world.last_write(), ledger_of(world))
    email = world.sql("SELECT email FROM customers WHERE email LIKE '%@example.com' ORDER BY id LIMIT 1")[0][0]
    found = preview(world, "customers", "--where", f"email = '{email}'")
    (row,) = found["rows"]
    (message,) = row["messages"]
    assert ([], None) == (message["differences"], message["request"])
    assert "already" in message["why"]
    assert email not in json.dumps(found)
    spoilt = message["hubspot_id"]
    world.hubspot("PATCH", f"/crm/v3/objects/contacts/{spoilt}", {"properties": {"firstname": "by hand"}})
    (message,) = preview(world, "customers", "--where", f"email = '{email}'", "--show")["rows"][0]["messages"]
    ((name, _, theirs),) = message["differences"]
    assert ("firstname", "by hand") == (name, theirs)
    assert (before[0] + 1, before[1]) == (world.last_write(), ledger_of(world))


def test_a_row_that_would_be_sent_shows_its_request(world: World) -> None:
    """While the worker stands: a changed row, one that cannot be mapped, and the newest changes of the topic."""
    world.stop_worker()
    order = world.sql("SELECT max(id) FROM orders WHERE status = 'paid'")[0][0]
    world.sql("UPDATE orders SET status = 'shipped' WHERE id = %s", order)
    (row,) = preview(world, "orders", "--where", f"id = {order}")["rows"]
    deal = next(each for each in row["messages"] if each["ref"]["type"] == "DEAL")
    assert ("POST", ["dealstage"]) == (deal["request"]["method"], list(_sent(deal["request"]) & {"dealstage"}))
    assert "dealstage" in {each[0] for each in deal["differences"]}
    spoilt = next(each for each in world.errors() if each["type"] == "UNMAPPED_VALUE")
    bad = json.loads(spoilt["row_key"])["id"]
    (row,) = preview(world, "orders", "--where", f"id = {bad}")["rows"]
    assert {("orders", "UNMAPPED_VALUE")} == {(each["section"], each["type"]) for each in row["unmapped"]}
    world.sql("UPDATE orders SET status = 'paid' WHERE id = %s", order)
    newest = preview(world, "orders", "--from-topic", "--limit", "3")["rows"]
    assert 3 == len(newest)
    world.start_worker()
    world.wait_at_rest()


def _sent(request: dict[str, Any]) -> set[str]:
    return {name for each in request["body"]["inputs"] for name in each["properties"]}


def test_a_changed_file_names_just_what_the_replay_changes(world: World) -> None:
    """Over the whole shop, object by object and property by property; made no more are those that stay."""
    text = world.shop_file.read_text()
    changed = text.replace('"Order {number}"', '"Sale {number}"')
    assert text != changed, text
    other = world.folder / "other.yaml"
    other.write_text(changed)
    assert [] == preview(world, "--file", str(world.shop_file))["changes"]
    found = preview(world, "--file", str(other))
    named = {each["object"]: set(each["properties"]) for each in found["changes"] if each["action"] == "update"}
    assert len(named) > 20
    world.stop_worker()
    world.shop_file.write_text(changed)
    world.start_worker()
    world.wait_working()
    world.wait_at_rest()
    before = world.last_write()
    world.shopbridge("replay", "--yes")
    world.wait_at_rest()
    assert named == writes_since(world, before)
    after = preview(world, "--file", str(world.shop_file))
    assert ([], []) == (after["changes"], after["left"])
