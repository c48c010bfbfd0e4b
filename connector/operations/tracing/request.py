"""The request that carries a record, made again of what the ledger knows of it: calls themselves are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from connector.errors import ConfigurationError
from connector.ledger.plan import plan
from connector.ledger.state import Record
from connector.operations.masking import NOTHING, Masking, mask_text
from connector.operations.tracing.nouns import Request
from connector.outcome import Step, Update, Upsert
from connector.sender.calls import Call
from connector.sender.crm import Crm
from connector.sender.paths import Paths

NEXT: Final = "the next one"
REFUSED: Final = "the one that is refused"
WHOLE: Final = "the last state, told whole"


def rebuilt(record: Record, api_version: str, masking: Masking, *, with_body: bool) -> Request | None:
    """The request; None for a record of which HubSpot needs to be told nothing, or cannot be."""
    which, step = _step(record)
    if step is None:
        return None
    try:
        call = next(Crm(Paths(api_version)).dispatch([step]), None)
    except (StopIteration, ConfigurationError):
        return None
    if call is None:
        return None
    names = tuple(sorted(step.properties)) if isinstance(step, Upsert | Update) else ()
    return Request(which, call.method, call.path, names, _masked(record, call, masking) if with_body else None)


def _step(record: Record) -> tuple[str, Step | None]:
    """What is due, else what was refused, else everything that HubSpot was told at last."""
    due = plan(replace(record, in_flight=None))
    if due is not None:
        return NEXT, due
    again = replace(record, in_flight=None, refused_generation=-1, searched=record.desired.match_value)
    if record.refused_generation == record.generation:
        return REFUSED, plan(again)
    return WHOLE, plan(replace(again, told={}))


def _masked(record: Record, call: Call, masking: Masking) -> Any:
    if masking == NOTHING or not isinstance(call.json, dict):
        return call.json
    return {
        name: [_input(record, each, masking) for each in value] if name == "inputs" else value
        for name, value in call.json.items()
    }


def _input(record: Record, sent: Mapping[str, Any], masking: Masking) -> dict[str, Any]:
    return {
        name: {each: masking.value(record.type, each, text) for each, text in value.items()}
        if name == "properties" and isinstance(value, dict)
        else mask_text(value)
        if isinstance(value, str)
        else value
        for name, value in sent.items()
    }
