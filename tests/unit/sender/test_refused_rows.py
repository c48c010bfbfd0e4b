"""What HubSpot refuses, from the row to its end: ledger, courier and dialect on the sandbox, one file for each refusal.

A file under tests/cases/sender/portal/ has the `switches` and the `portal` (calls made before), a `row` of a `type` and
a `good` row beside it, the `answer` (a pattern that one of HubSpot's answers holds), and how it `ends`: `record` with
type, property and details of the one error, while the good row is written; `pause` with type and property of the one
alert, without any error, and after `mend` (calls) everything is written; or `written` with what the record `holds`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.catalogue import CATALOGUE
from connector.http import HttpAnswer
from connector.message import Link, LinkKind, ObjectType
from connector.sender.courier import Courier
from connector.sender.crm import DEFAULT_KEY, Crm
from connector.sender.pace import Pace
from connector.sender.paths import SEGMENT, Paths
from connector.sender.runner import Timing
from connector.sender.state import Alert
from tests.support.desk import Office
from tests.support.story import said
from tests.unit.sender.fakes import Ours, passing
from tests.unit.sender.in_process import Sandbox, sandbox
from tests.unit.sender.test_dialect_cases import values

CASES = sorted((Path(__file__).parents[2] / "cases" / "sender" / "portal").glob("*.yaml"))
DEADLINE_S = 20.0
VERSION = "2026-09"
HASTY = Timing(linger=0.005, idle=0.01, tick=0.05, probe_every=0.02, lookups_every=0.05)


class Heard:
    """The way to the sandbox, with all that it answered."""

    def __init__(self, hubspot: Sandbox) -> None:
        self._hubspot = hubspot
        self.answers: list[str] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        answer = await self._hubspot.request(method, path, json=json, params=params, headers=headers)
        self.answers.append(answer.text)
        return answer


class Story:
    """One case under way."""

    def __init__(self, case: dict[str, Any], hubspot: Sandbox, office: Office) -> None:
        self.case, self.hubspot, self.office = case, hubspot, office
        self.type = ObjectType(case["type"])
        self.alerts: list[Alert] = []
        self.heard = Heard(hubspot)
        constants = frozenset((ObjectType(kind), name, value) for kind, name, value in case.get("constants", []))
        crm = Crm(Paths(str(case.get("version", VERSION))), constants=constants)
        self.courier = Courier(
            office.desk, self.heard, Ours(), crm, Pace.of(10_000, 10_000), timing=HASTY, alert=self.alerts.append
        )

    async def prepare(self) -> None:
        """Make our key properties and what the case says of the portal, and bring in the rows."""
        for segment in SEGMENT.values():
            await self.call({"call": f"POST /crm/properties/{VERSION}/{segment}", "body": key_property(segment)})
        for step in self.case.get("portal", []):
            await self.call(step)
        await self.office.say(said(ObjectType.DEAL, "parent", 0, {"dealname": "Parent"}))
        for number, name in enumerate(("row", "good"), 1):
            if name in self.case:
                properties = values({"properties": self.case[name]})
                await self.office.say(said(self.type, name, number, properties, links=self.links))

    @property
    def links(self) -> tuple[Link, ...]:
        """A line needs the deal that it belongs to."""
        return (Link(LinkKind.LINE_ITEM_DEAL, "parent"),) if self.type is ObjectType.LINE_ITEM else ()

    async def call(self, step: Mapping[str, Any]) -> Any:
        method, path = step["call"].split(" ", 1)
        answer = await self.hubspot.request(method, path, json=step.get("body"))
        assert 200 <= answer.status < 300, answer.text
        return answer.body

    async def held(self) -> dict[str, dict[str, str | None]]:
        """What HubSpot holds of the case's rows, by their name."""
        names = ",".join(
            {DEFAULT_KEY, *self.case["row"], *self.case.get("good", {}), *self.case["ends"].get("holds", {})}
        )
        path = f"/crm/objects/{VERSION}/{SEGMENT[self.type]}?limit=100&properties={names}"
        rows = (await self.hubspot.request("GET", path)).body["results"]
        keyed = {row["properties"][DEFAULT_KEY]: row["properties"] for row in rows if row["properties"][DEFAULT_KEY]}
        return {key.rpartition(":")[2]: properties for key, properties in keyed.items()}

    async def until(self, what: str, done: Callable[[], Awaitable[bool]]) -> None:
        """Wait until a condition holds, at most until the deadline."""
        ends = asyncio.get_running_loop().time() + DEADLINE_S
        while not await done():
            so_far = (self.office.errors, self.alerts, self.heard.answers[-3:])
            assert asyncio.get_running_loop().time() < ends, f"not within {DEADLINE_S} s: {what}: {so_far}"
            await passing(0.005)

    async def are_held(self, *names: str) -> bool:
        return set(names) <= set(await self.held())

    async def is_paused(self) -> bool:
        return bool(self.alerts)

    async def has_failed(self) -> bool:
        return bool(self.office.errors)


