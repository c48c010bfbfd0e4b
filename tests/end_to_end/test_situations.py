"""Situations of docs/operators.md that no other test plays."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from connector.kafka import Admin
from connector.operations.ledger_file import reading
from connector.operations.stock import take_stock
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"changing.{kind}").read_text() for kind in ("sql", "yaml"))


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> SmallShop:
    """Two customers and a sale, in HubSpot."""
    small = SmallShop(make_world("life"))
    small.build(TABLES, SHOP)
    small.world.sql(
        "INSERT INTO customers VALUES (1, 'a@example.com', 'Ada', '', 1), (2, 'b@example.com', 'Bob', '', 2)"
    )
    small.world.sql("INSERT INTO sales VALUES (1, 1, 10, true)")
    small.start_worker()
    small.world.wait_at_rest()
    return small


def test_backup_and_upgrade(shop: SmallShop) -> None:
    """A copy beside the running worker; stopped, looked at and started again it goes on where it was."""
    copy = shop.world.folder / "backup.db"
    assert "records" in shop.world.shopbridge("ledger", "backup", str(copy))
    with reading(copy) as tx:
        assert {"CONTACT": {"equal": 2}, "DEAL": {"equal": 1}} == take_stock(tx).records
    assert 0 == shop.world.stop_worker()
    shop.world.sql("UPDATE customers SET first_name = 'Adeline' WHERE id = 1")
    shop.world.shopbridge("schemas", "check")
    shop.world.shopbridge("check")
    written = shop.world.written()
    shop.start_worker()
    shop.wait_for("CONTACT:1", firstname="Adeline")
    shop.world.wait_at_rest()
    assert written + 1 == shop.world.written()


def test_uninstall(shop: SmallShop) -> None:
    """What was made in the database and in Connect is gone; topics and HubSpot's records stay; twice is harmless."""
    assert 0 == shop.world.stop_worker()
    shop.world.shopbridge("capture", "remove", "--yes")
    name = shop.world.name
    assert [] == shop.world.sql("SELECT slot_name FROM pg_replication_slots WHERE database = %s", name)
    assert [] == shop.world.sql("SELECT pubname FROM pg_publication")
    assert [] == shop.world.sql("SELECT nspname FROM pg_namespace WHERE nspname = 'shopbridge'")
    connectors = httpx.get(f"{shop.settings.connect_url}/connectors").json()
    assert not any(name in each for each in connectors)
    topics = [shop.topic("customers"), shop.settings.dead_letter_topic]
    assert set(topics) == set(Admin(shop.settings.kafka).topic_ids(topics))
    assert shop.record("CONTACT:1") is not None
    shop.world.shopbridge("capture", "remove", "--yes")
