"""Places in YAML: every piece of a file is found where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping.document import read_document

LINES = st.text(alphabet="ab '<>=\\\"#:é", min_size=1, max_size=20).map(lambda text: f"x{text}x".replace(" #", "##"))


def quoted(text: str) -> str:
    return "key: '" + text.replace("'", "''") + "'\n"


def block(text: str) -> str:
    return "outer:\n  key: |\n    first\n     " + text + "\n    last\n"


@settings(deadline=None)
@given(LINES, st.integers(min_value=0))
def test_characters_of_a_quoted_text_are_found(text: str, number: int) -> None:
    """Line and column inside a text in single quotes point at the very character, doubled quotes counted."""
    source = quoted(text)
    document = read_document(source, "f")
    offset = number % len(text)
    line, column = document.spot(["key"]).inside(document.data["key"], offset)
    assert (1, text[offset]) == (line, source[column - 1])


@settings(deadline=None)
@given(LINES, st.integers(min_value=0))
def test_characters_of_a_block_are_found(text: str, number: int) -> None:
    """Line and column inside a block text point at the very character, its indentation counted."""
    source = block(text)
    document = read_document(source, "f")
    value: str = document.data["outer"]["key"]
    offset = number % len(value.rstrip("\n"))
    line, column = document.spot(["outer", "key"]).inside(value, offset)
    assert value[offset] == (source.split("\n")[line - 1] + "\n")[column - 1]


@pytest.mark.parametrize("source", ['key: "a\\tb c"\n', "key: a\n  b c\n", "key: >\n  a\n  b c\n"])
def test_other_texts_answer_with_their_beginning(source: str) -> None:
    """A text whose source differs from its value answers with a place inside the source all the same."""
    document = read_document(source, "f")
    line, column = document.spot(["key"]).inside(document.data["key"], 3)
    assert 1 <= line <= 3
    assert 1 <= column <= len(source.split("\n")[line - 1]) + 1


def test_numbers_keep_their_digits() -> None:
    """Numbers are decimals with their scale, whatever notation YAML allows for whole ones."""
    source = "[1.50, 0x1f, 1_000, -7, 010, null, true, 2024-02-29, 1e3]"
    expected = "[Decimal('1.50'), 31, 1000, -7, 10, None, True, datetime.date(2024, 2, 29), Decimal('1E+3')]"
    assert expected == repr(read_document(source, "f").data)


def test_merged_mappings_have_their_keys() -> None:
    """`<<` takes over what the mapping itself does not say."""
    source = "base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\nmany: {<<: [*base, {c: 4}]}\n"
    document = read_document(source, "f")
    assert [{"a": 1, "b": 3}, {"c": 4, "a": 1, "b": 2}] == [document.data["more"], document.data["many"]]
    assert [] == document.mistakes


def test_strange_keys_are_told() -> None:
    """A list as a key and a merge of something else are mistakes with their places."""
    document = read_document("? [a]\n: 1\nx: {<<: 5}\n", "f")
    assert [(1, 3), (3, 9)] == [(mistake.line, mistake.column) for mistake in document.mistakes]
