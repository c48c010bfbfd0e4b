"""What is on the topics, said again: under another mapping, under the same, by force, and after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from connector.kafka import Admin
from connector.message import ObjectType
from connector.operations.acts import State, find_act, read_acts
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, ROOT, World, wait_until

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"replayed.{kind}").read_text() for kind in ("sql", "yaml"))
OTHER = SHOP.replace('dealname: "Sale {id}"', 'dealname: "Order {id} of {customer_id}"').replace(
    "firstname: first_name", "firstname: first_name, phone: phone"
)
TOWN = "def town(row):\n    return (row['city'] or '').title()\n"
CUSTOMERS, SALES = 40, 60


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> SmallShop:
    """Customers and sales, each changed a few times, all in HubSpot."""
    small = SmallShop(make_world("replay"))
    functions = small.world.folder / "functions"
    functions.mkdir()
    (functions / "towns.py").write_text(TOWN)
    small.world.environment["PYTHONPATH"] = str(functions)
    small.build(TABLES, SHOP)
    small.world.sql(
        "INSERT INTO customers SELECT i, 'c' || i || '@example.com', 'Ada', '+49 ' || i, 'old town' "
        f"FROM generate_series(1, {CUSTOMERS}) i"
    )
    small.world.sql(f"INSERT INTO sales SELECT i, 1 + i % {CUSTOMERS}, i, 'paid' FROM generate_series(1, {SALES}) i")
    small.start_worker()
    small.world.wait_at_rest()
    for first_name in ("Bea", "Cleo"):
        small.world.sql("UPDATE customers SET first_name = %s WHERE id %% 2 = 0", first_name)
    small.world.wait_at_rest()
    return small


def replay(shop: SmallShop, *arguments: str, expect: int = 0) -> str:
    said = shop.world.shopbridge("replay", *arguments, "--yes", expect=expect)
    shop.world.wait_at_rest()
    assert shop.world.status()["accounting"]["balanced"], shop.world.status()["accounting"]["wrong"]
    return said


def looked(shop: SmallShop, *arguments: str) -> dict[str, Any]:
    """What a dry run says would be done."""
    found: dict[str, Any] = json.loads(shop.world.shopbridge("--json", "replay", *arguments, "--dry-run"))
    return dict(found["look"])


def revs_never_fell(shop: SmallShop) -> bool:
    names = [f"CONTACT:{number}" for number in range(1, CUSTOMERS + 1)]
    names += [f"DEAL:{number}" for number in range(1, SALES + 1)]
    every = [shop.world.revs(f"small:{name}") for name in names]
    return all(revs == sorted(revs) for revs in every)


def said_in_topics(shop: SmallShop) -> int:
    """How many records the sync topics hold."""
    names = [shop.settings.sync_topic(kind) for kind in ObjectType]
    found = Admin(shop.settings.kafka).topic_ids(names).values()
    return sum(end for topic in found for end in topic.end_offsets.values())


def test_an_unchanged_replay_writes_nothing(shop: SmallShop) -> None:
    """All is mapped again from offset 0, and HubSpot does not hear of it."""
    before = shop.world.written()
    seen = looked(shop)
    assert ({}, 0) == (seen["changes"], seen["errors"])
    assert "No object would change" in replay(shop)
    assert before == shop.world.written()
    assert {"replay"} == {act.kind for act in read_acts(shop.settings)}


def test_a_shop_file_that_no_worker_met_is_refused(shop: SmallShop) -> None:
    """Its messages would count as older than all others; a dry run shows what it would change."""
    shop.world.write_shop_file(OTHER)
    shop.world.shopbridge("replay", "--yes", expect=2)
    seen = looked(shop)
    assert {"CONTACT update": CUSTOMERS, "DEAL update": SALES} == seen["changes"]


def test_a_replay_under_another_mapping_makes_hubspot_equal_to_it(shop: SmallShop) -> None:
    """All objects, old rows too, and no rev ever falls."""
    shop.world.shopbridge("setup")
    shop.restart(OTHER)
    replay(shop)
    for number in range(1, CUSTOMERS + 1):
        name = "Cleo" if number % 2 == 0 else "Ada"
        shop.wait_for(f"CONTACT:{number}", phone=f"+49 {number}", firstname=name, city="Old Town")
    for number in range(1, SALES + 1):
        shop.wait_for(f"DEAL:{number}", dealname=f"Order {number} of {1 + number % CUSTOMERS}")
    assert revs_never_fell(shop)
    assert {} == looked(shop)["changes"]


def test_a_function_changed_behind_an_untouched_file_is_applied(shop: SmallShop) -> None:
    """The mapping's identity holds the source of the functions that it names."""
    (shop.world.folder / "functions/towns.py").write_text(TOWN.replace(".title()", ".upper()"))
    shop.restart(OTHER)
    said = replay(shop, "customers")
    assert f"{CUSTOMERS} objects would change" in said
    shop.wait_for("CONTACT:7", city="OLD TOWN")


