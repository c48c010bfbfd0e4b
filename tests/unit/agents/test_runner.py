"""The worker ends with 0 when it is told to, and with 70 whenever a part of it fails or ends by itself."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from connector.agents.runner import EXIT_FATAL, EXIT_OK, serve


class App:
    """An app that starts, may crash, and knows whether it was stopped."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._crashed = asyncio.Event()
        self.crash_reason: BaseException | None = None
        self.started = asyncio.Event()
        self.stopped = False
        self._hangs = hangs

    async def start(self) -> None:
        self.started.set()
        if self._hangs:
            await asyncio.Event().wait()

    async def stop(self) -> None:
        self.stopped = True

    def crash(self, error: BaseException | None) -> None:
        self.crash_reason = error
        self._crashed.set()


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_stop_ends_everything_well() -> None:
    """Asked to stop, apps are stopped and duties cancelled."""
    app, stop = App(), asyncio.Event()
    running = asyncio.create_task(serve([app], {"duty": for_ever}, stop))
    await app.started.wait()
    stop.set()
    assert EXIT_OK == await asyncio.wait_for(running, 5)
    assert app.stopped


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_everything_well(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C are requests, not failures."""
    app = App()
    running = asyncio.create_task(serve([app], {}))
    await app.started.wait()
    os.kill(os.getpid(), number)
    assert EXIT_OK == await asyncio.wait_for(running, 5)


@pytest.mark.parametrize("hangs", [False, True])
async def test_crashed_app_is_fatal(*, hangs: bool) -> None:
    """A crash ends the worker, also while the app is still starting; the other app is stopped."""
    app, other = App(hangs=hangs), App()
    running = asyncio.create_task(serve([app, other], {"duty": for_ever}))
    await app.started.wait()
    app.crash(ValueError("unforeseen"))
    assert EXIT_FATAL == await asyncio.wait_for(running, 5)
    assert (True, True) == (app.stopped, other.stopped)


async def test_crash_without_a_reason_is_fatal_too() -> None:
    """Faust does not always say why."""
    app = App()
    running = asyncio.create_task(serve([app], {}))
    await app.started.wait()
    app.crash(None)
    assert EXIT_FATAL == await asyncio.wait_for(running, 5)


async def test_duty_that_raises_is_fatal() -> None:
    """A courier that fails stops the agents too."""

    async def fail() -> None:
        raise RuntimeError("unforeseen")

    app = App()
    assert EXIT_FATAL == await asyncio.wait_for(serve([app], {"courier": fail}), 5)
    assert app.stopped


async def test_duty_that_ends_by_itself_is_fatal() -> None:
    """What should go on for ever must not end unnoticed."""

    async def end() -> None:
        return

    assert EXIT_FATAL == await asyncio.wait_for(serve([], {"courier": end}), 5)
