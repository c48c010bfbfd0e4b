"""A trial on a copy of the ledger: what would change, and nothing of it happens."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from connector.errors import ConfigurationError
from connector.ledger.tables import records
from connector.mapping import load_shop
from connector.message import ObjectRef, ObjectType, Origin
from connector.operations.objects import UnknownObjectError, object_status
from connector.operations.trial import ObjectChange, trial
from connector.outcome import Archive, Update, Upsert
from connector.settings import Settings
from tests.support.desk import Office
from tests.support.story import contact, deal, deleted, person

SHOP = """
store: {id: shop, label: Shop}
database: {kind: postgres, url: "${URL}", schema: public}
customers:
  from: customers
  id: "{id}"
  properties: {email: email}
"""


async def loaded(folder: Path) -> Settings:
    """A ledger of two customers and an order, all in HubSpot, and its worker gone."""
    office = await Office(folder).start()
    await office.say(contact("1", 1, city="Rome"), contact("2", 2, city="Oslo"), deal("a", 1, "1"))
    await office.send()
    await office.close()
    return Settings.model_validate({"ledger": folder / "ledger.db"})


def found(changes: list[ObjectChange]) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {str(each.ref): (each.action, each.changed) for each in changes}


async def test_what_would_change_is_named_and_not_done(tmp_path: Path) -> None:
    """New, changed, deleted and unchanged objects, each with the call that would be made."""
    settings = await loaded(tmp_path)
    before = settings.ledger.read_bytes()
    with trial(settings) as it:
        counts = it.merge(
            [
                contact("1", 5, city="Bern"),
                replace(contact("2", 2, city="Oslo"), origin=Origin.REPLAY),
                contact("3", 6),
                deleted(ObjectType.DEAL, "a", 7),
            ]
        )
        changes = list(it.changes())
    assert Counter(merged=3, repeat=1) == counts
    assert {
        "shop:CONTACT:1": ("update", ("city",)),
        "shop:CONTACT:3": ("create", ("email",)),
        "shop:DEAL:a": ("archive", ("dealname",)),
    } == found(changes)
    assert [Update, Upsert, Archive] == [type(each.step) for each in changes]
    assert before == settings.ledger.read_bytes()
    with pytest.raises(UnknownObjectError):
        object_status(settings, ObjectType.CONTACT, "3")


async def test_another_mapping_is_tried_as_a_start_would_meet_it(tmp_path: Path) -> None:
    """The same change under a mapping that the ledger never saw counts as newer, in the trial alone."""
    settings = await loaded(tmp_path)
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    shop = load_shop(file, {"URL": "postgresql://nobody@127.0.0.1/shop"})
    new = replace(contact("1", 1, city="Rome", phone="1"), mapping=shop.hash, origin=Origin.REPLAY)
    with trial(settings) as it:
        assert Counter(superseded=1) == it.merge([new])
        assert [] == list(it.changes())
    with trial(settings) as it:
        it.meet(shop)
        assert Counter(merged=1) == it.merge([new])
        [change] = it.changes()
    assert (ObjectRef("shop", ObjectType.CONTACT, "1"), ("phone",)) == (change.ref, change.changed)
    assert {"phone": "1"} == getattr(change.step, "properties", None)


async def test_links_and_shared_records_are_told(tmp_path: Path) -> None:
    """A deal that goes to another customer, and a row that proves to be a person known by another one."""
    office = await Office(tmp_path).start()
    await office.say(person("1", 1, "ann@x.example"), contact("2", 2), deal("a", 1, "1"))
    await office.send()
    await office.close()
    with trial(Settings.model_validate({"ledger": tmp_path / "ledger.db"})) as it:
        it.merge([deal("a", 2, "2"), person("3", 3, "ann@x.example")])
        changes = {each.ref.external_id: each for each in it.changes()}
    assert (("DEAL_CONTACT shop:CONTACT:2",), ("DEAL_CONTACT shop:CONTACT:1",)) == (
        changes["a"].links_added,
        changes["a"].links_removed,
    )
    assert changes["1"].key == changes["3"].key == "shop:CONTACT:1"


async def test_what_flips_back_is_no_change(tmp_path: Path) -> None:
    """Only the end counts."""
    settings = await loaded(tmp_path)
    with trial(settings) as it:
        it.merge([contact("1", 5, city="Bern")])
        it.merge([contact("1", 6, city="Rome")])
        assert [] == list(it.changes())


async def test_what_is_asked_after_the_changes_is_of_the_copy(tmp_path: Path) -> None:
    """Their telling looks at the ledger as it was; what comes after does not."""
    settings = await loaded(tmp_path)
    with trial(settings) as it:
        it.merge([contact("1", 5, city="Bern"), contact("3", 6)])
        assert 2 == len(list(it.changes()))
        record = it.record(ObjectRef("shop", ObjectType.CONTACT, "1"))
        assert record is not None
        assert "Bern" == record.desired.properties["city"]
        assert 4 == it.ask(lambda tx: tx.execute(select(func.count()).select_from(records)).scalar())


async def test_many_objects_are_told_in_order(tmp_path: Path) -> None:
    """More than one reading of the copy holds."""
    office = await Office(tmp_path).start()
    await office.close()
    with trial(Settings.model_validate({"ledger": tmp_path / "ledger.db"})) as it:
        it.merge([contact(f"{number:04}", number + 1) for number in range(1200)])
        names = [each.ref.external_id for each in it.changes()]
    assert [f"{number:04}" for number in range(1200)] == names


def test_without_a_ledger_nothing_can_be_tried(tmp_path: Path) -> None:
    """It is said where one was looked for, and nothing is left behind."""
    settings = Settings.model_validate({"ledger": tmp_path / "none.db"})
    with pytest.raises(ConfigurationError, match=r"none\.db"), trial(settings):
        pass
    assert [] == list(tmp_path.iterdir())
