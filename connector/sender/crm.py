"""HubSpot's CRM object API as pure generators: they yield calls, are sent replies, and return one outcome per record.

No clock, no pace, no network. Records are written by our own unique property until their HubSpot id is known, and by
that id from then on. Every input carries its record's number as `objectWriteTraceId`, so that HubSpot judges each
input by itself (HubSpot docs); where it refuses the batch whole, the batch is split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar
from uuid import uuid4

from connector.errors import FatalError, RowError
from connector.message import ObjectType
from connector.outcome import (
    Archive,
    Found,
    Lookup,
    Missing,
    NotSent,
    Outcome,
    Refusal,
    Refused,
    Step,
    Update,
    Upsert,
)
from connector.sender.batch import Item, carry_out, silent
from connector.sender.calls import Plan
from connector.sender.paths import Paths
from connector.sender.refusals import CONFLICT, Constants, Judge
from connector.sender.render import render_all
from connector.sender.verbs import LARGEST, Bin, Dialect, Read, Write

DEFAULT_KEY: Final = "shopbridge_key"

_T = TypeVar("_T")


def new_request_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Crm:
    """The dialect. `key`: the name of our unique property; `constants`: values that the shop file itself states."""

    paths: Paths
    key: str = DEFAULT_KEY
    constants: Constants = frozenset()
    new_id: Callable[[], str] = new_request_id

    def dispatch(self, steps: Sequence[Step]) -> Plan:
        """Carry out steps of any kind and number, those refused before apart from the others."""
        outcomes: dict[int, Outcome] = {}
        for object_type, alone in dict.fromkeys((step.type, step.alone) for step in sorted(steps, key=_alone_last)):
            group = [step for step in steps if (step.type, step.alone) == (object_type, alone)]
            for upserts in _batches([step for step in group if isinstance(step, Upsert)]):
                outcomes |= yield from self.write_upserts(object_type, upserts)
            for updates in _batches([step for step in group if isinstance(step, Update)]):
                outcomes |= yield from self.write_updates(object_type, updates)
            for archives in _batches([step for step in group if isinstance(step, Archive)]):
                outcomes |= yield from self.archive(object_type, archives)
            for lookups in _batches([step for step in group if isinstance(step, Lookup)]):
                outcomes |= yield from self.lookup(object_type, lookups)
        return outcomes

    def write_upserts(self, object_type: ObjectType, steps: Sequence[Upsert]) -> Plan:
        """Create or find by our key, at most 100."""
        _refuse_twins([step.key for step in steps])
        batch, outcomes = _items(object_type, [(step, step.key, {self.key: step.key}) for step in steps])
        outcomes |= yield from carry_out(Write(self._dialect, self._judge(object_type), by_key=True), batch)
        outcomes |= yield from self._owners(object_type, batch, outcomes, by_key=True)
        return outcomes

    def write_updates(self, object_type: ObjectType, steps: Sequence[Update]) -> Plan:
        """Write by HubSpot's id, at most 100.

        A record that was merged into another is left out of the answer without a word (HubSpot docs), so those that
        nothing is said of are read: Found under the id they have now, or Missing.
        """
        _refuse_twins([step.hubspot_id for step in steps])
        batch, outcomes = _items(object_type, [(step, step.hubspot_id, {}) for step in steps])
        outcomes |= yield from carry_out(Write(self._dialect, self._judge(object_type), by_key=False), batch)
        outcomes |= yield from self._owners(object_type, batch, outcomes, by_key=False)
        unheard = [item for item in batch if silent(outcomes[item.number])]
        read = yield from self._read(object_type, unheard, None, ())
        return outcomes | {item.number: read[item.number] for item in unheard if _elsewhere(item, read[item.number])}

    def archive(self, object_type: ObjectType, steps: Sequence[Archive]) -> Plan:
        """Move to the recycling bin, at most 100."""
        _refuse_twins([step.hubspot_id for step in steps])
        batch = [Item(step.record, object_type, step.hubspot_id) for step in steps]
        return carry_out(Bin(self._dialect, self._judge(object_type)), batch)

    def lookup(self, object_type: ObjectType, steps: Sequence[Lookup]) -> Plan:
        """Read by HubSpot's id, or by our key where there is none, at most 100. One without an answer is Ambiguous."""
        names = tuple(sorted({name for step in steps for name in step.properties}))
        known = [Item(step.record, object_type, step.hubspot_id) for step in steps if step.hubspot_id is not None]
        unknown = [Item(step.record, object_type, step.key) for step in steps if step.hubspot_id is None]
        read = yield from self._read(object_type, known, None, names)
        read |= yield from self._read(object_type, unknown, self.key, names)
        return {step.record: _only(step.properties, read[step.record]) for step in steps}

    @property
    def _dialect(self) -> Dialect:
        return Dialect(self.paths, self.key, self.new_id)

    def _judge(self, object_type: ObjectType) -> Judge:
        return Judge(object_type, self.constants)

    def _read(self, object_type: ObjectType, batch: list[Item], by: str | None, names: tuple[str, ...]) -> Plan:
        """Read records; one that was merged into another answers by its new id."""
        return carry_out(Read(self._dialect, self._judge(object_type), by, names), batch)

    def _owners(
        self, object_type: ObjectType, batch: Sequence[Item], outcomes: Mapping[int, Outcome], *, by_key: bool
    ) -> Plan:
        """Ask who owns the value of a conflict that names no owner, before it counts as a refusal.

        The record under our own key (a lost race) is Found; the owner of a contact's e-mail goes into the refusal. A
        conflict whose owner cannot be read now was surely not written: NotSent.
        """
        asked = [item for item in batch if _ownerless(outcomes[item.number])]
        answers: dict[int, Outcome] = {}
        if by_key:
            answers |= yield from self._ask(object_type, asked, self.key)
            asked = [item for item in asked if isinstance(answers[item.number], Missing)]
        if object_type is ObjectType.CONTACT:
            owners = yield from self._ask(object_type, _by_email(asked), "email")
            answers |= {number: _owned(outcomes[number], owner) for number, owner in owners.items()}
        return {number: answer for number, answer in answers.items() if not isinstance(answer, Missing)}

    def _ask(self, object_type: ObjectType, batch: list[Item], by: str) -> Plan:
        read = yield from self._read(object_type, batch, by, ())
        later = NotSent("the owner of the conflicting value could not be read")
        return {number: answer if isinstance(answer, Found | Missing) else later for number, answer in read.items()}


