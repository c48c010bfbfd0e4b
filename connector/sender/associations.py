"""Links between HubSpot records as pure generators: deal → contact and line item → deal.

Made without label by `batch/associate/default`, which answers two results a pair, one for each direction; unmade by
`batch/archive`, which takes a list of `to` for each `from` (HubSpot docs). Both may be repeated at will.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.message import LinkKind, ObjectType
from connector.outcome import Ambiguous, LinkOutcome, LinkStep, NotSent, Refusal, Refused, SchemaRefused, Written
from connector.sender.calls import Answer, Call, CallKind, Fate, LinkPlan, Reply, fate, words
from connector.sender.crm import new_request_id
from connector.sender.paths import ENDS, Paths
from connector.sender.refusals import UNEXPECTED_ANSWER, Judge, category, context, correlation_id, items, message_of

LARGEST: Final = 2000
"""Pairs that one call may carry (HubSpot docs)."""

TYPE_ID: Final = {LinkKind.DEAL_CONTACT: 3, LinkKind.LINE_ITEM_DEAL: 20}
"""HubSpot's ids of the unlabelled associations, child → parent (HubSpot docs)."""

_REVERSE_TYPE_ID: Final = {LinkKind.DEAL_CONTACT: 4, LinkKind.LINE_ITEM_DEAL: 19}
_DEAD: Final = re.compile(r"(\w+)=(\S+) is not valid")

Pair = tuple[str, str]
"""Child's and parent's HubSpot id."""
Verdicts = dict[Pair, LinkOutcome]


@dataclass(frozen=True, slots=True)
class Associations:
    """The dialect of links."""

    paths: Paths
    new_id: Callable[[], str] = new_request_id

    def dispatch(self, steps: Sequence[LinkStep]) -> LinkPlan:
        """Carry out link steps of any kind and number; unmaking goes first, so that a pair wanted by any link stays."""
        outcomes: dict[int, LinkOutcome] = {}
        for kind in dict.fromkeys(step.kind for step in steps):
            for make in (False, True):
                mine = [step for step in steps if step.kind is kind and step.make is make]
                outcomes |= yield from (self.associate(kind, mine) if make else self.disassociate(kind, mine))
        return outcomes

    def associate(self, kind: LinkKind, steps: Sequence[LinkStep]) -> LinkPlan:
        """Make the links. A dead id refuses the pairs that hold it (INVALID_ASSOCIATION_PROPERTY), no others."""
        return self._carry_out(_Act(self, kind, make=True), steps)

    def disassociate(self, kind: LinkKind, steps: Sequence[LinkStep]) -> LinkPlan:
        """Unmake the links. What is linked to a dead id is unmade already."""
        return self._carry_out(_Act(self, kind, make=False), steps)

    def _carry_out(self, act: _Act, steps: Sequence[LinkStep]) -> LinkPlan:
        pairs = list(dict.fromkeys((step.child_id, step.parent_id) for step in steps))
        verdicts: Verdicts = {}
        waiting = [pairs[start : start + LARGEST] for start in range(0, len(pairs), LARGEST)]
        while waiting:
            now = waiting.pop()
            call = act.call(now)
            reply = yield call
            judged, more = act.judge(now, call, reply)
            verdicts |= judged
            waiting += more
        return {step.link: verdicts[(step.child_id, step.parent_id)] for step in steps}


