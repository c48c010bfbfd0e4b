"""Which children a parent's coming makes linked, asked of a trial's copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.message import ObjectType, SyncMessage
from connector.operations.previewing.following import following
from connector.operations.trial import trial
from connector.settings import Settings
from tests.support.desk import Office
from tests.support.story import contact, deal, hidden


async def children(folder: Path, *before: SyncMessage, then: list[SyncMessage]) -> list[str]:
    office = await Office(folder).start()
    await office.say(*before)
    await office.send()
    await office.close()
    with trial(Settings.model_validate({"ledger": folder / "ledger.db"})) as it:
        it.merge(then)
        return [f"{each.ref} {each.parent}" for each in it.ask(following)]


async def test_a_parent_that_was_never_seen_comes(tmp_path: Path) -> None:
    """The deal waits for it; another parent's deal has its link already."""
    said = [contact("2", 1), deal("a", 1, "1"), deal("b", 2, "2")]
    assert ["shop:DEAL:a shop:CONTACT:1"] == await children(tmp_path, *said, then=[contact("1", 5)])


async def test_a_parent_that_was_filtered_comes_back(tmp_path: Path) -> None:
    """Its record was archived, and is made anew."""
    filtered = hidden(ObjectType.CONTACT, "1", 2, {})
    said = [contact("1", 1), deal("a", 1, "1")]
    office = await Office(tmp_path).start()
    await office.say(*said)
    await office.send()
    await office.say(filtered)
    await office.send()
    await office.close()
    with trial(Settings.model_validate({"ledger": tmp_path / "ledger.db"})) as it:
        it.merge([contact("1", 3)])
        assert ["shop:DEAL:a"] == [str(each.ref) for each in it.ask(following)]


@pytest.mark.parametrize("offset", [1, 5])
async def test_a_parent_that_stays_brings_nobody(tmp_path: Path, offset: int) -> None:
    """Whether it changes or not."""
    said = [contact("1", 1), deal("a", 1, "1")]
    assert [] == await children(tmp_path, *said, then=[contact("1", offset, city="Bern")])
