"""The four things done to records in batches: upsert by our key, update and archive by HubSpot's id, read by either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.message import ObjectType
from connector.outcome import Ambiguous, Archived, Found, Missing, Outcome, SchemaRefused, Written
from connector.sender.batch import Index, Item, Judged, ambiguous
from connector.sender.calls import Answer, Call, CallKind
from connector.sender.paths import Paths
from connector.sender.refusals import Judge, category, correlation_id, items, message_of

LARGEST: Final = 100
"""Records that one call may carry (HubSpot docs)."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What every call needs to know: addresses, the name of our key property, a source of request ids."""

    paths: Paths
    key: str
    new_id: Callable[[], str]

    def call(self, object_type: ObjectType, operation: str, kind: CallKind, body: Any, inputs: int) -> Call:
        path = self.paths.batch(object_type, operation)
        return Call("POST", path, body, kind, object_type, inputs, LARGEST, self.new_id())


@dataclass(frozen=True, slots=True)
class Write:
    """Upsert by the unique property `by`, or update by HubSpot's id (None)."""

    dialect: Dialect
    judge: Judge
    by: str | None

    def call(self, batch: Sequence[Item]) -> Call:
        body = {"inputs": [self._input(item) for item in batch]}
        operation = "update" if self.by is None else "upsert"
        return self.dialect.call(self.judge.type, operation, CallKind.WRITE, body, len(batch))

    def _input(self, item: Item) -> dict[str, Any]:
        known: dict[str, Any] = {"id": item.id, "objectWriteTraceId": item.trace}
        if self.by is None:
            return {**known, "properties": dict(item.properties)}
        return {**known, "idProperty": self.by, "properties": dict(item.properties)}

    def accept(self, batch: Sequence[Item], answer: Answer, call: Call) -> Judged:
        return accept(self, Hearing(batch, answer, call, self.by))

    def result(self, result: Mapping[str, Any], call: Call) -> Outcome:
        if not result.get("id"):
            return Ambiguous("the result names no record", call.request_id)
        return Written(str(result["id"]), created=result.get("new") is True)

    def refuse(self, item: Item, error: Any, answer: Answer, call: Call) -> Outcome:
        if category(error) != "OBJECT_NOT_FOUND":
            return self.judge.judge(error, item.properties, answer)
        if self.by is not None:
            return Ambiguous(f"an upsert finds no record: {message_of(error)}", call.request_id)
        return Missing(correlation_id(error, answer))

    def certain(self, item: Item, error: Any, answer: Answer) -> Outcome | None:
        return self.judge.certain(error, item.properties, answer)


@dataclass(frozen=True, slots=True)
class Bin:
    """Archive by HubSpot's id; what is not there counts as archived."""

    dialect: Dialect
    judge: Judge

    def call(self, batch: Sequence[Item]) -> Call:
        body = {"inputs": [{"id": item.id} for item in batch]}
        return self.dialect.call(self.judge.type, "archive", CallKind.WRITE, body, len(batch))

    def accept(self, batch: Sequence[Item], answer: Answer, call: Call) -> Judged:
        """204 without a body is the success that HubSpot documents; any other 2xx is believed only where it speaks."""
        if answer.status == 204:
            return Judged({item.number: Archived() for item in batch})
        return accept(self, Hearing(batch, answer, call, None))

    def result(self, result: Mapping[str, Any], call: Call) -> Outcome:
        return Archived() if result.get("archived") is True else Ambiguous("not archived", call.request_id)

    def refuse(self, item: Item, error: Any, answer: Answer, call: Call) -> Outcome:
        del call
        if category(error) == "OBJECT_NOT_FOUND":
            return Archived()
        return self.judge.judge(error, item.properties, answer)

    def certain(self, item: Item, error: Any, answer: Answer) -> Outcome | None:
        return self.judge.certain(error, item.properties, answer)


