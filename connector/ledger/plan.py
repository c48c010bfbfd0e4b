"""plan: the call that makes HubSpot hold what a record should hold, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.ledger.fold import normal
from connector.ledger.state import Act, Fate, InFlight, Record
from connector.ledger.values import digest
from connector.message import Value
from connector.outcome import Archive, Lookup, Match, Step, Update, Upsert


def plan(record: Record) -> Step | None:
    """The next call for the record; None while it rests, is refused, or has a call in flight.

    A record without an id is written by our key, one with an id by that id and only what differs from what HubSpot was
    told. What is unknown counts as different. One that HubSpot may have from others is asked for before it is made, and
    none is made while another record has its match value.
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
        return None if record.missing or record.taken_by is not None else _match(record) or _upsert(record)
    if fate in {Fate.KEEP, Fate.CLEAR} and record.hubspot_id is not None:
        return _update(record, record.hubspot_id)
    return None


def look_up(record: Record, names: Iterable[str]) -> Lookup:
    """Read the record: by id, or by key where the id is unknown or nothing is under it."""
    wanted, match_value = tuple(sorted(names)), record.desired.match_value
    return Lookup(record.number, record.type, record.key, record.hubspot_id, wanted, match_value=match_value)


def in_flight(record: Record, step: Step) -> InFlight:
    """The copy that will be settled: what this step carries of this generation."""
    desired = record.desired
    if isinstance(step, Upsert | Update):
        act = Act.UPSERT if isinstance(step, Upsert) else Act.UPDATE
        told = _digests(step.properties)
        carried = _carried(desired.match_by, step)
        return InFlight(act, record.generation, told, desired.speaker, desired.version, holds=carried)
    value = step.value if isinstance(step, Match) else None
    return InFlight(_ACT[type(step)], record.generation, {}, desired.speaker, desired.version, match_value=value)


_ACT: Mapping[type[Step], Act] = {Archive: Act.ARCHIVE, Lookup: Act.LOOKUP, Match: Act.MATCH}


def _carried(match_by: str | None, step: Upsert | Update) -> frozenset[str] | None:
    """The match values that HubSpot holds once the step is written; None where it does not carry them."""
    if match_by is None or (match_by not in step.properties and isinstance(step, Update)):
        return None
    value = normal(match_by, step.properties.get(match_by))
    return frozenset({value} if value else ())


def _digests(properties: Mapping[str, Value]) -> dict[str, str]:
    return {name: digest(value) for name, value in properties.items()}


def _archive(record: Record) -> Step | None:
    if record.hubspot_id is None:
        return None
    return Archive(record.number, record.type, record.hubspot_id, record.refused_before)


def _match(record: Record) -> Step | None:
    """Ask for it, unless that was done: HubSpot's users may have had it before us.

    One that a call without answer may have made is under our key, and written by that.
    """
    desired = record.desired
    if desired.match_by is None or desired.match_value is None or record.recheck is not None:
        return None
    if record.searched == desired.match_value:
        return None
    return Match(record.number, record.type, desired.match_by, desired.match_value, record.refused_before)


def _upsert(record: Record) -> Step:
    filled = {name: value for name, value in record.desired.properties.items() if value not in {None, ""}}
    return Upsert(record.number, record.type, record.key, filled, record.refused_before)


def _update(record: Record, hubspot_id: str) -> Step | None:
    if record.missing:
        return None
    differing = {name: value for name, value in _allowed(record).items() if record.told.get(name) != digest(value)}
    if not differing and record.keyed:
        return None
    key = None if record.keyed else record.key
    return Update(record.number, record.type, hubspot_id, differing, record.refused_before, key)


def _allowed(record: Record) -> Mapping[str, Value]:
    """What HubSpot would take now: while another record has the match value, it is left out, or given up."""
    desired = record.desired
    if record.taken_by is None or desired.match_by is None:
        return desired.properties
    others = {name: value for name, value in desired.properties.items() if name != desired.match_by}
    return {**others, desired.match_by: None} if record.gives_way else others
