"""A whole verification on the sandbox, fed with rows in memory: what it finds, and what it passes over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, RetriableError
from connector.message import ObjectType
from connector.operations.hubspot_reader import HubspotReader, HubspotRecord
from connector.operations.verifying.state import resume
from connector.sender.paths import Paths
from tests.unit.operations.verifying.bench import NOW, Bench, bench, fill, words

EVERYTHING = {"CONTACT": 3, "DEAL": 2, "PRODUCT": 2, "LINE_ITEM": 2}


@pytest.mark.parametrize("sample", [None, 100])
async def test_equal_is_equal(tmp_path: Path, sample: int | None) -> None:
    """Nothing is found, and every record was compared."""
    async with bench(tmp_path) as both:
        await fill(both)
        report = await both.verify(sample=sample)
        assert set() == words(report)
        assert EVERYTHING == report.compared == report.equal
        assert () == report.moving


@pytest.mark.parametrize("sample", [None, 100])
async def test_each_difference_is_found_by_its_name(tmp_path: Path, sample: int | None) -> None:
    """A wrong value, an emptied one, an archived record, one never made, associations missing, wrong and too many."""
    async with bench(tmp_path) as both:
        await fill(both)
        await both.change("contacts", both.made["CONTACT:1"], firstname="Anna", phone="123")
        await both.archive("products", both.made["PRODUCT:b"])
        both.tables.add("products", sku="c", name="Product c", price="1")
        await both.unlink("deals", both.made["DEAL:11"], "contacts", both.made["CONTACT:1"])
        await both.link("deals", both.made["DEAL:11"], "contacts", both.made["CONTACT:2"])
        await both.link("deals", both.made["DEAL:12"], "contacts", both.made["CONTACT:2"])
        await both.unlink("line_items", both.made["LINE_ITEM:12-1"], "deals", both.made["DEAL:12"])
        report = await both.verify(sample=sample)
        assert {
            "different CONTACT:1 firstname shop=Ann hubspot=Anna",
            "different CONTACT:1 phone hubspot=123",
            "missing PRODUCT:b (archived in HubSpot)",
            "missing PRODUCT:c (never made, or erased for good)",
            "association wrong DEAL:11 DEAL_CONTACT shop=CONTACT:1 hubspot=CONTACT:2",
            "association superfluous DEAL:12 DEAL_CONTACT hubspot=CONTACT:2",
            "association missing LINE_ITEM:12-1 LINE_ITEM_DEAL shop=DEAL:12",
        } == words(report)
        assert {**EVERYTHING, "PRODUCT": 3} == report.compared
        assert {"CONTACT": 2, "DEAL": 0, "PRODUCT": 1, "LINE_ITEM": 1} == report.equal


async def test_records_without_a_row_are_too_many(tmp_path: Path) -> None:
    """A row that is gone, one that left the filter, a line whose order is no more; a draft's line counts like these."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.drop("products", sku="b")
        both.tables.row("customers", id=2)["active"] = False
        both.tables.row("orders", id=12)["status"] = "draft"
        assert {
            "extra PRODUCT:b (its row is gone)",
            "extra CONTACT:2 (its row is outside the filter, or its deal is gone)",
            "extra DEAL:12 (its row is outside the filter, or its deal is gone)",
            "extra LINE_ITEM:12-1 (its row is outside the filter, or its deal is gone)",
        } == words(await both.verify())


async def test_strangers_are_left_alone(tmp_path: Path) -> None:
    """Records that bear no key of the shop's, and associations with them, belong to HubSpot's users."""
    async with bench(tmp_path) as both:
        await fill(both)
        stranger = await both.make("contacts", None, email="stranger@example.com")
        other = await both.make("contacts", None, email="o@example.com", shopbridge_key="other:CONTACT:1")
        for parent in (stranger, other):
            await both.link("deals", both.made["DEAL:11"], "contacts", parent)
        await both.make("deals", None, dealname="Ours by hand", pipeline="default", dealstage="closedwon")
        for sample in (None, 100):
            assert set() == words(await both.verify(sample=sample))


