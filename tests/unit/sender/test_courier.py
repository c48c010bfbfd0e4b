"""The courier against a desk and a HubSpot in memory, in a loop whose time flies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from connector.errors import FatalError
from connector.http import Unanswered
from connector.message import LinkKind, ObjectType
from connector.outcome import Lookup, SchemaRefused, Update, Upsert, Written
from connector.sender.calls import Answer, CallKind
from connector.sender.health import Condition
from connector.sender.lease import LeaseLostError
from connector.sender.state import Moment
from tests.unit.sender.fakes import HubSpot, error, fly, passing
from tests.unit.sender.scene import Scene, links

EMPTY = Answer(200, {}, {"status": "COMPLETE", "results": []})


def test_records_and_links_reach_hubspot() -> None:
    """Every step is settled with the id it was given, in full batches; links too."""

    async def story() -> None:
        scene = Scene()
        scene.contacts(250)
        scene.desk.add(*(Upsert(number, ObjectType.DEAL, f"key-{number}", {}) for number in range(1000, 1010)))
        scene.desk.link_steps += links(2500)
        await scene.until(lambda: scene.desk.idle)
        assert scene.desk.requeued == 1
        assert len(scene.hubspot.records["contacts"]) == 250
        assert len(scene.hubspot.links) == 2500
        assert all(isinstance(outcomes[-1], Written) for outcomes in scene.desk.outcomes.values())
        assert len(scene.wire.sent) == 6
        assert len({sent.request_id for sent in scene.wire.sent}) == 6

    fly(story())


def test_news_is_sent_within_a_moment() -> None:
    """A change that comes while nothing is due is settled within 0.3 s: the ledger's wake counts, not the clock."""

    async def story() -> None:
        scene = Scene()
        running = asyncio.create_task(scene.courier.run())
        await passing(60.0)
        before = scene.loop.time()
        scene.contacts(1)
        await scene.wait(lambda: scene.desk.idle, running)
        assert scene.loop.time() - before < 0.3
        scene.courier.stop()
        await running

    fly(story())


def test_the_window_holds_under_load() -> None:
    """Thousands of records and links: no ten seconds hold more calls than the limit."""

    async def story() -> None:
        scene = Scene(requests_per_10_s=20)
        scene.contacts(6000)
        scene.desk.add(*(Upsert(number, ObjectType.DEAL, f"key-{number}", {}) for number in range(10_000, 12_000)))
        await scene.until(lambda: scene.desk.idle)
        times = [sent.at for sent in scene.wire.sent]
        assert len(times) == 80
        assert max(sum(1 for other in times if at <= other < at + 10) for at in times) <= 20
        assert scene.courier.snapshot().mean_fill == 1.0

    fly(story())


def test_no_lane_starves_another() -> None:
    """While contacts fill every window, a deal that becomes due goes within a few calls."""

    async def story() -> None:
        scene = Scene(requests_per_10_s=20)
        scene.contacts(5000)
        running = asyncio.create_task(scene.courier.run())
        await passing(10.0)
        before = scene.loop.time()
        scene.desk.add(Upsert(50_000, ObjectType.DEAL, "key-50000", {}))
        await scene.wait(lambda: 50_000 in scene.desk.outcomes, running)
        assert scene.loop.time() - before < 3.0
        scene.courier.stop()
        await running

    fly(story())


@pytest.mark.parametrize("status", [500, 503, 524])
def test_hubspot_away_for_a_minute(status: int) -> None:
    """Everything waits and is sent again; one alert each way; each call that may have landed is told by its id."""

    async def story() -> None:
        scene = Scene()
        scene.fail_until(60.0, Answer(status, {}, None))
        scene.contacts(500)
        scene.desk.link_steps += links(10)
        await scene.until(lambda: scene.desk.idle)
        assert ["sender.away", "sender.back"] == scene.events
        assert len(scene.hubspot.records["contacts"]) == 500
        failed = {sent.request_id for sent in scene.wire.sent if sent.at + scene.wire.delay_s < 60.0}
        assert failed == scene.ambiguous
        assert len(failed) <= 15

    fly(story())


def test_hubspot_unreachable_writes_nothing_and_is_not_ambiguous() -> None:
    """Refused connections leave no doubt."""

    async def story() -> None:
        scene = Scene()
        scene.wire.override = lambda: Unanswered("refused", sent=False) if scene.loop.time() < 60 else None
        scene.contacts(10)
        await scene.until(lambda: scene.desk.idle)
        assert set() == scene.ambiguous
        assert set(scene.outcomes(3)) == {"NotSent", "Written"}
        assert ["sender.away", "sender.back"] == scene.events

    fly(story())


