"""Running apps and coroutines side by side until a signal, or until one of them fails."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from connector.errors import FatalError

log = structlog.get_logger(__name__)

EXIT_OK: Final = 0
EXIT_FATAL: Final = 70
STOP_TIMEOUT_S: Final = 45.0
"""Longer than the sender's longest wait for calls that are out."""


class CrashEvent(Protocol):
    """Set when a service has failed."""

    async def wait(self) -> object: ...


class Service(Protocol):
    """A Faust app, as far as it is run here."""

    @property
    def _crashed(self) -> CrashEvent: ...

    @property
    def crash_reason(self) -> BaseException | None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


Duty = Callable[[], Awaitable[None]]
"""Something that goes on until it is cancelled; that it ends, or raises, stops the worker."""


async def serve(
    apps: Sequence[Service],
    duties: Mapping[str, Duty],
    stop: asyncio.Event | None = None,
    failed: Callable[[BaseException | None], None] = lambda _: None,
) -> int:
    """Run all until SIGTERM, SIGINT or `stop` (0), or until one fails or ends (70), of which `failed` is told."""
    stop = stop or asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = [asyncio.create_task(run_app(app), name=f"app {app}") for app in apps]
    running += [asyncio.create_task(_run_duty(name, duty), name=name) for name, duty in duties.items()]
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        return max([_outcome(task, failed) for task in running if task.done()], default=EXIT_OK)
    finally:
        stopping.cancel()
        await _end(running)


async def run_app(app: Service) -> None:
    """Start an app and wait; raises what crashed it, and stops it in any case."""
    start = asyncio.create_task(app.start())
    crashed = asyncio.create_task(_until_crashed(app))
    try:
        await asyncio.wait([start, crashed], return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            await start
        await crashed
    finally:
        crashed.cancel()
        start.cancel()
        await app.stop()


async def _until_crashed(app: Service) -> None:
    await app._crashed.wait()  # noqa: SLF001 - mode has no public way to wait for it
    raise app.crash_reason or FatalError("the app crashed without saying why")


async def _run_duty(name: str, duty: Duty) -> None:
    await duty()
    raise FatalError(f"{name} ended by itself")


def _outcome(task: asyncio.Task[None], failed: Callable[[BaseException | None], None]) -> int:
    error = task.exception()
    failed(error)
    log.error("stopping", part=task.get_name(), reason=str(error), kind=type(error).__name__, exc_info=error)
    return EXIT_FATAL


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel what still runs and wait for it, but not for ever."""
    for task in tasks:
        task.cancel()
    _, late = await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
    for task in late:
        log.warning("did not stop in time", part=task.get_name(), seconds=STOP_TIMEOUT_S)
