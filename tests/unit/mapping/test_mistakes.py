"""Wrong shop files: each file of tests/cases/mapping/mistakes has its mistakes in a text file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.mapping import load_shop
from tests.unit.mapping.cases import CASES, ENVIRON

FILES = sorted((CASES / "mistakes").glob("*.yaml"))


def mistakes_of(path: Path) -> str:
    """Line, column, what is wrong and what would be right, of every mistake of a file."""
    try:
        load_shop(path, ENVIRON)
    except ConfigurationError as error:
        found = error.mistakes
    else:
        found = ()
    lines = [f"{mistake.line}:{mistake.column}: {mistake.wrong}\n    {mistake.remedy}\n" for mistake in found]
    return "".join(lines).replace(str(path.parent), "FOLDER")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_mistake_is_told_with_its_place(path: Path) -> None:
    """A wrong file is refused with all its mistakes at once, in the order of the file."""
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert expected == mistakes_of(path)


def test_there_are_cases() -> None:
    """The folder of cases is found."""
    assert len(FILES) > 10
