"""The comparison of shop and sandbox finds every kind of difference, and no others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.demo import compare, reading
from deploy.demo.found import Shop
from deploy.demo.people import expect
from tests.support.hand_made_sandbox import HandMadeSandbox, listed, person, small_shop


def differences(shop: Shop, sandbox: HandMadeSandbox, *, ambiguous: frozenset[str] = frozenset()) -> list[str]:
    read = reading.read_sandbox(sandbox.file, 0)
    _, found = compare.compare(expect([shop]), read, None, ambiguous)
    return [f"{difference.kind}: {difference.type} {difference.subject}" for difference in found]


@pytest.fixture
def shop() -> Shop:
    return small_shop()


@pytest.fixture
def sandbox(tmp_path: Path, shop: Shop) -> HandMadeSandbox:
    return HandMadeSandbox(tmp_path / "sandbox.db", shop)


def test_a_right_sandbox_has_no_differences(shop: Shop, sandbox: HandMadeSandbox, tmp_path: Path) -> None:
    """What the shop says, empty texts, trailing zeros and a `~2` key included, passes, and freshness is measured."""
    sandbox.set("deal", "1", "shopbridge_key", "demo:DEAL:1~2")
    lines = tmp_path / "open.jsonl"
    lines.write_text("\n".join(json.dumps(entry) for entry in [*listed(shop), {"cause": "X", "state": "RESOLVED"}]))
    read = reading.read_sandbox(sandbox.file, 0)
    tallies, found = compare.compare(expect([shop]), read, reading.read_errors(lines), frozenset())
    assert [] == found
    assert [2.5] == tallies["demo", "line_item"].freshness_s
    assert (3, 2, 2) == (tallies["demo", "deal"].rows, tallies["demo", "deal"].records, tallies["demo", "deal"].equal)
    assert {"PARENT_REFUSED": 1, "UNMAPPED_VALUE": 1} == tallies["demo", "deal"].dead_lettered


Spoil = Callable[[HandMadeSandbox], object]
SPOILED: dict[str, tuple[Spoil, list[str]]] = {
    "a wrong text": (lambda s: s.set("deal", "1", "dealname", "Order 1 "), ["wrong value: deal demo:1"]),
    "a wrong number": (lambda s: s.set("product", "7", "price", "9.51"), ["wrong value: product demo:7"]),
    "a number in exponents": (lambda s: s.set("product", "7", "price", "95e-1"), ["wrong value: product demo:7"]),
    "a value not cleared": (
        lambda s: s.set("contact", "c1", "firstname", "Old"),
        ["wrong value: contact ann@example.com"],
    ),
    "a value missing": (lambda s: s.set("deal", "1", "dealname", None), ["wrong value: deal demo:1"]),
    "an e-mail missing": (
        lambda s: s.set("contact", "c1", "email", None),
        [
            "missing record: contact ann@example.com",
            "extra record: contact demo/customers/c1",
            "missing link: deal demo:1",
            "extra link: deal demo:1",
        ],
    ),
    "a wrong product": (lambda s: s.set("line_item", "1-1", "hs_product_id", "1"), ["wrong value: line_item demo:1-1"]),
    "a record archived": (
        lambda s: s.run("UPDATE record SET archived = 1 WHERE id = ?", s.id("product", "7")),
        ["missing record: product demo:7", "wrong value: line_item demo:1-1"],
    ),
    "a record too many": (lambda s: s.add("deal", "5", {"shop_rev": "9"}), ["extra record: deal demo:5"]),
    "a refused version written": (
        lambda s: s.add("contact", "c2", {"email": "no-at-sign", "firstname": "Bob", "shop_rev": "12"}),
        ["refused row: contact no-at-sign"],
    ),
    "a version from nowhere on a refused row": (
        lambda s: s.add("deal", "3", {"shop_rev": "99"}),
        ["refused row: deal demo:3"],
    ),
    "a waiting line half written": (
        lambda s: s.add("line_item", "9-1", {"name": "Wrong", "shop_rev": "18"}),
        ["wrong value: line_item demo:9-1"],
    ),
    "two records of one object": (
        lambda s: s.add("product", "7~2", {"name": "Lamp", "price": "9.5", "shop_rev": "13"}),
        ["double record: product demo:7"],
    ),
    "two contacts of one e-mail": (
        lambda s: s.run(
            "INSERT INTO record VALUES ('5', 'contact', '{\"email\": \"ANN@example.com\"}', 0, '', '', NULL, NULL)"
        ),
        ["double e-mail: contact ann@example.com"],
    ),
    "a record made without a key": (
        lambda s: s.set("product", "7", "shopbridge_key", None),
        ["missing record: product demo:7", "wrong value: line_item demo:1-1", "no key: product 1002"],
    ),
    "no links": (
        lambda s: s.run("DELETE FROM association WHERE from_type IN ('contact', 'line_item') OR to_type = 'contact'"),
        ["missing link: deal demo:1", "half link: line_item demo:1-1"],
    ),
    "a link too many": (
        lambda s: s.link("deal", s.id("deal", "2"), "contact", s.id("contact", "c1")),
        ["extra link: deal demo:2"],
    ),
    "a link of another kind": (
        lambda s: s.link("contact", s.id("contact", "c1"), "line_item", s.id("line_item", "1-1")),
        ["extra link: contact ann@example.com", "extra link: line_item demo:1-1"],
    ),
    "a pair linked twice": (
        lambda s: s.run(
            "INSERT INTO association VALUES ('deal', ?, 'contact', ?, 'USER_DEFINED', 77, 'x')",
            s.id("deal", "1"),
            s.id("contact", "c1"),
        ),
        ["double link: deal demo:1"],
    ),
    "a rev that fell": (
        lambda s: s.write("deal", s.id("deal", "1"), "13", "2026-01-01T12:00:09.000Z"),
        ["rev fell: deal record 1003"],
    ),
    "a rev that was emptied": (
        lambda s: s.write("deal", s.id("deal", "1"), "", "2026-01-01T12:00:09.000Z"),
        ["rev fell: deal record 1003"],
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_every_kind_of_difference_is_found(name: str, shop: Shop, sandbox: HandMadeSandbox) -> None:
    """Each single fault in the sandbox is named, and nothing else is."""
    spoil, expected = SPOILED[name]
    spoil(sandbox)
    assert Counter(expected) == Counter(differences(shop, sandbox))


def test_what_hubspot_took_before_the_refusal_may_stand(shop: Shop, sandbox: HandMadeSandbox) -> None:
    """An older version of a refused row, and the whole of a line that waits for its order, are no differences."""
    sandbox.add("contact", "c2", {"email": "bob@example.com", "shop_row": "demo/customers/c2", "shop_rev": "3"})
    deal = sandbox.add("deal", "3", {"dealname": "Order 3", "shop_rev": "4"})
    sandbox.link("deal", deal, "contact", sandbox.id("contact", "c1"))
    sandbox.add("line_item", "9-1", {"name": "Lost", "shop_rev": "18"})
    assert [] == differences(shop, sandbox)


def test_a_person_in_two_rows_is_one_record_that_the_newest_row_fills(tmp_path: Path) -> None:
    """Rows of two shops with one e-mail are one record; values of the older row are a difference."""
    sandbox = HandMadeSandbox(tmp_path / "two.db", small_shop())
    newer = person("7", "ann@example.com", "Ann", 1_000_000_001, store="legacy")
    legacy = Shop("legacy", (newer,), {}, frozenset(), (), {})
    _, found = compare.compare(expect([small_shop(), legacy]), reading.read_sandbox(sandbox.file, 0), None, frozenset())
    names = sorted(difference.text.partition(" ")[0] for difference in found)
    assert ["firstname", "shop_rev", "shop_row"] == names
    for name in names:
        sandbox.set("contact", "c1", name, str(newer.properties[name]))
    tallies, found = compare.compare(
        expect([small_shop(), legacy]), reading.read_sandbox(sandbox.file, 0), None, frozenset()
    )
    assert [] == found
    assert (2, 0, 1) == (
        tallies["demo", "contact"].rows,
        tallies["demo", "contact"].equal,
        tallies["legacy", "contact"].equal,
    )


def test_each_row_of_a_person_has_revs_of_its_own(shop: Shop, sandbox: HandMadeSandbox) -> None:
    """When another row speaks its rev may be lower; when the first speaks again, not lower than it was."""
    contact, at = sandbox.id("contact", "c1"), "2026-01-01T12:00:09.000Z"
    sandbox.write("contact", contact, "5", at, row="demo/customers/c9")
    sandbox.write("contact", contact, "11", at, row="demo/customers/c1")
    assert [] == differences(shop, sandbox)
    sandbox.write("contact", contact, "4", at, row="demo/customers/c9")
    assert [f"rev fell: contact record {contact}"] == differences(shop, sandbox)


def test_records_of_others_are_left_alone(shop: Shop, sandbox: HandMadeSandbox) -> None:
    """A contact that no shop has written is no difference, made before the product came or not."""
    sandbox.run("INSERT INTO record VALUES ('5', 'contact', '{\"email\": \"x@example.com\"}', 0, '', '', NULL, NULL)")
    sandbox.write("contact", "5", "", "2026-01-01T11:00:00.000Z", "create", request="seed")
    assert [] == differences(shop, sandbox)


def test_the_link_of_a_deal_whose_buyer_is_gone_may_stay(tmp_path: Path) -> None:
    """Another row of the person may keep the record; while the buyer's own row is there the link must be the shop's."""
    shop = small_shop()
    sandbox = HandMadeSandbox(tmp_path / "adrift.db", shop)
    unlinked = replace(shop, links=shop.links - {("deal", "1", "contact", "c1")})
    assert ["extra link: deal demo:1"] == differences(unlinked, sandbox)
    assert [] == differences(replace(unlinked, adrift=frozenset({"1"})), sandbox)


@pytest.mark.parametrize(("seconds", "expected"), [(149, []), (151, ["rev fell: deal record 1003"])])
def test_an_ambiguous_call_may_turn_a_record_back_for_a_while(
    seconds: int, expected: list[str], shop: Shop, sandbox: HandMadeSandbox
) -> None:
    """A late write of a call in doubt is forgiven if the record stands right again within 150 seconds, else not."""
    deal = sandbox.id("deal", "1")
    sandbox.write("deal", deal, "13", "2026-01-01T12:10:00.000Z", request="in doubt")
    sandbox.write("deal", deal, "14", f"2026-01-01T12:{10 + seconds // 60}:{seconds % 60:02}.000Z")
    assert expected == differences(shop, sandbox, ambiguous=frozenset({"in doubt"}))


def test_errors_must_be_the_expected_ones_once_each(shop: Shop, sandbox: HandMadeSandbox, tmp_path: Path) -> None:
    """A missing error, a wrong cause, a double and a stranger are each named."""
    entries = listed(shop)
    entries[0]["cause"] = "INVALID_NUMBER"
    stranger = {**entries[2], "row_key": '{"id": 77}', "cause": "MAPPING_FAILED"}
    lines = tmp_path / "open.jsonl"
    lines.write_text("\n".join(json.dumps(entry) for entry in (*entries[:3], entries[1], stranger)))
    _, found = compare.compare(
        expect([shop]), reading.read_sandbox(sandbox.file, 0), reading.read_errors(lines), frozenset()
    )
    expected = [
        "contact demo:c2: INVALID_EMAIL_ADDRESS must be open, but INVALID_NUMBER is",
        "line_item demo:9-1: PARENT_NEVER_SEEN must be open",
        "contact demo:c2: INVALID_NUMBER is open, but nothing is wrong with the row",
        "deal demo:2: PARENT_REFUSED is open, but nothing is wrong with the row",
        'row orders {"id": 77}: MAPPING_FAILED is open, but nothing is wrong with the row',
    ]
    assert expected == [f"{difference.type} {difference.subject}: {difference.text}" for difference in found]
