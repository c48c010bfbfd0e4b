"""One call for many records, judged record by record; a refused batch is split until the refused ones stand alone.

A batch shrinks with each further call, so n records take at most 2n - 1 calls; one bad record among n takes about
2 log2 n, and one call where HubSpot judges input by input. Where an answer holds errors or results that name nobody,
those that it does not name go again in halves: a record alone in its call needs no name.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from connector.message import ObjectType
from connector.outcome import Ambiguous, NotSent, Outcome, Refusal, SchemaRefused
from connector.sender.calls import Answer, Call, Fate, Plan, Reply, fate, words
from connector.sender.refusals import UNEXPECTED_ANSWER, context, suspect

_SILENCE: Final = "the answer does not speak of this record"


@dataclass(frozen=True, slots=True)
class Item:
    """One input: the record's number, the `id` it is sent under, its properties as text."""

    number: int
    type: ObjectType
    id: str
    properties: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def trace(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a 2xx answer says: outcomes, items it says nothing of, errors and results that name nobody.

    `repeatable`: it was a question, so those that an answer left out are asked again at once.
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    unheard: tuple[Item, ...] = ()
    unclaimed: tuple[Any, ...] = ()
    strays: tuple[Any, ...] = ()
    repeatable: bool = False


class Verb(Protocol):
    """What differs between writing, archiving and reading."""

    def call(self, batch: Sequence[Item]) -> Call:
        """The call that carries these items."""
        ...

    def accept(self, batch: Sequence[Item], answer: Answer, call: Call) -> Judged:
        """Judge a 2xx answer."""
        ...

    def refuse(self, item: Item, error: Any, answer: Answer, call: Call) -> Outcome:
        """The outcome of an item that the error surely means."""
        ...

    def certain(self, item: Item, error: Any, answer: Answer) -> Outcome | None:
        """The outcome of an item under an error for the whole batch, where that is certain without asking again."""
        ...


Round = tuple[dict[int, Outcome], list[tuple[Item, ...]]]
"""Outcomes, and the batches to be sent next."""


def carry_out(verb: Verb, batch: Sequence[Item]) -> Plan:
    """Send the items, split where refused, and return one outcome for each. What no answer speaks of is `silent`."""
    outcomes: dict[int, Outcome] = {}
    waiting = [tuple(batch)] if batch else []
    while waiting:
        now = waiting.pop()
        call = verb.call(now)
        reply = yield call
        judged, more = _guarded(verb, now, call, reply)
        outcomes |= judged
        waiting += more
    return outcomes


def silent(outcome: Outcome | None) -> bool:
    """Whether the answer was one, but did not speak of this record."""
    return isinstance(outcome, Ambiguous) and outcome.details == _SILENCE


def halves(batch: Sequence[Item]) -> list[tuple[Item, ...]]:
    middle = len(batch) // 2
    return [tuple(batch[:middle]), tuple(batch[middle:])]


def ambiguous(batch: Iterable[Item], details: str, request_id: str) -> dict[int, Outcome]:
    return {item.number: Ambiguous(details, request_id) for item in batch}


def _guarded(verb: Verb, batch: tuple[Item, ...], call: Call, reply: Reply) -> Round:
    try:
        return _judge(verb, batch, call, reply)
    except Exception:  # noqa: BLE001 - an answer that nobody foresaw makes this call ambiguous, it stops nothing
        return ambiguous(batch, f"the answer could not be judged:\n{traceback.format_exc()}", call.request_id), []


def _judge(verb: Verb, batch: tuple[Item, ...], call: Call, reply: Reply) -> Round:
    if not isinstance(reply, Answer):
        return _unanswered(batch, call, reply), []
    match fate(reply):
        case Fate.ANSWERED:
            return _answered(verb, batch, call, reply)
        case Fate.REFUSED:
            return _refused(verb, batch, call, reply)
        case _:
            return _unanswered(batch, call, reply), []


def _unanswered(batch: tuple[Item, ...], call: Call, reply: Reply) -> dict[int, Outcome]:
    match fate(reply):
        case Fate.AWAY:
            return ambiguous(batch, words(reply), call.request_id)
        case Fate.STRANGE:
            refusal = Refusal(UNEXPECTED_ANSWER, f"{call.method} {call.path}: {words(reply)}")
            return {item.number: SchemaRefused(refusal) for item in batch}
        case _:
            return {item.number: NotSent(words(reply)) for item in batch}


def _answered(verb: Verb, batch: tuple[Item, ...], call: Call, answer: Answer) -> Round:
    judged = verb.accept(batch, answer, call)
    unheard = judged.unheard
    if unheard and judged.unclaimed:
        if len(unheard) > 1:
            return judged.outcomes, halves(unheard)
        return {**judged.outcomes, unheard[0].number: verb.refuse(unheard[0], judged.unclaimed[0], answer, call)}, []
    left_out = judged.repeatable and len(unheard) < len(batch)
    if unheard and (judged.strays or left_out) and len(batch) > 1:
        return judged.outcomes, halves(unheard) if len(unheard) > 1 else [unheard]
    return {**ambiguous(unheard, _SILENCE, call.request_id), **judged.outcomes}, []


def _refused(verb: Verb, batch: tuple[Item, ...], call: Call, answer: Answer) -> Round:
    outcomes = {
        item.number: outcome for item in batch if (outcome := verb.certain(item, answer.body, answer)) is not None
    }
    rest = tuple(item for item in batch if item.number not in outcomes)
    if outcomes:
        return outcomes, [rest] if rest else []
    if len(batch) == 1:
        return {batch[0].number: verb.refuse(batch[0], answer.body, answer, call)}, []
    return {}, _split(batch, answer.body)


def _split(batch: tuple[Item, ...], error: Any) -> list[tuple[Item, ...]]:
    """Apart: those that the error names or quotes. Halves where it names nobody."""
    named = set(Index(batch).meant(error)) or {item for item in batch if suspect(error, item.properties)}
    if not 0 < len(named) < len(batch):
        return halves(batch)
    return [tuple(item for item in batch if item in named), tuple(item for item in batch if item not in named)]


class Index:
    """Finds the item that an answer speaks of: by trace id, or by the id it was sent under, never by position."""

    def __init__(self, batch: Iterable[Item]) -> None:
        batch = tuple(batch)
        self._traces = {item.trace: item for item in batch}
        self._ids = {item.id: item for item in batch}
        folded = Counter(item.id.casefold() for item in batch)
        self._folded = {item.id.casefold(): item for item in batch if folded[item.id.casefold()] == 1}

    def by_trace(self, trace: Any) -> Item | None:
        return self._traces.get(str(trace))

    def by_id(self, text: Any) -> Item | None:
        """HubSpot lower-cases e-mails, so another case is taken where only one item can be meant."""
        return self._ids.get(str(text)) or self._folded.get(str(text).casefold())

    def meant(self, error: Any) -> list[Item]:
        """The items that an error names; one error may name several."""
        found = [self.by_trace(trace) for trace in context(error, "objectWriteTraceId")]
        found += [self.by_id(text) for text in context(error, "ids")]
        return list(dict.fromkeys(item for item in found if item is not None))
