"""Verification and its repair, put together from settings: what the command line calls."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from connector.capture.row_reader import RowReader
from connector.mapping import Shop
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.verifying import repair as repairing
from connector.operations.verifying import repair_plan
from connector.operations.verifying.course import Course, Progress, Report, Stage, Tell
from connector.operations.verifying.picture import Scope
from connector.operations.verifying.repair import Repaired
from connector.operations.verifying.repair_plan import RepairPlan
from connector.operations.verifying.state import Options, State, begin, resume
from connector.settings import Settings


def prepare(settings: Settings, shops: Sequence[Shop], options: Options, folder: Path | None) -> State:
    """A new verification, or the one in `folder` to be gone on with. Raises ConfigurationError."""
    if folder is not None:
        return resume(settings, shops, folder)
    return begin(settings, shops, options, datetime.now(UTC))


def verify(settings: Settings, shops: Sequence[Shop], state: State, tell: Tell) -> Report:
    """Compare. Raises RetriableError where a server stays away: it can be gone on with by the state's folder."""
    return asyncio.run(_verify(settings, _scope(shops, state), state, tell))


async def _verify(settings: Settings, scope: Scope, state: State, tell: Tell) -> Report:
    def paused(text: str) -> None:
        tell(Progress(Stage.HUBSPOT, details=text))

    async with HubspotReader.open(settings, paused) as reader:
        return await Course(settings, scope, state, reader, tell).run()


def plan_repair(settings: Settings, report: Report, *, recreate: bool) -> RepairPlan:
    """What would mend the differences."""
    return repair_plan.plan(report.differences, recreate=recreate, has_ledger=settings.ledger.exists())


def repair(
    settings: Settings,
    shops: Sequence[Shop],
    state: State,
    plan: RepairPlan,
    *,
    tell: repairing.Tell,
    stop: threading.Event,
) -> Repaired:
    """Carry a plan out. Raises RetriableError where a server does not answer; it can be done again."""
    return repairing.repair(settings, _scope(shops, state), state, plan, tell=tell, stop=stop)


def forget(state: State) -> None:
    """Remove the folder: it holds people's data."""
    shutil.rmtree(state.folder, ignore_errors=True)


def _scope(shops: Sequence[Shop], state: State) -> Scope:
    return Scope(tuple(shops), state.options.types, RowReader.open)