def test_limited_for_a_minute() -> None:
    """429 for a minute: nothing is ambiguous, nothing is told as an alert, and few calls are wasted."""

    async def story() -> None:
        scene = Scene()
        limited = Answer(429, {}, {"policyName": "TEN_SECONDLY_ROLLING", "message": "limit"})
        scene.fail_until(60.0, limited)
        scene.contacts(500)
        await scene.until(lambda: scene.desk.idle)
        assert [] == scene.events
        assert set() == scene.ambiguous
        assert len(scene.wire.sent) <= 12
        assert scene.loop.time() < 75

    fly(story())


def test_the_day_is_spent() -> None:
    """A spent day is told once, with its end."""

    async def story() -> None:
        scene = Scene()
        scene.fail_until(1000.0, Answer(429, {}, {"policyName": "DAILY"}))
        scene.contacts(5)
        await scene.until(lambda: scene.desk.idle)
        assert ["sender.halted", "sender.halt_over"] == scene.events
        assert len(scene.wire.sent) <= 3

    fly(story())


def test_a_refused_credential_pauses_everything() -> None:
    """Nothing is dead-lettered; it is tried every half minute and goes on by itself."""

    async def story() -> None:
        scene = Scene()
        scene.fail_until(100.0, error(401, "expired", "EXPIRED_AUTHENTICATION"))
        scene.contacts(300)
        scene.desk.link_steps += links(3)
        await scene.until(lambda: scene.desk.idle)
        assert ["sender.credential_refused", "sender.back"] == scene.events
        assert {"NotSent", "Written"} == set(scene.outcomes(0))
        assert len([sent for sent in scene.wire.sent if sent.at < 100]) <= 6

    fly(story())


def test_a_schema_fault_pauses_its_type_and_mends_itself() -> None:
    """One alert that names property and command, no other type held up, and one more when it goes on."""

    async def story() -> None:
        known: set[str] = set()
        hubspot = HubSpot(lambda properties: None if known >= properties.keys() & {"ghost"} else missing("ghost"))
        scene = Scene(hubspot)
        scene.wire.define = lambda path: definition(path.rsplit("/", 1)[-1], known)
        ghosts = [Upsert(number, ObjectType.CONTACT, f"key-{number}", {"ghost": "1"}) for number in range(150)]
        scene.desk.add(*ghosts, Upsert(900, ObjectType.DEAL, "key-900", {}))
        running = asyncio.create_task(scene.courier.run())
        await passing(60.0)
        assert {"DEAL"} == {step.type for step in scene.desk.settled(Written)}
        assert ["sender.paused"] == scene.events
        facts = scene.alerts[0].facts
        assert ("CONTACT", "ghost", "PROPERTY_DOESNT_EXIST") == (facts["lane"], facts["property"], facts["type"])
        assert "shopbridge setup" in facts["remedy"]
        assert list(scene.courier.snapshot().paused) == [ObjectType.CONTACT]
        known.add("ghost")
        await scene.wait(lambda: scene.desk.idle and len(scene.events) == 2, running)
        assert scene.loop.time() < 70
        assert ["sender.paused", "sender.resumed"] == scene.events
        assert scene.courier.snapshot().paused == {}
        scene.courier.stop()
        await running

    fly(story())


def test_a_pause_that_no_definition_explains_is_tried_with_one_record() -> None:
    """A missing scope is tried by sending one record every few seconds."""

    async def story() -> None:
        scene = Scene()
        refusal = error(403, "One or more of the following scopes are required.", "MISSING_SCOPES")
        scene.fail_until(30.0, refusal)
        scene.desk.add(*(Upsert(number, ObjectType.PRODUCT, f"key-{number}", {}) for number in range(100)))
        await scene.until(lambda: scene.desk.idle and len(scene.events) == 2)
        assert ["sender.paused", "sender.resumed"] == scene.events
        tries = [sent for sent in scene.wire.sent if 1.0 < sent.at < 30.0]
        assert {len(sent.json["inputs"]) for sent in tries} == {1}
        assert len(tries) == 5

    fly(story())


def test_a_fault_of_some_records_is_told_once() -> None:
    """Records that the fault does not touch get through between the tries; nobody is alarmed each time."""

    async def story() -> None:
        mended: list[bool] = []
        hubspot = HubSpot(lambda properties: read_only() if "total" in properties and not mended else None)
        scene = Scene(hubspot)
        scene.wire.define = lambda _: Answer(200, {}, {"name": "total"})
        scene.desk.add(Upsert(1, ObjectType.DEAL, "key-1", {"total": "1"}))
        running = asyncio.create_task(scene.courier.run())
        for number in range(100, 160):
            await passing(1.0)
            scene.desk.steps.insert(0, Upsert(number, ObjectType.DEAL, f"key-{number}", {}))
        assert len(scene.desk.settled(Written)) > 50
        assert ["sender.paused"] == scene.events
        mended.append(True)
        await scene.wait(lambda: scene.desk.idle and len(scene.events) == 2, running)
        assert ["sender.paused", "sender.resumed"] == scene.events
        scene.courier.stop()
        await running

    fly(story())


