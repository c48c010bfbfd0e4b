"""Errors read whole from the dead-letter topic: the newest of each counts, and they are found, grouped and told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import catalogue, contracts
from connector.errors import ConfigurationError
from connector.message import ObjectType
from connector.operations.causes import by_cause
from connector.operations.letters import (
    Filter,
    Letters,
    Newest,
    as_line,
    choose,
    chunks,
    decode,
    decoder,
    find,
)
from connector.operations.row_keys import key_values
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import ErrorState, SyncError
from connector.wire import Codec
from tests.unit.operations.letters_told import START, letter

SETTINGS = Settings.model_validate({})
OPEN = Filter(ErrorState.OPEN)


def read(errors: Iterable[SyncError]) -> Letters:
    newest = Newest()
    newest.take(errors)
    return Letters(newest.by_id)


def names(letters: Letters, wanted: Filter) -> list[str]:
    return [each.id for each in choose(letters, wanted)]


def test_the_highest_seq_counts_whatever_the_order() -> None:
    """An error that was resolved and raised again is open, also when its letters are read out of order."""
    history = [
        letter("a", minute=0, seq=1),
        letter("a", minute=5, seq=2, state=ErrorState.RESOLVED),
        letter("a", minute=9, seq=3),
    ]
    found = read(reversed(history)).by_id["a"]
    assert (3, ErrorState.OPEN, START) == (found.error.seq, found.error.state, found.first_at)


@given(st.integers(0, 10_000))
def test_reading_does_not_depend_on_the_order(seed: int) -> None:
    """Partitions are read one after another: any interleaving gives the same."""
    history = [letter(name, minute=seq, seq=seq) for name in "abc" for seq in range(1, 5)]
    shuffled = Random(seed).sample(history, len(history))
    assert read(history) == read(shuffled)


def test_a_resolution_keeps_what_the_refusal_told() -> None:
    """The ledger's resolution names the error alone; the record and HubSpot's answer stand in an older letter."""
    told: dict[str, Any] = {
        "ref": "shop:DEAL:1",
        "original_value": b"body",
        "answer": "no",
        "attempts": 3,
        "correlation_id": "c-1",
    }
    history = [
        letter("a", minute=0, seq=1, details="first", **told),
        letter("a", minute=1, seq=2, details="second", **told),
        letter("a", minute=2, seq=3, state=ErrorState.RESOLVED, ref="shop:DEAL:1", partition=0, details="second"),
    ]
    found = read(reversed(history)).by_id["a"]
    assert (b"body", "no", "second") == (found.refusal.original_value, found.refusal.answer, found.refusal.details)
    assert ["OPEN", "OPEN", "RESOLVED"] == [each.state for each in found.life]
    line = as_line(found)
    assert ("RESOLVED", 3, "c-1", 2) == (line["state"], line["attempts"], line["correlation_id"], line["partition"])


def test_a_body_that_was_taken_out_is_not_looked_for_in_older_letters() -> None:
    """An empty body says that somebody is to be forgotten."""
    history = [
        letter("a", minute=0, seq=1, original_value=b"body", answer="ada@x.example"),
        letter("a", minute=1, seq=2, original_value=b"", details="", state=ErrorState.RESOLVED),
    ]
    found = read(history).by_id["a"]
    assert (b"", None) == (found.refusal.original_value, found.refusal.answer)


def test_a_long_life_is_told_by_its_last_steps() -> None:
    """A record that is refused every minute has thousands."""
    found = read([letter("a", minute=seq, seq=seq) for seq in range(1, 60)]).by_id["a"]
    assert (START + timedelta(minutes=1), [*range(40, 60)]) == (found.first_at, [each.seq for each in found.life])


def test_filters_choose() -> None:
    """By state, type, object and time; all that is asked for must hold."""
    letters = read(
        [
            letter("a", minute=1, type="INVALID_NUMBER", ref="shop:DEAL:1042"),
            letter("b", minute=2, type="INVALID_NUMBER", ref="shop:DEAL:7"),
            letter("c", minute=3, type="INVALID_EMAIL_ADDRESS", ref="shop:CONTACT:1042"),
            letter("d", minute=4, ref="shop:DEAL:9", state=ErrorState.IGNORED),
        ]
    )
    assert ["c", "b", "a"] == names(letters, OPEN)
    assert ["d", "c", "b", "a"] == names(letters, Filter())
    assert ["b", "a"] == names(letters, Filter(ErrorState.OPEN, object_type=ObjectType.DEAL))
    assert ["a"] == names(letters, Filter(object_type=ObjectType.DEAL, external_id="1042"))
    assert ["b", "a"] == names(letters, Filter(type="INVALID_NUMBER"))
    assert ["d", "c"] == names(letters, Filter(since=START + timedelta(minutes=3)))
    assert ["d", "c", "b", "a"] == names(letters, Filter(store="shop"))
    assert [] == names(letters, Filter(store="outlet"))
    assert ["b"] == names(letters, Filter(text="DETAILS OF B"))
    assert ["c", "a"] == names(letters, Filter(text=":1042"))


def test_an_unmapped_row_is_found_by_its_key() -> None:
    """An error that names no object is found by the object's id only where its row's key is that id."""
    letters = read([letter("17"), letter("18")])
    assert ["17"] == names(letters, Filter(object_type=ObjectType.DEAL, external_id="17"))
    assert [] == names(letters, Filter(object_type=ObjectType.DEAL))


@pytest.mark.parametrize(
    ("row_key", "values"),
    [
        ('{"id":17}', ("17",)),
        ('{"order_id":17,"line_no":2}', ("17-2",)),
        ("0/4711", ("0/4711",)),
        ("[1]", ("[1]",)),
        ("", ("",)),
    ],
)
def test_ids_by_row_keys(row_key: str, values: tuple[str, ...]) -> None:
    """A key of several columns is joined as ids usually are; what is no JSON object stands for itself."""
    assert values == key_values(row_key)


def test_causes_are_grouped_with_what_to_do() -> None:
    """The most frequent cause first, with first and last time, the newest as the example, and the catalogue's words."""
    causes = by_cause(
        choose(
            read(
                [
                    letter("a", minute=1, type="INVALID_NUMBER", ref="shop:DEAL:1"),
                    letter("b", minute=2, ref="shop:DEAL:2"),
                    letter("c", minute=8, seq=2, ref="shop:DEAL:3", details="'odd' is no stage"),
                    letter("c", minute=3, seq=1, ref="shop:DEAL:3"),
                ]
            ),
            OPEN,
        )
    )
    assert [("UNMAPPED_VALUE", 2), ("INVALID_NUMBER", 1)] == [(cause.type, cause.count) for cause in causes]
    first = causes[0]
    assert (START + timedelta(minutes=2), START + timedelta(minutes=8)) == (first.first_seen, first.last_seen)
    assert ("c", "shop:DEAL:3: 'odd' is no stage") == (first.example_id, first.example)
    assert (catalogue.entry("UNMAPPED_VALUE").remedy, ("DEAL",)) == (first.remedy, first.object_types)


