"""TLS and basic authentication in front of a server that has neither, as a reverse proxy does it in a company."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Mapping

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.support.certificates import Identity
from tests.support.world import wait_until

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
HOP = {"host", "content-length", "transfer-encoding", "connection", "authorization"}


class Gatekeeper:
    """Listens at `port` with the certificate of `identity`, and lets in whom `users` names with their passwords."""

    def __init__(self, port: int, behind: str, identity: Identity, users: Mapping[str, str]) -> None:
        self.port = port
        self._behind = behind
        self._users = users
        app = Starlette(routes=[Route("/{path:path}", self._pass_on, methods=METHODS)])
        certificate, key = str(identity.certificate), str(identity.key)
        config = uvicorn.Config(
            app, "127.0.0.1", port, log_level="error", ssl_certfile=certificate, ssl_keyfile=key
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        wait_until("the gatekeeper", lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def _pass_on(self, request: Request) -> Response:
        if not self._knows(request.headers.get("authorization", "")):
            return PlainTextResponse("who are you?", 401, {"WWW-Authenticate": "Basic"})
        headers = {name: text for name, text in request.headers.items() if name not in HOP}
        async with httpx.AsyncClient(base_url=self._behind, trust_env=False, timeout=30) as client:
            url = httpx.URL(path=request.url.path, query=request.url.query.encode())
            answer = await client.request(request.method, url, content=await request.body(), headers=headers)
        kept = {name: text for name, text in answer.headers.items() if name not in {*HOP, "content-encoding"}}
        return Response(answer.content, answer.status_code, kept)

    def _knows(self, header: str) -> bool:
        for user, password in self._users.items():
            expected = base64.b64encode(f"{user}:{password}".encode()).decode()
            if secrets.compare_digest(header, f"Basic {expected}"):
                return True
        return False
