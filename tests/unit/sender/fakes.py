"""Stand-ins behind the sender's own ports: a HubSpot in memory, a desk over a list, a loop whose time flies."""

from __future__ import annotations

import asyncio
import json
import random
import selectors
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from connector.errors import FatalError
from connector.http import HttpAnswer, Unanswered
from connector.message import LinkKind, ObjectType
from connector.outcome import (
    Ambiguous,
    LinkOutcome,
    LinkStep,
    Lookup,
    Missing,
    NotSent,
    Outcome,
    SchemaRefused,
    Step,
    Update,
    Upsert,
    Written,
)
from connector.sender.calls import Answer, Call, Reply

_T = TypeVar("_T")

KEY = "shopbridge_key"


def drive(plan: Generator[Call, Reply, _T], answer: Callable[[Call], Reply]) -> tuple[_T, list[Call]]:
    """Run a plan against a callable; its return value and the calls it made."""
    calls: list[Call] = []
    try:
        call = next(plan)
        while True:
            calls.append(call)
            call = plan.send(answer(call))
    except StopIteration as done:
        value: _T = done.value
        return value, calls


@dataclass
class HubSpot:
    """As much of HubSpot's batch endpoints as the dialect's rules need.

    `fault(object)` is the error of one input's properties, or None. `traced`: judge input by input, as HubSpot does
    when every input has a trace id; else the first fault refuses the batch. `echo`: results repeat the trace id.
    """

    fault: Callable[[Mapping[str, str]], dict[str, Any] | None] = lambda _: None
    traced: bool = True
    echo: bool = True
    shuffle: random.Random = field(default_factory=lambda: random.Random(7))
    records: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: defaultdict(dict))
    merged: dict[str, str] = field(default_factory=dict)
    links: set[tuple[str, str, str]] = field(default_factory=set)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    next_id: int = 1000

    def __call__(self, call: Call) -> Reply:
        return self.answer(call.path, call.json)

    def answer(self, path: str, body: Any) -> Answer:
        parts = path.split("/")
        operation = parts[-1]
        inputs = body["inputs"]
        if "associations" in path:
            return self._link(path, inputs)
        if len({item["id"] for item in inputs}) != len(inputs):
            return error(400, "Duplicate IDs found in batch input")
        if len(inputs) > 100:
            return error(400, "too many inputs")
        work = getattr(self, f"_{operation}")
        answered: Answer = work(self.records[parts[-3]], inputs, body)
        return answered

    def _upsert(self, held: dict[str, dict[str, str]], inputs: list[Any], _: Any) -> Answer:
        return self._write(held, inputs, lambda item: self._by(held, item["idProperty"], item["id"]) or "new")

    def _update(self, held: dict[str, dict[str, str]], inputs: list[Any], _: Any) -> Answer:
        return self._write(held, inputs, lambda item: item["id"] if item["id"] in held else None)

    def _write(self, held: dict[str, dict[str, str]], inputs: list[Any], find: Callable[[Any], str | None]) -> Answer:
        faults = [(item, fault) for item in inputs if (fault := self.fault(item["properties"])) is not None]
        if faults and not self.traced:
            return Answer(409 if faults[0][1]["category"] == "CONFLICT" else 400, {}, faults[0][1])
        bad = {item["id"] for item, _ in faults}
        errors = [fault | {"context": {"objectWriteTraceId": [item["objectWriteTraceId"]]}} for item, fault in faults]
        results = []
        missing = []
        for item in inputs:
            target = find(item)
            if item["id"] in bad or item["id"] in self.merged:
                continue
            if target is None:
                missing.append(item["id"])
                continue
            results.append(self._stored(held, target, item))
        if missing:
            errors.append({"category": "OBJECT_NOT_FOUND", "message": "Could not get", "context": {"ids": missing}})
        return self._answer(results, errors)

    def _stored(self, held: dict[str, dict[str, str]], target: str, item: Any) -> dict[str, Any]:
        new = target == "new"
        if new:
            self.next_id += 1
            target = str(self.next_id)
        held.setdefault(target, {}).update(item["properties"])
        self.seen |= dict.fromkeys(item["properties"].items(), target)
        echoed = {"objectWriteTraceId": item["objectWriteTraceId"]} if self.echo else {}
        return {"id": target, "properties": dict(held[target]), "new": new, **echoed}

    def _archive(self, held: dict[str, dict[str, str]], inputs: list[Any], _: Any) -> Answer:
        for item in inputs:
            held.pop(item["id"], None)
        return Answer(204, {}, None)

    def _read(self, held: dict[str, dict[str, str]], inputs: list[Any], body: Any) -> Answer:
        results = []
        missing = []
        for item in inputs:
            by = body.get("idProperty")
            found = self._by(held, by, item["id"]) if by else self.merged.get(item["id"], item["id"])
            if found in held:
                results.append({"id": found, "properties": dict(held[found])})
            else:
                missing.append(item["id"])
        errors = [{"category": "OBJECT_NOT_FOUND", "message": "Could not get", "context": {"ids": missing}}]
        return self._answer(results, errors if missing else [])

    def _by(self, held: dict[str, dict[str, str]], name: str, value: str) -> str | None:
        likely = self.seen.get((name, value))
        if likely in held and held[likely].get(name) == value:
            return likely
        return next((each for each, properties in held.items() if properties.get(name) == value), None)

    def _answer(self, results: list[Any], errors: list[Any]) -> Answer:
        self.shuffle.shuffle(results)
        self.shuffle.shuffle(errors)
        body = {"status": "COMPLETE", "results": results, **({"errors": errors} if errors else {})}
        return Answer(207 if errors else 200, {}, json.loads(json.dumps(body)))

    def _link(self, path: str, inputs: list[Any]) -> Answer:
        kind = path.split("/")[-5] if path.endswith("default") else path.split("/")[-4]
        if path.endswith("archive"):
            self.links -= {(kind, item["from"]["id"], end["id"]) for item in inputs for end in item["to"]}
            return Answer(204, {}, None)
        pairs = [(item["from"]["id"], item["to"]["id"]) for item in inputs]
        self.links |= {(kind, *pair) for pair in pairs}
        there, back = (3, 4) if kind == "deals" else (20, 19)
        results = [linked(*pair, there) for pair in pairs] + [linked(end, start, back) for start, end in pairs]
        return self._answer(results, [])


