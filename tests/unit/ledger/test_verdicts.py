"""Which versions of a row close an error of its mapping: one row may become several objects."""

from __future__ import annotations

import pytest

from connector.ledger.verdicts import Verdicts
from connector.sync_error import Stage
from connector.version import SourceRow, Version
from tests.support.story import at

ORDER = SourceRow("shop.public.orders", "1")


@pytest.mark.parametrize(
    ("heard", "subject", "expected"),
    [
        ("shop:CONTACT:9", "shop:DEAL:1", None),
        ("shop:DEAL:1", "shop:DEAL:1", at(31)),
        ("shop:DEAL:2", "shop:DEAL:1", at(31)),
        ("shop:CONTACT:9", None, at(31)),
    ],
)
def test_a_mapping_error_is_closed_by_objects_of_its_own_type(
    heard: str, subject: str | None, expected: Version | None
) -> None:
    """A guest's order that makes a contact is not yet a deal, and one under another id is a deal.

    An error without an object is of the whole row.
    """
    verdicts = Verdicts()
    verdicts.rested[ORDER][heard] = at(31)
    assert expected == verdicts.closer(Stage.MAP, subject, ORDER, at(30))
