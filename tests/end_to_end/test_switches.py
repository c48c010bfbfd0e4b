"""The open questions about HubSpot, each answered otherwise, with a small shop: it must be equal under every answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import pytest

from deploy.demo.switches import FLIPPED
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

MORE: Mapping[str, Mapping[str, str]] = {
    "2 upsert by e-mail wants all": {"strict_partial_email": "reject", "contacts_custom_key": "false"},
    "7 the key of an archived record is refused": {"archived_key": "refuse"},
    "7 the key of an archived record brings it back": {"archived_key": "restore"},
}
"""Further answers to the same questions."""


@pytest.fixture(scope="module")
def world(make_world: Callable[..., World]) -> World:
    """One small shop, captured once; each answer begins with an empty account and an empty ledger."""
    made = make_world("switches", SHOPBRIDGE_PARENT_DEADLINE_S="5")
    made.build(scale=0.01)
    return made


@pytest.mark.parametrize("question", [*FLIPPED, *MORE])
def test_shop_and_hubspot_are_equal_under_every_answer(question: str, world: World) -> None:
    """A first load into an account in use, a few seconds of traffic, and everything is as the shop's views say."""
    switches = {**FLIPPED, **MORE}[question]
    world.begin_anew()
    given = [part for name, value in switches.items() for part in ("--switch", f"{name}={value}")]
    shop = ("--hubspot", world.environment["SHOPBRIDGE_HUBSPOT_URL"], "--shop", world.environment["SHOP_DATABASE_URL"])
    world.run(sys.executable, "-m", "deploy.demo.portal", *shop, *given)
    world.shopbridge("setup")
    world.start_worker()
    world.finish(world.traffic(4, rate=15, seed=len(question)))
    world.wait_at_rest()
    world.compare()
    world.stop_worker()
