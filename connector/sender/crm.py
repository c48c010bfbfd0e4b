"""HubSpot's CRM object API as pure generators: they yield calls, are sent replies, and return one outcome per record.

No clock, no pace, no network. Records are written by our own unique property until their HubSpot id is known, and by
that id from then on; contacts by e-mail address where the account wants it so. Every input carries its record's number
as `objectWriteTraceId`, so that HubSpot judges each input by itself (HubSpot docs); where it refuses the batch whole,
the batch is split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar
from uuid import uuid4

from connector.errors import FatalError, RowError
from connector.message import EMAIL, ObjectType
from connector.outcome import (
    Archive,
    Found,
    Lookup,
    Match,
    Missing,
    Outcome,
    Refusal,
    Refused,
    Step,
    Update,
    Upsert,
)
from connector.sender.batch import Item, carry_out, silent
from connector.sender.by_email import ByEmail
from connector.sender.calls import Plan
from connector.sender.contact_key import ContactKey
from connector.sender.matching import Wanted, seek
from connector.sender.owners import Owners
from connector.sender.paths import Paths
from connector.sender.refusals import Constants, Judge
from connector.sender.render import render_all
from connector.sender.verbs import LARGEST, Bin, Dialect, Read, Write

DEFAULT_KEY: Final = "shopbridge_key"

_T = TypeVar("_T")


def new_request_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Crm:
    """The dialect. `key`: the name of our unique property; `constants`: values that the shop file itself states.

    `contact_key`: what contacts are written by, tried before it is first needed; None: by our key, without trial.
    """

    paths: Paths
    key: str = DEFAULT_KEY
    constants: Constants = frozenset()
    new_id: Callable[[], str] = new_request_id
    contact_key: ContactKey | None = None

    def dispatch(self, steps: Sequence[Step]) -> Plan:
        """Carry out steps of any kind and number, those refused before apart from the others.

        What may free a unique value goes before what may take it. Where it has to be tried first what contacts are
        written by, and that fails, the contacts that need to be found by it are NotSent, or SchemaRefused.
        """
        key = self.contact_key
        keyed = [step for step in steps if _needs_key(step)] if key is not None and key.by is None else []
        outcomes: dict[int, Outcome] = {}
        if keyed and key is not None:
            outcomes = yield from key.decide(self._dialect, self._judge(ObjectType.CONTACT), keyed)
            steps = [step for step in steps if step.record not in outcomes]
        for object_type, alone in dict.fromkeys((step.type, step.alone) for step in sorted(steps, key=_alone_last)):
            group = [step for step in steps if (step.type, step.alone) == (object_type, alone)]
            for updates in _batches([step for step in group if isinstance(step, Update)]):
                outcomes |= yield from self.write_updates(object_type, updates)
            for archives in _batches([step for step in group if isinstance(step, Archive)]):
                outcomes |= yield from self.archive(object_type, archives)
            for matches in _batches([step for step in group if isinstance(step, Match)]):
                outcomes |= yield from self.match(object_type, matches)
            for upserts in _batches([step for step in group if isinstance(step, Upsert)]):
                outcomes |= yield from self.write_upserts(object_type, upserts)
            for lookups in _batches([step for step in group if isinstance(step, Lookup)]):
                outcomes |= yield from self.lookup(object_type, lookups)
        return outcomes

    def match(self, object_type: ObjectType, steps: Sequence[Match]) -> Plan:
        """Ask which records hold the values, at most 100 of one property: Found or Missing, a value may stand twice."""
        outcomes: dict[int, Outcome] = {}
        for name in dict.fromkeys(step.name for step in steps):
            wanted = [(step.record, step.value) for step in steps if step.name == name]
            outcomes |= yield from self._seek(object_type, name, wanted)
        return outcomes

    def write_upserts(self, object_type: ObjectType, steps: Sequence[Upsert]) -> Plan:
        """Create or find by our key, or by e-mail address where contacts have no other key, at most 100."""
        _refuse_twins([step.key for step in steps])
        batch, outcomes = _items(object_type, [(step, step.key, {self.key: step.key}) for step in steps])
        if self._by_email(object_type):
            return outcomes | (yield from ByEmail(self._dialect, self._judge(object_type)).write(batch))
        outcomes |= yield from carry_out(Write(self._dialect, self._judge(object_type), self.key), batch)
        outcomes |= yield from self._owners(object_type, ours=True).ask(batch, outcomes)
        return outcomes

    def write_updates(self, object_type: ObjectType, steps: Sequence[Update]) -> Plan:
        """Write by HubSpot's id, at most 100, and our key where a step says so.

        A record that was merged into another is left out of the answer without a word (HubSpot docs), so those that
        nothing is said of are read: Found under the id they have now, or Missing.
        """
        _refuse_twins([step.hubspot_id for step in steps])
        batch, outcomes = _items(object_type, [(step, step.hubspot_id, self._adopting(step)) for step in steps])
        outcomes |= yield from carry_out(Write(self._dialect, self._judge(object_type), None), batch)
        outcomes |= yield from self._owners(object_type, ours=False).ask(batch, outcomes)
        unheard = [item for item in batch if silent(outcomes[item.number])]
        read = yield from self._read(object_type, unheard, None, (self.key,))
        return outcomes | {item.number: read[item.number] for item in unheard if _elsewhere(item, read[item.number])}

    def _adopting(self, step: Update) -> Mapping[str, str]:
        return {} if step.key is None else {self.key: step.key}

    def archive(self, object_type: ObjectType, steps: Sequence[Archive]) -> Plan:
        """Move to the recycling bin, at most 100."""
        _refuse_twins([step.hubspot_id for step in steps])
        batch = [Item(step.record, object_type, step.hubspot_id) for step in steps]
        return carry_out(Bin(self._dialect, self._judge(object_type)), batch)

    def lookup(self, object_type: ObjectType, steps: Sequence[Lookup]) -> Plan:
        """Read by HubSpot's id, where there is none or nothing under it by our key, at most 100.

        One that was merged into another answers by its old id, and may have lost its key. No answer: Ambiguous.
        Contacts without a key of ours are read by their match value, an e-mail address; without one they are Missing.
        """
        names = tuple(sorted({name for step in steps for name in step.properties}))
        known = [Item(step.record, object_type, step.hubspot_id) for step in steps if step.hubspot_id is not None]
        read = yield from self._read(object_type, known, None, names)
        unknown = [step for step in steps if step.hubspot_id is None or isinstance(read[step.record], Missing)]
        if self._by_email(object_type):
            wanted = [(step.record, step.match_value or "") for step in unknown]
            read |= yield from self._seek(object_type, EMAIL, wanted, names)
        else:
            keyed = [Item(step.record, object_type, step.key) for step in unknown]
            read |= yield from self._read(object_type, keyed, self.key, names)
        return {step.record: _only(step.properties, read[step.record]) for step in steps}

    @property
    def _dialect(self) -> Dialect:
        return Dialect(self.paths, self.key, self.new_id)

    def _judge(self, object_type: ObjectType) -> Judge:
        return Judge(object_type, self.constants)

    def _read(self, object_type: ObjectType, batch: list[Item], by: str | None, names: tuple[str, ...]) -> Plan:
        """Read records; one that was merged into another answers by its new id."""
        return carry_out(Read(self._dialect, self._judge(object_type), by, names), batch)

    def _seek(self, object_type: ObjectType, name: str, wanted: Sequence[Wanted], more: Sequence[str] = ()) -> Plan:
        return seek(self._dialect, self._judge(object_type), name, wanted, more)

    def _owners(self, object_type: ObjectType, *, ours: bool) -> Owners:
        key = None if self._by_email(object_type) else self.key
        return Owners(object_type, partial(self._seek, object_type), key, ours)

    def _by_email(self, object_type: ObjectType) -> bool:
        return object_type is ObjectType.CONTACT and self.contact_key is not None and self.contact_key.is_email


def _alone_last(step: Step) -> bool:
    return step.alone


def _needs_key(step: Step) -> bool:
    """Whether it is a contact's that is found by its key, for want of HubSpot's id."""
    keyed = isinstance(step, Upsert) or (isinstance(step, Lookup) and step.hubspot_id is None)
    return keyed and step.type is ObjectType.CONTACT


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
