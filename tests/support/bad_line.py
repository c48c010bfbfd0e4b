"""Between a ledger's desk and HubSpot: answers get lost, calls arrive late or not at all."""

from __future__ import annotations

from typing import Any

from connector.message import LinkKind
from connector.outcome import Ambiguous, LinkStep, NotSent, Step
from tests.support.desk import TYPES, Office


class BadLine:
    """Carries steps, with a mood for each; `late`: calls that are still on their way."""

    def __init__(self, office: Office, moods: list[str]) -> None:
        self.office, self.moods, self.late = office, moods, []  # type: ignore[var-annotated]

    async def round(self) -> None:
        steps = await self.office.take()
        await self.office.desk.settle({step.record: self._record(step) for step in steps})
        links = await self._take_links()
        await self.office.desk.settle_links({step.link: self._link(step) for step in links})

    async def crash(self) -> None:
        """The sender ends with calls out, and another one starts."""
        steps, links = await self.office.take(), await self._take_links()
        for step in steps:
            self._record(step)
        for link in links:
            self._link(link)
        await self.office.desk.requeue()

    async def read_back(self) -> None:
        """What was unclear is so old that late calls must have landed: it is looked at again."""
        self.land()
        lookups = [step for kind in TYPES for step in await self.office.desk.take_lookups(kind, 100, 1e12)]
        await self.office.desk.settle({step.record: self._record(step) for step in lookups})

    async def _take_links(self) -> list[LinkStep]:
        return [step for kind in LinkKind for step in await self.office.desk.take_links(kind, 100)]

    def _mood(self) -> str:
        return self.moods.pop() if self.moods else "good"

    def _record(self, step: Step) -> Any:
        return self._answer(step, self.office.portal.do)

    def _link(self, step: LinkStep) -> Any:
        return self._answer(step, self.office.portal.link)

    def _answer(self, step: Any, do: Any) -> Any:
        mood = self._mood()
        if mood == "not sent":
            return NotSent("busy")
        if mood == "late":
            self.late.append((do, step))
            return Ambiguous("timeout", "r")
        outcome = do(step)
        return Ambiguous("lost answer", "r") if mood == "lost answer" else outcome

    def land(self) -> None:
        """What was on its way arrives."""
        for do, step in self.late:
            do(step)
        self.late.clear()
