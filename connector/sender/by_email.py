"""Contacts of an account that takes no property of ours as their key: found and made by e-mail address.

HubSpot documents that an upsert by e-mail is no partial one, and not what becomes of the properties left out. What
others wrote into an existing contact must stay, so addresses are asked for first: a contact that is there is updated by
its id, and only one that is not there is upserted, with everything that it shall hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from connector.message import EMAIL, ObjectType
from connector.outcome import Found, Missing, NotSent, Outcome, Refusal, Refused
from connector.sender.batch import Item, carry_out
from connector.sender.calls import Plan
from connector.sender.matching import as_held, seek
from connector.sender.owners import Owners
from connector.sender.refusals import Judge
from connector.sender.verbs import Dialect, Write

WITHOUT_EMAIL = "CONTACT_WITHOUT_EMAIL"
_DETAILS = "this HubSpot account finds contacts by e-mail address only, and the contact has none"


@dataclass(frozen=True, slots=True)
class ByEmail:
    """Writes contacts without a known id. The items carry our key as a plain property."""

    dialect: Dialect
    judge: Judge

    def write(self, batch: Sequence[Item]) -> Plan:
        """One outcome each, at most 100. Of several with one address each has a call of its own, in the order given."""
        outcomes: dict[int, Outcome] = {}
        addressed = [replace(item, id=_address(item)) for item in batch]
        outcomes |= {item.number: Refused(Refusal(WITHOUT_EMAIL, _DETAILS, EMAIL)) for item in addressed if not item.id}
        for wave in waves(item for item in addressed if item.id):
            outcomes |= yield from self._wave(wave)
        return outcomes

    def _wave(self, wave: Sequence[Item]) -> Plan:
        outcomes = yield from self._seek(EMAIL, [(item.number, item.id) for item in wave])
        there = [(item, found) for item in wave if isinstance(found := outcomes[item.number], Found)]
        for some in waves(_adopting(item, found) for item, found in there):
            outcomes |= yield from self._update(some)
        new = [item for item in wave if isinstance(outcomes[item.number], Missing)]
        return outcomes | (yield from self._create(new))

    def _update(self, batch: Sequence[Item]) -> Plan:
        outcomes = yield from carry_out(Write(self.dialect, self.judge, None), batch)
        outcomes |= yield from Owners(ObjectType.CONTACT, self._seek, None, ours=False).ask(batch, outcomes)
        return {number: _still_there(outcome) for number, outcome in outcomes.items()}

    def _create(self, batch: Sequence[Item]) -> Plan:
        outcomes = yield from carry_out(Write(self.dialect, self.judge, EMAIL), batch)
        return outcomes | (yield from Owners(ObjectType.CONTACT, self._seek, EMAIL, ours=True).ask(batch, outcomes))

    @property
    def _seek(self) -> partial[Plan]:
        return partial(seek, self.dialect, self.judge)


def waves(items: Iterable[Item]) -> list[list[Item]]:
    """Batches in which no id stands twice: HubSpot refuses a batch that names a record twice."""
    found: list[dict[str, Item]] = []
    for item in items:
        wave = next((each for each in found if item.id not in each), None)
        if wave is None:
            found.append({item.id: item})
        else:
            wave[item.id] = item
    return [list(each.values()) for each in found]


def _adopting(item: Item, found: Found) -> Item:
    """The update of a contact that is there. One that holds the address as a further one keeps its primary one."""
    primary = as_held(item.type, EMAIL, found.properties.get(EMAIL) or "")
    properties = {name: text for name, text in item.properties.items() if name != EMAIL or primary == item.id}
    return replace(item, id=found.hubspot_id, properties=properties)


def _address(item: Item) -> str:
    return as_held(item.type, EMAIL, item.properties.get(EMAIL, ""))


def _still_there(outcome: Outcome) -> Outcome:
    """A contact that was removed between question and update was not written."""
    return NotSent("the contact was removed meanwhile") if isinstance(outcome, Missing) else outcome
