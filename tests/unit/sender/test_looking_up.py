"""Records are looked up by their id, and by our key where nothing is under it."""

from __future__ import annotations

from connector.message import ObjectType
from connector.outcome import Found, Lookup, Missing
from connector.sender.calls import Answer
from connector.sender.crm import Crm
from connector.sender.paths import Paths


def test_what_is_not_under_its_id_is_asked_for_by_key() -> None:
    """One call by ids, one by keys for those that are missing; an answer by either is Found."""
    steps = [
        Lookup(1, ObjectType.DEAL, "shop:DEAL:1", "11", ("amount",)),
        Lookup(2, ObjectType.DEAL, "shop:DEAL:2", "12", ("amount",)),
        Lookup(3, ObjectType.DEAL, "shop:DEAL:3", None, ("amount",)),
    ]
    plan = Crm(Paths("2026-09")).dispatch(steps)
    by_id = next(plan)
    assert [{"id": "11"}, {"id": "12"}] == by_id.json["inputs"]
    by_key = plan.send(_read({"11": ("11", "shop:DEAL:1")}))
    assert [{"id": "shop:DEAL:2"}, {"id": "shop:DEAL:3"}] == by_key.json["inputs"]
    try:
        plan.send(_read({"shop:DEAL:3": ("13", "shop:DEAL:3")}))
    except StopIteration as done:
        outcomes = done.value
    assert (Found("11", {"amount": "5"}), Missing, Found("13", {"amount": "5"})) == (
        outcomes[1],
        type(outcomes[2]),
        outcomes[3],
    )


def _read(found: dict[str, tuple[str, str]]) -> Answer:
    """A partial answer to a batch read: these are there, nothing else is."""
    results = [
        {"id": number, "properties": {"amount": "5", "shopbridge_key": key, "hs_object_id": number}}
        for number, key in found.values()
    ]
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some DEAL objects"}
    missing = sorted({"12", "shop:DEAL:2"})
    errors = [{**error, "context": {"ids": missing}}]
    return Answer(207, {}, {"status": "COMPLETE", "results": results, "errors": errors})
