"""The main job: a shop's rows, loaded and changing, become equal HubSpot records; once equal they are left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.world import World

pytestmark = pytest.mark.end_to_end

SCALE = 0.1
"""200 customers, 50 products, 500 orders, 1,200 lines."""


@pytest.fixture(scope="module")
def world(make_world: Callable[..., World]) -> World:
    """A demo shop, loaded beside live traffic, at rest again; its worker runs."""
    world = make_world("whole_way", SHOPBRIDGE_PARENT_DEADLINE_S="10")
    world.build(scale=SCALE)
    world.start_worker()
    world.finish(world.traffic(seconds=12))
    world.wait_at_rest()
    return world


def test_the_shop_and_hubspot_are_equal(world: World) -> None:
    """Every property, every association, no double, no rev that fell, and exactly the planted rows as open errors."""
    world.compare()


def test_every_record_is_accounted_for(world: World) -> None:
    """The counts of all agents equal the broker's offsets; without a kill nothing is said twice."""
    status = world.status()
    assert (True, []) == (status["accounting"]["balanced"], status["accounting"]["wrong"])
    assert {True} == {totals["read"] > 0 for totals in status["accounting"]["totals"].values()}
    assert {0} == {totals.get("repeat", 0) for totals in status["accounting"]["totals"].values()}


def test_a_worker_that_starts_again_sends_nothing(world: World) -> None:
    """At rest a restart writes nothing to HubSpot and says nothing twice on any topic."""
    before, counted = world.written(), world.status()["accounting"]["totals"]
    assert 0 == world.stop_worker()
    world.start_worker()
    world.wait_working()
    world.wait_at_rest()
    assert (before, counted) == (world.written(), world.status()["accounting"]["totals"])


def test_a_change_after_all_this_still_arrives(world: World) -> None:
    """The restarted worker goes on where the other one stopped."""
    world.sql("UPDATE customers SET phone = '+1 555 0100' WHERE id = (SELECT min(id::text)::uuid FROM customers)")
    world.wait_at_rest()
    world.compare()
