"""The rules that all batches of records share: the order of checks, and what one bad input does to the others.

Order: shape, number of inputs, duplicate ids, then each input by itself. If inputs are refused, the answer is a 207
when every input carries a trace id of its own (`objectWriteTraceId`), else one refusal for all and nothing written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.sandbox.answers import NOT_FOUND, Answer, Refusal, grouped, invalid, invalid_properties
from connector.sandbox.call import Call, as_text, unreadable
from connector.sandbox.clock import iso
from connector.sandbox.object_types import ObjectType
from connector.sandbox.portal import Portal

INPUTS_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a batch, as sent."""

    raw: Mapping[str, Any]
    trace_id: str | None

    def text(self, name: str) -> str:
        """Read a member that must be there."""
        value = self.raw.get(name)
        if value is None or value == "":
            raise invalid(f"Some required fields were not set: [{name}]")
        return as_text(value)


@dataclass(frozen=True, slots=True)
class Failure:
    """An input and why it was refused."""

    source: Input
    refusal: Refusal


def inputs_of(call: Call, at_most: int = INPUTS_AT_MOST) -> list[Input]:
    """Read `inputs`. A body without them is no error: HubSpot answers it with empty results and does nothing."""
    rows = call.member("inputs", list, [])
    if len(rows) > at_most:
        raise invalid(f"The number of inputs, {len(rows)}, is greater than the maximum of {at_most}")
    inputs = []
    for row in rows:
        if not isinstance(row, dict):
            raise unreadable(row, "input")
        trace_id = row.get("objectWriteTraceId")
        inputs.append(Input(row, None if trace_id is None else as_text(trace_id)))
    check_trace_ids(inputs)
    return inputs


def check_trace_ids(inputs: Sequence[Input]) -> None:
    given = [item.trace_id for item in inputs if item.trace_id is not None]
    again = repeated(given)
    if again:
        raise invalid(f"Duplicate objectWriteTraceId found in batch input: [{', '.join(again)}]", ids=again)


def check_duplicates(ids: Iterable[str]) -> None:
    """Refuse a batch that names one record twice; trace ids do not save it."""
    again = repeated(ids)
    if again:
        raise invalid(f"Duplicate IDs found in batch input: [{', '.join(again)}]. IDs must be unique", ids=again)


def repeated(values: Iterable[str]) -> list[str]:
    """List what occurs more than once, in order."""
    seen: set[str] = set()
    again: dict[str, None] = {}
    for value in values:
        if value in seen:
            again[value] = None
        seen.add(value)
    return list(again)


def attempt(inputs: Iterable[Input], act: Callable[[Input], Any]) -> tuple[list[Any], list[Failure]]:
    """Do each input in turn, gathering what came of it; an act that gives None has no result and no error."""
    done, failures = [], []
    for item in inputs:
        try:
            result = act(item)
        except Refusal as refusal:
            failures.append(Failure(item, refusal))
        else:
            if result is not None:
                done.append(result)
    return done, failures


def traced(inputs: Sequence[Input]) -> bool:
    """Tell whether the client opted for partial success: a trace id on every input."""
    return bool(inputs) and all(item.trace_id is not None for item in inputs)


def refuse_whole(failures: Sequence[Failure]) -> Refusal:
    """Make one refusal of many: values that are wrong come first and are listed together, else the first one counts."""
    wrong = [failure.refusal for failure in failures if not failure.refusal.taken]
    listed = [error for refusal in wrong for error in refusal.property_errors]
    if listed and len(wrong) == len([refusal for refusal in wrong if refusal.property_errors]):
        return invalid_properties(listed)
    return wrong[0] if wrong else failures[0].refusal


def failure_items(portal: Portal, failures: Iterable[Failure]) -> list[dict[str, Any]]:
    """Give the errors of a 207, those with one message merged."""
    return grouped(
        failure.refusal.item(portal.settings.portal_id, trace_context(portal, [failure.source])) for failure in failures
    )


def trace_context(portal: Portal, inputs: Iterable[Input]) -> dict[str, list[str]]:
    given = [item.trace_id for item in inputs if item.trace_id is not None]
    return {"objectWriteTraceId": given} if given and portal.switches.trace_id_in_errors else {}


def missing_item(kind: ObjectType, ids: Sequence[str], context: Mapping[str, list[str]]) -> dict[str, Any]:
    """Give the one error that names all ids that were not found."""
    message = f"Could not get some {kind.legacy} objects, they may be deleted or not exist. Check that ids are valid."
    return {"status": "error", "category": NOT_FOUND, "message": message, "context": {"ids": list(ids), **context}}


def answer(
    portal: Portal, call: Call, results: list[Any], errors: Sequence[Mapping[str, Any]], status: int = 200
) -> Answer:
    """Make a batch answer: results in no order; 207 as soon as there is an error."""
    body: dict[str, Any] = {"status": "COMPLETE", "results": portal.shuffled(results)}
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    body |= {"startedAt": call.origin.at, "completedAt": iso(portal.clock.now())}
    return Answer(207 if errors else status, body)
