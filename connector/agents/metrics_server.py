"""Serves /metrics, /health/live and /health/ready from a thread of its own: it answers also when the worker hangs."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, disable_created_metrics, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connector.agents.health import Verdict, Vitals
from connector.errors import ConfigurationError

STOP_S: Final = 5.0


class MetricsServer:
    """Listens from its making on; serves while it is entered.

    Raises ConfigurationError where the address cannot be had.
    """

    def __init__(self, address: str, registry: CollectorRegistry, vitals: Vitals) -> None:
        self._socket = _listen(address)
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type for it
        config = uvicorn.Config(
            application(registry, vitals),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="metrics", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_S)
        self._socket.close()


def application(registry: CollectorRegistry, vitals: Vitals) -> Starlette:
    """The pages."""

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(_: Request) -> Response:
        return _said(vitals.live())

    async def ready(_: Request) -> Response:
        return _said(vitals.ready())

    async def pages(_: Request) -> Response:
        return PlainTextResponse("/metrics\n/health/live\n/health/ready\n")

    routes = {"/": pages, "/metrics": metrics, "/health/live": live, "/health/ready": ready}
    return Starlette(routes=[Route(path, page, methods=["GET"]) for path, page in routes.items()])


def _said(verdict: Verdict) -> Response:
    told = {"ok": verdict.ok, "reasons": list(verdict.reasons)}
    sender = {"sender": verdict.sender} if verdict.sender else {}
    return JSONResponse({**told, **sender}, status_code=200 if verdict.ok else 503)


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if not 0 < int(port) < 65536:
        raise ConfigurationError(f"SHOPBRIDGE_METRICS_ADDRESS: {address}: there is no port {port}")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        return _bound(found[0][0], found[0][4])
    except OSError as error:
        raise ConfigurationError(
            f"SHOPBRIDGE_METRICS_ADDRESS: nothing can be served at {address}: {error}. Where another worker of this "
            f"host has it, give this one another port."
        ) from error


def _bound(family: int, place: Any) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen()
    except BaseException:
        listening.close()
        raise
    return listening
