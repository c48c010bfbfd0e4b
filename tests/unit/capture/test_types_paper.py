"""docs/types.md says what the tests know."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.every_type import TYPES

PAPER = Path(__file__).parents[3] / "docs" / "types.md"


def test_the_paper_lists_every_type() -> None:
    """Each type with what arrives, in the order of the list that the end-to-end test runs through."""
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", PAPER.read_text(), re.MULTILINE)

    assert [(column.sql, column.arrives) for column in TYPES] == rows