def test_another_fault_of_a_paused_type_is_told_again() -> None:
    """The alert names what is wrong now."""

    async def story() -> None:
        scene = Scene()
        answers = [error(403, "scopes", "MISSING_SCOPES"), error(400, "Unable to infer object type from: contacts")]
        scene.wire.override = lambda: answers.pop(0) if answers else None
        scene.contacts(1)
        await scene.until(lambda: scene.desk.idle and len(scene.events) == 3)
        assert ["sender.paused", "sender.paused", "sender.resumed"] == scene.events
        assert {"SchemaRefused", "Written"} == set(scene.outcomes(0))
        assert isinstance(scene.desk.outcomes[0][0], SchemaRefused)

    fly(story())


def test_an_empty_200_is_not_believed() -> None:
    """What it carried goes again, slower and slower, and each such call is told by its id."""

    async def story() -> None:
        scene = Scene()
        scene.fail_until(60.0, EMPTY)
        scene.contacts(100)
        await scene.until(lambda: scene.desk.idle)
        assert len(scene.ambiguous) == len(scene.wire.sent) - 1
        assert len(scene.wire.sent) < 30
        assert [] == scene.events

    fly(story())


def test_an_answer_lost_after_the_write() -> None:
    """The call is ambiguous, and sending it again makes no second record."""

    async def story() -> None:
        scene = Scene()
        lost = [Unanswered("reset", sent=True)]
        scene.wire.after = lambda: lost.pop() if lost else None
        scene.contacts(50)
        await scene.until(lambda: scene.desk.idle)
        assert ["Ambiguous", "Written"] == scene.outcomes(7)
        assert len(scene.hubspot.records["contacts"]) == 50
        assert {scene.wire.sent[0].request_id} == scene.ambiguous

    fly(story())


def test_a_locked_type_waits_alone() -> None:
    """423 holds up contacts for two seconds and deals not at all."""

    async def story() -> None:
        scene = Scene()
        locked = [Answer(423, {}, None)]
        scene.wire.override = lambda: locked.pop() if locked else None
        scene.contacts(1)
        await scene.until(lambda: scene.desk.idle)
        assert ["NotSent", "Written"] == scene.outcomes(0)
        assert scene.wire.sent[1].at - scene.wire.sent[0].at >= 2.0

    fly(story())


def test_a_lane_has_one_call_out() -> None:
    """Different types are sent side by side, one type never."""

    async def story() -> None:
        scene = Scene()
        scene.wire.delay_s = 5.0
        scene.contacts(300)
        scene.desk.add(*(Upsert(number, ObjectType.DEAL, f"key-{number}", {}) for number in range(1000, 1300)))
        await scene.until(lambda: scene.desk.idle)
        assert scene.wire.most_out == 2

    fly(story())


def test_a_missing_record_is_looked_up() -> None:
    """An update of an id that is gone asks the desk for look-ups at once and settles what they find."""

    async def story() -> None:
        scene = Scene()
        scene.hubspot.records["contacts"]["500"] = {"shopbridge_key": "key-1"}
        scene.desk.add(Update(1, ObjectType.CONTACT, "499", {"a": "1"}))
        scene.desk.lookups.append(Lookup(2, ObjectType.CONTACT, "key-none", None, ()))
        await scene.until(lambda: scene.desk.idle)
        assert ["Missing", "Found"] == scene.outcomes(1)
        assert ["Missing"] == scene.outcomes(2)
        assert scene.courier.snapshot().requests[CallKind.READ] >= 1

    fly(story())


def test_stopping_lets_what_is_out_come_back() -> None:
    """The batch on the wire is settled; what was never sent stays with the ledger."""

    async def story() -> None:
        scene = Scene()
        scene.wire.delay_s = 20.0
        scene.contacts(300)
        running = asyncio.create_task(scene.courier.run())
        await passing(1.0)
        scene.courier.stop()
        await running
        assert len(scene.wire.sent) == 1
        assert len(scene.desk.settled(Written)) == 100
        assert {} == scene.desk.flying

    fly(story())


def test_stopping_does_not_wait_for_ever() -> None:
    """An answer that does not come within the bound is given up; its batch stays marked in flight."""

    async def story() -> None:
        scene = Scene()
        scene.wire.delay_s = 10_000.0
        scene.contacts(1)
        running = asyncio.create_task(scene.courier.run())
        await passing(1.0)
        scene.courier.stop()
        await running
        assert scene.loop.time() < 60
        assert [0] == list(scene.desk.flying)

    fly(story())


