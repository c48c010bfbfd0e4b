"""The error catalogue: whole, readable, and the same as its page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from connector.catalogue import CATALOGUE, CHAPTERS, as_markdown, entry

ROOT = Path(__file__).parents[2]


def test_the_page_is_the_catalogue() -> None:
    """docs/errors.md is what `as_markdown` writes."""
    assert as_markdown() == (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_no_type_stands_twice() -> None:
    """Every type has one entry in one chapter."""
    assert len(CATALOGUE) == sum(len(chapter.entries) for chapter in CHAPTERS)


def test_every_entry_is_told_in_sentences() -> None:
    """Cause and remedy are sentences without a bar, which would break the page's table."""
    for each in CATALOGUE.values():
        for text in (each.cause, each.remedy):
            assert text[0].isupper()
            assert text.endswith(".")
            assert "|" not in text


def test_an_unknown_type_has_an_entry_too() -> None:
    """A type from a newer version is shown, not refused."""
    assert entry("FROM_TOMORROW").type == "FROM_TOMORROW"


def test_every_type_that_is_raised_is_described() -> None:
    """Each type named where a RowError or Refusal is made has an entry."""
    found = {error_type for file in (ROOT / "connector").rglob("*.py") for error_type in _types(file)}
    assert "UNDECODABLE" in found
    assert set() == found - set(CATALOGUE)


def _types(file: Path) -> Iterator[str]:
    """First arguments of RowError(...) and Refusal(...) that are written out, outside the sandbox."""
    if "sandbox" in file.parts:
        return
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"RowError", "Refusal"}:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
