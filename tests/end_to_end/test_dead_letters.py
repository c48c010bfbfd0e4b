"""Errors seen, understood and mended on a machine that knows a broker and a registry, and nothing else."""

from __future__ import annotations

import csv
import json
import os
import shlex
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.kafka import Admin, read_range
from connector.message import ObjectType
from connector.record import Record
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, BYTECODE, World, say, wait_until

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"letters.{kind}").read_text() for kind in ("sql", "yaml"))
MORE_STATES = SHOP.replace("values: {a: Active}", "values: {a: Active, p: Paused}")
TIERS = {"groupName": "contactinformation", "type": "enumeration", "fieldType": "select"}
ADDRESSES = ("SHOPBRIDGE_KAFKA_BOOTSTRAP", "SHOPBRIDGE_REGISTRY_URL", "SHOPBRIDGE_TOPIC_PREFIX")
REFUSED_TIERS = range(10, 18)
MANY = range(1_000, 1_300)


@dataclass
class Remote:
    """A machine with the addresses of broker and registry in its environment, in an empty folder."""

    world: World
    folder: Path

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        known = {name: self.world.environment[name] for name in ADDRESSES}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "SHOPBRIDGE_WHO": "eva@desk", **BYTECODE}
        return subprocess.Popen(
            [str(BIN / "shopbridge"), "errors", *arguments],
            env={**environment, **known},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,
        )

    def errors(self, *arguments: str, expect: int = 0) -> str:
        """Run a command of `errors`; all that it printed."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        say(f"$ shopbridge errors {shlex.join(arguments)}\n{said}")
        assert expect == process.returncode, said
        return said


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> SmallShop:
    """Customers that HubSpot refuses for several reasons, and one whose row cannot be mapped."""
    small = SmallShop(make_world("letters"))
    world = small.world
    world.create_database()
    world.sql(TABLES)
    world.write_shop_file(SHOP)
    world.start_sandbox()
    made = world.hubspot("POST", "/crm/v3/properties/contacts", tiers("basic") | {"name": "shop_tier", "label": "Tier"})
    made.raise_for_status()
    world.shopbridge("setup")
    world.shopbridge("capture", "apply")
    for number, email, tier, status in (
        (1, "ada at example", "basic", "a"),
        (2, "bob at example", "basic", "a"),
        (3, "eve@example.com", "basic", "p"),
        *((number, f"c{number}@example.com", "gold", "a") for number in REFUSED_TIERS),
    ):
        world.sql("INSERT INTO customers VALUES (%s, %s, %s, %s, %s)", number, email, f"Name{number}", tier, status)
    small.start_worker()
    small.wait("each refusal to be a letter", lambda: 3 + len(REFUSED_TIERS) == len(small.letters()))
    return small


@pytest.fixture
def remote(shop: SmallShop, tmp_path: Path) -> Remote:
    return Remote(shop.world, tmp_path)


def tiers(*names: str) -> dict[str, Any]:
    options = [{"label": name, "value": name, "displayOrder": number} for number, name in enumerate(names)]
    return {**TIERS, "options": options}


def letter_of(shop: SmallShop, external_id: str) -> dict[str, Any]:
    """The newest letter of the only error of a customer."""
    [found] = [each for each in shop.letters() if each["row_key"] == f'{{"id":{external_id}}}']
    return found


def test_errors_are_listed_by_cause_with_what_to_do(remote: Remote) -> None:
    """How many, an example, what to do; filters narrow it down."""
    said = remote.errors("list")
    assert "11 errors, 3 causes" in said
    assert f"INVALID_ENUM_PROPERTY: {len(REFUSED_TIERS)}" in said
    for words in ("INVALID_EMAIL_ADDRESS: 2", "UNMAPPED_VALUE: 1", "What to do: ", "shopbridge errors show "):
        assert words in said
    assert "2 errors, 1 cause" in remote.errors("list", "--text", "AT EXAMPLE")
    assert "No such errors are open." in remote.errors("list", "--store", "outlet")


def test_an_error_is_found_explained_edited_and_sent(shop: SmallShop, remote: Remote) -> None:
    """The record is right in HubSpot and the letter RESOLVED in the topic; the next change of the row wins."""
    name = letter_of(shop, "1")["id"]
    shown = remote.errors("show", name[:10])
    for words in (
        "INVALID_EMAIL_ADDRESS: small:CONTACT:1",
        "correlation id",
        "partition",
        "database position",
        "N*** (5)",
    ):
        assert words in shown
    assert "ada at example" not in shown
    assert "ada at example" in remote.errors("show", name[:10], "--show")
    assert "did you mean email?" in remote.errors("edit", name, "--set", "emial=x", "--yes", expect=2)
    assert "HubSpot would refuse this" in remote.errors("edit", name, "--set", "email=still none", "--yes", expect=2)
    assert "--yes agrees beforehand" in remote.errors("edit", name, "--set", "email=ada@example.com", expect=2)
    said = remote.errors("edit", name, "--set", "email=ada@example.com", "--unset", "firstname", "--yes")
    assert "RESOLVED: small:CONTACT:1" in said
    assert "its next change" in said or "the next change of the row wins" in said
    shop.wait_for("CONTACT:1", email="ada@example.com", firstname="")
    assert "RESOLVED" == letter_of(shop, "1")["state"]
    shop.world.sql("UPDATE customers SET email = 'ada@example.org' WHERE id = 1")
    shop.wait_for("CONTACT:1", email="ada@example.org", firstname="Name1")


def test_a_whole_cause_is_sent_again_once_hubspot_is_mended(shop: SmallShop, remote: Remote) -> None:
    """Refused anew as long as it is not; then all of the cause are over."""
    said = remote.errors("retry", letter_of(shop, str(REFUSED_TIERS[0]))["id"], "--yes", expect=1)
    assert f"refused anew: small:CONTACT:{REFUSED_TIERS[0]}: INVALID_ENUM_PROPERTY" in said
    mended = shop.world.hubspot("PATCH", "/crm/v3/properties/contacts/shop_tier", tiers("basic", "gold"))
    mended.raise_for_status()
    planned = remote.errors("retry", "--cause", "INVALID_ENUM_PROPERTY", "--dry-run")
    assert f"{len(REFUSED_TIERS)} errors chosen" in planned
    said = remote.errors("retry", "--cause", "INVALID_ENUM_PROPERTY", "--yes")
    assert len(REFUSED_TIERS) == said.count("RESOLVED: ")
    for number in REFUSED_TIERS:
        assert "gold" == (shop.record(f"CONTACT:{number}") or {})["shop_tier"]
    assert "No such errors are open." in remote.errors("list", "--cause", "INVALID_ENUM_PROPERTY")


def test_an_ignored_error_stays_closed_until_a_newer_version_is_refused(shop: SmallShop, remote: Remote) -> None:
    """With note, who and when; told again it is still ignored, changed it is open."""
    name = letter_of(shop, "2")["id"]
    said = remote.errors("ignore", name, "--note", "=a test customer", "--yes")
    assert "IGNORED: small:CONTACT:2 by eva@desk: =a test customer" in said
    closed = letter_of(shop, "2")
    assert ("IGNORED", "=a test customer", "eva@desk") == (closed["state"], closed["note"], closed["who"])
    remote.errors("export", "--state", "ignored", "--format", "csv", "--output", "errors.csv")
    with (remote.folder / "errors.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert (name, "'=a test customer") == (row["id"], row["note"])
    asked = shop.world.asked()["total"]
    remote.errors("retry", name, "--yes", "--no-wait")
    shop.wait("HubSpot to be asked again", lambda: asked < shop.world.asked()["total"])
    shop.world.sql("UPDATE customers SET email = 'bob at home' WHERE id = 2")
    shop.wait("a newer version to be refused", lambda: "OPEN" == letter_of(shop, "2")["state"])
    assert closed["seq"] + 1 == letter_of(shop, "2")["seq"], "the refusal in between was no news"
    exported = remote.errors("export", "--format", "jsonl", "--object", "contact:2")
    assert "OPEN" == json.loads(next(line for line in exported.splitlines() if line.startswith("{")))["state"]
    assert "RESOLVED: small:CONTACT:2 by eva@desk" in remote.errors("resolve", name, "--note", "by phone", "--yes")


def test_a_row_that_could_not_be_mapped_takes_the_shop_file(shop: SmallShop, remote: Remote) -> None:
    """Without it, it is refused and said how many; with the mended one that the worker knows, it is mapped and sent."""
    said = remote.errors("retry", "--cause", "UNMAPPED_VALUE", "--yes", expect=2)
    assert "1 error of rows that could not be mapped" in said
    assert "--shop FILE" in said
    still = shop.world.shopbridge("errors", "retry", "--cause", "UNMAPPED_VALUE", "--yes", expect=1)
    assert "UNMAPPED_VALUE" in still
    shop.restart(MORE_STATES)
    said = shop.world.shopbridge("errors", "retry", "--cause", "UNMAPPED_VALUE", "--yes")
    assert "RESOLVED: small:CONTACT:3" in said
    shop.wait_for("CONTACT:3", email="eve@example.com", shop_status="Paused")


def test_a_row_that_cannot_be_mapped_is_edited_by_its_columns(shop: SmallShop, remote: Remote) -> None:
    """And mapped then; the row keeps its own values, and its next change speaks again."""
    shop.world.sql("INSERT INTO customers VALUES (4, 'fay@example.com', 'Fay', 'basic', 'typo')")
    shop.wait("the row to be a letter", lambda: any(each["row_key"] == '{"id":4}' for each in shop.letters()))
    edit = ("edit", letter_of(shop, "4")["id"], "--set", "status=a", "--yes")
    assert "--shop FILE" in remote.errors(*edit, expect=2)
    said = shop.world.shopbridge("errors", *edit)
    assert "RESOLVED: small:CONTACT:4" in said
    shop.wait_for("CONTACT:4", email="fay@example.com", shop_status="Active")
    shop.world.sql("UPDATE customers SET status = 'p' WHERE id = 4")
    shop.wait_for("CONTACT:4", shop_status="Paused")


def test_a_retry_that_is_killed_half_way_is_resumed(shop: SmallShop, remote: Remote) -> None:
    """Nothing is said twice and nothing left out, by what stands in the sync topic."""
    shop.world.sql(
        "INSERT INTO customers SELECT i, 'm' || i || '@example.com', 'Many', 'none such', 'a' "
        f"FROM generate_series({MANY[0]}, {MANY[-1]}) i"
    )
    cause = ("--cause", "INVALID_ENUM_PROPERTY")
    shop.wait("all to be refused", lambda: len(MANY) == open_errors(shop, cause[1]))
    before = len(said_by_acts(shop))
    with remote.start("retry", *cause, "--yes", "--rate", "50", start_new_session=True) as process:
        wait_until("a part of it to be said", lambda: before < len(said_by_acts(shop)))
        os.killpg(process.pid, signal.SIGKILL)
    half = len(said_by_acts(shop)) - before
    assert 0 < half < len(MANY)
    act = act_of(said_by_acts(shop)[-1])
    said = remote.errors("retry", "--resume", act, "--yes")
    assert f"Act {act} is done: {len(MANY)} records." in said
    mine = [record for record in said_by_acts(shop) if act_of(record) == act]
    wanted = Counter({f"small:CONTACT:{number}": 1 for number in MANY})
    assert wanted == Counter((record.key or b"").decode() for record in mine)
    assert len(MANY) == open_errors(shop, cause[1])


def open_errors(shop: SmallShop, cause: str) -> int:
    return sum(each["cause"] == cause and each["state"] == "OPEN" for each in shop.letters())


def said_by_acts(shop: SmallShop) -> list[Record]:
    """The records of the contacts' sync topic that operators' acts said, in the order of their times."""
    topic = shop.settings.sync_topic(ObjectType.CONTACT)
    info = Admin(shop.settings.kafka).topic_ids([topic])[topic]
    found = [
        record
        for number, end in info.end_offsets.items()
        for record in read_range(shop.settings.kafka, topic, number, info.start_offsets[number], end)
        if act_of(record)
    ]
    return sorted(found, key=lambda record: record.timestamp_ms)


def act_of(record: Record) -> str:
    """The id of the act that said the record, empty for one that none did."""
    header = dict(record.headers).get("shopbridge-act", b"")
    return header.decode().rpartition(":")[0]
