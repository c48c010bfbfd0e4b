"""Carries out a dialect's plan: waits until a call may go, sends it, and hands the reply back to the plan.

1. wait for a slot: HubSpot is well, its windows have room, this lane is not locked; who came first goes first
2. ask the lease whether the calls are still ours to make
3. send, with the call's id in `X-Request-Id`
4. tell pace and health what came back
5. once a call did not get through, hold back the rest of its plan
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Protocol, TypeVar

from connector.errors import ShopbridgeError
from connector.http import HttpAnswer, Unanswered
from connector.sender.calls import Answer, Call, CallKind, Failure, Fate, Lane, Reply, fate, words
from connector.sender.health import Condition, Health
from connector.sender.lease import LeaseLostError
from connector.sender.pace import Halt, Pace
from connector.sender.state import Alert, Moment, Note, Tally

_T = TypeVar("_T")

_GONE_THROUGH: Final = frozenset({Fate.ANSWERED, Fate.REFUSED})
_LONG_HALTS: Final = frozenset({"DAILY", "ACCOUNT_MOVING"})
_BREATH_S: Final = 0.001


class Transport(Protocol):
    """What sends a request; `connector.http.Http` is one."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send and return the answer, or raise Unanswered."""
        ...


class Fence(Protocol):
    """What knows whether we are still the one sender."""

    def still_ours(self) -> bool:
        """Whether calls may still be made."""
        ...


class UnforeseenError(ShopbridgeError):
    """A plan raised while it read a reply: nobody knows what the call with this id did."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"the reply to {request_id} could not be judged")
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Slot:
    """Leave to send one call, already counted in the windows."""

    number: int


class Exchange:
    """The way to HubSpot, shared by all lanes. `alert` and `note` are told of changes of state and of single calls."""

    def __init__(
        self,
        transport: Transport,
        fence: Fence,
        pace: Pace,
        health: Health,
        clock: Callable[[], float],
        alert: Callable[[Alert], None],
        note: Callable[[Note], None],
    ) -> None:
        self.pace = pace
        self.health = health
        self.tally = Tally()
        self.stopped = asyncio.Event()
        self._transport = transport
        self._fence = fence
        self._clock = clock
        self._alert = alert
        self._note = note
        self._tickets = count()
        self._waiting: dict[int, tuple[CallKind, Lane]] = {}
        self._moved = asyncio.Event()

    async def slot(self, kind: CallKind, lane: Lane) -> Slot | None:
        """Wait for leave to send one call; None once we are stopping."""
        ticket = next(self._tickets)
        self._waiting[ticket] = (kind, lane)
        try:
            while not self.stopped.is_set():
                now = self._clock()
                moment = self._next_allowed(now, kind, lane)
                if moment <= now and not self._others_first(ticket, now):
                    self.health.sent()
                    return Slot(self.pace.sent(now, kind))
                await within(self._moved, max(moment - now, _BREATH_S))
            return None
        finally:
            del self._waiting[ticket]

    def release(self, slot: Slot) -> None:
        """Give back a slot that was not used."""
        self.pace.unsent(slot.number)
        self.health.unsent()
        self._wake()

    def stop(self) -> None:
        """Send nothing more; what is out is awaited by whoever sent it."""
        self.stopped.set()
        self._wake()

    @property
    def well(self) -> bool:
        """Whether nothing holds up every call."""
        return self.health.condition is Condition.WELL and not self.pace.halted(self._clock())

    async def carry_out(self, plan: Generator[Call, Reply, _T], slot: Slot | None = None) -> _T:
        """Drive the plan to its end and return its outcomes; `slot` is leave for its first call.

        Raises UnforeseenError where the plan fails on a reply.
        """
        unused = slot
        held_back: Reply | None = None
        try:
            call = next(plan)
            while True:
                reply = held_back or await self._exchange(call, unused)
                unused = None
                if fate(reply) not in _GONE_THROUGH:
                    held_back = Failure(sent=False, details=f"held back after: {words(reply)}")
                call = _proceed(plan, reply, call)
        except StopIteration as done:
            value: _T = done.value
            return value
        finally:
            if unused is not None:
                self.release(unused)

    async def _exchange(self, call: Call, slot: Slot | None) -> Reply:
        slot = slot or await self.slot(call.kind, call.lane)
        if slot is None:
            return Failure(sent=False, details="the sender is stopping")
        if not self._fence.still_ours():
            raise LeaseLostError("the sender's lock file was replaced or removed; another worker may be sending")
        self.tally.count(call)
        self._note(Note(Moment.SENT, call.request_id, call.lane, f"{call.method} {call.path} ({call.inputs})"))
        sent_at = self._clock()
        reply = await self._reply(call)
        self._learn(call, slot, sent_at, reply)
        return reply

    async def _reply(self, call: Call) -> Reply:
        headers = {"X-Request-Id": call.request_id}
        try:
            answer = await self._transport.request(call.method, call.path, json=call.json, headers=headers)
        except Unanswered as error:
            return Failure(error.sent, str(error))
        return Answer(answer.status, answer.headers, answer.body)

    def _learn(self, call: Call, slot: Slot, sent_at: float, reply: Reply) -> None:
        now, before = self._clock(), self.pace.halt
        self.pace.answered(slot.number, now, call.kind, call.lane, reply)
        self._note(Note(Moment.ANSWERED, call.request_id, call.lane, words(reply)))
        self.tally.answered(call, reply, now - sent_at)
        if self.health.answered(now, sent_at, fate(reply), words(reply)):
            self._alert(_turn(self.health))
        _tell_halt(before, self.pace.halt, self._alert)
        self._wake()

    def _next_allowed(self, now: float, kind: CallKind, lane: Lane) -> float:
        return max(self.pace.next_allowed(now, kind, lane), self.health.next_allowed(now))

    def _others_first(self, ticket: int, now: float) -> bool:
        """Whether someone who came before may go now as well."""
        before = (who for other, who in self._waiting.items() if other < ticket)
        return any(self._next_allowed(now, kind, lane) <= now for kind, lane in before)

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; returns whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _proceed(plan: Generator[Call, Reply, Any], reply: Reply, call: Call) -> Call:
    try:
        return plan.send(reply)
    except (StopIteration, ShopbridgeError):
        raise
    except Exception as error:
        raise UnforeseenError(call.request_id) from error


def _turn(health: Health) -> Alert:
    if health.condition is Condition.WELL:
        return Alert("sender.back", {"what": "HubSpot answers again; sending goes on"})
    if health.condition is Condition.AWAY:
        return Alert("sender.away", {"what": "HubSpot does not answer; everything waits", "details": health.details})
    remedy = "check SHOPBRIDGE_HUBSPOT_TOKEN and its scopes; sending goes on by itself once it is accepted"
    return Alert("sender.credential_refused", {"what": health.details, "remedy": remedy})


def _tell_halt(before: Halt | None, after: Halt | None, alert: Callable[[Alert], None]) -> None:
    was = before.reason if before else None
    now = after.reason if after else None
    if now != was and now in _LONG_HALTS:
        alert(Alert("sender.halted", {"policy": str(now)}))
    if now != was and was in _LONG_HALTS:
        alert(Alert("sender.halt_over", {"policy": str(was)}))
