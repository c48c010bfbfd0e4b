"""settle: what is known of a record after the answer to what was in flight. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connector.ledger.fold import normal
from connector.ledger.state import Act, Fate, InFlight, Recheck, Record
from connector.ledger.values import EMPTY, digest, same
from connector.message import EMAIL, FURTHER_EMAILS, ObjectType
from connector.outcome import (
    Ambiguous,
    Archived,
    Found,
    Missing,
    NotSent,
    Outcome,
    Refusal,
    Refused,
    SchemaRefused,
    Written,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The record as it is now known, the refusal to raise, and properties that HubSpot keeps in a form of its own.

    `needs_key`: the key that it has is kept by a record in the recycling bin.
    """

    record: Record
    refusal: Refusal | None = None
    kept_differently: tuple[str, ...] = ()
    needs_key: bool = False


def settle(record: Record, outcome: Outcome, *, recreate: bool = False) -> Settled:
    """What is known after `outcome` of the step in flight.

    Only the in-flight copy is believed, whatever is desired by now. `recreate`: make a record anew that HubSpot's users
    deleted, instead of leaving it so.
    """
    sent = record.in_flight
    if sent is None:
        return Settled(record)
    landed = replace(record, in_flight=None)
    if sent.act is Act.MATCH and isinstance(outcome, Found | Missing):
        return Settled(_asked(landed, sent, outcome))
    match outcome:
        case Written():
            return Settled(_written(landed, sent, outcome))
        case Archived():
            return Settled(_archived(landed, sent))
        case Found():
            return _found(landed, outcome)
        case Missing():
            return Settled(_absent(landed, sent, recreate=recreate))
        case Refused(refusal):
            return _refused(landed, sent, refusal)
        case Ambiguous():
            return Settled(_ambiguous(landed, sent))
        case SchemaRefused() | NotSent():
            return Settled(landed)


def forget_told(record: Record, *, revive: bool) -> Record:
    """The record with nothing known of what HubSpot holds, and no refusal remembered: it is told again.

    One without an id is looked up by its key first. `revive`: if HubSpot's users deleted it, that counts as our doing.
    """
    again = replace(record, told={}, refused_generation=-1, resolving=record.resolving or record.hubspot_id is None)
    return replace(again, missing=False, archive_sent=True) if revive else again


def _written(record: Record, sent: InFlight, written: Written) -> Record:
    """What was carried is told, and by a create also what it left empty.

    But HubSpot fills a new line's gaps with its product's values (HubSpot docs, products): an update clears these.
    """
    fresh = record.hubspot_id is None
    told = {**({} if fresh else record.told), **sent.told}
    if fresh and written.created and record.type is not ObjectType.LINE_ITEM:
        empty = {name: EMPTY for name, value in record.desired.properties.items() if value in {None, ""}}
        told = {**empty, **told}
    return replace(
        record,
        hubspot_id=written.hubspot_id,
        told=told,
        sent_generation=sent.generation,
        refused_before=False,
        archive_sent=record.archive_sent and not fresh,
        keyed=True,
        held=record.held if sent.holds is None else sent.holds,
    )


def _archived(record: Record, sent: InFlight) -> Record:
    gone = _without_id(record)
    return replace(gone, sent_generation=sent.generation, refused_before=False, archive_sent=True)


def _without_id(record: Record) -> Record:
    """No record of HubSpot's is known any more, nor what it held."""
    return replace(record, hubspot_id=None, told={}, keyed=True, searched=None, held=frozenset())


def _asked(record: Record, sent: InFlight, outcome: Found | Missing) -> Record:
    return _matched(record, outcome) if isinstance(outcome, Found) else replace(record, searched=sent.match_value)


def _matched(record: Record, found: Found) -> Record:
    """A record that others made is ours from now on: it gets our key and all we have.

    A contact's further address stays what it is: written as its first, it would drive that one out.
    """
    match_by = record.desired.match_by or ""
    first = normal(match_by, found.properties.get(match_by))
    further = {normal(EMAIL, each) for each in (found.properties.get(FURTHER_EMAILS) or "").split(";")}
    held = frozenset(each for each in {first, *further, record.desired.match_value} if each)
    told: dict[str, str | None] = {}
    if match_by == EMAIL and record.desired.match_value in further:
        told = {match_by: digest(record.desired.properties.get(match_by))}
    return replace(_adopted(record, found), told=told, held=held)


