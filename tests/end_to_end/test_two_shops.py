"""Both demo shops in one worker, on an account in use: what `make demo` shows, small."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.support.two_shops import TwoShops
from tests.support.world import say

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def world(stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoShops]:
    """Two small shops, and an account that knows a third of their people."""
    made = TwoShops(
        f"two_{uuid.uuid4().hex[:6]}", tmp_path_factory.mktemp("two"), stack, SHOPBRIDGE_PARENT_DEADLINE_S="5"
    )
    try:
        made.build(scale=0.03)
        yield made
    finally:
        made.close()


def test_both_shops_are_equal_after_load_and_traffic(world: TwoShops) -> None:
    """Through the first load, changes of the tables and of thousands of rows, and a restart amid traffic."""
    world.start_worker()
    world.live(8, rate=25, seed=11)
    world.stop_worker()
    world.start_worker()
    world.live(8, rate=25, seed=12)
    world.wait_at_rest()
    say(world.compare())


def test_verify_finds_both_shops_equal(world: TwoShops) -> None:
    """By the product's own comparison too, rows of MariaDB included; what is refused is known by its error."""
    found = json.loads(world.shopbridge("--json", "verify", "--settle", "60"))
    assert ([], []) == (found["differences"], found["moving"])
    assert all(each["error_id"] for each in found["refused"])
    assert all(each["compared"] for each in found["objects"].values())
