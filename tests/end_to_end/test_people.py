"""One person in several rows, on the real stack: one record each, the right row speaking, no key rewritten."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"people.{kind}").read_text() for kind in ("sql", "yaml"))


class People(SmallShop):
    """Customers and their orders; each write of a customer is newer than all before."""

    changed = 0

    def write(self, *rows: tuple[int, str | None, str]) -> None:
        """Write customers (id, e-mail, first name) in one transaction."""
        statement = (
            "INSERT INTO customers VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
            "email = excluded.email, first_name = excluded.first_name, changed = excluded.changed"
        )
        with psycopg.connect(self.world.environment["SHOP_DATABASE_URL"]) as connection:
            for number, email, name in rows:
                self.changed += 1
                connection.execute(statement, (number, email, name, self.changed))

    def order(self, number: int) -> None:
        """The order 10 times as high as its customer's number."""
        self.world.sql("INSERT INTO orders VALUES (%s, %s, 5)", number * 10, number)

    def contacts(self, email: str) -> list[str]:
        """The keys of the living contacts that hold an e-mail."""
        found = self.world.records(
            "object_type LIKE '%contact%' AND NOT archived AND json_extract(properties, '$.email') = ?", email
        )
        return [str(each["shopbridge_key"]).removeprefix("small:") for each in found]

    def wait_contacts(self, email: str, count: int) -> list[str]:
        """Return the keys once so many living contacts hold the e-mail."""
        self.wait(f"{count} contacts with {email}", lambda: len(self.contacts(email)) == count)
        return self.contacts(email)

    def keys_written(self) -> dict[str, set[str]]:
        """HubSpot record → the keys of ours that were ever written to it."""
        query = "SELECT record_id, json_extract(properties, '$.shopbridge_key') FROM write_log"
        keys: defaultdict[str, set[str]] = defaultdict(set)
        with closing(sqlite3.connect(f"file:{self.world.sandbox_file}?mode=ro", uri=True)) as connection:
            for record, key in connection.execute(query):
                if key is not None:
                    keys[str(record)].add(key)
        return keys


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> Iterator[People]:
    """The shop, captured, with a running worker."""
    world = make_world("people", SHOPBRIDGE_PARENT_DEADLINE_S="5", SHOPBRIDGE_DELETE_GRACE_S="2")
    small = People(world)
    small.build(TABLES, SHOP)
    small.start_worker()
    yield small
    assert (None, 1) == (world.worker and world.worker.poll(), world.count("working"))
    assert [] == [keys for keys in small.keys_written().values() if len(keys) > 1], "a key was rewritten"


def test_inserted_together(shop: People) -> None:
    """Both spellings in one transaction are one record; the newest row speaks, both rows' deals hang at it.

    Two rows' changes arrive in any order: whichever comes first gives the key.
    """
    shop.write((1, "Ann@example.com", "Ann"), (2, " ann@EXAMPLE.com", "Anna"))
    shop.order(1)
    shop.order(2)
    (key,) = shop.wait_contacts("ann@example.com", 1)
    shop.wait_for(key, firstname="Anna")
    for deal in ("DEAL:10", "DEAL:20"):
        shop.wait_linked(deal, key)
    assert [key] == shop.contacts("ann@example.com")


def test_one_after_the_other_then_moved_away_and_back(shop: People) -> None:
    """The e-mail of the second row goes elsewhere: the row leaves with its deal; it comes back: it waits, an error."""
    shop.write((3, "bob@example.com", "Bob"))
    shop.order(3)
    shop.wait_linked("DEAL:30", "CONTACT:3")
    shop.write((4, "BOB@example.com", "Robert"))
    shop.order(4)
    shop.wait_for("CONTACT:3", firstname="Robert")
    shop.wait_linked("DEAL:40", "CONTACT:3")
    shop.write((4, "robert@example.com", "Robert"))
    shop.wait_for("CONTACT:4", email="robert@example.com", firstname="Robert")
    shop.wait_for("CONTACT:3", email="bob@example.com", firstname="Bob")
    shop.wait_linked("DEAL:40", "CONTACT:4")
    shop.wait_linked("DEAL:30", "CONTACT:3")
    shop.write((4, "bob@example.com", "Robert again"))
    shop.wait_for("CONTACT:4", firstname="Robert again")
    shop.wait_errors("CONTACT:4", MATCH_VALUE_TAKEN="OPEN")
    assert ["CONTACT:3"] == shop.contacts("bob@example.com")
    shop.write((3, None, "Bob without"))
    shop.wait_for("CONTACT:4", email="bob@example.com")
    shop.wait_errors("CONTACT:4", MATCH_VALUE_TAKEN="RESOLVED")


def test_deleted_one_then_the_other(shop: People) -> None:
    """The record stays for the row that is left, and goes with the last one."""
    shop.write((5, "cid@example.com", "Cid"), (6, "Cid@example.com", "Sid"))
    (key,) = shop.wait_contacts("cid@example.com", 1)
    shop.wait_for(key, firstname="Sid")
    shop.world.sql("DELETE FROM customers WHERE id = 6")
    shop.wait_for(key, firstname="Cid")
    shop.world.sql("DELETE FROM customers WHERE id = 5")
    shop.wait_gone(key)
    assert [] == shop.contacts("cid@example.com")


def test_two_people_swap_their_emails_in_one_transaction(shop: People) -> None:
    """Each keeps record, key and deals."""
    shop.write((7, "dan@example.com", "Dan"), (8, "eva@example.com", "Eva"))
    shop.order(7)
    shop.order(8)
    shop.wait_linked("DEAL:80", "CONTACT:8")
    shop.wait_linked("DEAL:70", "CONTACT:7")
    ids = shop.id("CONTACT:7"), shop.id("CONTACT:8")
    shop.write((7, "eva@example.com", "Dan"), (8, "dan@example.com", "Eva"))
    shop.wait_for("CONTACT:7", email="eva@example.com", firstname="Dan")
    shop.wait_for("CONTACT:8", email="dan@example.com", firstname="Eva")
    assert ids == (shop.id("CONTACT:7"), shop.id("CONTACT:8"))
    shop.wait_linked("DEAL:70", "CONTACT:7")
    shop.wait_linked("DEAL:80", "CONTACT:8")


def test_two_records_merged_by_hubspots_users(shop: People) -> None:
    """Both rows speak in the one that is left, under the key that it bears, and both deals hang at it."""
    shop.write((9, "fay@example.com", "Fay"), (11, "gil@example.com", "Gil"))
    shop.order(9)
    shop.order(11)
    shop.wait_linked("DEAL:90", "CONTACT:9")
    shop.wait_linked("DEAL:110", "CONTACT:11")
    shop.world.merge(shop.id("CONTACT:9"), shop.id("CONTACT:11"))
    shop.write((9, "fay@example.com", "Fay B"), (11, "gil@example.com", "Gil B"))
    shop.wait_for("CONTACT:9", firstname="Gil B")
    shop.wait_linked("DEAL:90", "CONTACT:9")
    shop.wait_linked("DEAL:110", "CONTACT:9")
    assert shop.record("CONTACT:11") is None


def test_a_person_whom_hubspot_has_already(shop: People) -> None:
    """The record that others made gets our key; nobody is doubled."""
    shop.world.seed([{"email": "hal@example.com", "state": "living"}])
    shop.write((12, "HAL@example.com", "Hal"))
    shop.wait_for("CONTACT:12", email="hal@example.com", firstname="Hal")
    assert ["CONTACT:12"] == shop.contacts("hal@example.com")
