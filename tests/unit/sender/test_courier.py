"""The courier against a desk and a HubSpot in memory, in a loop whose time flies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from connector.message import LinkKind, ObjectType
from connector.outcome import LinkStep, Upsert, Written
from connector.sender.courier import Courier
from connector.sender.crm import Crm
from connector.sender.pace import Pace
from connector.sender.paths import Paths
from connector.sender.state import Alert, Note
from tests.unit.sender.fakes import Desk, HubSpot, Ours, Wire, contact, fly, passing

LONG_S = 600.0


class Scene:
    """A courier with everything around it; made inside the loop that it runs in."""

    def __init__(self, hubspot: HubSpot, *, requests_per_10_s: int = 100) -> None:
        self.hubspot = hubspot
        self.desk = Desk()
        self.wire = Wire(hubspot.answer)
        self.alerts: list[Alert] = []
        self.notes: list[Note] = []
        self.courier = Courier(
            self.desk,
            self.wire,
            Ours(),
            Crm(Paths("2026-09")),
            Pace.of(requests_per_10_s, requests_per_10_s),
            clock=asyncio.get_running_loop().time,
            alert=self.alerts.append,
            note=self.notes.append,
        )

    async def until(self, done: Callable[[], bool]) -> None:
        """Run the courier until the condition holds, at most for a long time of the flying clock."""
        running = asyncio.create_task(self.courier.run())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LONG_S
        while not done() and loop.time() < deadline and not running.done():
            await passing(0.01)
        self.courier.stop()
        await running
        assert done()


def test_records_and_links_reach_hubspot() -> None:
    """Every step is settled with the id it was given, links too."""

    async def story() -> None:
        scene = Scene(HubSpot())
        steps = [contact(number, firstname=f"Ann {number}") for number in range(250)]
        deals = [Upsert(number, ObjectType.DEAL, f"key-{number}", {}) for number in range(1000, 1010)]
        scene.desk.steps += [*steps, *deals]
        scene.desk.link_steps.append(LinkStep(1, LinkKind.DEAL_CONTACT, "7", "9", make=True))
        await scene.until(lambda: scene.desk.idle)
        assert scene.desk.requeued == 1
        assert len(scene.hubspot.records["contacts"]) == 250
        assert all(isinstance(outcomes[-1], Written) for outcomes in scene.desk.outcomes.values())
        assert {("deals", "7", "9")} == scene.hubspot.links
        assert len(scene.wire.sent) == 5

    fly(story())
