"""The dialect against scripted answers: one file for each thing that HubSpot does (tests/cases/sender)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.message import LinkKind, ObjectType, Value
from connector.outcome import Archive, LinkStep, Lookup, Match, Refused, SchemaRefused, Step, Update, Upsert
from connector.sender.associations import Associations
from connector.sender.calls import Answer, Call, Failure, Reply
from connector.sender.crm import Crm
from connector.sender.paths import Paths
from tests.unit.sender.fakes import drive

CASES = sorted((Path(__file__).parents[2] / "cases" / "sender").glob("*.yaml"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_case(file: Path) -> None:
    """The calls are the scripted ones, the outcomes the stated ones."""
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    script = Script(case["exchange"])
    outcomes = carried_out(case, script)
    assert len(case["exchange"]) == len(script.calls)
    expected = case["outcomes"]
    assert expected == {number: told(outcomes[number], expected[number]) for number in outcomes}


class Script:
    """Answers each call as the case says, after comparing what was sent."""

    def __init__(self, exchange: list[dict[str, Any]]) -> None:
        self.exchange = exchange
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        scripted = self.exchange[len(self.calls)]
        self.calls.append(call)
        assert scripted.get("path", call.path) == call.path
        assert scripted.get("sent", call.json) == call.json
        assert scripted.get("ids", ids(call)) == ids(call)
        assert call.inputs <= call.capacity
        if "lost" in scripted:
            return Failure(scripted["lost"], "the line is dead")
        return Answer(scripted["status"], scripted.get("headers", {}), scripted["body"])


def ids(call: Call) -> list[Any]:
    return [item.get("id") for item in call.json["inputs"]]


def carried_out(case: dict[str, Any], script: Script) -> dict[int, Any]:
    paths, new_id = Paths(str(case.get("version", "2026-09"))), request_ids()
    if "links" in case:
        steps = [link(each) for each in case["links"]]
        made, _ = drive(Associations(paths, new_id.__next__).dispatch(steps), script)
        return dict(made)
    constants = frozenset((ObjectType(kind), name, value) for kind, name, value in case.get("constants", []))
    crm = Crm(paths, constants=constants, new_id=new_id.__next__)
    outcomes, _ = drive(crm.dispatch([step(each) for each in case["steps"]]), script)
    return dict(outcomes)


def request_ids() -> Iterator[str]:
    return (f"call-{number}" for number in count(1))


def step(stated: dict[str, Any]) -> Step:
    record, kind, alone = stated["record"], ObjectType(stated["type"]), stated.get("alone", False)
    match stated["do"]:
        case "upsert":
            return Upsert(record, kind, stated["key"], values(stated), alone)
        case "update":
            return Update(record, kind, stated["hubspot_id"], values(stated), alone, stated.get("key"))
        case "match":
            return Match(record, kind, stated["name"], stated["value"], alone)
        case "archive":
            return Archive(record, kind, stated["hubspot_id"], alone)
        case _:
            return Lookup(record, kind, stated["key"], stated["hubspot_id"], tuple(stated["properties"]), alone)


def link(stated: dict[str, Any]) -> LinkStep:
    return LinkStep(stated["link"], LinkKind(stated["kind"]), stated["child"], stated["parent"], stated["make"])


def values(stated: dict[str, Any]) -> dict[str, Value]:
    return {name: value(each) for name, each in stated["properties"].items()}


def value(stated: Any) -> Value:
    match stated:
        case {"decimal": text}:
            return Decimal(str(text))
        case {"date": text}:
            return date.fromisoformat(text)
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"long_text": length}:
            return "x" * int(length)
        case {"half_character": True}:
            return "\ud800"
        case {"instant_without_zone": True}:
            return datetime.fromisoformat("2026-11-24T10:00:00")
        case None | bool() | int() | str():
            return stated
        case _:
            raise AssertionError(stated)


def told(outcome: Any, expected: dict[str, Any]) -> dict[str, Any]:
    """As much of the outcome as the case states."""
    told_of = outcome.refusal if isinstance(outcome, Refused | SchemaRefused) else outcome
    facts = {name: getattr(told_of, name, None) for name in expected if name != "is"}
    return {"is": type(outcome).__name__, **facts}
