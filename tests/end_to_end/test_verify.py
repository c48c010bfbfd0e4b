"""Shop and HubSpot compared on the real stack: what people changed by hand is found, mended, and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, ROOT, World, wait_until

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"verified.{kind}").read_text() for kind in ("sql", "yaml"))
V = "/crm/objects/2026-09"


class Verified(SmallShop):
    """A shop whose records people change by hand."""

    def verify(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """What `verify` finds, as programs read it."""
        told = self.world.shopbridge("--json", "verify", "--settle", "60", "--show", *arguments, expect=expect)
        found: dict[str, Any] = json.loads(told)
        return found

    def patch(self, kind: str, name: str, **properties: str) -> None:
        path = f"{V}/{kind}/{self.id(name)}"
        self.world.hubspot("PATCH", path, {"properties": properties}).raise_for_status()

    def archive(self, kind: str, name: str) -> None:
        self.world.hubspot("DELETE", f"{V}/{kind}/{self.id(name)}").raise_for_status()

    def link(self, child: str, contact_id: str) -> None:
        path = f"{V}/deals/{self.id(child)}/associations/default/contacts/{contact_id}"
        self.world.hubspot("PUT", path).raise_for_status()

    def unlink(self, child: str, contact_id: str) -> None:
        path = f"{V}/deals/{self.id(child)}/associations/contacts/{contact_id}"
        self.world.hubspot("DELETE", path).raise_for_status()

    def linked(self, child: str) -> set[str]:
        """The ids of the contacts that a deal is associated with."""
        path = f"{V}/deals/{self.id(child)}/associations/contacts"
        return {str(each["toObjectId"]) for each in self.world.hubspot("GET", path).json()["results"]}

    def touched(self, since: int) -> set[str]:
        """The objects whose living records were written to, or linked, after a write; strangers by their e-mail."""
        log = self.world.hubspot("GET", f"/sandbox/log?since={since}").json()
        ids = {str(each[end]) for each in log for end in ("record_id", "to_id") if each[end]}
        found = [each for each in self.world.records("merged_into IS NULL") if str(each["id"]) in ids]
        return {str(each.get("shopbridge_key") or each["email"]).removeprefix("small:") for each in found}


def words(report: dict[str, Any]) -> set[str]:
    """The differences in short."""
    return {
        " ".join(
            str(each).replace("small:", "")
            for each in (found["kind"], "+".join(found["objects"]), found["name"], found["shop"], found["hubspot"],
                         found["reason"])
            if each
        )
        for found in report["differences"]
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> Verified:
    """The shop, captured and equal, with a running worker."""
    world = make_world("verified", SHOPBRIDGE_PARENT_DEADLINE_S="5", SHOPBRIDGE_DELETE_GRACE_S="1")
    small = Verified(world)
    small.build(TABLES, SHOP)
    small.start_worker()
    world.wait_at_rest()
    return small


def test_equal_is_equal(shop: Verified) -> None:
    """Nothing is found, all or in a sample; the record of a customer who is a guest too is listed as shared."""
    for arguments in ((), ("--sample", "5"), ("--type", "deal", "--since", "2026-01-01")):
        assert set() == words(shop.verify(*arguments))
    report = shop.verify()
    assert {"CONTACT": 9, "DEAL": 7, "PRODUCT": 3, "LINE_ITEM": 7} == {
        kind: each["equal"] for kind, each in report["objects"].items()
    }
    assert [["small:CONTACT:7", "small:CONTACT:g6"]] == [sorted(each["objects"]) for each in report["shared"]]


def test_what_people_changed_is_found_and_mended(shop: Verified) -> None:
    """A wrong value, an archived record, merged contacts, associations removed and added; a stranger's stays."""
    world = shop.world
    answer = world.hubspot("POST", f"{V}/contacts", {"properties": {"email": "stranger@example.com"}})
    stranger = str(answer.raise_for_status().json()["id"])
    shop.patch("contacts", "CONTACT:1", firstname="By hand", phone="+49 30 1")
    shop.archive("products", "PRODUCT:c")
    world.merge(shop.id("CONTACT:3"), shop.id("CONTACT:4"))
    shop.unlink("DEAL:12", shop.id("CONTACT:2"))
    shop.link("DEAL:15", shop.id("CONTACT:1"))
    shop.link("DEAL:15", stranger)
    shop.unlink("DEAL:16", shop.id("CONTACT:6"))
    shop.link("DEAL:16", shop.id("CONTACT:1"))
    report = shop.verify(expect=1)
    assert {
        "different CONTACT:1 firstname Person 1 By hand",
        "different CONTACT:1 phone +49 30 1",
        "missing PRODUCT:c archived in HubSpot",
        "different CONTACT:3+CONTACT:4 firstname Person 4 Person 3",
        "association missing DEAL:12 DEAL_CONTACT CONTACT:2",
        "association superfluous DEAL:15 DEAL_CONTACT CONTACT:1",
        "association wrong DEAL:16 DEAL_CONTACT CONTACT:6 CONTACT:1",
    } == words(report)

    before = world.last_write()
    shop.verify("--repair", "--yes", expect=1)
    world.wait_at_rest()
    assert {"missing PRODUCT:c archived in HubSpot"} == words(shop.verify(expect=1))
    mended = {"CONTACT:1", "CONTACT:3", "DEAL:12", "DEAL:15", "DEAL:16"}
    of_the_merged = {"DEAL:13", "DEAL:14"}
    linked = {"CONTACT:2", "CONTACT:5", "CONTACT:6"} | of_the_merged
    assert mended <= shop.touched(before) <= mended | linked
    assert {shop.id("CONTACT:5"), stranger} == shop.linked("DEAL:15")
    assert {shop.id("CONTACT:6")} == shop.linked("DEAL:16")

    shop.verify("--repair", "--recreate", "--yes", expect=1)
    world.wait_at_rest()
    assert set() == words(shop.verify())


