"""The sandbox without a server, as a transport: HubSpot's documented behaviour under the sender's own calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from connector.http import HttpAnswer
from connector.sandbox.app import create_app
from connector.sandbox.settings import SandboxSettings, Switches
from connector.sender.calls import Answer, Call, Reply

_T = TypeVar("_T")


class Sandbox:
    """Sends requests to the application; `carry_out` drives a plan with them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.calls = 0

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        self.calls += 1
        answer = await self._client.request(method, path, json=json, params=params, headers=headers)
        body = answer.json() if "json" in answer.headers.get("content-type", "") else None
        return HttpAnswer(answer.status_code, dict(answer.headers), body, answer.text)

    async def carry_out(self, plan: Generator[Call, Reply, _T]) -> _T:
        try:
            call = next(plan)
            while True:
                answer = await self.request(call.method, call.path, json=call.json)
                call = plan.send(Answer(answer.status, answer.headers, answer.body))
        except StopIteration as done:
            value: _T = done.value
            return value


@asynccontextmanager
async def sandbox(folder: Path, *, plan: str = "unlimited", **switches: Any) -> AsyncIterator[Sandbox]:
    """A fresh sandbox whose switches stand so."""
    settings = SandboxSettings(folder / "sandbox.db", seed=7, plan=plan, switches=Switches(**switches))
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://sandbox.invalid", headers={"Authorization": "Bearer pat-test"}
        ) as client:
            yield Sandbox(client)
    finally:
        app.state.portal.database.close()
