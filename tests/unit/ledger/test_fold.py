"""fold: what a record should hold, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.ledger.fold import PRODUCT_ID, fold, fold_object
from connector.ledger.merge import Passed, merge
from connector.ledger.state import NEVER_SEEN, Contribution, Desired, Fate, Life, Parent, Place
from connector.message import DeletePolicy, Link, LinkKind, ObjectRef, ObjectType, Reason, SyncMessage
from tests.support.story import at, contact, deal, deleted, hidden, line, said

C, D = ObjectType.CONTACT, ObjectType.DEAL


def told(*messages: SyncMessage, generation: int = 1) -> list[Contribution]:
    """The contributions that the messages leave, one for each of their rows."""
    rows: dict[tuple[str, str], Contribution] = {}
    for message in messages:
        row = (message.source.topic, message.source.row_key)
        result = merge(rows.get(row), message, at(message.source.offset, generation=generation))
        assert not isinstance(result, Passed)
        rows[row] = result
    return list(rows.values())


def alone(*messages: SyncMessage, parents: Mapping[str, Parent] | None = None) -> Desired:
    """What a record of one object should hold; parents by their text."""
    known = parents or {}
    return fold([told(*messages)], lambda ref: known.get(str(ref), NEVER_SEEN))


def news(offset: int, properties: dict[str, Any], **more: Any) -> SyncMessage:
    return said(C, "1", offset, properties, table="newsletter", bears=False, **more)


def test_an_object_lives_while_a_bearing_row_does() -> None:
    """A row that only adds does not make an object."""
    assert Fate.WAIT is alone(news(1, {"optin": True})).fate
    assert Fate.KEEP is alone(news(1, {"optin": True}), contact("1", 1)).fate


def test_the_newest_bearing_row_speaks_alone() -> None:
    """Properties of bearing rows are not mixed."""
    older = said(C, "1", 1, {"firstname": "old", "phone": "1"}, row="a", newest_by=1)
    newer = said(C, "1", 2, {"firstname": "new"}, row="b", newest_by=2)
    assert {"firstname": "new"} == alone(newer, older).properties


def test_equal_ranks_are_settled_by_the_row_key() -> None:
    """Two rows of one age give the same speaker in any order."""
    rows = [said(C, "1", n, {"firstname": key}, row=key, newest_by=1) for n, key in enumerate("ab")]
    assert alone(*rows).properties == alone(*reversed(rows)).properties == {"firstname": "b"}


def test_a_row_without_a_rank_is_older_than_all() -> None:
    """NULL in `newest_by` never wins against a value."""
    rows = [said(C, "1", 1, {"firstname": key}, row=key, newest_by=rank) for key, rank in (("z", None), ("a", -5))]
    assert {"firstname": "a"} == alone(*rows).properties


def test_the_end_of_an_added_row_clears_what_it_added() -> None:
    """Its properties become empty, the others stay."""
    desired = alone(contact("1", 1), news(1, {"optin": True}), news(2, {}, reason=Reason.ROW_DELETED))
    assert {"email": "1@x.example", "optin": None} == desired.properties


def test_an_ignored_end_of_an_added_row_leaves_its_property() -> None:
    """The property leaves the desired state, so that HubSpot keeps it."""
    end = news(2, {}, reason=Reason.ROW_DELETED, on_delete=DeletePolicy.IGNORE)
    assert {"email": "1@x.example"} == alone(contact("1", 1), news(1, {"optin": True}), end).properties


def test_a_property_of_two_mappings_belongs_to_the_later_one() -> None:
    """After a property moved to another mapping, what the old one left does not win."""
    old = told(contact("1", 1, optin="old"), generation=1)
    new = told(news(1, {"optin": "new"}), generation=2)
    assert "new" == fold([old + new], lambda _: NEVER_SEEN).properties["optin"]


def test_delete_policies() -> None:
    """A deleted row's record is archived, left, or cleared of what we own."""
    fates = {}
    for policy in DeletePolicy:
        desired = alone(contact("1", 1), deleted(C, "1", 2, on_delete=policy))
        fates[policy] = (desired.fate, dict(desired.properties))
    expected = {
        DeletePolicy.ARCHIVE: (Fate.ARCHIVE, {}),
        DeletePolicy.IGNORE: (Fate.LEAVE, {}),
        DeletePolicy.CLEAR: (Fate.CLEAR, {"email": None}),
    }
    assert expected == fates