def linked(start: str, end: str, type_id: int) -> dict[str, Any]:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"from": {"id": start}, "to": {"id": end}, "associationSpec": spec}


def error(status: int, message: str, category: str = "VALIDATION_ERROR", **more: Any) -> Answer:
    return Answer(status, {}, {"status": "error", "message": message, "category": category, **more})


@dataclass
class Desk:
    """A desk over a list of steps: gives each out once, takes ambiguous and unsent ones back into the list."""

    steps: list[Step] = field(default_factory=list)
    link_steps: list[LinkStep] = field(default_factory=list)
    outcomes: dict[int, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    link_outcomes: dict[int, list[LinkOutcome]] = field(default_factory=lambda: defaultdict(list))
    lookups: list[Lookup] = field(default_factory=list)
    flying: dict[int, Step] = field(default_factory=dict)
    taken: dict[int, Step] = field(default_factory=dict)
    flying_links: dict[int, LinkStep] = field(default_factory=dict)
    requeued: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, *steps: Step) -> None:
        self.steps += steps
        self.news.set()

    async def take(self, object_type: ObjectType, limit: int) -> list[Step]:
        chosen = [step for step in self.steps if step.type is object_type][:limit]
        self._fly(chosen)
        gone = {step.record for step in chosen}
        self.steps = [step for step in self.steps if step.record not in gone]
        return chosen

    async def take_lookups(self, object_type: ObjectType, limit: int, now: float) -> list[Lookup]:
        del now
        chosen = [step for step in self.lookups if step.type is object_type][:limit]
        self._fly(chosen)
        self.lookups = [step for step in self.lookups if step not in chosen]
        return chosen

    def _fly(self, chosen: Sequence[Step]) -> None:
        twice = [step.record for step in chosen if step.record in self.flying]
        if twice:
            raise FatalError(f"in flight twice: {twice}")
        self.flying |= {step.record: step for step in chosen}
        self.taken |= self.flying

    async def settle(self, outcomes: Mapping[int, Outcome]) -> None:
        for number, outcome in outcomes.items():
            step = self.flying.pop(number)
            self.outcomes[number].append(outcome)
            if isinstance(outcome, Ambiguous | NotSent | SchemaRefused):
                self.steps.append(step)
            if isinstance(outcome, Missing) and isinstance(step, Update):
                self.lookups.append(Lookup(number, step.type, f"key-{number}", None, ()))

    async def take_links(self, kind: LinkKind, limit: int) -> list[LinkStep]:
        chosen = [step for step in self.link_steps if step.kind is kind][:limit]
        self.flying_links |= {step.link: step for step in chosen}
        self.link_steps = [step for step in self.link_steps if step not in chosen]
        return chosen

    async def settle_links(self, outcomes: Mapping[int, LinkOutcome]) -> None:
        for number, outcome in outcomes.items():
            step = self.flying_links.pop(number)
            self.link_outcomes[number].append(outcome)
            if isinstance(outcome, Ambiguous | NotSent | SchemaRefused):
                self.link_steps.append(step)

    def settled(self, kind: type[Outcome]) -> list[Step]:
        """The steps whose last outcome is of this kind."""
        return [self.taken[number] for number, all_of in self.outcomes.items() if isinstance(all_of[-1], kind)]

    async def requeue(self) -> None:
        self.requeued += 1

    async def due(self) -> Any:
        raise AssertionError("the courier does not count")

    async def wait_for_work(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self.news.wait()
        except TimeoutError:
            return
        self.news.clear()

    @property
    def idle(self) -> bool:
        return not (self.steps or self.flying or self.link_steps or self.flying_links or self.lookups)


@dataclass(frozen=True)
class Sent:
    """A request as it left: when, where to, what, under which id."""

    at: float
    path: str
    json: Any
    request_id: str


@dataclass
class Wire:
    """A transport over a callable: keeps what was sent and when, and takes `delay_s` for each answer.

    `override` answers in HubSpot's place; `after` replaces the answer to what HubSpot has carried out; `define` answers
    for a property's definition.
    """

    hubspot: Callable[[str, Any], Answer]
    delay_s: float = 0.025
    sent: list[Sent] = field(default_factory=list)
    override: Callable[[], Answer | Unanswered | None] = lambda: None
    after: Callable[[], Answer | Unanswered | None] = lambda: None
    define: Callable[[str], Answer] = lambda _: Answer(404, {}, None)
    out: int = 0
    most_out: int = 0

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        del params
        loop = asyncio.get_running_loop()
        self.sent.append(Sent(loop.time(), path, json, (headers or {})["X-Request-Id"]))
        self.out += 1
        self.most_out = max(self.most_out, self.out)
        try:
            await passing(self.delay_s)
            answer = self.override() or (self.define(path) if method == "GET" else self.hubspot(path, json))
            answer = self.after() or answer
        finally:
            self.out -= 1
        if isinstance(answer, Unanswered):
            raise answer
        return HttpAnswer(answer.status, answer.headers, answer.body, "")


async def passing(seconds: float) -> None:
    """Let the loop's time pass."""
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, done.set_result, None)
    await done


class Ours:
    """A fence that always lets through."""

    def still_ours(self) -> bool:
        return True


class _Hasty(selectors.SelectSelector):
    """Never waits: the time it should have waited is added to the loop's clock."""

    skipped: float = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class _FlyingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.hasty = _Hasty()
        super().__init__(self.hasty)

    def time(self) -> float:
        return self.hasty.skipped


def fly(story: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in a loop whose clock jumps from one timer to the next: hours take no time."""
    loop = _FlyingLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        loop.close()


def contact(number: int, **properties: str) -> Upsert:
    return Upsert(number, ObjectType.CONTACT, f"key-{number}", properties)


def known(step: Step, hubspot_id: str) -> Update:
    if not isinstance(step, Upsert):
        raise TypeError(step)
    return Update(step.record, step.type, hubspot_id, step.properties)


def written(outcome: Outcome) -> bool:
    return isinstance(outcome, Written)


def alone(step: Upsert) -> Upsert:
    return replace(step, alone=True)
