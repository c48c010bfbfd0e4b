"""Who holds a value that only one record may hold: asked of HubSpot before a record is made, and after a conflict.

Read 100 a request by the property itself. A contact is found by any of its addresses, and the answer shows it under its
primary one (HubSpot docs), so its further ones are read too, to know whom the answer is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.message import EMAIL, FURTHER_EMAILS, ObjectType
from connector.outcome import Ambiguous, Found, Missing, NotSent, Outcome, SchemaRefused
from connector.sender.batch import Index, Item, Judged, ambiguous, carry_out
from connector.sender.calls import Answer, Call, CallKind, Plan
from connector.sender.refusals import Judge, category, correlation_id, items
from connector.sender.verbs import Dialect, complete

Wanted = tuple[int, str]
"""A record's number, and the value whose holder it asks for."""


def seek(dialect: Dialect, judge: Judge, name: str, wanted: Iterable[Wanted], more: Sequence[str] = ()) -> Plan:
    """Ask for the holders of values of the property `name`, at most 100.

    Found with our key's value and the properties `more`, or Missing; several askers of one value are answered by one
    question. A question without an answer changed nothing: NotSent. A property that HubSpot does not find records by is
    SchemaRefused.
    """
    askers: dict[str, list[int]] = {}
    for number, value in wanted:
        askers.setdefault(as_held(judge.type, name, value), []).append(number)
    batch = [Item(askers[text][0], judge.type, text, {name: text}) for text in askers if _can_be_held(text)]
    answers = yield from carry_out(Seek(dialect, judge, name, tuple(more)), batch)
    outcomes: dict[int, Outcome] = {}
    for numbers in askers.values():
        outcomes |= dict.fromkeys(numbers, _of_question(answers.get(numbers[0], Missing())))
    return outcomes


def as_held(object_type: ObjectType, name: str, value: str) -> str:
    """A value as HubSpot holds it: it trims addresses and lower-cases them."""
    return value.strip().lower() if is_email(object_type, name) else value


def is_email(object_type: ObjectType, name: str) -> bool:
    return object_type is ObjectType.CONTACT and name == EMAIL


@dataclass(frozen=True, slots=True)
class Seek:
    """Read by the unique property `name`; each result is for whoever asked for a value that it holds."""

    dialect: Dialect
    judge: Judge
    name: str
    more: tuple[str, ...] = ()

    def call(self, batch: Sequence[Item]) -> Call:
        inputs = [{"id": item.id} for item in batch]
        body = {"inputs": inputs, "properties": self._names(), "idProperty": self.name}
        return self.dialect.call(self.judge.type, "read", CallKind.READ, body, len(batch))

    def _names(self) -> list[str]:
        further = [FURTHER_EMAILS] if is_email(self.judge.type, self.name) else []
        return sorted({self.name, self.dialect.key, *further, *self.more})

    def accept(self, batch: Sequence[Item], answer: Answer, call: Call) -> Judged:
        """A record that holds the value counts, even where the answer also says that the value is missing."""
        if not complete(answer):
            return Judged(ambiguous(batch, f"HTTP {answer.status} without a complete answer", call.request_id))
        index, outcomes = Index(batch), dict[int, Outcome]()
        unclaimed = []
        for error in items(answer.body, "errors"):
            meant = index.meant(error)
            outcomes |= {item.number: self.refuse(item, error, answer, call) for item in meant}
            unclaimed += [] if meant else [error]
        strays = self._results(index, answer, outcomes)
        unheard = tuple(item for item in batch if item.number not in outcomes)
        if len(batch) == len(unheard) == len(strays) == 1:
            return Judged({batch[0].number: self._found(strays[0])})
        return Judged(outcomes, unheard, tuple(unclaimed), tuple(strays), repeatable=True)

    def _results(self, index: Index, answer: Answer, outcomes: dict[int, Outcome]) -> list[Mapping[str, Any]]:
        """Add the outcomes of results; return the records that hold nothing that was asked for."""
        strays: list[Mapping[str, Any]] = []
        for result in items(answer.body, "results"):
            if not result.get("id") or result.get("archived") is True:
                continue
            askers = [item for value in self._values(result) if (item := index.by_id(value)) is not None]
            outcomes |= {item.number: self._found(result) for item in askers}
            strays += [] if askers else [result]
        return strays

    def _values(self, result: Mapping[str, Any]) -> Iterator[str]:
        properties = result.get("properties")
        if not isinstance(properties, dict):
            return
        held = str(properties.get(self.name) or "")
        further = str(properties.get(FURTHER_EMAILS) or "") if is_email(self.judge.type, self.name) else ""
        for value in (held, *further.split(";")):
            if value:
                yield as_held(self.judge.type, self.name, value)

    def _found(self, result: Mapping[str, Any]) -> Found:
        properties = result.get("properties")
        read = properties if isinstance(properties, dict) else {}
        texts = {name: None if read[name] is None else str(read[name]) for name in self._names() if name in read}
        return Found(str(result["id"]), texts)

    def refuse(self, item: Item, error: Any, answer: Answer, call: Call) -> Outcome:
        del call
        if category(error) == "OBJECT_NOT_FOUND":
            return Missing(correlation_id(error, answer))
        return self._by_name(self.judge.judge(error, item.properties, answer))

    def certain(self, item: Item, error: Any, answer: Answer) -> Outcome | None:
        judged = self.judge.certain(error, item.properties, answer)
        return None if judged is None else self._by_name(judged)

    def _by_name(self, outcome: Outcome) -> Outcome:
        """A property that is not unique is the mapping's fault, unless it is the one of our keys."""
        if not isinstance(outcome, SchemaRefused) or outcome.refusal.type != "KEY_NOT_UNIQUE":
            return outcome
        error_type = "KEY_NOT_UNIQUE" if self.name == self.dialect.key else "MATCH_NOT_UNIQUE"
        return SchemaRefused(replace(outcome.refusal, type=error_type, property_name=self.name))


def _can_be_held(text: str) -> bool:
    """Whether any record can hold it: not what is empty, nor half a character, which has no form on the wire."""
    try:
        return bool(text.encode().strip())
    except UnicodeEncodeError:
        return False


def _of_question(outcome: Outcome) -> Outcome:
    return NotSent(outcome.details) if isinstance(outcome, Ambiguous) else outcome