async def test_people_in_several_rows_share_a_record(tmp_path: Path) -> None:
    """The newest row speaks, whichever of them the key names; the record is listed as shared."""
    async with bench(tmp_path) as both:
        await fill(both)
        later = NOW + timedelta(days=1)
        both.tables.add("guests", id=6, email=" ANN@example.com", name="Annie", changed_at=later)
        for sample in (None, 100):
            assert {"different CONTACT:1+CONTACT:g6 firstname shop=Annie hubspot=Ann"} == words(
                await both.verify(sample=sample)
            )
        await both.change("contacts", both.made["CONTACT:1"], firstname="Annie")
        for sample in (None, 100):
            report = await both.verify(sample=sample)
            assert set() == words(report)
            assert [(("small:CONTACT:1", "small:CONTACT:g6"), False)] == [
                (each.objects, each.merged) for each in report.shared
            ]
        both.tables.drop("customers", id=1)
        both.tables.row("orders", id=11)["customer"] = "g6"
        for sample in (None, 100):
            assert set() == words(await both.verify(sample=sample))


async def test_second_keys_are_whose_they_are(tmp_path: Path) -> None:
    """Who left a shared record has a second key, and the record left behind keeps the first one for the other."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.add("guests", id=6, email="ann@example.com", name="Ann", changed_at=NOW + timedelta(days=1))
        both.tables.row("customers", id=1)["email"] = "ann.new@example.com"
        own = await both.make("contacts", "CONTACT:1~2", email="ann.new@example.com", firstname="Ann")
        first = both.made["CONTACT:1"]
        await both.unlink("deals", both.made["DEAL:11"], "contacts", first)
        await both.link("deals", both.made["DEAL:11"], "contacts", own)
        for sample in (None, 100):
            assert set() == words(await both.verify(sample=sample))
        both.tables.drop("guests", id=6)
        assert {"extra CONTACT:1 (its key has a newer record)"} == words(await both.verify())


async def test_an_id_that_looks_like_a_second_key_is_an_id(tmp_path: Path) -> None:
    """The shop's own `a~2` is another object than `a`."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.add("products", sku="a~2", name="Product a~2", price="3")
        await both.make("products", "PRODUCT:a~2", name="Product a~2", price="3")
        for sample in (None, 100):
            assert set() == words(await both.verify(sample=sample))


async def test_contacts_that_users_merged_are_one(tmp_path: Path) -> None:
    """The key of one, both addresses, the associations of both; the newest row speaks."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.row("customers", id=2)["changed_at"] = NOW + timedelta(days=1)
        both.tables.add("orders", id=13, customer="2", status="open", total="1", placed_at=NOW)
        stage = {"dealstage": "checkout_pending", "pipeline": "75e28846-ad0d-4be2-a027-5e1da6590b98"}
        deal = await both.make(
            "deals", "DEAL:13", dealname="Order 13", amount="1", closedate="2026-05-04T12:00:00Z", **stage
        )
        await both.link("deals", deal, "contacts", both.made["CONTACT:2"])
        await both.merge(both.made["CONTACT:1"], both.made["CONTACT:2"])
        for sample in (None, 100):
            report = await both.verify(sample=sample)
            assert {"different CONTACT:1+CONTACT:2 firstname shop=Bob hubspot=Ann"} == words(report)
            assert [True] == [each.merged for each in report.shared]


async def test_merged_contacts_stay_one_when_an_address_is_given_up(tmp_path: Path) -> None:
    """Told anew, the merged contact holds the newest row's address alone; any sample of one object knows both rows."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.row("customers", id=2)["changed_at"] = NOW + timedelta(days=1)
        merged = await both.merge(both.made["CONTACT:1"], both.made["CONTACT:2"])
        assert {"different CONTACT:1+CONTACT:2 firstname shop=Bob hubspot=Ann"} == await each_alone(both)
        await both.change("contacts", merged, firstname="Bob", email="bob@example.com", hs_additional_emails="")
        assert set() == words(await both.verify())
        assert set() == await each_alone(both)


