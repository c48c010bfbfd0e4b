"""Numbers of mappings: each store's own, rising, and with what was said of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connector.ledger.ledger import Ledger
from connector.ledger.numbering import Loaded, last_mapping, meet_mapping


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger.open(tmp_path / "ledger.db")
    yield ledger
    await ledger.close()


async def meet(ledger: Ledger, *given: Any) -> int:
    """(hash, store, description) → the generation."""
    return await ledger.write(lambda tx: meet_mapping(tx, *given))


async def test_two_stores_in_one_worker_keep_their_generations(ledger: Ledger) -> None:
    """A restart with unchanged files opens none, whoever was numbered last."""
    first = [await meet(ledger, "a1", "a", {}), await meet(ledger, "b1", "b", {})]
    again = [await meet(ledger, "a1", "a", {}), await meet(ledger, "b1", "b", {})]
    assert [1, 2] == first == again
    assert 3 == await meet(ledger, "a2", "a", {})
    assert 2 == await meet(ledger, "b1", "b", {})


async def test_going_back_is_a_new_generation(ledger: Ledger) -> None:
    """What the file says now is newer than what it said in between."""
    assert [1, 2, 3] == [await meet(ledger, each, "a", {}) for each in ("x", "y", "x")]


async def test_mapping_of_an_earlier_release_gets_its_description(ledger: Ledger) -> None:
    """It was numbered without store and description; the same file adds them, another one finds none."""
    await meet(ledger, "x")
    last = partial(last_mapping, store="a")
    assert Loaded(1, "x", None) == await ledger.read(last)
    assert 1 == await meet(ledger, "x", "a", {"sections": {}})
    assert Loaded(1, "x", {"sections": {}}) == await ledger.read(last)
    assert 2 == await meet(ledger, "y", "b", {"sections": {"customers": {}}})
    assert Loaded(1, "x", {"sections": {}}) == await ledger.read(last)
