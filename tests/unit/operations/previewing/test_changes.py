"""What is shown of a change: what HubSpot would be told, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from connector.message import LinkKind, ObjectRef, ObjectType, Value
from connector.operations.masking import NOTHING, USUAL
from connector.operations.previewing.changes import NONE, shown, with_following
from connector.operations.previewing.following import Following
from connector.operations.trial import ObjectChange
from connector.outcome import Archive, Match, Update, Upsert

DEAL = ObjectRef("shop", ObjectType.DEAL, "7")
LINE = ObjectRef("shop", ObjectType.LINE_ITEM, "7-1")
ANN = ObjectRef("shop", ObjectType.CONTACT, "1")
BOOK = ObjectRef("shop", ObjectType.PRODUCT, "9")


def change(
    ref: ObjectRef, action: str, before: dict[str, Value], after: dict[str, Value], hubspot_id: str | None = "100"
) -> ObjectChange:
    return ObjectChange(ref, action, hubspot_id, str(ref), before, after, (), (), None)


def test_an_update_names_what_is_written() -> None:
    """Also a new property without a value, which is written empty, and not what HubSpot was told already."""
    made = change(DEAL, "update", {"dealname": "Order 7", "amount": 1}, {"dealname": "Sale 7", "amount": 1, "x": None})
    step = Update(1, ObjectType.DEAL, "100", {"dealname": "Sale 7", "x": None})
    assert {"dealname": ("Order 7", "Sale 7"), "x": (None, None)} == shown(replace(made, step=step), NOTHING).properties


def test_a_new_record_names_what_is_filled() -> None:
    """Whether it is written at once, or HubSpot is asked first who has its address; values are masked."""
    made = change(ANN, "create", {}, {"email": "ann@example.com", "phone": None}, None)
    for step in (
        Upsert(1, ObjectType.CONTACT, "shop:CONTACT:1", {"email": "ann@example.com"}),
        Match(1, ObjectType.CONTACT, "email", "ann@example.com"),
    ):
        assert {"email": (None, "a***@e***.com")} == shown(replace(made, step=step), USUAL).properties


def test_an_archived_record_takes_its_links_along() -> None:
    """They are not taken away one by one."""
    made = replace(
        change(DEAL, "archive", {"dealname": "Order 7"}, {}),
        links_removed=("DEAL_CONTACT shop:CONTACT:1",),
        step=Archive(1, ObjectType.DEAL, "100"),
    )
    found = shown(made, NOTHING, row_is_gone=True)
    assert ("archive", {}, (), True) == (found.action, found.properties, found.links_removed, found.row_is_gone)


def test_what_hubspot_is_not_told_is_no_change() -> None:
    """No call is due, whatever would be known otherwise; a link alone is one."""
    made = change(DEAL, "update", {"dealname": "a"}, {"dealname": "b"})
    assert NONE == shown(made, NOTHING).action
    assert "update" == shown(replace(made, links_added=("DEAL_CONTACT shop:CONTACT:1",)), NOTHING).action
    waiting = replace(change(DEAL, "create", {}, {}, None), links_added=("DEAL_CONTACT shop:CONTACT:1",))
    assert NONE == shown(waiting, NOTHING).action


def test_children_of_a_parent_that_comes_are_named() -> None:
    """With their link, or the product's id that nobody knows yet; one that changes anyway has both."""
    step = Update(1, ObjectType.DEAL, "100", {"dealname": "b"})
    made = shown(replace(change(DEAL, "update", {"dealname": "a"}, {"dealname": "b"}), step=step), NOTHING)
    deal, line = with_following(
        [made],
        [
            Following(LINE, str(LINE), "200", LinkKind.LINE_ITEM_PRODUCT, BOOK),
            Following(DEAL, str(DEAL), "100", LinkKind.DEAL_CONTACT, ANN),
        ],
    )
    assert ({"dealname": ("a", "b")}, ("DEAL_CONTACT shop:CONTACT:1",)) == (deal.properties, deal.links_added)
    assert ("update", {"hs_product_id": (None, "the id that HubSpot gives shop:PRODUCT:9")}) == (
        line.action,
        line.properties,
    )
    gone = replace(made, action="archive", properties={})
    assert [gone] == with_following([gone], [Following(DEAL, str(DEAL), "100", LinkKind.DEAL_CONTACT, ANN)])
