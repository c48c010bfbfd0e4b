"""Objects that today's shop file makes no more are named only where that is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from connector.ledger.error_book import report_errors
from connector.ledger.numbering import Loaded, last_mapping, meet_mapping, meet_topic
from connector.mapping import Shop, load_shop
from connector.message import ObjectType, SyncMessage
from connector.operations.acts import Act, State
from connector.operations.replaying.act import REPLAY, Plan
from connector.operations.replaying.leftovers import Reached, leftovers_of, reached
from connector.operations.replaying.scope import Piece, Scope
from connector.sync_error import Stage
from connector.version import SourceRow, Version
from tests.support.desk import Office
from tests.support.story import contact, deleted, hidden, said
from tests.unit.operations.letters_told import letter

SHOP = """
store: {id: shop, label: Shop}
database: {kind: postgres, url: "${URL}", schema: public}
customers:
  from: customers
  id: "{id}"
  properties: {email: email}
"""
TOPIC = "shop.public.customers"
AT = datetime(2026, 11, 25, 10, tzinfo=UTC)
WHOLE: Reached = {(TOPIC, 0): [(0, 100)]}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    return load_shop(file, {"URL": "postgresql://shop@127.0.0.1/shop"})


async def met(office: Office, shop: Shop) -> Loaded:
    """The shop's mapping as a worker's start meets it."""

    def unit(tx: Connection) -> Loaded | None:
        meet_mapping(tx, shop.hash, shop.store.id)
        return last_mapping(tx, shop.store.id)

    last = await office.ledger.write(unit)
    assert last is not None
    return last


async def left(office: Office, shop: Shop, replayed: Reached = WHOLE) -> dict[str, SyncMessage]:
    last = await met(office, shop)
    found = await office.ledger.read(partial(leftovers_of, shop=shop, last=last, reached=replayed))
    return {each.ref.external_id: each.message for each in found}


async def test_what_a_replay_did_not_name_again_is_left(tmp_path: Path, shop: Shop) -> None:
    """And the message that ends it ends it; rows that have ended already are none."""
    office = await Office(tmp_path).start()
    await office.say(contact("1", 1), contact("2", 2), contact("3", 3), deleted(ObjectType.CONTACT, "3", 4))
    await met(office, shop)
    await office.say(replace(contact("1", 1), mapping=shop.hash))
    found = await left(office, shop)
    assert {"2"} == found.keys()
    await office.say(*found.values())
    assert {} == await left(office, shop)
    await office.close()


@pytest.mark.parametrize("replayed", [{}, {(TOPIC, 0): [(3, 100)]}, {(TOPIC, 1): [(0, 100)]}])
async def test_rows_that_no_replay_reached_are_not_left(tmp_path: Path, shop: Shop, replayed: Reached) -> None:
    """Below the log's start, or in a partition that was not meant, nothing was said of them."""
    office = await Office(tmp_path).start()
    await office.say(contact("1", 1))
    assert {} == await left(office, shop, replayed)
    await office.close()


async def test_rows_of_an_earlier_incarnation_of_the_topic_are_not_left(tmp_path: Path, shop: Shop) -> None:
    """Their offsets mean nothing in the topic that was replayed."""
    office = await Office(tmp_path).start()
    await office.say(contact("1", 1))
    await office.ledger.write(partial(meet_topic, topic=TOPIC, topic_id="t2"))
    assert {} == await left(office, shop)
    await office.close()


async def test_a_row_that_cannot_be_mapped_today_is_not_left(tmp_path: Path, shop: Shop) -> None:
    """Nobody knows what the file would make of it: ending its object would delete what the row still stands for."""
    office = await Office(tmp_path).start()
    await office.say(contact("1", 1), contact("2", 2))
    last = await met(office, shop)
    refused = letter("e1", stage=Stage.MAP, row=SourceRow(TOPIC, "1"), version=Version(1, 1, last.number, 0))
    await office.ledger.write(partial(report_errors, reported=[refused]))
    assert {"2"} == (await left(office, shop)).keys()
    await office.close()


async def test_the_former_name_of_a_row_is_left_without_a_replay(tmp_path: Path, shop: Shop) -> None:
    """By today's file the row, no older, speaks of another object; an older word of it, or its end, proves nothing."""
    office = await Office(tmp_path).start()
    await office.say(*(contact(name, offset) for name, offset in (("1", 1), ("2", 5), ("3", 6))))
    await met(office, shop)
    await office.say(
        replace(said(ObjectType.CONTACT, "S-1", 1, {"email": "1@x.example"}, row="1"), mapping=shop.hash),
        replace(said(ObjectType.CONTACT, "S-2", 3, {"email": "2@x.example"}, row="2"), mapping=shop.hash),
        replace(deleted(ObjectType.CONTACT, "S-3", 6, row="3"), mapping=shop.hash),
    )
    assert {"1"} == (await left(office, shop, {})).keys()
    await office.close()


async def test_a_table_that_is_mapped_no_more_is_left(tmp_path: Path, shop: Shop) -> None:
    """Hidden rows too; but not a table that goes by another topic's name now, unless that has spoken of the object."""
    office = await Office(tmp_path).start()
    await office.ledger.write(partial(meet_topic, topic="shop.public.x.customers", topic_id="t1"))
    await office.say(
        said(ObjectType.DEAL, "a", 1, {"dealname": "a"}),
        hidden(ObjectType.DEAL, "b", 2, {"dealname": "b"}),
        said(ObjectType.CONTACT, "1", 1, {"email": "1@x.example"}, row="1", table="x.customers"),
    )
    assert {"a", "b"} == (await left(office, shop)).keys()
    await office.say(replace(contact("1", 7), mapping=shop.hash))
    found = await left(office, shop)
    assert {"a", "b", "1"} == found.keys()
    assert "shop.public.x.customers" == found["1"].source.topic
    await office.close()


def act(at: datetime, scope: Scope, generations: Mapping[str, int] | None = None, mapping: str = "h1") -> Act:
    plan = Plan(scope, (Piece(TOPIC, 0, 2, 9),), {"shop": mapping}, generations=generations or {})
    return Act("a1", REPLAY, "eva@desk", at, "", State.DONE, cursor=plan.to_json(0, 9))


def test_only_whole_replays_under_the_last_mapping_count() -> None:
    """A file that is today's for the second time was replayed before: what came between was not."""
    last = Loaded(3, "h1", None)
    later, before = AT + timedelta(seconds=1), AT - timedelta(seconds=1)
    counts = [act(later, Scope()), act(before, Scope(tables=("customers",)), {"shop": 3})]
    none = [
        act(before, Scope()),
        act(later, Scope(), {"shop": 1}),
        act(later, Scope(), mapping="h2"),
        act(later, Scope(external_id="7")),
        act(later, Scope(sync=True)),
    ]
    assert {(TOPIC, 0): [(2, 9), (2, 9)]} == reached([*counts, *none], "shop", last, AT)
    assert {} == reached(none, "shop", last, AT)