@dataclass(frozen=True, slots=True)
class Read:
    """Read by HubSpot's id, or by the unique property `by`. A read that is refused says nothing of the record.

    Ids that were merged into one record are all answered by that record's id, so each of them is asked for alone.
    """

    dialect: Dialect
    judge: Judge
    by: str | None
    properties: tuple[str, ...]

    def call(self, batch: Sequence[Item]) -> Call:
        body: dict[str, Any] = {"inputs": [{"id": item.id} for item in batch], "properties": self._names()}
        if self.by is not None:
            body["idProperty"] = self.by
        return self.dialect.call(self.judge.type, "read", CallKind.READ, body, len(batch))

    def _names(self) -> list[str]:
        return sorted({*self.properties, *([self.by] if self.by else [])})

    def accept(self, batch: Sequence[Item], answer: Answer, call: Call) -> Judged:
        return accept(self, Hearing(batch, answer, call, self.by))

    def result(self, result: Mapping[str, Any], call: Call) -> Outcome:
        if not result.get("id") or result.get("archived") is True:
            return Ambiguous("the result names no living record", call.request_id)
        return Found(str(result["id"]), _texts(result.get("properties")))

    def refuse(self, item: Item, error: Any, answer: Answer, call: Call) -> Outcome:
        if category(error) == "OBJECT_NOT_FOUND":
            return Missing(correlation_id(error, answer))
        outcome = self.judge.judge(error, item.properties, answer)
        if isinstance(outcome, SchemaRefused):
            return outcome
        return Ambiguous(f"the look-up was refused: {message_of(error)}", call.request_id)

    def certain(self, item: Item, error: Any, answer: Answer) -> Outcome | None:
        return self.judge.certain(error, item.properties, answer)


@dataclass(frozen=True, slots=True)
class Hearing:
    """A 2xx answer beside what was asked. `by`: the property that holds the id sent; None: it is HubSpot's id."""

    batch: Sequence[Item]
    answer: Answer
    call: Call
    by: str | None
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", Index(self.batch))

    def identify(self, result: Mapping[str, Any]) -> Item | None:
        """Whose result it is: by trace id where echoed, else by the property or id it was sent under."""
        traced = self.index.by_trace(result.get("objectWriteTraceId"))
        if traced is not None:
            return traced
        properties = result.get("properties")
        key = result.get("id") if self.by is None else properties.get(self.by) if isinstance(properties, dict) else None
        return None if key is None else self.index.by_id(key)


Reading = Write | Bin | Read


def complete(answer: Answer) -> bool:
    """Whether a 2xx answer is one that HubSpot says is whole."""
    return isinstance(answer.body, dict) and answer.body.get("status", "COMPLETE") == "COMPLETE"


def accept(verb: Reading, hearing: Hearing) -> Judged:
    """Judge a 2xx answer input by input: results, errors that name inputs, errors that name nobody, silence."""
    answer, call, batch = hearing.answer, hearing.call, hearing.batch
    if not complete(answer):
        return Judged(ambiguous(batch, f"HTTP {answer.status} without a complete answer", call.request_id))
    outcomes, unclaimed = _errors(verb, hearing)
    strays = _results(verb, hearing, outcomes)
    unheard = tuple(item for item in batch if item.number not in outcomes)
    if len(unheard) == 1 and len(strays) == 1 and not unclaimed:
        return Judged({**outcomes, unheard[0].number: verb.result(strays[0], call)})
    return Judged(outcomes, unheard, tuple(unclaimed), tuple(strays), repeatable=isinstance(verb, Read))


def _errors(verb: Reading, hearing: Hearing) -> tuple[dict[int, Outcome], list[Any]]:
    outcomes: dict[int, Outcome] = {}
    unclaimed: list[Any] = []
    for error in items(hearing.answer.body, "errors"):
        meant = hearing.index.meant(error)
        if not meant:
            unclaimed.append(error)
        for item in meant:
            outcomes[item.number] = verb.refuse(item, error, hearing.answer, hearing.call)
    return outcomes, unclaimed


def _results(verb: Reading, hearing: Hearing, outcomes: dict[int, Outcome]) -> list[dict[str, Any]]:
    """Add the outcomes of results; return the results that belong to nobody known."""
    strays: list[dict[str, Any]] = []
    refused = frozenset(outcomes)
    for result in items(hearing.answer.body, "results"):
        item = hearing.identify(result)
        if item is None:
            strays.append(result)
        elif item.number in refused:
            outcomes[item.number] = Ambiguous("both a result and an error", hearing.call.request_id)
        else:
            outcomes[item.number] = verb.result(result, hearing.call)
    return strays


def _texts(properties: Any) -> dict[str, str | None]:
    if not isinstance(properties, dict):
        return {}
    return {name: None if value is None else str(value) for name, value in properties.items()}
