"""The control plane under /sandbox/: switches, faults, logs. No part of HubSpot, and without credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.sandbox import logs, switchboard
from connector.sandbox.call import is_whole
from connector.sandbox.faults import FaultRule, Faults
from connector.sandbox.object_types import OBJECT_TYPES, known_type
from connector.sandbox.portal import Portal
from connector.sandbox.seeding import Seed, SeedRefusedError, plant
from connector.sandbox.settings import Switches

_RULES = TypeAdapter(list[FaultRule])


class Control:
    """The endpoints of the control plane over one account."""

    def __init__(self, portal: Portal, faults: Faults) -> None:
        self._portal = portal
        self._faults = faults
        self._db = portal.database.connection

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Callable[[Request], Any]]] = [
            ("GET", "/sandbox/health", self.health),
            ("GET", "/sandbox/switches", self.switches),
            ("PUT", "/sandbox/switches", self.switch),
            ("GET", "/sandbox/faults", self.faults),
            ("PUT", "/sandbox/faults", self.replace_faults),
            ("POST", "/sandbox/faults", self.add_faults),
            ("DELETE", "/sandbox/faults", self.clear_faults),
            ("GET", "/sandbox/log", self.log),
            ("GET", "/sandbox/requests", self.requests),
            ("POST", "/sandbox/seed", self.seed),
            ("POST", "/sandbox/reset", self.reset),
        ]
        return [Route(path, endpoint, methods=[method]) for method, path, endpoint in table]

    async def health(self, _: Request) -> Response:
        """Say that the sandbox answers, for which account, and how much it holds."""
        alive = {kind.name: 0 for kind in OBJECT_TYPES}
        for record in self._portal.store.records.values():
            alive[record.object_type] += record.alive
        settings = self._portal.settings
        return JSONResponse({"status": "ok", "portalId": settings.portal_id, "plan": settings.plan, "records": alive})

    async def switches(self, _: Request) -> Response:
        """Describe every switch: its value, default and allowed values, and which open question it answers."""
        listed = switchboard.described(self._portal.switches)
        return JSONResponse({switch.name: switch.body() for switch in listed})

    async def switch(self, request: Request) -> Response:
        """Set the switches that are sent and leave the others as they are; the answer is the value of each."""
        wanted = await _body(request)
        if not isinstance(wanted, dict):
            return _wrong("send a JSON object of switches")
        try:
            switches = Switches.model_validate(self._portal.switches.model_dump() | wanted)
        except ValidationError as error:
            return _wrong(error)
        self._portal.switch(switches)
        return JSONResponse(switches.model_dump(mode="json"))

    async def faults(self, _: Request) -> Response:
        rows = [active.rule.model_dump(mode="json") | {"hits": active.hits} for active in self._faults.rules]
        return JSONResponse(rows)

    async def replace_faults(self, request: Request) -> Response:
        return await self._take_faults(request, replacing=True)

    async def add_faults(self, request: Request) -> Response:
        return await self._take_faults(request, replacing=False)

    async def _take_faults(self, request: Request, *, replacing: bool) -> Response:
        try:
            rules = _RULES.validate_python(await _body(request))
        except ValidationError as error:
            return _wrong(error)
        if replacing:
            self._faults.clear()
        self._faults.add(rules)
        return await self.faults(request)

    async def clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def log(self, request: Request) -> Response:
        """Give the write log from after `since`, of one record or one type if asked, oldest first."""
        query = request.query_params
        kind = known_type(query.get("object_type", ""))
        since = query.get("since", "0")
        if not is_whole(since) or ("object_type" in query and kind is None):
            return _wrong("since must be a number and object_type one of " + ", ".join(k.name for k in OBJECT_TYPES))
        record, name = query.get("record"), kind.name if kind else None
        return JSONResponse(logs.writes(self._db, int(since), record_id=record, object_type=name))

    async def requests(self, _: Request) -> Response:
        """Count the requests: by kind with their mean number of inputs, by status, those refused for a limit."""
        statuses = logs.request_statuses(self._db)
        return JSONResponse(
            {
                "total": sum(statuses.values()),
                "limited": statuses.get(429, 0),
                "by_status": {str(status): count for status, count in statuses.items()},
                "by_kind": logs.request_kinds(self._db),
            }
        )

    async def seed(self, request: Request) -> Response:
        """Make contacts that were there before: `{contacts: [{email, state, into, properties}]}`, all or none."""
        try:
            seed = Seed.model_validate(await _body(request))
            planted = plant(self._portal, seed)
        except ValidationError as error:
            return _wrong(error)
        except SeedRefusedError as error:
            return JSONResponse({"error": str(error), "details": error.details}, 400)
        return JSONResponse({"contacts": planted})

    async def reset(self, _: Request) -> Response:
        """Make the account as new; faults end too."""
        self._portal.reset()
        self._faults.clear()
        return Response(status_code=204)


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


def _wrong(error: ValidationError | str) -> Response:
    """Say what is wrong with what was sent to the control plane, and where."""
    if isinstance(error, str):
        return JSONResponse({"error": error}, 400)
    found = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors(include_url=False)]
    return JSONResponse({"error": "not understood", "details": found}, 400)