async def each_alone(both: Bench) -> set[str]:
    """What samples of one contact find, until each of the three was chosen."""
    found: set[str] = set()
    for seed in range(10):
        found |= words(await both.verify(sample=1, seed=seed, types=(ObjectType.CONTACT,)))
    return found


async def test_contacts_without_our_key_are_found_by_address(tmp_path: Path) -> None:
    """Also by a further one, which stays what it is; with what it holds compared like any other."""
    async with bench(tmp_path, contacts_custom_key=False) as both:
        await fill(both)
        both.tables.add(
            "customers", id=3, active=True, email="C@Example.com", first_name="Cid", phone=None, changed_at=NOW
        )
        await both.make(
            "contacts", None, email="first@example.com", hs_additional_emails="c@example.com", firstname="X"
        )
        for sample in (None, 100):
            report = await both.verify(sample=sample)
            assert {"different CONTACT:3 firstname shop=Cid hubspot=X"} == words(report)
            assert ["records that bear no key of ours, found by their match value: 1"] == [
                note for note in report.notes if "match value" in note
            ]


async def test_rows_that_cannot_be_mapped_are_shown_apart(tmp_path: Path) -> None:
    """What HubSpot holds of them is older, so nothing of it counts as a difference; their lines live on."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.row("orders", id=11)["status"] = "unheard of"
        await both.change("deals", both.made["DEAL:11"], amount="99")
        await both.archive("line_items", both.made["LINE_ITEM:11-1"])
        await both.link("deals", both.made["DEAL:11"], "contacts", both.made["CONTACT:2"])
        report = await both.verify()
        assert {"missing LINE_ITEM:11-1 (archived in HubSpot)"} == words(report)
        assert [("UNMAPPED_VALUE", "association superfluous", None)] * 2 == [
            (each.type, each.finding.kind, each.error_id) for each in report.refused
        ]
        assert "rows that cannot be mapped (UNMAPPED_VALUE), see `shopbridge errors list`: 1" in report.notes


async def test_records_of_another_store_are_not_judged_by_half_of_their_rows(tmp_path: Path) -> None:
    """A person of two shops has one record; with the other shop's rows unknown it is passed over, and said so."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.add("guests", id=6, email="both@example.com", name="Both", changed_at=NOW)
        theirs = {"email": "both@example.com", "firstname": "Other", "shopbridge_key": "other:CONTACT:1"}
        await both.make("contacts", None, **theirs)
        for sample in (None, 100):
            report = await both.verify(sample=sample)
            assert set() == words(report)
            note = "records with the key of a store without a shop file here, not compared: 1"
            assert note in report.notes


class Meanwhile(HubspotReader):
    """Lets something happen before records are read by key, which is when things are looked at once more."""

    def __init__(self, both: Bench, happen: Callable[[], Awaitable[None]]) -> None:
        super().__init__(both.line(), Paths("2026-09"))
        self._happen = happen

    async def by_key(
        self, object_type: ObjectType, keys: Iterable[str], properties: Iterable[str]
    ) -> dict[str, HubspotRecord]:
        await self._happen()
        return await super().by_key(object_type, keys, properties)


