"""Errors for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.operations.letters import Letter
from connector.operations.mending.export import COLUMNS, cell, exported, write_csv
from connector.sync_error import ErrorState
from tests.support.world import ROOT
from tests.unit.operations.letters_told import START, letter

CELLS = json.loads((ROOT / "tests/cases/mending/cells.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "shown"), CELLS)
def test_no_cell_begins_a_formula(text: str, shown: str) -> None:
    """What a customer typed into the shop must not compute on an operator's machine."""
    assert shown == cell(text)


@given(st.text())
def test_cells_are_never_formulas(text: str) -> None:
    """Whatever the text."""
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_times_and_states_stand_as_they_are() -> None:
    """A negative number is a number."""
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert ["-7", "2026-11-24T10:00:00+00:00", "OPEN", ""] == [cell(it) for it in (-7, at, ErrorState.OPEN, None)]


def test_a_table_comes_back_as_it_was_written() -> None:
    """Line ends and quotes stay within their cells; each line says what the error means."""
    told = Letter(letter("a", ref="shop:DEAL:1", details='says "no",\nin two lines'), START)
    stream = io.StringIO(newline="")
    assert 1 == write_csv([exported(told)], stream)
    head, line = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    found = dict(zip(head, line, strict=True))
    assert list(COLUMNS) == head
    assert ('says "no",\nin two lines', "shop", "DEAL", "1") == (
        found["details"],
        found["store"],
        found["object_type"],
        found["external_id"],
    )
    assert found["remedy"]
