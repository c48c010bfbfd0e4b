"""What a preview says is what happens, and nothing happens by a preview."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.support.told_and_done import Writes, named, odd, sharing, writes_since
from tests.support.world import World, wait_until

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


def replayed(world: World, text: str) -> Writes:
    """Start the worker with this shop file and replay all; what HubSpot was made to write from the start on."""
    before = world.last_write()
    world.shop_file.write_text(text)
    world.start_worker()
    world.wait_working()
    world.wait_at_rest()
    world.shopbridge("replay", "--yes")
    world.wait_at_rest()
    return writes_since(world, before)


def test_rows_are_shown_all_the_way(world: World) -> None:
    """Row, message, no request where HubSpot holds it already, and what somebody changed there; people are masked."""
    before = (world.last_write(), ledger_of(world))
    email = world.sql("SELECT email FROM customers WHERE email LIKE '%@example.com' ORDER BY id LIMIT 1")[0][0]
    found = preview(world, "customers", "--where", f"email = '{email}'")
    (row,) = found["rows"]
    (message,) = row["messages"]
    assert ("equal", [], None) == (message["in_hubspot"], message["differences"], message["request"])
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
    wait_until("both changes on their topic", lambda: two_of(world, order) == ["shipped", "paid"])
    outdated, last = preview(world, "orders", "--from-topic", "--limit", "2")["rows"]
    (told,) = outdated["messages"]
    assert (None, "a newer change of the row is sent instead") == (told["request"], told["why"])
    assert "dealstage" not in _sent(last["messages"][0]["request"])
    world.start_worker()
    world.wait_at_rest()


def two_of(world: World, order: int) -> list[str]:
    """The status of an order in the newest two changes of its topic."""
    rows = preview(world, "orders", "--from-topic", "--limit", "2")["rows"]
    return [each["columns"]["status"] for each in rows if each["columns"]["id"] == order]


def _sent(request: dict[str, Any]) -> set[str]:
    return {name for each in request["body"]["inputs"] for name in each["properties"]}


def test_deleted_rows_and_values_that_a_change_does_not_carry(world: World) -> None:
    """A row that is gone shows the request that archives its record; a long text that was left out is said to stay."""
    long = "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 400))"
    world.sql(f"UPDATE products SET description = {long} WHERE id = 1")
    world.wait_at_rest()
    world.stop_worker()
    buyers = "SELECT customer_id FROM orders WHERE customer_id IS NOT NULL"
    others = "SELECT FROM customers AS other WHERE other.id <> c.id AND lower(trim(other.email)) = lower(trim(c.email))"
    lonely = world.sql(f"SELECT id FROM customers AS c WHERE id NOT IN ({buyers}) AND NOT EXISTS ({others})")
    gone = next(str(number) for (number,) in lonely if world.record(f"demo:CONTACT:{number}") is not None)
    world.sql("DELETE FROM customers WHERE id = %s", gone)
    (row,) = preview(world, "--object", f"contact:{gone}")["rows"]
    assert (True, {"id": gone}) == (row["gone"], row["columns"])
    (message,) = row["messages"]
    assert "ROW_DELETED" == message["reason"]
    assert message["request"]["path"].endswith("/contacts/batch/archive")
    listed = preview(world, "customers")["rows"]
    assert [gone] == [each["columns"]["id"] for each in listed if each["gone"]]

    world.sql("UPDATE products SET price = price + 1 WHERE id = 1")

    def left_out() -> bool:
        (newest,) = preview(world, "products", "--from-topic", "--limit", "1")["rows"]
        told = newest["columns"]["description"], newest["messages"][0]["unavailable"]
        return told == ("(not in the change)", ["description"])

    wait_until("the change without its long text", left_out)
    world.start_worker()
    world.wait_at_rest()


def test_what_cannot_be_seen_is_said(world: World) -> None:
    """HubSpot away, no ledger, a table that nobody captures, a condition that is none: each with its reason."""
    known = dict(world.environment)
    try:
        world.environment["SHOPBRIDGE_HUBSPOT_URL"] = "http://127.0.0.1:9"
        found = preview(world, "customers", "--limit", "1")
        assert ["what HubSpot holds"] == [each.partition(":")[0] for each in found["unseen"]]
        assert "not asked" == found["rows"][0]["messages"][0]["in_hubspot"]
        world.environment |= {"SHOPBRIDGE_HUBSPOT_URL": known["SHOPBRIDGE_HUBSPOT_URL"], "SHOPBRIDGE_LEDGER": "none.db"}
        found = preview(world, "customers", "--limit", "1")
        assert ["what would be sent"] == [each.partition(":")[0] for each in found["unseen"]]
        assert "without the ledger" in found["rows"][0]["messages"][0]["why"]
        assert "" == world.shopbridge("preview", "--file", str(world.shop_file), expect=2)
    finally:
        world.environment = known
    world.sql("CREATE TABLE partners (id integer PRIMARY KEY, email text); GRANT SELECT ON partners TO PUBLIC")
    other = world.folder / "partners.yaml"
    orders = "  - from: orders"
    partners = '  - {from: partners, id: "p{id}", bears: true, newest_by: id, properties: {email: email}}\n'
    other.write_text(world.shop_file.read_text().replace(orders, partners + orders, 1))
    found = preview(world, "--file", str(other))
    assert ["partners is not captured yet"] == [each.partition(",")[0] for each in found["blind"]]
    assert [] == found["changes"]
    assert "" == world.shopbridge("preview", "orders", "--where", "nothing = 1", expect=2)


CHANGES = (
    ('"Order {number}"', '"Sale {number}"'),
    ("    match_by: email\n    newest_by: updated_at\n", "    match_by: email\n    newest_by: updated_at\n{where}"),
    ("attributes ->> 'color'", "upper(attributes ->> 'color')"),
    ('"{order_id}-{line_no}"', '"{order_id}.{line_no}"'),
)


def test_a_changed_file_names_just_what_the_replay_changes(world: World) -> None:
    """Over the whole shop, record by record and property by property, with filtered and deleted rows and new ids.

    Going back to the first file is one more: contacts come again, with the links of deals that kept waiting for them.
    """
    first = world.shop_file.read_text()
    assert [] == preview(world, "--file", str(world.shop_file))["changes"]
    changed = another(first)
    other = world.folder / "other.yaml"
    other.write_text(changed)
    world.stop_worker()
    paid = world.sql("SELECT id FROM orders WHERE status = 'paid' AND id IN (SELECT order_id FROM order_items)")
    order = next(number for (number,) in sorted(paid) if world.record(f"demo:DEAL:{number}") is not None)
    world.sql("DELETE FROM order_items WHERE order_id = %s", order)
    world.sql("DELETE FROM orders WHERE id = %s", order)
    before = (world.last_write(), ledger_of(world))
    found = preview(world, "--file", str(other))
    assert [] == found["blind"]
    assert before == (world.last_write(), ledger_of(world))
    assert "archive" in named(found)[f"demo:DEAL:{order}"]
    assert {"create", "update", "archive"} == {each["action"] for each in found["changes"]}
    before_it = sharing(world)
    written = replayed(world, changed)
    assert [] == odd(found, written, [*before_it, *sharing(world)])
    again = preview(world, "--file", str(world.shop_file))
    assert ([], left(found)) == (again["changes"], left(again))

    world.stop_worker()
    other.write_text(first)
    found = preview(world, "--file", str(other))
    assert any(each["links_added"] for each in found["changes"] if each["action"] == "update")
    before_it = sharing(world)
    written = replayed(world, first)
    assert [] == odd(found, written, [*before_it, *sharing(world)])


def another(text: str) -> str:
    """The demo's file with another title, filter, function and id."""
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new.replace("{where}", '    where: "newsletter"\n'), 1)
    return text


def left(found: dict[str, Any]) -> set[str]:
    return {each["object"] for each in found["left"]}
