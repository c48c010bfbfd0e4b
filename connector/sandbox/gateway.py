"""The way of one request: read, admitted, struck by a fault or handled, answered, noted.

The order in which HubSpot's refusals win: unknown path, body that is no JSON, credentials, limits; what the endpoint
finds comes after. Everything an endpoint does happens between two awaits, so calls never see each other half done.
"""

from __future__ import annotations

import json
import socket
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connector.sandbox import faults
from connector.sandbox.answers import JSON_TYPE, Answer, Refusal
from connector.sandbox.call import Call, parse
from connector.sandbox.clock import iso
from connector.sandbox.database import RequestRow
from connector.sandbox.faults import AFTER_COMMIT, FaultRule, Faults, Seen
from connector.sandbox.limits import too_many
from connector.sandbox.object_types import known_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import Origin
from connector.sandbox.routes import Route, Table


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that has been read and routed, and the refusal that stands against it before it is handled."""

    request: Request
    content: bytes
    origin: Origin
    route: Route | None
    params: Mapping[str, str]
    body: Any
    refusal: Refusal | None

    @property
    def object_type(self) -> str | None:
        kind = known_type(self.params.get("object_type") or self.params.get("from_type") or "")
        if kind is None and self.route is not None and "contacts" in self.route.segments:
            kind = known_type("contacts")
        return kind.name if kind else None

    @property
    def inputs(self) -> int:
        """The size of a batch; 1 for any other call with a body."""
        rows = self.body.get("inputs") if isinstance(self.body, dict) else None
        return len(rows) if isinstance(rows, list) else int(bool(self.content))


class ConnectionCutError(ConnectionResetError):
    """The connection was to be cut, and there is none: the application runs without a server."""


class Gateway:
    """The HubSpot part of the application, as an ASGI application."""

    def __init__(self, portal: Portal, rules: Faults) -> None:
        self._portal = portal
        self._faults = rules
        self._table = Table()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        content = await request.body()
        began = self._portal.clock.monotonic()
        arrived = self._arrive(request, content)
        rule = None
        if arrived.refusal is None:
            seen = Seen(request.method, request.url.path, arrived.object_type, content, arrived.inputs)
            rule = self._faults.strike(seen)
        answer = await self._answer(arrived, rule)
        self._note(arrived, answer, rule, began)
        if rule is not None and rule.effect in {"reset_before", "reset_after_commit"}:
            await _cut(request)
            return
        await self._response(arrived, answer)(scope, receive, send)

    def _arrive(self, request: Request, content: bytes) -> Arrived:
        portal = self._portal
        origin = Origin(
            request.headers.get("x-request-id") or str(uuid.uuid4()),
            str(uuid.uuid4()),
            iso(portal.clock.now()),
            portal.clock.monotonic(),
        )
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
        found = self._table.find(request.method, raw_path.split(b"?")[0].decode("ascii", "replace"))
        if isinstance(found, Refusal):
            return Arrived(request, content, origin, None, {}, None, found)
        route, params = found
        body, refusal = _parsed(content)
        authorised = self._authorised(request)
        policy = portal.limiter.admit(search=route.is_search, association=route.is_association) if authorised else None
        if refusal is None and not authorised:
            refusal = faults.NOT_AUTHENTICATED
        if refusal is None and policy is not None:
            refusal = too_many(policy)
        return Arrived(request, content, origin, route, params, body, refusal)

    def _authorised(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return False
        return self._portal.settings.token in (None, token.strip())

    async def _answer(self, arrived: Arrived, rule: FaultRule | None) -> Answer:
        """Handle the call, with the fault before or after."""
        if rule is None:
            return self._handled(arrived)
        if rule.effect in AFTER_COMMIT:
            answer = self._handled(arrived)
            await self._portal.clock.sleep(rule.delay_s)
            return _spoiled(answer, rule)
        await self._portal.clock.sleep(rule.delay_s)
        if rule.effect == "slow":
            return self._handled(arrived)
        if rule.effect == "empty_200":
            return _empty(arrived.origin.at)
        return faults.refusal_of(rule, arrived.origin.correlation_id) or Answer(0)

    def _handled(self, arrived: Arrived) -> Answer:
        refusal = arrived.refusal
        if refusal is None:
            try:
                return self._call(arrived)
            except Refusal as raised:
                refusal = raised
        return Answer(refusal.status, refusal.body(arrived.origin.correlation_id))

    def _call(self, arrived: Arrived) -> Answer:
        if arrived.route is None:
            raise Refusal(404, "resource not found")
        query = arrived.request.query_params
        call = Call(
            arrived.request.method,
            arrived.request.url.path,
            arrived.route.family,
            arrived.params,
            {name: ",".join(query.getlist(name)) for name in query},
            arrived.body,
            self._stamped(arrived.origin),
        )
        return arrived.route.handler(self._portal, call)

    def _stamped(self, origin: Origin) -> Origin:
        """Date what is written by when it is written, which for a delayed call is later than its arrival."""
        return replace(origin, at=iso(self._portal.clock.now()), at_monotonic=self._portal.clock.monotonic())

    def _note(self, arrived: Arrived, answer: Answer, rule: FaultRule | None, began: float) -> None:
        row = RequestRow(
            arrived.origin,
            arrived.request.method,
            arrived.request.url.path,
            arrived.route.kind if arrived.route else "unknown",
            answer.status,
            arrived.inputs,
            (self._portal.clock.monotonic() - began) * 1000,
            rule.effect if rule else None,
            arrived.object_type,
        )
        self._portal.database.note(row)

    def _response(self, arrived: Arrived, answer: Answer) -> Response:
        headers = {"x-hubspot-correlation-id": arrived.origin.correlation_id, **answer.headers}
        searching = arrived.route is not None and arrived.route.is_search
        if answer.media_type == JSON_TYPE and not searching:
            headers |= self._portal.limiter.headers()
        media_type = answer.media_type if answer.body is not None else None
        return Response(answer.content(), answer.status, headers, media_type)


def _parsed(content: bytes) -> tuple[Any, Refusal | None]:
    try:
        return (parse(content) if content.strip() else None), None
    except Refusal as refusal:
        return None, refusal


def _empty(at: str) -> Answer:
    return Answer(200, {"status": "COMPLETE", "results": [], "startedAt": at, "completedAt": at})


def _spoiled(answer: Answer, rule: FaultRule) -> Answer:
    """Give what the client sees of an answer whose writes have happened."""
    if rule.effect == "524_after_commit":
        return faults.html_page(524)
    body = answer.body if isinstance(answer.body, Mapping) else {}
    if rule.effect == "empty_200_after_commit":
        return _empty(str(body.get("startedAt", "")))
    if rule.effect == "missing_outcomes" and isinstance(body.get("results"), list):
        return Answer(answer.status, {**body, "results": body["results"][rule.drop :]}, answer.headers)
    if rule.effect == "reset_after_commit":
        return Answer(0)
    return answer


async def _cut(request: Request) -> None:
    """Reset the connection without an answer. Raises `ConnectionCutError` when no server holds one."""
    transport = request.scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionCutError("the connection is cut here")
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass


def internal_error(_: Request, __: Exception) -> Response:
    """Answer as HubSpot does when it is its own fault; the server logs the exception."""
    body = {"status": "error", "message": "internal error", "correlationId": str(uuid.uuid4())}
    return Response(json.dumps(body), 500, media_type="application/json;charset=utf-8")
