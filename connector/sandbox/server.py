"""The application served by uvicorn, with the one thing that ASGI does not give: connections that can be cut."""

from __future__ import annotations

import asyncio

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

SHUTDOWN_S = 2
"""How long an answer that is held back on purpose may hold up the end of the server."""


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 that hands its transport to the application, in `scope["state"]["transport"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


def configured(app: Starlette, host: str, port: int) -> uvicorn.Server:
    """Make a server for the application; `run` or `serve` starts it, `should_exit` ends it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=CuttableProtocol,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    return uvicorn.Server(config)
