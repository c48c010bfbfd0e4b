"""A courier with everything around it in memory, for stories told in a loop whose time flies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from connector.message import LinkKind, ObjectType
from connector.outcome import LinkStep, Upsert
from connector.sender.calls import Answer, Call, Reply
from connector.sender.contact_key import ContactKey
from connector.sender.courier import Courier
from connector.sender.crm import Crm
from connector.sender.exchange import Fence
from connector.sender.pace import Pace
from connector.sender.paths import Paths
from connector.sender.state import Alert, Moment, Note
from tests.unit.sender.fakes import Desk, HubSpot, Ours, Wire, passing

LONG_S = 3600.0


class Scene:
    """Made inside the loop that it runs in."""

    def __init__(
        self,
        hubspot: HubSpot | None = None,
        *,
        requests_per_10_s: int = 100,
        fence: Fence | None = None,
        contact_key: ContactKey | None = None,
    ) -> None:
        self.hubspot = hubspot or HubSpot()
        self.desk = Desk()
        self.wire = Wire(self.hubspot.answer)
        self.alerts: list[Alert] = []
        self.notes: list[Note] = []
        self.observed: list[tuple[Call, Reply, float]] = []
        self.loop = asyncio.get_running_loop()
        self.courier = Courier(
            self.desk,
            self.wire,
            fence or Ours(),
            Crm(Paths("2026-09"), contact_key=contact_key),
            Pace.of(requests_per_10_s, requests_per_10_s),
            clock=self.loop.time,
            alert=self.alerts.append,
            note=self.notes.append,
            observe=lambda *told: self.observed.append(told),
        )

    async def until(self, done: Callable[[], bool]) -> None:
        """Run the courier until the condition holds, at most for a long time of the flying clock."""
        running = asyncio.create_task(self.courier.run())
        await self.wait(done, running)
        self.courier.stop()
        await running
        assert done()

    async def wait(self, done: Callable[[], bool], running: asyncio.Task[None]) -> None:
        deadline = self.loop.time() + LONG_S
        while not done() and self.loop.time() < deadline and not running.done():
            await passing(0.01)

    def contacts(self, count: int) -> None:
        self.desk.add(*(contact_of(number) for number in range(count)))

    def fail_until(self, moment: float, answer: Answer) -> None:
        """Every call that arrives before `moment` is answered so."""
        self.wire.override = lambda: answer if self.loop.time() < moment else None

    @property
    def events(self) -> list[str]:
        return [alert.event for alert in self.alerts]

    @property
    def ambiguous(self) -> set[str]:
        return {note.request_id for note in self.notes if note.moment is Moment.AMBIGUOUS}

    def outcomes(self, number: int) -> list[str]:
        return [type(outcome).__name__ for outcome in self.desk.outcomes[number]]


def contact_of(number: int) -> Upsert:
    return Upsert(number, ObjectType.CONTACT, f"key-{number}", {"firstname": f"Ann {number}"})


def links(count: int) -> Iterable[LinkStep]:
    return (LinkStep(number, LinkKind.DEAL_CONTACT, str(number), "9", make=True) for number in range(count))
