"""Who owns the value of a conflict. Asked where HubSpot's refusal does not name the owner (HubSpot's older answers)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.message import EMAIL, ObjectType
from connector.outcome import Found, NotSent, Outcome, Refusal, Refused
from connector.sender.batch import Item
from connector.sender.calls import Plan
from connector.sender.matching import Wanted
from connector.sender.refusals import CONFLICT

_LATER = NotSent("the owner of the conflicting value could not be read")


@dataclass(frozen=True, slots=True)
class Owners:
    """Looks for the owners of one batch's conflicts.

    `seek(name, wanted)` reads by a property; `key`: our key property, None where contacts are not found by it. `ours`:
    the record under our key is the one that was written, so that finding it is a race lost, not a conflict.
    """

    type: ObjectType
    seek: Callable[[str, Sequence[Wanted]], Plan]
    key: str | None
    ours: bool

    def ask(self, batch: Sequence[Item], outcomes: Mapping[int, Outcome]) -> Plan:
        """Better outcomes for conflicts that name no owner.

        The refusal with property and owner; Found for our own record; NotSent where the owner cannot be read now, for a
        conflict was surely not written. Where nobody owns the value, the refusal stays as it is.
        """
        asked = {item.number: item for item in batch if ownerless(outcomes[item.number])}
        answers: dict[int, Outcome] = {}
        for name in dict.fromkeys(name for item in asked.values() for name in self._suspects(item, outcomes)):
            wanted = [
                (number, item.properties[name])
                for number, item in asked.items()
                if number not in answers and name in self._suspects(item, outcomes)
            ]
            owners = (yield from self.seek(name, wanted)) if wanted else {}
            for number, owner in owners.items():
                answers |= self._told(asked[number], outcomes[number], name, owner)
        return answers

    def _suspects(self, item: Item, outcomes: Mapping[int, Outcome]) -> Iterator[str]:
        """The properties sent whose value may be the one that is taken, likeliest first."""
        named = _refusal(outcomes[item.number]).property_name
        names = [self.key] if self.ours or named in {None, self.key} else []
        names += [named] if named else [EMAIL] if self.type is ObjectType.CONTACT else []
        return (name for name in names if name and item.properties.get(name))

    def _told(self, item: Item, conflict: Outcome, name: str, owner: Outcome) -> dict[int, Outcome]:
        match owner:
            case Found() if self.ours and name == self.key:
                return {item.number: owner}
            case Found(hubspot_id) if hubspot_id != item.id:
                refusal = replace(_refusal(conflict), property_name=name, existing_id=hubspot_id)
                return {item.number: Refused(refusal)}
            case NotSent():
                return {item.number: _LATER}
            case _:
                return {}


def ownerless(outcome: Outcome) -> bool:
    """Whether it is a conflict that names no owner."""
    return isinstance(outcome, Refused) and outcome.refusal.type == CONFLICT and outcome.refusal.existing_id is None


def _refusal(outcome: Outcome) -> Refusal:
    if not isinstance(outcome, Refused):
        raise TypeError(outcome)
    return outcome.refusal