def _alone_last(step: Step) -> bool:
    return step.alone


def _batches(group: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (group[start : start + LARGEST] for start in range(0, len(group), LARGEST))


def _refuse_twins(names: Sequence[str]) -> None:
    """One record has one writer; HubSpot refuses a whole batch in which an id stands twice."""
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        raise FatalError(f"two steps of one batch mean the same HubSpot record: {', '.join(twins)}")


def _items(
    object_type: ObjectType, steps: Iterable[tuple[Upsert | Update, str, Mapping[str, str]]]
) -> tuple[list[Item], dict[int, Outcome]]:
    """What is sent under which id, and the refusals of records whose values have no form on the wire."""
    batch: list[Item] = []
    refused: dict[int, Outcome] = {}
    for step, name, more in steps:
        try:
            batch.append(Item(step.record, object_type, name, {**render_all(step.properties), **more}))
        except RowError as error:
            refused[step.record] = Refused(Refusal(error.type, error.details, error.property_name))
        except Exception as error:  # noqa: BLE001 - whatever a value makes rendering raise is this record's fault alone
            refused[step.record] = Refused(Refusal("UNEXPECTED", f"cannot be rendered: {error!r}"))
    return batch, refused


def _only(names: Sequence[str], read: Outcome) -> Outcome:
    if not isinstance(read, Found):
        return read
    return replace(read, properties={name: read.properties[name] for name in names if name in read.properties})


def _elsewhere(item: Item, read: Outcome) -> bool:
    """Whether the record of a silent update surely is not under its id any more."""
    return isinstance(read, Missing) or (isinstance(read, Found) and read.hubspot_id != item.id)


def _ownerless(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.refusal.type == CONFLICT and outcome.refusal.existing_id is None


def _by_email(batch: Iterable[Item]) -> list[Item]:
    """One item per address: HubSpot refuses a batch in which an id stands twice."""
    sent = {item.properties.get("email", "").strip().lower(): item for item in batch}
    return [replace(item, id=email) for email, item in sent.items() if email]


def _owned(conflict: Outcome, owner: Outcome) -> Outcome:
    if isinstance(conflict, Refused) and isinstance(owner, Found):
        return Refused(replace(conflict.refusal, existing_id=owner.hubspot_id))
    return owner
