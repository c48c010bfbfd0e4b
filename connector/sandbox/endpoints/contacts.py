"""What only contacts have: merging two of them, and erasing one for good."""

from __future__ import annotations

from dataclasses import replace

from connector.sandbox import emails, linking, showing, work
from connector.sandbox.answers import Answer, Refusal, invalid, not_found
from connector.sandbox.call import Call
from connector.sandbox.computed import completed
from connector.sandbox.linking import Wanted
from connector.sandbox.object_types import CONTACT
from connector.sandbox.portal import Portal
from connector.sandbox.record import LogEntry, Record
from connector.sandbox.work import Work

IDENTITIES_AT_MOST = 250


def merge(portal: Portal, call: Call) -> Answer:
    """Merge one contact into another."""
    job = work.begin(portal, call, CONTACT)
    primary, other = (_contact(portal, call, name) for name in ("primaryObjectId", "objectIdToMerge"))
    if primary.record_id == other.record_id:
        raise invalid("Cannot merge a record with itself")
    winner = merged(job, primary, other)
    job.tx.commit()
    return Answer(200, showing.shown(portal, call, winner, winner.properties))


def merged(job: Work, primary: Record, other: Record) -> Record:
    """Merge two contacts. The result has a new id, unless the account preserves the primary one's (HubSpot docs).

    Raises `Refusal` (414) for a profile of more than 250 identities.
    """
    keeping = job.portal.switches.primary_id_preservation
    winner_id = primary.record_id if keeping else job.portal.store.fresh_id()
    known = dict.fromkeys([*_merged_ids(primary), *_merged_ids(other), other.record_id])
    ids = list(known) if keeping else [*known, primary.record_id]
    if len(ids) >= IDENTITIES_AT_MOST:
        raise Refusal(414, "Cannot have more than 250 identities on a profile")
    winner = _winner(job, winner_id, primary, other, ids)
    _absorb(job, winner, [other] if keeping else [other, primary])
    return winner


def gdpr_delete(portal: Portal, call: Call) -> Answer:
    """Erase a contact for good; its e-mails, or one that nobody has, can never be used again."""
    job = work.begin(portal, call, CONTACT)
    wanted, key = call.text("objectId"), call.member("idProperty", str, None)
    if key not in (None, "email"):
        portal.key_property(CONTACT, key, writing=True)
    if key == "email":
        wanted = emails.normalized(wanted)
        job.tx.changes.blocked.append(wanted)
        record = job.tx.get(job.tx.owner((CONTACT.name, "email", wanted)) or "")
    elif key is not None:
        record = job.tx.get(job.tx.owner((CONTACT.name, key, wanted)) or "")
    else:
        record = portal.resolved(wanted)
    if record is None and key is None:
        raise not_found()
    if record is not None:
        erase(job, record)
    job.tx.commit()
    return Answer(204)


def _contact(portal: Portal, call: Call, name: str) -> Record:
    text = call.text(name)
    record = portal.resolved(text)
    if record is None or record.archived or record.object_type != CONTACT.name:
        raise Refusal(404, f"resource not found: {name} {text}", context={"id": [text]})
    return record


def _merged_ids(record: Record) -> list[str]:
    return [part for part in record.properties.get("hs_merged_object_ids", "").split(";") if part]


def _winner(job: Work, record_id: str, primary: Record, other: Record, ids: list[str]) -> Record:
    """Join two contacts: the primary one's values win, the other's e-mails become additional ones."""
    properties = {**other.properties, **primary.properties, "hs_merged_object_ids": ";".join(ids)}
    properties[emails.ADDITIONAL] = ";".join(
        [*emails.of_contact(primary.properties), *emails.of_contact(other.properties)]
    )
    record = Record(record_id, CONTACT.name, properties, primary.created_at, job.at)
    return replace(record, properties=completed(record, job.portal.catalogue))


def _absorb(job: Work, winner: Record, losers: list[Record]) -> None:
    """Hand the losers' associations over and let their ids lead to the winner."""
    catalogue, store = job.portal.catalogue, job.portal.store
    for loser in losers:
        job.tx.put(replace(loser, merged_into=winner.record_id, updated_at=job.at))
        job.tx.drop_links(loser.end)
    job.tx.put(winner)
    for loser in losers:
        for end, type_ids in store.all_links(loser.end).items():
            known = catalogue.association_types(CONTACT.name, end.object_type)
            kinds = tuple(kind for kind in known if kind.type_id in type_ids)
            linking.make(job, winner.end, Wanted(end, kinds))
        job.tx.note(LogEntry("merge", winner.end, {}, loser.end))


def erase(job: Work, record: Record) -> None:
    """Forget a contact; none of its addresses can ever be used again."""
    job.tx.changes.blocked.extend(emails.of_contact(record.properties))
    job.tx.changes.forgotten.append(record.record_id)
    job.tx.drop_links(record.end)
    job.tx.note(LogEntry("gdpr", record.end, {}))
