"""The text for the editor and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.change import UNAVAILABLE, Column
from connector.errors import ConfigurationError
from connector.operations.mending.editor_text import changed, text_of, written
from tests.support.world import ROOT
from tests.unit.operations.letters_told import letter

ERROR = letter("a", type="INVALID_EMAIL_ADDRESS", ref="shop:CONTACT:7", details="no address:\nx # y")
KNOWN: dict[str, Column] = {
    "email": "a@x",
    "total": Decimal("12.50"),
    "born": date(1990, 1, 2),
    "seen": datetime(2026, 11, 24, 10, tzinfo=UTC),
    "is_vip": True,
    "phone": "0049",
    "nothing": None,
    "word": "null",
    "bio": UNAVAILABLE,
}
TEXTS = st.text() | st.text("-.+: #@09a\n\t'\"")
CASES = ROOT / "tests/cases/mending"


def text(known: dict[str, Column] = KNOWN) -> str:
    return written(ERROR, known, "property", "CONTACT 7")


def test_the_text_explains_itself() -> None:
    """What it is about, what to do, what is not carried; then a line for each value."""
    shown = text()
    for words in ("# CONTACT 7\n", "# INVALID_EMAIL_ADDRESS: no address: x # y\n", "email: a@x\n", "total: 12.50\n"):
        assert words in shown
    assert "left as it is unless a line is added: bio\n" in shown


def test_a_text_that_was_not_changed_changes_nothing() -> None:
    """Numbers that look like others, dates, words that YAML knows: all are what they were."""
    assert {} == changed(text(), KNOWN)


def test_changes_are_found() -> None:
    """A value changed, one cleared, one given; a line taken out changes nothing."""
    lines = [line for line in text().splitlines() if not line.startswith(("phone:", "born:"))]
    edited = "\n".join(lines).replace("email: a@x", "email: a@x.example").replace("is_vip: true", "is_vip:")
    assert {"email": "a@x.example", "is_vip": "", "bio": "long"} == changed(f"{edited}\nbio: long\n", KNOWN)


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=4))
def test_any_text_comes_back_as_it_was(values: dict[str, str]) -> None:
    """Line ends, quotes, tabs, signs that mean something to YAML."""
    assert {} == changed(written(ERROR, values, "property", "x"), values)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tab.yaml", "line 2"),
        ("list.yaml", "lines like `name: value`"),
        ("nested.yaml", "one value for each name; see email"),
        ("twice.yaml", "line 2"),
        ("control_character.yaml", "no YAML"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_place(name: str, words: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ConfigurationError, match=words):
        changed((CASES / name).read_text(encoding="utf-8"), KNOWN)


def test_an_empty_text_changes_nothing() -> None:
    """As leaving an editor's file empty is the usual way to give up."""
    assert {} == changed("# only comments\n", KNOWN)


def test_values_are_shown_as_they_are_typed() -> None:
    """Moments with their zone, booleans in lower case, nothing as nothing."""
    shown = [text_of(value) for value in (KNOWN["seen"], KNOWN["is_vip"], None, UNAVAILABLE)]
    assert ["2026-11-24T10:00:00+00:00", "true", "", ""] == shown