def test_a_lost_lease_ends_the_courier_before_it_sends() -> None:
    """Nothing goes out once somebody else may be sending."""

    class Lost:
        def still_ours(self) -> bool:
            return False

    async def story() -> None:
        scene = Scene(fence=Lost())
        scene.contacts(1)
        with pytest.raises(LeaseLostError):
            await scene.courier.run()
        assert [] == scene.wire.sent

    fly(story())


def test_what_the_ledger_raises_ends_the_courier() -> None:
    """A fatal error of the desk is raised by `run`, after the other lanes came back."""

    async def story() -> None:
        scene = Scene()
        twin = Upsert(1, ObjectType.CONTACT, "key-1", {})
        scene.desk.add(twin, replace(twin, record=2))
        with pytest.raises(FatalError, match="same HubSpot record"):
            await scene.courier.run()

    fly(story())


def test_an_answer_that_breaks_a_plan_is_ambiguous() -> None:
    """A reply that makes the dialect raise settles its batch as ambiguous, and the courier goes on."""

    class Poison(dict[str, Any]):
        def get(self, name: str, *_: Any) -> Any:
            if name == "results":
                raise KeyError(name)

    async def story() -> None:
        scene = Scene()
        bad = [Answer(200, {}, Poison())]
        scene.wire.override = lambda: bad.pop() if bad else None
        scene.desk.link_steps += links(3)
        await scene.until(lambda: scene.desk.idle)
        assert ["Ambiguous", "Written"] == [type(outcome).__name__ for outcome in scene.desk.link_outcomes[1]]
        assert {scene.wire.sent[0].request_id} == scene.ambiguous

    fly(story())


def test_every_call_is_noted_by_the_id_that_was_sent() -> None:
    """SENT comes before ANSWERED, under the id of the header."""

    async def story() -> None:
        scene = Scene()
        scene.contacts(1)
        await scene.until(lambda: scene.desk.idle)
        request_id = scene.wire.sent[0].request_id
        assert [(Moment.SENT, request_id), (Moment.ANSWERED, request_id)] == [
            (note.moment, note.request_id) for note in scene.notes
        ]

    fly(story())


def test_the_snapshot_tells_what_is_waited_for() -> None:
    """While HubSpot is away: since when to try again, the last error, and the calls made so far."""

    async def story() -> None:
        scene = Scene()
        scene.fail_until(600.0, Answer(503, {}, None))
        scene.contacts(1)
        running = asyncio.create_task(scene.courier.run())
        await passing(30.0)
        state = scene.courier.snapshot()
        assert (Condition.AWAY, "AWAY", "HTTP 503") == (state.condition, state.waiting_for, state.last_error)
        assert state.waiting_until is not None
        assert state.waiting_until > 30.0
        assert state.requests[CallKind.WRITE] == len(scene.wire.sent)
        assert "HTTP 503" == state.condition_details
        began = state.condition_since
        await passing(60.0)
        assert began == scene.courier.snapshot().condition_since < 30.0
        scene.courier.stop()
        await running

    fly(story())


def test_each_call_that_came_back_is_told_with_its_time() -> None:
    """Whoever measures sees every answer, good or bad, and how long it took."""

    async def story() -> None:
        scene = Scene()
        scene.fail_until(0.1, Answer(503, {}, None))
        scene.contacts(1)
        await scene.until(lambda: len(scene.observed) > 1)
        assert [503, 200] == [answer.status for _, answer, _ in scene.observed if isinstance(answer, Answer)]
        assert [CallKind.WRITE] * 2 == [call.kind for call, _, _ in scene.observed]
        assert all(seconds >= 0 for _, _, seconds in scene.observed)

    fly(story())


def test_links_of_products_are_no_lane() -> None:
    """A line item names its product by a property, so nothing asks for such links."""

    async def story() -> None:
        scene = Scene()
        scene.desk.link_steps += [replace(link, kind=LinkKind.LINE_ITEM_PRODUCT) for link in links(1)]
        running = asyncio.create_task(scene.courier.run())
        await passing(5.0)
        scene.courier.stop()
        await running
        assert [] == scene.wire.sent

    fly(story())


def missing(name: str) -> dict[str, Any]:
    message = f'Property "{name}" does not exist'
    detail = {"code": "PROPERTY_DOESNT_EXIST", "message": message, "context": {"propertyName": [name]}}
    return {"status": "error", "category": "VALIDATION_ERROR", "message": message, "errors": [detail]}


def read_only() -> dict[str, Any]:
    detail = {"code": "READ_ONLY_VALUE", "message": "calculated", "context": {"propertyName": ["total"]}}
    return {"status": "error", "category": "VALIDATION_ERROR", "message": "no", "errors": [detail]}


def definition(name: str, known: set[str]) -> Answer:
    return Answer(200, {}, {"name": name}) if name in known else error(404, "not found", "OBJECT_NOT_FOUND")
