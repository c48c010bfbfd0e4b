"""How HubSpot's record stands to what it should hold."""

from __future__ import annotations

import pytest

from connector.ledger.state import Desired, Fate, Record
from connector.message import ObjectRef, ObjectType
from connector.operations.hubspot_reader import HubspotRecord
from connector.operations.previewing.held import Compared, Held, InHubspot, compared

ANN = Record(1, ObjectRef("shop", ObjectType.CONTACT, "1"), "shop:CONTACT:1", Desired(Fate.KEEP, {"firstname": "Ann"}))
KNOWN = Record(1, ANN.ref, ANN.key, ANN.desired, hubspot_id="501")
ENDED = Record(1, ANN.ref, ANN.key, Desired(Fate.ARCHIVE), hubspot_id="501")


def holds(name: str, hubspot_id: str = "501") -> Held:
    return {(ObjectType.CONTACT, ANN.key): (HubspotRecord(hubspot_id, {"firstname": name}), {"firstname": "string"})}


@pytest.mark.parametrize(
    ("record", "held", "found"),
    [
        (None, {}, Compared(InHubspot.NOT_ASKED, None)),
        (KNOWN, None, Compared(InHubspot.NOT_ASKED, "501")),
        (ANN, {}, Compared(InHubspot.NO_RECORD, None)),
        (KNOWN, {}, Compared(InHubspot.NO_RECORD, "501")),
        (KNOWN, holds("Ann", "777"), Compared(InHubspot.EQUAL, "777", ())),
        (KNOWN, holds("Bob"), Compared(InHubspot.DIFFERENT, "501", (("firstname", "Ann", "Bob"),))),
        (ENDED, holds("Ann"), Compared(InHubspot.THERE, "501")),
    ],
)
def test_each_standing_is_told_apart(record: Record | None, held: Held | None, found: Compared) -> None:
    """Nobody asked, none any more, a merged one under its new id, an equal and a different one, one to be archived."""
    assert found == compared(record, held)
