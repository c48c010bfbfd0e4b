"""Which commands bring old rows up to a changed shop file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector.agents.shop_changes import cut_tables, remedies
from connector.kafka import TopicInfo
from connector.mapping import Shop, load_shop
from connector.mapping.description import Difference
from connector.mapping.shop import External

CASES = Path(__file__).parents[2] / "cases/end_to_end"
CAPTURED = {"customers", "goods", "sales"}


@pytest.fixture(scope="module")
def shop() -> Shop:
    return load_shop(CASES / "changing.yaml", {"SHOP_DATABASE_URL": "postgresql://shop@127.0.0.1/shop"})


def changed(*tables: str | None) -> list[Difference]:
    return [Difference("something", table) for table in tables]


def test_changed_tables_are_read_again_parents_first(shop: Shop) -> None:
    """Each once; what no rows have to be read for asks for nothing."""
    program = f"shopbridge --shop {shop.file}"
    expected = [f"{program} replay customers sales"]
    assert expected == remedies(shop, changed("sales", None, "customers", "sales"), CAPTURED)
    assert [] == remedies(shop, changed(None), CAPTURED)


def test_new_table_is_captured_first(shop: Shop) -> None:
    """Until then the connector does not know it."""
    program = f"shopbridge --shop {shop.file}"
    expected = [f"{program} capture apply", f"{program} capture snapshot goods", f"{program} replay sales"]
    assert expected == remedies(shop, changed("goods", "sales"), CAPTURED - {"goods"})


def test_rows_that_the_topic_has_lost_are_read_from_the_database(shop: Shop) -> None:
    """A topic that has been cut may lack rows that nobody knows of; the others are mapped again."""
    program = f"shopbridge --shop {shop.file}"
    expected = [f"{program} capture snapshot customers", f"{program} replay sales"]
    assert expected == remedies(shop, changed("customers", "sales"), CAPTURED, {"customers", "goods"})
    topics = {
        shop.topic("customers"): TopicInfo(shop.topic("customers"), "t1", 2, 1, {0: 0, 1: 3}, {0: 9, 1: 3}),
        shop.topic("sales"): TopicInfo(shop.topic("sales"), "t2", 1, 1, {0: 0}, {0: 9}),
    }
    assert {"customers"} == cut_tables(shop, topics)


def test_connector_of_others_is_asked_by_them(shop: Shop) -> None:
    """Nothing of ours can ask it for a table that it did not capture; what is on its topics is mapped again."""
    theirs = replace(shop, capture=replace(shop.capture, external=External()))
    replayed, told = remedies(theirs, changed("goods", "sales"), CAPTURED - {"goods"})
    assert replayed.endswith("replay sales")
    assert told.endswith("by an incremental snapshot: goods")
