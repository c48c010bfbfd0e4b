"""One order followed on the real stack, and a status that says what to do about types, connectors and parents."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connector.kafka import Admin
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, ROOT, World, wait_until

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"parents.{kind}").read_text() for kind in ("sql", "yaml"))
WAY = ["committed", "captured", "mapped", "sent"]


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> Iterator[SmallShop]:
    """A customer with one order in HubSpot, and an order whose customer is absent; children wait for ten minutes."""
    small = SmallShop(make_world("trace", SHOPBRIDGE_PARENT_DEADLINE_S="600"))
    small.build(TABLES, SHOP)
    small.start_worker()
    small.world.sql("INSERT INTO customers VALUES (1, 'ann.lee@example.com', 'Annabel')")
    small.world.sql("INSERT INTO orders VALUES (1042, 1, 'paid', 12), (1043, 7, 'paid', 3)")
    small.wait_linked("DEAL:1042", "CONTACT:1")
    small.wait_for("DEAL:1043", amount="3.00")
    yield small
    assert small.world.worker is not None
    assert small.world.worker.poll() is None


def trace(shop: SmallShop, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shop.world.shopbridge("--json", "trace", *arguments))
    return found


def stages(found: dict[str, Any]) -> list[str]:
    return [step["stage"] for step in found["steps"]]


def links(found: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Parent, state, and why it is not there."""
    return [(each["parent"], each["state"], each["why"]) for each in found["status"]["links"]]


def test_an_order_after_its_creation(shop: SmallShop) -> None:
    """Every hop of its way, with its place and the time since the hop before."""
    found = trace(shop, "order", "1042")
    assert (True, WAY, []) == (found["is_well"], stages(found), found["unseen"])
    assert [True, True, True] == [0 <= step["after_s"] < 60 for step in found["steps"][1:]]
    (change,) = found["changes"]
    assert (shop.topic("orders"), '{"id":1042}', "INSERT") == (
        change["place"]["topic"],
        change["row"]["row_key"],
        change["operation"],
    )
    assert [("small:CONTACT:1", "made", None)] == links(found)
    assert "after the commit, mapped" in found["in_short"]
    assert shop.id("DEAL:1042") == found["status"]["hubspot_id"]


def test_people_are_masked_unless_shown(shop: SmallShop) -> None:
    """Found by the address, which is then not told again."""
    for arguments in (["customer", "ann.lee@example.com"], ["contact", "--hubspot-id", shop.id("CONTACT:1")]):
        masked = shop.world.shopbridge("trace", *arguments)
        assert [True, False, False] == [word in masked for word in ("a***@e***.com", "ann.lee", "Annabel")]
        shown = shop.world.shopbridge("trace", *arguments, "--show")
        assert [True, True] == [word in shown for word in ("ann.lee@example.com", "Annabel")]


def test_an_order_whose_customer_is_absent_then_refused_then_there(shop: SmallShop) -> None:
    """Whom it waits for, and why; the refused request without the person; and how it ended."""
    assert [("small:CONTACT:7", "parked", "never seen")] == links(trace(shop, "order", "1043"))
    (parent,) = shop.world.status()["parents"]
    assert ("small:CONTACT:7", "never seen", 1) == (parent["parent"], parent["why"], parent["children"])
    shop.world.sql("INSERT INTO customers VALUES (7, 'bob.ray-at-example', 'Bobbie')")
    shop.wait_errors("CONTACT:7", INVALID_EMAIL_ADDRESS="OPEN")
    wait_until("the error in the ledger", lambda: "error" in stages(trace(shop, "contact", "7")))
    refused = trace(shop, "contact", "7")
    (sent,) = refused["request"]["body"]["inputs"]
    assert (["b*** (18)", "B*** (6)"], ["small:DEAL:1043"]) == (
        [sent["properties"][name] for name in ("email", "firstname")],
        refused["awaited_by"],
    )
    assert "bob.ray" not in json.dumps(refused)
    assert "bob.ray-at-example" in json.dumps(trace(shop, "contact", "7", "--show")["request"])
    assert "tried" in refused["in_short"]
    assert [("small:CONTACT:7", "parked", "refused")] == links(trace(shop, "order", "1043"))
    shop.world.sql("UPDATE customers SET email = 'bob.ray@example.com' WHERE id = 7")
    shop.wait_linked("DEAL:1043", "CONTACT:7")
    shop.wait_errors("CONTACT:7", INVALID_EMAIL_ADDRESS="RESOLVED")
    wait_until("the order to be well", lambda: trace(shop, "order", "1043")["is_well"])
    assert [("small:CONTACT:7", "made", None)] == links(trace(shop, "order", "1043"))
    mended = trace(shop, "contact", "7")
    assert ["UPDATE"] == [change["operation"] for change in mended["changes"]]
    assert any("RESOLVED" in step["what"] for step in mended["steps"])


