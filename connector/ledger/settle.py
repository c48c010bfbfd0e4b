"""settle: what is known of a record after the answer to what was in flight. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connector.ledger.state import Act, Fate, InFlight, Recheck, Record
from connector.ledger.values import EMPTY, same
from connector.message import ObjectType
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
    """The record as it is now known, the refusal to raise, and properties that HubSpot keeps in a form of its own."""

    record: Record
    refusal: Refusal | None = None
    kept_differently: tuple[str, ...] = ()


def settle(record: Record, outcome: Outcome, *, recreate: bool = False) -> Settled:
    """What is known after `outcome` of the step in flight.

    Only the in-flight copy is believed, whatever is desired by now. `recreate`: make a record anew that HubSpot's users
    deleted, instead of leaving it so.
    """
    sent = record.in_flight
    if sent is None:
        return Settled(record)
    landed = replace(record, in_flight=None)
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
            refused = replace(landed, refused_generation=sent.generation, refused_before=True)
            return Settled(refused, refusal)
        case Ambiguous():
            return Settled(_ambiguous(landed, sent))
        case SchemaRefused() | NotSent():
            return Settled(landed)


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
    )


def _archived(record: Record, sent: InFlight) -> Record:
    return replace(
        record, hubspot_id=None, told={}, sent_generation=sent.generation, refused_before=False, archive_sent=True
    )


def _ambiguous(record: Record, sent: InFlight) -> Record:
    """It may have happened, and may yet: what it carried is unknown, and is read back later."""
    if sent.act is Act.LOOKUP:
        return record
    told: dict[str, str | None] = {**record.told, **dict.fromkeys(sent.told)}
    names = set(sent.told) | set(record.recheck.names if record.recheck else ())
    archive_sent = record.archive_sent or sent.act is Act.ARCHIVE
    return replace(record, told=told, recheck=Recheck(tuple(sorted(names))), archive_sent=archive_sent)


def _absent(record: Record, sent: InFlight, *, recreate: bool) -> Record:
    """No record under the id: first ask the key, then believe it."""
    if sent.act is not Act.LOOKUP:
        return replace(record, resolving=True)
    if not record.resolving and record.hubspot_id is not None:
        return replace(record, resolving=True)
    gone = replace(record, hubspot_id=None, told={}, resolving=False, recheck=None)
    ours = record.archive_sent or record.hubspot_id is None or recreate
    return gone if ours else replace(gone, missing=True)


def _found(record: Record, found: Found) -> Settled:
    """A record read: adopted if its id is new to us, and compared where a late write may have changed it."""
    if record.hubspot_id != found.hubspot_id:
        adopted = replace(record, hubspot_id=found.hubspot_id, told={}, resolving=False, recheck=None)
        return Settled(replace(adopted, missing=False, archive_sent=False))
    read = replace(record, resolving=False)
    if record.recheck is None:
        return Settled(read)
    differing = _differing(record, found)
    if not differing:
        return Settled(replace(read, recheck=None))
    if record.recheck.repeated:
        return Settled(replace(read, recheck=None), kept_differently=differing)
    told: dict[str, str | None] = {**record.told, **dict.fromkeys(differing)}
    return Settled(replace(read, told=told, recheck=Recheck(differing, repeated=True)))


def _differing(record: Record, found: Found) -> tuple[str, ...]:
    if record.desired.fate not in {Fate.KEEP, Fate.CLEAR} or record.recheck is None:
        return ()
    desired = record.desired.properties
    return tuple(
        name
        for name in record.recheck.names
        if name in desired and name in found.properties and not same(desired[name], found.properties[name])
    )
