"""External ids: what every text becomes."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connector.errors import RowError
from connector.mapping.external_id import MAX_LENGTH, external_id

TEXTS = st.one_of(
    st.text(min_size=1, max_size=40),
    st.text(alphabet="aé% @.-", min_size=1, max_size=120),
    st.text(alphabet="%0123456789ABCDEFé", min_size=1, max_size=12),
)


@settings(deadline=None)
@given(TEXTS)
def test_an_id_is_printable_ascii(text: str) -> None:
    """Whatever the text, its id is printable ASCII without blanks, at most 100 characters."""
    found = external_id(text)
    assert 1 <= len(found) <= MAX_LENGTH
    assert all("!" <= character <= "~" for character in found)


@settings(deadline=None)
@given(TEXTS, TEXTS)
@example("é", "%C3%A9")
@example("a b", "a%20b")
def test_different_texts_have_different_ids(first: str, second: str) -> None:
    """Two texts share an id only if they are the same."""
    assert (first == second) == (external_id(first) == external_id(second))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="%"), min_size=1))
def test_plain_ids_stay(text: str) -> None:
    """Printable ASCII up to 100 characters stands for itself."""
    assert (external_id(text) == text) == (len(text) <= MAX_LENGTH)


def test_an_empty_id_is_refused() -> None:
    """No object has an empty id."""
    with pytest.raises(RowError, match="the external id is empty"):
        external_id("")
