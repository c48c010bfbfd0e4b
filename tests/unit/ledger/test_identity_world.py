"""Any rows of few people, told to a HubSpot that answers badly and whose users merge: one record for each person."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connector.ledger.tables import objects, records
from connector.message import ObjectType, Origin, SyncMessage
from tests.support.bad_line import BadLine
from tests.support.desk import Office
from tests.support.story import deal, deleted, person

EMAILS = (None, "ann@x.example", "Ann@X.example ", "bob@x.example", "cid@x.example")


@dataclass
class People:
    """The rows of customers and orders as they are."""

    emails: dict[str, str | None] = field(default_factory=dict)
    revs: dict[str, int] = field(default_factory=dict)
    orders: dict[str, str | None] = field(default_factory=dict)
    offset: int = 0
    told: list[SyncMessage] = field(default_factory=list)

    def say(self, what: str, which: int, value: int) -> SyncMessage:
        """A change; or a former message once more, by an operator who wants HubSpot to be told again."""
        if what == "again" and self.told:
            return replace(self.told[(which * 10 + value) % len(self.told)], origin=Origin.REPAIR)
        self.told.append(self.change(what, which, value))
        return self.told[-1]

    def change(self, what: str, which: int, value: int) -> SyncMessage:
        self.offset += 1
        name = str(which)
        if what == "order":
            customer = str(value % 5) if value % 5 < 4 else None
            self.orders[name] = customer
            return deal(name, self.offset, customer)
        if what == "no customer":
            self.emails.pop(name, None)
            return deleted(ObjectType.CONTACT, name, self.offset)
        self.emails[name], self.revs[name] = EMAILS[value % len(EMAILS)], self.offset
        return person(name, self.offset, self.emails[name])

    def touch(self) -> list[SyncMessage]:
        """Every row is written once more."""
        return [self.change("customer", int(name), EMAILS.index(email)) for name, email in sorted(self.emails.items())]


def _normal(email: str | None) -> str:
    return (email or "").strip().lower()


WHAT = ["customer", "customer", "no customer", "order", "again"]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(WHAT), st.integers(0, 3), st.integers(0, 9)),
        st.sampled_from(["send", "send", "send", "crash", "read back"]),
        st.tuples(st.just("merge"), st.integers(0, 5), st.integers(0, 5)),
        st.tuples(st.just("others"), st.integers(1, 4), st.just(0)),
    ),
    max_size=30,
)
MOODS = st.lists(st.sampled_from(["good", "good", "good", "late", "lost answer", "not sent"]), max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS, MOODS)
def test_people_are_one_record_each_in_the_end(acts: list[Any], moods: list[str]) -> None:
    """After quiet each row speaks in one record, no e-mail stands twice, and deals are with their person."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        asyncio.run(_play(folder, acts, moods))
    finally:
        shutil.rmtree(folder)


async def _play(folder: Path, acts: list[Any], moods: list[str]) -> None:
    office, people = await Office(folder).start(), People()
    line = BadLine(office, list(moods))
    for act in acts:
        await _do(act, office, people, line)
    line.moods.clear()
    for _ in range(3):
        await line.round()
    line.land()
    await office.send(rounds=30)
    await office.say(*people.touch())
    await office.send(rounds=30)
    shares = await office.ledger.read(_shares)
    due = await office.desk.due()
    await office.close()
    _judge(office, people, shares)
    assert ({}, {}) == (due.records, due.links)


async def _do(act: Any, office: Office, people: People, line: BadLine) -> None:
    if act == "send":
        await line.round()
    elif act == "crash":
        await line.crash()
    elif act == "read back":
        await line.read_back()
    elif act[0] == "merge":
        contacts = sorted(each for each, row in office.portal.records.items() if "dealname" not in row)
        if len(contacts) > 1 and act[1] % len(contacts) != act[2] % len(contacts):
            line.land()
            office.portal.merge(contacts[act[1] % len(contacts)], contacts[act[2] % len(contacts)])
    elif act[0] == "others":
        if not office.portal.has_email(_normal(EMAILS[act[1]])):
            office.portal.add(email=_normal(EMAILS[act[1]]), theirs="yes")
    else:
        await office.say(people.say(*act))


def _shares(tx: Any) -> dict[str, str | None]:
    """Contact → the HubSpot id of its record."""
    query = select(objects.c.external_id, records.c.hubspot_id).join(records, records.c.number == objects.c.record)
    found = tx.execute(query.where(objects.c.type == str(ObjectType.CONTACT)))
    return {row.external_id: row.hubspot_id for row in found}


def _judge(office: Office, people: People, shares: dict[str, str | None]) -> None:
    held = {each: row for each, row in office.portal.records.items() if "dealname" not in row}
    records_of = {name: shares[name] for name in people.emails}
    assert None not in records_of.values(), "a row has no record"
    ours = set(records_of.values())
    known = {*office.portal.merged.values()}
    extra = {each for each, row in held.items() if each not in ours and "theirs" not in row} - known
    assert set() == extra, "records too many"
    addresses = [_normal(row.get("email")) for row in held.values() if row.get("email")]
    assert len(addresses) == len(set(addresses)), "an e-mail stands twice"
    everywhere = {each for row in held.values() for each in _all_addresses(row)}
    for hubspot_id in ours:
        assert hubspot_id is not None
        rows = [name for name, shared in records_of.items() if shared == hubspot_id]
        newest = max(rows, key=lambda name: people.revs[name])
        others = {each for each in held if each not in ours or (each in known and each != hubspot_id)}
        if _is_held(held, others, _normal(people.emails[newest])):
            continue
        assert str(people.revs[newest]) == held[hubspot_id]["rev"], "the newest row does not speak"
        wanted = _normal(people.emails[newest])
        if wanted and wanted not in _all_addresses(held[hubspot_id]):
            assert wanted in everywhere, "an e-mail that was free is missing"
    deals = {row["dealname"]: each for each, row in office.portal.records.items() if "dealname" in row}
    linked = {order: records_of[name] for order, name in people.orders.items() if name in records_of}
    expected = {(deals[order], contact) for order, contact in linked.items()}
    assert expected == {(child, parent) for _, child, parent in office.portal.links}


def _is_held(held: dict[str, dict[str, str]], others: set[str], email: str) -> bool:
    """Whether one of the others' records has the e-mail: a stranger's, or one that users merged with a stranger's.

    Then HubSpot refuses the row.
    """
    return any(email in _all_addresses(held[each]) for each in others)


def _all_addresses(row: dict[str, str]) -> set[str]:
    return {_normal(each) for each in (row.get("email", ""), *row.get("hs_additional_emails", "").split(";"))} - {""}
