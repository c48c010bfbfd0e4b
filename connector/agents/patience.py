"""Waiting for the other side: the same question again until it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from connector.errors import RetriableError

T = TypeVar("T")

log = structlog.get_logger(__name__)

FIRST_S: Final = 0.2
LONGEST_S: Final = 10.0


async def patiently(ask: Callable[[], Awaitable[T]], *, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> T:
    """The answer to `ask`, asked again after growing pauses as long as it raises RetriableError."""
    pause_s = first_s
    while True:
        try:
            return await ask()
        except RetriableError as error:
            log.warning("waiting", reason=str(error), again_in_s=pause_s)
            await asyncio.sleep(error.retry_after_s or pause_s)
            pause_s = min(pause_s * 2, longest_s)