def test_a_line_holds_what_scripts_need() -> None:
    """One JSON line names cause, object, row and place."""
    told = letter("a", type="INVALID_NUMBER", ref="shop:LINE_ITEM:1-2", property_name="price")
    line = as_line(read([told]).by_id["a"])
    wanted = {
        "id": "a",
        "state": "OPEN",
        "type": "INVALID_NUMBER",
        "cause": "INVALID_NUMBER",
        "object_type": "LINE_ITEM",
        "external_id": "1-2",
        "property": "price",
        "source_topic": "shop.public.orders",
        "row_key": '{"id":"a"}',
        "partition": 2,
        "offset": 7,
        "seq": 1,
    }
    assert wanted == {name: line[name] for name in wanted}


def test_an_error_is_found_by_the_beginning_of_its_id() -> None:
    """A beginning that names one error is enough; none and several are refused with what to do."""
    letters = read([letter("abc1"), letter("abd2")])
    assert "abc1" == find(letters, "abc").id
    with pytest.raises(ConfigurationError, match="errors list --state all"):
        find(letters, "x")
    with pytest.raises(ConfigurationError, match="give more"):
        find(letters, "ab")


class Schemas:
    """A registry that knows one schema."""

    status = 200
    text = ""

    def __init__(self) -> None:
        self.body = {"schema": contracts.text(contracts.LETTER)}

    async def request(self, method: str, path: str, *, json: object = None) -> Schemas:
        assert ("GET", "/schemas/ids/5", None) == (method, path, json)
        return self


async def test_unreadable_records_are_counted_and_passed_over() -> None:
    """Bytes of somebody else on the topic do not hide the errors beside them."""
    registry = Registry(Schemas())
    writer = Codec(registry, SETTINGS, dict.fromkeys(contracts.subjects(SETTINGS), 5))
    good = letter("a", minute=1, ref="shop:DEAL:1")
    values = [writer.encode_letter(good), b"garbage", None, writer.encode_letter(good)[:-3]]
    records = [Record("letters", 0, offset, b"a", value) for offset, value in enumerate(values)]
    errors, unreadable = await decode(records, registry, decoder(registry, SETTINGS))
    assert (["a"], 3) == ([error.id for error in errors], unreadable)


def test_records_are_read_in_chunks() -> None:
    """A large topic is decoded bit by bit, and nothing is left out at the end."""
    records = [Record("letters", 0, offset, None, None) for offset in range(1_001)]
    assert [500, 500, 1] == [len(chunk) for chunk in chunks(records)]
