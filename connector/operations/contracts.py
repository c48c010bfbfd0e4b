"""The schemas against the registry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from connector import contracts
from connector.contracts import Finding
from connector.http import Http
from connector.registry import Registry
from connector.settings import Settings
from connector.wire import Codec

PATIENCE_S: Final = 5.0


@asynccontextmanager
async def registry_of(settings: Settings) -> AsyncIterator[Registry]:
    """The registry, for somebody who waits at a terminal: RetriableError after a few seconds without an answer."""
    http = Http(settings.registry, timeout_s=PATIENCE_S)
    try:
        yield Registry(http, patience_s=PATIENCE_S)
    finally:
        await http.aclose()


async def codec_of(settings: Settings) -> Codec:
    """Our contracts as the registry knows them; raises RetriableError when it does not answer."""
    async with registry_of(settings) as registry:
        return await Codec.open(registry, settings)


async def check_contracts(settings: Settings) -> list[Finding]:
    """Everything wrong with the schemas; raises RetriableError when the registry does not answer."""
    async with registry_of(settings) as registry:
        return await contracts.check(registry, settings)


async def register_contracts(settings: Settings) -> Mapping[str, int]:
    """Schema ids by subject; raises ConfigurationError when the registry finds one incompatible."""
    async with registry_of(settings) as registry:
        return await contracts.register(registry, settings)