def test_a_row_that_no_message_was_made_of(shop: SmallShop) -> None:
    """It is told by its error, with the change that the topic holds."""
    shop.world.sql("INSERT INTO orders VALUES (40, NULL, 'unheard-of', 40)")
    shop.wait_errors('orders {"id":40}', UNMAPPED_VALUE="OPEN")
    wait_until("the error in the ledger", lambda: has_error(shop))
    found = trace(shop, "order", "40")
    assert (["committed", "captured", "error"], "INSERT") == (stages(found), found["changes"][0]["operation"])
    assert found["in_short"].endswith("no message of it was found")


def has_error(shop: SmallShop) -> bool:
    return bool(shop.world.status()["open_errors"].get("UNMAPPED_VALUE"))


def test_a_type_that_is_paused_is_named_with_its_reason(shop: SmallShop) -> None:
    """The first line says it while the property is missing; `setup` ends it."""
    path = "/crm/properties/2026-09/deals/shop_status"
    assert 204 == shop.world.hubspot("DELETE", path).status_code
    shop.world.sql("UPDATE orders SET status = 'sent' WHERE id = 1042")
    wait_until("the pause", lambda: "DEAL is paused" in headline(shop))
    assert "PROPERTY_DOESNT_EXIST" in headline(shop)
    shop.world.shopbridge("setup")
    shop.wait_for("DEAL:1042", shop_status="Sent")
    wait_until("the end of the pause", lambda: "paused" not in headline(shop))


def headline(shop: SmallShop) -> str:
    return str(shop.world.status()["headline"])


def test_a_stopped_connector_is_named_with_the_command(shop: SmallShop) -> None:
    """Nothing is captured any more: the first line says which connector, and what to run."""
    name = f"shopbridge_{shop.world.name}"
    httpx.put(f"{shop.settings.connect_url}/connectors/{name}/stop", timeout=30).raise_for_status()
    wait_until("the status to tell", lambda: "STOPPED" in headline(shop))
    expected = f"NOT WELL: the connector {name} is STOPPED, so no change is captured: run `shopbridge capture apply`"
    assert headline(shop).startswith(expected)
    shop.world.shopbridge("capture", "apply")
    wait_until("the status to be content", lambda: "connector" not in headline(shop))


def test_watching_without_a_terminal_tells_a_line_a_period(shop: SmallShop) -> None:
    """The second line knows the flow since the first."""
    command = [str(BIN / "shopbridge"), "status", "--watch", "0.5"]
    with subprocess.Popen(command, env=shop.world.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(2)]
        watching.terminate()
    assert [False, True] == ["mapped 0.0/s, applied 0.0/s" in line for line in lines]
    assert all("1 error is open" in line for line in lines)


def test_what_the_topics_no_longer_hold_is_said(shop: SmallShop) -> None:
    """The ledger knows when the change was committed, the message tells the rest, and what is missing is said."""
    remove_records(shop, [shop.topic("orders")])
    found = trace(shop, "order", "1043")
    assert ["committed", "mapped", "sent"] == stages(found)
    assert any("is not in the topic any more" in each for each in found["unseen"])


def remove_records(shop: SmallShop, topics: Sequence[str]) -> None:
    """Remove all that the topics hold, as their time limit would."""
    found = Admin(shop.settings.kafka_bootstrap).topic_ids(topics)
    places = [TopicPartition(name, number, end) for name in topics for number, end in found[name].end_offsets.items()]
    admin = AdminClient({"bootstrap.servers": shop.settings.kafka_bootstrap})
    for future in admin.delete_records(places).values():
        future.result()
