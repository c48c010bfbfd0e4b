"""The worker's process: takes its roles, builds their parts, runs them, and says by its exit code how it ended.

    map     changes → sync messages          apply   sync messages → ledger
    report  errors → dead letters            send    ledger → HubSpot

Several processes may share the roles of one ledger; each role is held by one of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import structlog

from connector.agents import logs
from connector.agents.locks import roles_held
from connector.agents.observing import Observed, open_observed
from connector.agents.parts import Parts, open_parts
from connector.agents.roles import apply_role, map_role, pump_duty, report_role
from connector.agents.runner import EXIT_FATAL, Duty, Service, serve
from connector.agents.send_role import send_role
from connector.agents.shell import App
from connector.errors import ConfigurationError, FatalError
from connector.figures import FigureSource
from connector.mapping import Shop
from connector.redaction import Redactor
from connector.settings import Settings

log = structlog.get_logger(__name__)

ROLES: Final = ("map", "apply", "report", "send")


def run_worker(
    shops: Sequence[Shop],
    settings: Settings,
    roles: Collection[str] = ROLES,
    *,
    accepted: Collection[str] = (),
    full_before: Callable[[str], bool] = lambda _topic: False,
    figures: Callable[[], FigureSource] | None = None,
) -> int:
    """Work until SIGTERM or SIGINT (0), or until going on would lose or corrupt something (70).

    `accepted` names topics that may be other than they were, as TOPIC or TOPIC@end; `full_before` says of a change
    topic whether its table's old rows are whole; `figures` makes who counts what metrics and alerts go by. Raises
    ConfigurationError before anything is read.
    """
    if unknown := sorted(set(roles) - set(ROLES)):
        raise ConfigurationError(f"no such role: {', '.join(unknown)}; there are {', '.join(ROLES)}")
    redactor = Redactor(settings.secrets(), show_people=settings.log_personal == "show")
    logs.set_up(level=logging.getLevelNamesMapping()[settings.log_level], redactor=redactor)
    with roles_held(settings.ledger, roles):
        return asyncio.run(work(shops, settings, roles, accepted=accepted, full_before=full_before, figures=figures))


async def work(
    shops: Sequence[Shop],
    settings: Settings,
    roles: Collection[str],
    *,
    accepted: Collection[str] = (),
    full_before: Callable[[str], bool] = lambda _topic: False,
    figures: Callable[[], FigureSource] | None = None,
    stop: asyncio.Event | None = None,
) -> int:
    """As `run_worker`, without the locks; `stop` ends it as a signal would."""
    failures: list[BaseException | None] = []
    async with AsyncExitStack() as closing:
        observed = open_observed(shops, settings, roles, closing, figures)
        try:
            parts = await open_parts(
                shops,
                settings,
                closing,
                accepted=accepted,
                full_before=full_before,
                instruments=observed.instruments,
            )
            apps, duties = await assemble(parts, roles, closing, observed)
            log.info("working", roles=sorted(roles), ledger=str(settings.ledger), kafka=settings.kafka_bootstrap)
            code = await serve(apps, duties, stop, failures.append)
        except FatalError as error:
            log.exception("stopping", reason=str(error), kind=type(error).__name__)
            failures.append(error)
            code = EXIT_FATAL
        for failure in failures[:1]:
            await observed.failed(failure)
        return code


async def assemble(
    parts: Parts, roles: Collection[str], closing: AsyncExitStack, observed: Observed
) -> tuple[list[Service], Mapping[str, Duty]]:
    """The apps of the roles, and what goes on beside them."""
    apps: list[App] = []
    duties: dict[str, Duty] = {"outbox": pump_duty(parts)}
    for role, build in (("map", map_role), ("apply", apply_role), ("report", report_role)):
        if role in roles:
            app = await build(parts)
            apps.append(app)
            duties[f"{role} watchdog"] = observed.watchdog(app).run
    if "send" in roles:
        duties.update(send_role(parts, observed.vitals, observed.reporter, closing))
    return [*apps], {**duties, **observed.working(parts.ledger, apps)}
