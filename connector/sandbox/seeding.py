"""An account that was in use before the connector came: contacts of others, some merged, archived or erased.

Everything happens by the same acts as over HubSpot's API, so what is seeded cannot be told from what HubSpot's users
made, but for the request id `seed` in the write log.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connector.sandbox import emails, work, writing
from connector.sandbox.answers import Refusal
from connector.sandbox.call import Call
from connector.sandbox.clock import iso
from connector.sandbox.endpoints import contacts
from connector.sandbox.object_types import CONTACT
from connector.sandbox.portal import Portal
from connector.sandbox.record import Origin, Record
from connector.sandbox.work import Work

REQUEST_ID = "seed"


class SeedContact(BaseModel):
    """A contact that is there already.

    `email` in any spelling. `state` is what its users did: nothing, merged it into the contact with the e-mail `into`
    (which is made too if no other seed is it), archived it, or had it erased for privacy, which blocks the address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str
    state: Literal["living", "merged", "archived", "erased"] = "living"
    into: str | None = None
    properties: Mapping[str, str] = Field(default_factory=dict)

    @property
    def address(self) -> str:
        return emails.normalized(self.email)

    @property
    def winner(self) -> str:
        """The address of the contact that absorbs this one, if it is merged."""
        return emails.normalized(self.into or f"merged.{self.address}")


class Seed(BaseModel):
    """What `POST /sandbox/seed` takes. Of several spellings of one address the first counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contacts: tuple[SeedContact, ...]


class SeedRefusedError(Exception):
    """The account would not take a seed; `details` say which contact (`where`) and why (`what`). Nothing was made."""

    def __init__(self, details: list[dict[str, str]]) -> None:
        super().__init__("not seeded")
        self.details = details


@dataclass(slots=True)
class _Sowing:
    """The records made so far, by their address, and what could not be made."""

    records: dict[str, Record] = field(default_factory=dict)
    details: list[dict[str, str]] = field(default_factory=list)


def plant(portal: Portal, seed: Seed) -> list[dict[str, Any]]:
    """Make the contacts and give, for each, `{email, state, id}`: the id that its address leads to, None if erased.

    Raises SeedRefusedError for an address that is wrong, taken or blocked, or merged into one that is not living.
    """
    wanted = {contact.address: (place, contact) for place, contact in reversed(list(enumerate(seed.contacts)))}
    ordered = dict(sorted(wanted.items(), key=lambda row: row[1][0]))
    sowing, job = _Sowing(), _begin(portal)
    for place, contact in ordered.values():
        _create(job, sowing, place, contact.address, contact.properties)
    for place, contact in ordered.values():
        if contact.state == "merged":
            _merge(job, sowing, place, contact, ordered)
    if sowing.details:
        raise SeedRefusedError(sowing.details)
    job.tx.commit()
    _dispose(portal, sowing, [contact for _, contact in ordered.values()])
    return [_told(sowing, contact) for _, contact in ordered.values()]


def _begin(portal: Portal) -> Work:
    """Open a transaction under the oldest rules: what was there is older than the rules of 2026-09."""
    origin = Origin(REQUEST_ID, str(uuid.uuid4()), iso(portal.clock.now()), portal.clock.monotonic())
    return work.begin(portal, Call("POST", "/sandbox/seed", "v3", {}, {}, None, origin), CONTACT)


def _create(job: Work, sowing: _Sowing, place: int, address: str, properties: Mapping[str, str]) -> None:
    with _noting(sowing, place):
        sowing.records[address] = writing.create(job, {**properties, emails.PRIMARY: address}).record


@contextmanager
def _noting(sowing: _Sowing, place: int) -> Iterator[None]:
    """Note what the account refuses of a contact, and go on with the next."""
    try:
        yield
    except Refusal as refusal:
        sowing.details.append({"where": f"contacts.{place}", "what": refusal.message})


def _merge(
    job: Work, sowing: _Sowing, place: int, contact: SeedContact, seeds: Mapping[str, tuple[int, SeedContact]]
) -> None:
    """Merge a contact into the one it names, which is made if it is not there and must be living."""
    _, seed = seeds.get(contact.winner, (place, None))
    if seed is not None and seed.state != "living":
        what = f"{contact.winner} is {seed.state}: merge into a contact that is living"
        sowing.details.append({"where": f"contacts.{place}.into", "what": what})
        return
    if contact.winner not in sowing.records:
        _create(job, sowing, place, contact.winner, {})
    winner, loser = sowing.records.get(contact.winner), sowing.records.get(contact.address)
    if winner is not None and loser is not None:
        with _noting(sowing, place):
            sowing.records[contact.winner] = contacts.merged(job, winner, loser)


def _dispose(portal: Portal, sowing: _Sowing, seeds: Iterable[SeedContact]) -> None:
    """Archive and erase what is archived and erased."""
    job = _begin(portal)
    for contact in seeds:
        if contact.state == "archived":
            writing.archive(job, sowing.records[contact.address])
        elif contact.state == "erased":
            contacts.erase(job, sowing.records[contact.address])
    job.tx.commit()


def _told(sowing: _Sowing, contact: SeedContact) -> dict[str, Any]:
    leads = contact.winner if contact.state == "merged" else contact.address
    record_id = None if contact.state == "erased" else sowing.records[leads].record_id
    return {"email": contact.address, "state": contact.state, "id": record_id}
