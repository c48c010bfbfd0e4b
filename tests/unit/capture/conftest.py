"""A plan of a small shop."""

from __future__ import annotations

import pytest

from connector.capture.plan import Address, CapturePlan


@pytest.fixture
def plan() -> CapturePlan:
    """Two tables, one of an odd name, captured by a role of ours."""
    return CapturePlan(
        prefix="main",
        schema="public",
        tables=("people", 'odd, "name"'),
        topics=("main.public.people", "main.public.odd___name_"),
        connector="shopbridge_main",
        slot="shopbridge_main",
        publication="shopbridge_main",
        address=Address("db", 5432, "shop", "shopbridge_main", "pass'word"),
        owns_role=True,
        sets_password=True,
        signaller="shop",
    )
