"""Asking HubSpot beside a running worker: slowly, one call after another, waiting whenever HubSpot wants it so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final, TypeVar

from connector.errors import ConfigurationError, RetriableError
from connector.http import Unanswered
from connector.message import ObjectType
from connector.sender.calls import Answer, Call, CallKind, Failure, Fate, Reply, fate, words
from connector.sender.crm import new_request_id
from connector.sender.exchange import Transport
from connector.sender.pace import Pace, Window

SHARE: Final = 3
"""One call in so many of the account's; the others are the worker's, and everybody else's."""

_TRIES: Final = 5
_REMEDY: Final = "Check SHOPBRIDGE_HUBSPOT_TOKEN and its scopes"
_LONG_S: Final = 3.0
_LANE: Final = ObjectType.CONTACT
"""Locks are per lane; whoever asks one call after another has one."""

T = TypeVar("T")

Tell = Callable[[str], None]


class SlowLine:
    """The way to HubSpot for whoever reads beside the worker. `tell` hears of pauses that a person would notice."""

    def __init__(
        self,
        transport: Transport,
        calls_per_10_s: int,
        associations_per_10_s: int,
        tell: Tell = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.calls = 0
        self._transport = transport
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace.of(calls_per_10_s, associations_per_10_s)
        self._share = Window(max(1, calls_per_10_s // SHARE))
        self._association_share = Window(max(1, associations_per_10_s // SHARE))

    async def ask(
        self, method: str, path: str, *, json: Any = None, params: dict[str, str] | None = None, kind: CallKind
    ) -> Answer:
        """The answer, whatever it says of what was asked: 2xx, or HubSpot's refusal of the request.

        Waits through limits and locks, and asks again where nobody answers. Raises RetriableError where HubSpot stays
        away or the day's calls are used up, ConfigurationError where it refuses the credential.
        """
        unanswered = 0
        while True:
            reply = await self._in_turn(method, path, json, params, kind)
            match fate(reply):
                case Fate.ANSWERED | Fate.REFUSED if isinstance(reply, Answer):
                    return reply
                case Fate.LIMITED:
                    self._refuse_a_day(reply)
                case Fate.CREDENTIAL:
                    raise ConfigurationError(f"HubSpot refuses the credential ({words(reply)}).\n{_REMEDY}")
                case _:
                    unanswered += 1
                    await self._breathe(unanswered, f"{method} {path}: {words(reply)}")

    async def carry_out(self, plan: Generator[Call, Reply, T]) -> T:
        """Drive a dialect's plan to its end, and return what became of it."""
        try:
            call = next(plan)
            while True:
                call = plan.send(await self.ask(call.method, call.path, json=call.json, kind=call.kind))
        except StopIteration as done:
            outcome: T = done.value
            return outcome

    async def _in_turn(self, method: str, path: str, json: Any, params: dict[str, str] | None, kind: CallKind) -> Reply:
        await self._wait(kind)
        number = self._pace.sent(self._clock(), kind)
        self._counted(kind, lambda window: window.sent(number, self._clock()))
        self.calls += 1
        reply = await self._reply(method, path, json, params)
        now = self._clock()
        self._pace.answered(number, now, kind, _LANE, reply)
        self._counted(kind, lambda window: window.answered(number, now))
        self._share.limit = max(1, self._pace.calls.limit // SHARE)
        self._share.span_s = self._pace.calls.span_s
        return reply

    async def _reply(self, method: str, path: str, json: Any, params: dict[str, str] | None) -> Reply:
        headers = {"X-Request-Id": new_request_id()}
        try:
            answer = await self._transport.request(method, path, json=json, params=params, headers=headers)
        except Unanswered as error:
            return Failure(error.sent, str(error))
        return Answer(answer.status, answer.headers, answer.body)

    async def _wait(self, kind: CallKind) -> None:
        while (pause := self._next_allowed(kind) - self._clock()) > 0:
            if pause > _LONG_S and self._pace.halted(self._clock()):
                self._tell(f"HubSpot asks for a pause of {pause:.0f} s")
            await self._sleep(pause)

    def _next_allowed(self, kind: CallKind) -> float:
        now = self._clock()
        moments = [self._pace.next_allowed(now, kind, _LANE)]
        self._counted(kind, lambda window: moments.append(window.next_allowed(now)))
        return max(moments)

    def _counted(self, kind: CallKind, act: Callable[[Window], None]) -> None:
        for window in (self._share, self._association_share) if kind is CallKind.ASSOCIATION else (self._share,):
            act(window)

    def _refuse_a_day(self, reply: Reply) -> None:
        halt = self._pace.halt
        if halt is not None and halt.reason == "DAILY":
            pause = halt.until - self._clock()
            raise RetriableError(f"HubSpot's calls of the day are used up ({words(reply)})", retry_after_s=pause)

    async def _breathe(self, unanswered: int, details: str) -> None:
        if unanswered >= _TRIES:
            raise RetriableError(f"HubSpot does not answer: {details}")
        self._tell(f"HubSpot does not answer, asking again: {details}")
        await self._sleep(2.0 ** (unanswered - 1))
