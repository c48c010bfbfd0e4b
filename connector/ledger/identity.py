"""Who may hold a match value: which records are one, which must wait, and which object goes its own way. Pure.

HubSpot lets one record hold a match value (an e-mail). A record *claims* the values that its live objects have and
those that HubSpot's record may still hold. Two records with HubSpot ids are never made one here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.ledger.state import Fate, Record
from connector.ledger.values import digest

Claims = frozenset[str]


def claims(record: Record) -> Claims:
    """The match values that no other record may be given."""
    return _wanted(record) | record.held


@dataclass(frozen=True, slots=True)
class Contest:
    """How the claimants of one value stand to each other.

    `joins`: record → the record that its objects join. `waits`: record that wants the value → the record that has it,
    None where it may have it.
    """

    joins: Mapping[int, int] = field(default_factory=dict)
    waits: Mapping[int, int | None] = field(default_factory=dict)


def contest(value: str, claimants: Iterable[Record]) -> Contest:
    """Settle who gets `value`.

    A record that wants what another one wants too joins it, as long as HubSpot does not know it by an id. What
    HubSpot's record still holds but is about to give up is waited for. A holder whose objects are all gone is taken
    over, and one that holds the value beside its own, as a person's further address, is the same person.
    """
    every = sorted(claimants, key=lambda each: each.number)
    wanting = [each for each in every if value in _wanted(each)]
    holder = next((each for each in _best_first(every, value) if value in each.held), None)
    if holder is None:
        owner = next(iter(_best_first(wanting, value)), None)
    elif holder in wanting or _is_left(holder) or _holds_several(holder):
        owner = holder
    else:
        return Contest(waits={each.number: holder.number for each in wanting})
    others = [each for each in wanting if each is not owner]
    joins = {each.number: owner.number for each in others if owner is not None and is_free_to_join(each)}
    waits: dict[int, int | None] = {
        each.number: owner.number for each in others if owner is not None and each.number not in joins
    }
    return Contest(joins, waits if owner is None or owner not in wanting else {**waits, owner.number: None})


def is_free_to_join(record: Record) -> bool:
    """HubSpot knows no record of it, and none is on the way."""
    return record.hubspot_id is None and record.in_flight is None and not record.resolving


def is_forgettable(record: Record) -> bool:
    """Nothing of it can be in HubSpot, nor come to be there by a late write."""
    return is_free_to_join(record) and record.recheck is None


def circle(start: Record, record: Callable[[int], Record | None]) -> Sequence[int]:
    """The records that wait for each other in a ring with `start`; empty where there is no such ring."""
    passed = [start.number]
    following = start.taken_by
    while following is not None and following not in passed:
        passed.append(following)
        next_one = record(following)
        following = None if next_one is None else next_one.taken_by
    return passed if following == start.number else ()


def is_stuck(record: Record, owner: Record) -> bool:
    """Whether what `record` wants will not come free by itself: the owner keeps it for its own objects."""
    return record.desired.match_value in _wanted(owner)


def leaves(before: str | None, now: str | None, others: Sequence[str | None]) -> bool:
    """Whether an object that shares a record goes its own way: its match value changed to none that the others have."""
    return bool(others) and now != before and now not in others


def _wanted(record: Record) -> Claims:
    return record.desired.matches if record.desired.fate is Fate.KEEP else frozenset()


def _is_left(holder: Record) -> bool:
    """Its objects are gone and no call for it is out: HubSpot's record can be taken over."""
    return holder.desired.fate is not Fate.KEEP and holder.in_flight is None


def _holds_several(holder: Record) -> bool:
    """Its own value was told, so what it holds beside that stays."""
    match_by = holder.desired.match_by
    if match_by is None or holder.in_flight is not None:
        return False
    return holder.told.get(match_by) == digest(holder.desired.properties.get(match_by))


def _best_first(records: Iterable[Record], value: str) -> list[Record]:
    return sorted(
        records,
        key=lambda each: (
            value not in _wanted(each),
            each.hubspot_id is None,
            each.in_flight is None,
            each.number,
        ),
    )