def _adopted(record: Record, found: Found) -> Record:
    """HubSpot's record is this one from now on; nothing is known of what it holds."""
    there = replace(record, hubspot_id=found.hubspot_id, told={}, keyed=record.key in found.properties.values())
    return replace(there, resolving=False, recheck=None, missing=False, archive_sent=False)


def _refused(record: Record, sent: InFlight, refusal: Refusal) -> Settled:
    """It rests, unless the answer says which record it is, or that its key lies in the recycling bin.

    Where an earlier call may have made it under our key, that is asked for first.
    """
    if refusal.existing_id is not None and record.hubspot_id is None and sent.act is Act.UPSERT:
        if record.recheck is not None:
            return Settled(replace(record, resolving=True))
        if refusal.property_name == record.desired.match_by:
            return Settled(_matched(record, Found(refusal.existing_id, {})))
    if _keeps_our_key(record, sent, refusal):
        return Settled(replace(record, archive_sent=False), needs_key=True)
    return Settled(replace(record, refused_generation=sent.generation, refused_before=True), refusal)


def _keeps_our_key(record: Record, sent: InFlight, refusal: Refusal) -> bool:
    """Whether the record that we archived may still hold our key, which HubSpot's documents leave open.

    Another key is tried once for each archiving; what is refused for another reason is refused with that one too.
    """
    unnamed = refusal.existing_id is not None or refusal.property_name is None
    return sent.act is Act.UPSERT and record.hubspot_id is None and record.archive_sent and unnamed


def _ambiguous(record: Record, sent: InFlight) -> Record:
    """It may have happened, and may yet: what it carried is unknown, and is read back later."""
    if sent.act in {Act.LOOKUP, Act.MATCH}:
        return record
    told: dict[str, str | None] = {**record.told, **dict.fromkeys(sent.told)}
    names = set(sent.told) | set(record.recheck.names if record.recheck else ())
    archive_sent = record.archive_sent or sent.act is Act.ARCHIVE
    held = record.held | (sent.holds or frozenset())
    return replace(record, told=told, recheck=Recheck(tuple(sorted(names))), archive_sent=archive_sent, held=held)


def _absent(record: Record, sent: InFlight, *, recreate: bool) -> Record:
    """No record under the id: one that is none under its key either is gone."""
    if sent.act is not Act.LOOKUP:
        return replace(record, resolving=True)
    gone = replace(_without_id(record), resolving=False, recheck=None)
    ours = record.archive_sent or record.hubspot_id is None or recreate
    return gone if ours else replace(gone, missing=True)


def _found(record: Record, found: Found) -> Settled:
    """A record read: adopted if its id is new to us, and compared where a late write may have changed it."""
    if record.hubspot_id != found.hubspot_id:
        adopted = _adopted(record, found)
        return Settled(replace(adopted, keyed=adopted.keyed or record.hubspot_id is None))
    read = replace(record, resolving=False, held=_held(record, found))
    if record.recheck is None:
        return Settled(read)
    differing = _differing(record, found)
    if not differing:
        return Settled(replace(read, recheck=None))
    if record.recheck.repeated:
        return Settled(replace(read, recheck=None), kept_differently=differing)
    told: dict[str, str | None] = {**record.told, **dict.fromkeys(differing)}
    return Settled(replace(read, told=told, recheck=Recheck(differing, repeated=True)))


def _held(record: Record, found: Found) -> frozenset[str]:
    """What was read of the match property ends the doubt about what HubSpot holds."""
    match_by = record.desired.match_by
    if match_by is None or match_by not in found.properties:
        return record.held
    value = normal(match_by, found.properties[match_by])
    return frozenset({value} if value else ())


def _differing(record: Record, found: Found) -> tuple[str, ...]:
    if record.desired.fate not in {Fate.KEEP, Fate.CLEAR} or record.recheck is None:
        return ()
    desired = record.desired.properties
    return tuple(
        name
        for name in record.recheck.names
        if name in desired and name in found.properties and not same(desired[name], found.properties[name])
    )
