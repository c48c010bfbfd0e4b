"""The worker is ended by kill -9 at every bad moment; afterwards shop and HubSpot are equal all the same."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise

import pytest

from tests.support.group_offsets import committed
from tests.support.world import World, pause, say, wait_until

pytestmark = pytest.mark.end_to_end

SCALE = 0.1
KILLS = 10
LATENCY_S = 0.15
"""As HubSpot's; so the worker nearly always has calls out when it is killed."""

RECHECK_S = 3
LATE_S, LATE_RECHECK_S = 14, 18
"""A call that is held up is carried out after the worker has started again, and before that one reads back."""

WRITES = "/objects/.*/batch/(upsert|update)$"
LINKS = "/associations/"


@pytest.fixture(scope="module")
def world(make_world: Callable[..., World]) -> World:
    """A demo shop whose initial load has not begun."""
    world = make_world("kills", SHOPBRIDGE_RECHECK_AFTER_S=str(RECHECK_S), SHOPBRIDGE_PARENT_DEADLINE_S="8")
    world.build(scale=SCALE)
    return world


def prove(world: World) -> None:
    """At rest, equal, and every record accounted for."""
    world.clear_faults()
    world.wait_at_rest()
    world.compare()
    accounting = world.status()["accounting"]
    assert (True, []) == (accounting["balanced"], accounting["wrong"])


def kill(world: World, why: str) -> None:
    """Kill the worker; tell what it left."""
    world.kill_worker()
    say(f"killed {why}: {world.requests()} requests so far, {len(world.unanswered())} never answered")


def touch(world: World, rows: int) -> None:
    """Change customers, which all have one more rev afterwards."""
    world.sql(
        "UPDATE customers SET phone = coalesce(phone, '') || '1' WHERE id IN (SELECT id FROM customers LIMIT %s)", rows
    )


def test_ten_kills_at_random_moments(world: World) -> None:
    """In the initial load and in live traffic, while the worker starts, reads, merges, sends."""
    seed = time.time_ns() % 1_000_000
    say(f"seed of the moments: {seed}")
    rng = random.Random(seed)
    world.fault("slow", delay_s=LATENCY_S)
    traffic = world.traffic(seconds=36, seed=seed)
    for number in range(1, KILLS + 1):
        world.start_worker()
        amid_start = number % 4 == 1
        if not amid_start:
            world.wait_working()
        moment = rng.uniform(0.5, 4.0)
        pause(moment)
        kill(world, f"the {number}. time, {moment:.2f} s after {'its start' if amid_start else 'it went to work'}")
    world.start_worker()
    world.finish(traffic)
    assert world.unanswered()
    prove(world)


def test_a_kill_while_hubspot_answers_slowly(world: World) -> None:
    """What HubSpot did is done, the worker never heard of it."""
    before = world.last_write()
    world.fault("slow_answer", delay_s=10, match={"method": "POST", "path_regex": WRITES}, times=1)
    touch(world, 50)
    wait_until("HubSpot to have done it", lambda: world.last_write() > before)
    kill(world, "between HubSpot's deed and its answer")
    world.start_worker()
    touch(world, 10)
    prove(world)


def customer_alone(world: World) -> str:
    """One whom HubSpot takes, and whose record no other row shares: it bears the customer's own key."""
    taken = world.sql(
        "SELECT id FROM customers WHERE id::text IN (SELECT external_id FROM demo.expected_contact"
        " EXCEPT SELECT external_id FROM demo.refused) ORDER BY id"
    )
    alone = "SELECT r.key FROM record AS r JOIN object AS o ON o.record = r.number GROUP BY r.key HAVING count(*) = 1"
    with closing(sqlite3.connect(f"file:{world.ledger}?mode=ro", uri=True)) as ledger:
        keys = {key for (key,) in ledger.execute(alone)}
    return next(str(number) for (number,) in taken if f"demo:CONTACT:{number}" in keys)


def test_a_kill_before_hubspot_does_it(world: World) -> None:
    """The call of the killed worker is carried out after its successor has sent something newer: it does not stay."""
    customer = customer_alone(world)
    change = "UPDATE customers SET phone = '+1 555 0100' WHERE id = %s"
    world.fault("slow", delay_s=LATE_S, match={"method": "POST", "path_regex": WRITES}, times=1)
    asked = len(world.unanswered())
    world.sql(change, customer)
    wait_until("a call to be out", lambda: len(world.unanswered()) > asked)
    kill(world, "before HubSpot's deed")
    world.environment["SHOPBRIDGE_RECHECK_AFTER_S"] = str(LATE_RECHECK_S)
    world.start_worker()
    world.sql(change, customer)
    prove(world)
    revs = world.revs(f"demo:CONTACT:{customer}")
    say(f"its revs in the order of the writes: {revs}")
    assert any(later < earlier for earlier, later in pairwise(revs)), "the late write came too early to prove anything"
    assert max(revs) == revs[-1]


def test_a_kill_between_the_parents_answer_and_its_links(world: World) -> None:
    """Deal and lines are there, nothing links them yet."""
    world.fault("slow", delay_s=20, match={"path_regex": LINKS})
    order = world.sql("SELECT nextval('orders_id_seq')")[0][0]
    world.sql(
        "INSERT INTO orders (id, number, customer_id, status, currency, total, placed_at)"
        " SELECT %s, 'K-1', id, 'paid', 'EUR', 20, now() FROM customers"
        " WHERE id::text NOT IN (SELECT external_id FROM demo.refused) LIMIT 1",
        order,
    )
    world.sql(
        "INSERT INTO order_items (order_id, line_no, product_name, quantity, unit_price)"
        " SELECT %s, n, 'Lamp', n, 10 FROM generate_series(1, 3) n",
        order,
    )
    keys = [f"demo:DEAL:{order}", *(f"demo:LINE_ITEM:{order}-{n}" for n in (1, 2, 3))]
    wait_until("deal and lines in HubSpot", lambda: all(world.record(key) for key in keys))
    kill(world, "before the links")
    ids = [str((world.record(key) or {})["id"]) for key in keys]
    assert 0 == world.links(ids)
    world.start_worker()
    prove(world)
    assert 2 * 4 == world.links(ids), "the deal's contact and three lines, each both ways"


def test_a_kill_between_the_ledgers_commit_and_kafkas(world: World) -> None:
    """The group's offsets stay behind: what the ledger has is not merged again, and nothing is passed over."""
    topic = f"{world.name}.sync.contacts"
    before = world.positions("apply:contacts")
    touch(world, 40)
    wait_until("the ledger to move on", lambda: world.positions("apply:contacts") != before, every_s=0.01)
    kill(world, "between the ledger's commit and the group's")
    ledger, group = world.positions("apply:contacts"), committed(world.environment, f"{world.name}-apply", topic)
    say(f"positions in the ledger: {ledger}, in the group: {group}")
    assert sum(ledger.values()) > sum(group.get(partition, 0) for partition in ledger)
    world.start_worker()
    prove(world)