@asynccontextmanager
async def under_way(case: dict[str, Any], folder: Path) -> AsyncIterator[Story]:
    """A case with its courier running."""
    office = await Office(folder).start()
    async with sandbox(folder, **case.get("switches", {})) as hubspot:
        story = Story(case, hubspot, office)
        await story.prepare()
        running = asyncio.create_task(story.courier.run())
        try:
            yield story
        finally:
            story.courier.stop()
            await asyncio.wait_for(running, DEADLINE_S)
            await office.close()


@pytest.fixture(params=CASES, ids=[file.stem for file in CASES])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return loaded


async def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    """Each refusal ends as its file says: as the record's own, or as a pause of the type that ends by itself."""
    async with under_way(case, tmp_path) as story:
        match case["ends"]["is"]:
            case "record":
                await ends_as_the_records_own(story)
            case "pause":
                await ends_as_a_pause(story)
            case "written":
                await ends_written(story)
        if "answer" in case:
            assert any(re.search(case["answer"], answer) for answer in story.heard.answers), story.heard.answers


async def ends_as_the_records_own(story: Story) -> None:
    """One error of the right type, in words that help; the good row is written, and nothing pauses."""
    ends = story.case["ends"]
    await story.until("the error", story.has_failed)
    await story.until("the good row", lambda: story.are_held("good"))
    assert [(ends["type"], ends.get("property"))] == [(each.type, each.property_name) for each in story.office.errors]
    assert re.search(ends["details"], story.office.errors[0].details)
    assert ends["type"] in CATALOGUE
    assert [] == story.alerts
    assert "row" not in await story.held()


async def ends_as_a_pause(story: Story) -> None:
    """One alert with cause and remedy, no error; once mended, everything is written without being asked for."""
    ends = story.case["ends"]
    await story.until("the pause", story.is_paused)
    for step in story.case.get("mend", []):
        await story.call(step)
    if "mend" in story.case:
        await story.until("both rows", lambda: story.are_held("row", "good"))
    paused = [alert.facts for alert in story.alerts if alert.event == "sender.paused"]
    assert [(ends["type"], ends.get("property", ""))] == [(facts["type"], facts["property"]) for facts in paused]
    assert CATALOGUE[ends["type"]].remedy in paused[0]["remedy"]
    assert [] == story.office.errors


async def ends_written(story: Story) -> None:
    """The row is written, and holds what the case says."""
    await story.until("the row", lambda: story.are_held("row"))
    held = (await story.held())["row"]
    assert story.case["ends"]["holds"] == {name: held[name] for name in story.case["ends"]["holds"]}
    assert ([], []) == (story.office.errors, story.alerts)


def key_property(segment: str) -> dict[str, Any]:
    return {
        "name": DEFAULT_KEY,
        "label": "Key",
        "type": "string",
        "fieldType": "text",
        "groupName": GROUPS[segment],
        "hasUniqueValue": True,
    }


GROUPS = {
    "contacts": "contactinformation",
    "products": "productinformation",
    "deals": "dealinformation",
    "line_items": "lineiteminformation",
}