def test_records_without_a_row_are_ended(shop: Verified) -> None:
    """A record that HubSpot's users took out of the recycling bin, and one whose key nobody knows, are archived."""
    world = shop.world
    properties = {"shopbridge_key": "small:PRODUCT:gone", "name": "Gone"}
    world.hubspot("POST", f"{V}/products", {"properties": properties}).raise_for_status()
    assert {"extra PRODUCT:gone its row is gone"} == words(shop.verify("--repair", "--yes", expect=1))
    shop.wait_gone("PRODUCT:gone")
    assert set() == words(shop.verify())


def test_changes_during_the_reading_are_no_differences(shop: Verified) -> None:
    """Rows are written, made and deleted while HubSpot is read slowly; verify waits until the pipeline has passed."""
    world = shop.world
    world.fault("slow", delay_s=3, times=2, match={"method": "GET", "path_regex": "objects/2026-09/(contacts|deals)$"})
    asked = world.requests("kind = 'list'")
    with started(shop, "--json", "verify", "--settle", "60") as process:
        wait_until("HubSpot to be read", lambda: world.requests("kind = 'list'") > asked)
        world.sql("UPDATE customers SET first_name = first_name || '!', changed_at = now() WHERE id <= 4")
        world.sql("INSERT INTO products VALUES ('new', 'New', 1)")
        world.sql("DELETE FROM lines WHERE order_id = 11")
        told, _ = process.communicate(timeout=120)
    world.clear_faults()
    report = json.loads(told)
    assert (0, set()) == (process.returncode, words(report))
    world.wait_at_rest()


def test_a_killed_verify_is_gone_on_with(shop: Verified) -> None:
    """What was read of HubSpot before the kill is not read again, and what differs is found."""
    world = shop.world
    shop.patch("deals", "DEAL:11", dealname="By hand")
    world.fault("slow", delay_s=60, match={"method": "GET", "path_regex": "objects/2026-09/deals$"})
    with started(shop, "verify", "--settle", "60") as process:
        assert process.stderr is not None
        path = next(line for line in process.stderr if "--resume" in line).split()[-1]
        wait_until("the contacts to be read", lambda: any(each["hits"] for each in world.faults()))
        process.kill()
    world.clear_faults()
    listed = "kind = 'list' AND object_type = 'contact' AND path NOT LIKE '%archived%'"
    before = world.requests(listed)
    report = shop.verify("--resume", path, "--repair", "--yes", expect=1)
    assert {"different DEAL:11 dealname Order 11 By hand"} == words(report)
    assert before == world.requests(listed)
    shop.wait_for("DEAL:11", dealname="Order 11")


def test_what_was_erased_for_good_is_left(shop: Verified) -> None:
    """Neither a repair nor `--recreate` makes anew whom HubSpot's users erased by the law."""
    world = shop.world
    erased = {"objectId": shop.id("CONTACT:8")}
    world.hubspot("POST", f"{V}/contacts/gdpr-delete", erased).raise_for_status()
    left = {"missing CONTACT:8 never made, or erased for good"}
    assert left == words(shop.verify("--type", "contact", "--repair", "--recreate", "--yes", expect=1))
    world.wait_at_rest()
    assert left == words(shop.verify("--type", "contact", expect=1))
    assert shop.record("CONTACT:8") is None


def started(shop: Verified, *arguments: str) -> subprocess.Popen[str]:
    """A command that runs while the test goes on."""
    return subprocess.Popen(
        [str(BIN / "shopbridge"), *arguments],
        env=shop.world.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
