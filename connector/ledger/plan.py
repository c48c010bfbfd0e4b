"""plan: the call that makes HubSpot hold what a record should hold, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.ledger.state import Act, Fate, InFlight, Record
from connector.ledger.values import digest
from connector.message import Value
from connector.outcome import Archive, Lookup, Step, Update, Upsert


def plan(record: Record) -> Step | None:
    """The next call for the record; None while it rests, is refused, or has a call in flight.

    A record without an id is written by our key, one with an id by that id and only what differs from what HubSpot was
    told. What is unknown counts as different.
    """
    if record.in_flight is not None:
        return None
    if record.resolving:
        return look_up(record, ())
    if record.refused_generation == record.generation:
        return None
    fate = record.desired.fate
    if fate is Fate.ARCHIVE:
        return _archive(record)
    if fate is Fate.KEEP and record.hubspot_id is None:
        return _upsert(record)
    if fate in {Fate.KEEP, Fate.CLEAR} and record.hubspot_id is not None:
        return _update(record, record.hubspot_id)
    return None


def look_up(record: Record, names: Iterable[str]) -> Lookup:
    """Read the record: by id, or by key where the id is unknown or answered nothing."""
    hubspot_id = None if record.resolving else record.hubspot_id
    return Lookup(record.number, record.type, record.key, hubspot_id, tuple(sorted(names)))


def in_flight(record: Record, step: Step) -> InFlight:
    """The copy that will be settled: what this step carries of this generation."""
    desired = record.desired
    if isinstance(step, Upsert | Update):
        act = Act.UPSERT if isinstance(step, Upsert) else Act.UPDATE
        return InFlight(act, record.generation, _digests(step.properties), desired.speaker, desired.version)
    act = Act.ARCHIVE if isinstance(step, Archive) else Act.LOOKUP
    return InFlight(act, record.generation, {}, desired.speaker, desired.version)


def _digests(properties: Mapping[str, Value]) -> dict[str, str]:
    return {name: digest(value) for name, value in properties.items()}


def _archive(record: Record) -> Step | None:
    if record.hubspot_id is None:
        return None
    return Archive(record.number, record.type, record.hubspot_id, record.refused_before)


def _upsert(record: Record) -> Step | None:
    if record.missing:
        return None
    filled = {name: value for name, value in record.desired.properties.items() if value not in {None, ""}}
    return Upsert(record.number, record.type, record.key, filled, record.refused_before)


def _update(record: Record, hubspot_id: str) -> Step | None:
    if record.missing:
        return None
    differing = {
        name: value for name, value in record.desired.properties.items() if record.told.get(name) != digest(value)
    }
    if not differing:
        return None
    return Update(record.number, record.type, hubspot_id, differing, record.refused_before)