def test_hidden_and_ended_are_told_apart() -> None:
    """Children see whether their parent left the filter or was deleted."""
    away = fold_object(told(deal("1", 1), hidden(D, "1", 2, {})), lambda _: NEVER_SEEN)
    gone = fold_object(told(deal("1", 1), deleted(D, "1", 2)), lambda _: NEVER_SEEN)
    assert (Life.HIDDEN, Life.ENDED) == (away.life, gone.life)


def test_a_line_waits_for_an_unseen_deal_and_goes_with_a_gone_one() -> None:
    """Derived from the deal's life, whatever the line's own row says; its links stay wanted."""
    item = line("1-1", 5, "1")
    fates = {life: alone(item, parents={"shop:DEAL:1": Parent(life)}).fate for life in Life}
    expected = {
        Life.UNSEEN: Fate.WAIT,
        Life.LIVE: Fate.KEEP,
        Life.HIDDEN: Fate.ARCHIVE,
        Life.ENDED: Fate.ARCHIVE,
    }
    assert expected == fates
    assert 1 == len(alone(item).links)


def test_behind_a_cascade_only_later_lines_live_again() -> None:
    """A line written after the deal's last end lives, an earlier one does not; another server's is later."""
    back = Parent(Life.LIVE, "9", Place("db1", f"{5:016d}"))
    elsewhere = Parent(Life.LIVE, "9", Place("db0", f"{5:016d}"))
    before, after = line("1-1", 4, "1", cascade=True), line("1-1", 6, "1", cascade=True)
    found = [
        alone(item, parents={"shop:DEAL:1": parent}).fate
        for item, parent in ((before, back), (after, back), (before, elsewhere))
    ]
    assert [Fate.ARCHIVE, Fate.KEEP, Fate.KEEP] == found


def test_a_product_is_named_by_a_property() -> None:
    """Absent until the product has an id, its id while it lives, empty once it is gone or no longer named."""
    live = {"shop:DEAL:1": Parent(Life.LIVE, "9")}
    item = line("1-1", 1, "1", "p")
    found = [
        alone(item, parents={**live, "shop:PRODUCT:p": parent}).properties.get(PRODUCT_ID, "absent")
        for parent in (NEVER_SEEN, Parent(Life.LIVE), Parent(Life.LIVE, "77"), Parent(Life.ENDED, "77"))
    ]
    assert ["absent", "absent", "77", None] == found
    assert alone(line("1-1", 1, "1"), parents=live).properties[PRODUCT_ID] is None


def test_objects_that_share_a_record() -> None:
    """The newest live object speaks, the links are joined, and the record goes only with the last of them."""
    a = told(said(C, "a", 1, {"firstname": "A"}, newest_by=1, links=(Link(LinkKind.DEAL_CONTACT, "x"),)))
    b = told(said(C, "b", 2, {"firstname": "B"}, newest_by=2, links=(Link(LinkKind.DEAL_CONTACT, "y"),)))
    gone = told(said(C, "b", 2, {"firstname": "B"}, newest_by=2), deleted(C, "b", 3))
    shared = fold([a, b], lambda _: NEVER_SEEN)
    assert ({"firstname": "B"}, 2) == (shared.properties, len(shared.links))
    assert {"firstname": "A"} == fold([a, gone], lambda _: NEVER_SEEN).properties
    assert Fate.ARCHIVE is fold([gone], lambda _: NEVER_SEEN).fate


def test_the_match_value_is_normalised() -> None:
    """E-mails are matched without blanks and case."""
    message = said(C, "1", 1, {"email": " Ann@X.example "}, match_by="email")
    assert "ann@x.example" == alone(message).match_value


def test_wanted_parents_are_of_the_childs_store() -> None:
    """A link names an object of the same store."""
    (wanted,) = alone(deal("1", 1, customer="7")).links
    assert ObjectRef("shop", C, "7") == wanted.parent