@dataclass(frozen=True, slots=True)
class _Act:
    dialect: Associations
    kind: LinkKind
    make: bool

    def call(self, pairs: Sequence[Pair]) -> Call:
        path = self.dialect.paths.links(self.kind, "associate/default" if self.make else "archive")
        inputs = list(_made(pairs) if self.make else _unmade(pairs))
        new_id = self.dialect.new_id()
        return Call("POST", path, {"inputs": inputs}, CallKind.ASSOCIATION, self.kind, len(pairs), LARGEST, new_id)

    def judge(self, pairs: list[Pair], call: Call, reply: Reply) -> tuple[Verdicts, list[list[Pair]]]:
        """Verdicts, and what is to be sent again."""
        if not isinstance(reply, Answer):
            return _unanswered(pairs, call, reply), []
        match fate(reply):
            case Fate.ANSWERED if reply.status == 204 and not self.make:
                return dict.fromkeys(pairs, Written("")), []
            case Fate.ANSWERED:
                return self._answered(pairs, call, reply)
            case Fate.REFUSED:
                return self._refused(pairs, reply)
            case _:
                return _unanswered(pairs, call, reply), []

    def _answered(self, pairs: list[Pair], call: Call, answer: Answer) -> tuple[Verdicts, list[list[Pair]]]:
        verdicts: Verdicts = {pair: Written("") for pair in self._linked(answer) if pair in set(pairs)}
        unclaimed: list[Any] = []
        for error in items(answer.body, "errors"):
            meant = self._meant(pairs, error)
            verdicts |= {pair: self._refusal(error, answer) for pair in meant}
            unclaimed += [] if meant else [error]
        unheard = [pair for pair in pairs if pair not in verdicts]
        if unclaimed and len(unheard) == 1:
            return verdicts | {unheard[0]: self._refusal(unclaimed[0], answer)}, []
        if unclaimed and unheard:
            return verdicts, _halves(unheard)
        silence = Ambiguous("the answer does not speak of this link", call.request_id)
        return verdicts | dict.fromkeys(unheard, silence), []

    def _refused(self, pairs: list[Pair], answer: Answer) -> tuple[Verdicts, list[list[Pair]]]:
        refusal = self._refusal(answer.body, answer)
        if isinstance(refusal, SchemaRefused):
            return dict.fromkeys(pairs, refusal), []
        meant = self._meant(pairs, answer.body) or (pairs if len(pairs) == 1 else [])
        rest = [pair for pair in pairs if pair not in set(meant)]
        if not meant:
            return {}, _halves(pairs)
        return dict.fromkeys(meant, refusal), [rest] if rest else []

    def _refusal(self, error: Any, answer: Answer) -> Refused | SchemaRefused | Written:
        if not self.make and (context(error, "INVALID_OBJECT_IDS") or category(error) == "OBJECT_NOT_FOUND"):
            return Written("")
        judged = Judge(ENDS[self.kind][0]).judge(error, {}, answer)
        if isinstance(judged, SchemaRefused):
            return judged
        told = "; ".join([message_of(error) or words(answer), *context(error, "INVALID_OBJECT_IDS")])
        correlation = correlation_id(error, answer)
        return Refused(
            Refusal("INVALID_ASSOCIATION_PROPERTY", told, category=category(error), correlation_id=correlation)
        )

    def _linked(self, answer: Answer) -> Iterator[Pair]:
        """The pairs of the results, child first; a result of the other direction is turned round."""
        for result in items(answer.body, "results"):
            start, end = _id(result.get("from")), _id(result.get("to"))
            spec = result.get("associationSpec")
            turned = isinstance(spec, dict) and spec.get("associationTypeId") == _REVERSE_TYPE_ID[self.kind]
            if start and end:
                yield (end, start) if turned else (start, end)

    def _meant(self, pairs: Iterable[Pair], error: Any) -> list[Pair]:
        """The pairs that an error names, by both ids or by a dead one and its type."""
        named = set(zip(context(error, "fromObjectId"), context(error, "toObjectId"), strict=False))
        if named:
            return [pair for pair in pairs if pair in named]
        child_type, parent_type = ENDS[self.kind]
        dead = set(_dead(error))
        return [pair for pair in pairs if (child_type, pair[0]) in dead or (parent_type, pair[1]) in dead]


def _dead(error: Any) -> Iterator[tuple[ObjectType, str]]:
    for text in context(error, "INVALID_OBJECT_IDS"):
        found = _DEAD.match(text)
        if found is not None and found[1] in ObjectType.__members__:
            yield ObjectType(found[1]), found[2]


def _made(pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    return ({"from": {"id": child}, "to": {"id": parent}} for child, parent in pairs)


def _unmade(pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    parents: dict[str, list[dict[str, str]]] = defaultdict(list)
    for child, parent in pairs:
        parents[child].append({"id": parent})
    return ({"from": {"id": child}, "to": ends} for child, ends in parents.items())


def _halves(pairs: list[Pair]) -> list[list[Pair]]:
    middle = len(pairs) // 2
    return [pairs[:middle], pairs[middle:]]


def _id(end: Any) -> str:
    return str(end.get("id", "")) if isinstance(end, dict) else ""


def _unanswered(pairs: Sequence[Pair], call: Call, reply: Reply) -> Verdicts:
    match fate(reply):
        case Fate.AWAY:
            return dict.fromkeys(pairs, Ambiguous(words(reply), call.request_id))
        case Fate.STRANGE:
            return dict.fromkeys(
                pairs, SchemaRefused(Refusal(UNEXPECTED_ANSWER, f"{call.method} {call.path}: {words(reply)}"))
            )
        case _:
            return dict.fromkeys(pairs, NotSent(words(reply)))