def test_objects_that_the_file_makes_no_more_are_listed_and_deleted_on_request(shop: SmallShop) -> None:
    """Other ids: the records of before stay until somebody says so."""
    shop.world.shopbridge("leftovers")
    shop.restart(OTHER.replace('from: sales\n  id: "{id}"', 'from: sales\n  id: "S-{id}"'))
    replay(shop, "orders")
    shop.wait_for("DEAL:S-5", dealname="Order 5 of 6")
    assert shop.record("DEAL:5") is not None
    left = json.loads(shop.world.shopbridge("--json", "leftovers", expect=1))
    assert {f"small:DEAL:{number}" for number in range(1, SALES + 1)} == {each["object"] for each in left}
    shop.world.shopbridge("leftovers", "--delete", "--yes")
    shop.wait_gone("DEAL:5")
    shop.world.wait_at_rest()
    assert [] == json.loads(shop.world.shopbridge("--json", "leftovers"))
    assert shop.record("DEAL:S-5") is not None
    assert shop.world.status()["accounting"]["balanced"]


def test_a_forced_older_change_stands_until_the_next_one(shop: SmallShop) -> None:
    """What an operator insists on is neither undone by what was known, nor does it outlive the row's next change."""
    shop.world.sql("UPDATE customers SET first_name = 'wrong' WHERE id = 3")
    shop.wait_for("CONTACT:3", firstname="wrong")
    places = [
        (each.partition, each.offset) for each in shop.change_records("customers") if (each.key or b"")[-1:] == b"\x06"
    ]
    partition, offset = sorted(places)[-2]
    older = ("customers", "--partition", str(partition), "--offsets", str(offset), "--object", "contact:3")
    assert "1 are older than what is known" in replay(shop, *older)
    assert "wrong" == (shop.record("CONTACT:3") or {})["firstname"]
    replay(shop, *older, "--force")
    shop.wait_for("CONTACT:3", firstname="Ada")
    replay(shop, "customers")
    assert "Ada" == (shop.record("CONTACT:3") or {})["firstname"]
    shop.world.sql("UPDATE customers SET first_name = 'right' WHERE id = 3")
    shop.wait_for("CONTACT:3", firstname="right")


def test_sync_messages_are_sent_again(shop: SmallShop) -> None:
    """HubSpot is told again what it should hold, also where nothing has changed for all we know."""
    spoilt = shop.id("CONTACT:9")
    shop.world.hubspot("PATCH", f"/crm/v3/objects/contacts/{spoilt}", {"properties": {"firstname": "by hand"}})
    replay(shop, "--from", "sync", "--object", "contact:9")
    shop.wait_for("CONTACT:9", firstname="Ada")


def test_a_killed_replay_is_resumed_with_nothing_twice_and_nothing_left_out(shop: SmallShop) -> None:
    """What the sync topics hold in the end is what one undisturbed replay would have added."""
    total = sum(looked(shop)["messages"].values())
    before = said_in_topics(shop)
    command = [str(BIN / "shopbridge"), "replay", "--yes", "--rate", "10"]
    process = subprocess.Popen(command, env=shop.world.environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_until("some of it to be said", lambda: said_in_topics(shop) - before > 0)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    act = read_acts(shop.settings)[0]
    assert (State.RUNNING, total) == (act.state, act.total)
    assert said_in_topics(shop) - before < total
    replay(shop, "--resume", act.id)
    assert total == said_in_topics(shop) - before
    assert (State.DONE, total) == (find_act(shop.settings, act.id).state, find_act(shop.settings, act.id).done)