async def test_a_change_made_during_the_first_reading_is_no_difference(tmp_path: Path) -> None:
    """HubSpot was read before the change, the shop after it; looked at once more, both have it."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.row("customers", id=1)["first_name"] = "Anna"
        both.tables.drop("products", sku="b")
        both.tables.add("orders", id=13, customer="2", status="draft", total="1", placed_at=NOW)

        async def delivered() -> None:
            await both.change("contacts", both.made["CONTACT:1"], firstname="Anna")
            await both.archive("products", both.made["PRODUCT:b"])

        report = await both.verify(reader=Meanwhile(both, delivered))
        assert (set(), ()) == (words(report), report.moving)


async def test_a_row_that_comes_back_under_another_key_is_looked_for(tmp_path: Path) -> None:
    """Its record was too many in the first reading; no key tells where the row is now, so its table is read again."""
    async with bench(tmp_path) as both:
        await fill(both)
        line = both.tables.row("lines", order_id=11)
        both.tables.rows["lines"].remove(line)

        async def back() -> None:
            if line not in both.tables.rows["lines"]:
                both.tables.rows["lines"].append(line)

        report = await both.verify(reader=Meanwhile(both, back))
        assert (set(), ()) == (words(report), report.moving)


async def test_what_changes_in_every_reading_is_said_to_move(tmp_path: Path) -> None:
    """A row that is never twice the same is no difference; it is shown apart."""
    async with bench(tmp_path) as both:
        await fill(both)
        counted = iter(range(1000))
        both.tables.row("customers", id=1)["first_name"] = "Anna"

        async def change() -> None:
            both.tables.row("customers", id=1)["first_name"] = f"Ann {next(counted)}"

        report = await both.verify(reader=Meanwhile(both, change))
        assert (set(), ["firstname"]) == (words(report), [each.name for each in report.moving])
        assert report.is_equal


async def test_a_killed_verification_goes_on_where_it_was(tmp_path: Path) -> None:
    """Pages that were read are not read again; another shop file is refused."""
    async with bench(tmp_path) as both:
        await fill(both)
        for start in range(0, 250, 50):
            inputs = [{"properties": {"email": f"s{n}@example.com"}} for n in range(start, start + 50)]
            await both.hubspot.request("POST", "/crm/objects/2026-09/contacts/batch/create", json={"inputs": inputs})
        await both.change("contacts", both.made["CONTACT:1"], firstname="Anna")
        await both.fault(
            "429", policy="DAILY", skip=2, match={"method": "GET", "path_regex": "objects/2026-09/contacts"}
        )
        state = both.begin()
        with pytest.raises(RetriableError, match="calls of the day"):
            await both.run(state)
        await both.hubspot.request("DELETE", "/sandbox/faults")
        again = resume(both.settings, [both.shop], state.folder)
        assert state == again
        report = await both.run(again)
        assert {"different CONTACT:1 firstname shop=Ann hubspot=Anna"} == words(report)
        other = replace(both.shop, hash="other")
        with pytest.raises(ConfigurationError, match="another shop file"):
            resume(both.settings, [other], state.folder)


async def test_since_leaves_out_what_was_written_before(tmp_path: Path) -> None:
    """Rows whose `newest_by` is older are not compared; what tells no time is."""
    async with bench(tmp_path) as both:
        await fill(both)
        both.tables.row("customers", id=2)["changed_at"] = NOW + timedelta(days=1)
        for number in (1, 2):
            await both.change("contacts", both.made[f"CONTACT:{number}"], phone="1")
        await both.change("products", both.made["PRODUCT:a"], price="1")
        assert {
            "different CONTACT:2 phone hubspot=1",
            "different PRODUCT:a price shop=10.00 hubspot=1",
        } == words(await both.verify(since=NOW + timedelta(hours=1)))


async def test_one_type_alone_is_compared(tmp_path: Path) -> None:
    """With the associations of its own records, whose parents are read for that."""
    async with bench(tmp_path) as both:
        await fill(both)
        await both.change("contacts", both.made["CONTACT:1"], phone="1")
        await both.unlink("deals", both.made["DEAL:11"], "contacts", both.made["CONTACT:1"])
        for sample in (None, 100):
            report = await both.verify(types=(ObjectType.DEAL,), sample=sample)
            assert {"association missing DEAL:11 DEAL_CONTACT shop=CONTACT:1"} == words(report)
            assert {"DEAL": 2} == report.compared
