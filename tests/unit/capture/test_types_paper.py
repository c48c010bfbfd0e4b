"""docs/types.md says what the tests know."""

from __future__ import annotations

import pytest

from tests.support.types_page import DATABASES, PAGE, stated, table


@pytest.mark.parametrize("kind", DATABASES)
def test_the_page_holds_the_tables_as_stated(kind: str) -> None:
    """`python -m tests.support.types_page` writes them; the end-to-end test makes them of what really arrives."""
    assert table(kind) == stated(kind, PAGE.read_text())


@pytest.mark.parametrize("kind", DATABASES)
def test_no_remark_is_left_over(kind: str) -> None:
    """Each belongs to a type of the table."""
    assert set(DATABASES[kind].remarks) <= {column.sql for column in DATABASES[kind].types}
