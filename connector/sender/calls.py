"""Calls to HubSpot, what came back, and which of the few fates of a call that is."""

from __future__ import annotations

import enum
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.message import LinkKind, ObjectType
from connector.outcome import LinkOutcome, Outcome

Lane = ObjectType | LinkKind
"""What has one call in flight at a time: records of a type, or links of a kind."""


class CallKind(enum.StrEnum):
    """Which of HubSpot's windows a call counts in; every call counts in the one for all."""

    WRITE = "WRITE"
    READ = "READ"
    ASSOCIATION = "ASSOCIATION"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `inputs` is how many records or pairs it carries, `capacity` how many it could."""

    method: str
    path: str
    json: Any
    kind: CallKind
    lane: Lane
    inputs: int
    capacity: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What HubSpot answered: header names in lower case, the body as parsed JSON or None."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `sent`: the call may have been carried out."""

    sent: bool
    details: str


Reply = Answer | Failure
Plan = Generator[Call, Reply, dict[int, Outcome]]
"""Yields calls, is sent their replies, returns one outcome per record."""
LinkPlan = Generator[Call, Reply, dict[int, LinkOutcome]]


class Fate(enum.StrEnum):
    """What a reply means before anyone reads its body closely.

    ANSWERED: 2xx, to be judged input by input. REFUSED: HubSpot's own error for the whole call; nothing was written.
    LIMITED: 429, 423 (lock) or 477 (account being moved); nothing was written. CREDENTIAL: 401 or 403; nothing was
    written. AWAY: 5xx or no answer; it may have been written. UNREACHED: surely not written. STRANGE: an answer that
    HubSpot's API does not give, from whoever stands between.
    """

    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"
    LIMITED = "LIMITED"
    CREDENTIAL = "CREDENTIAL"
    AWAY = "AWAY"
    UNREACHED = "UNREACHED"
    STRANGE = "STRANGE"


LIMITED_STATUSES: Final = frozenset({423, 429, 477})
RIGHTS_OF_ONE_TYPE: Final = frozenset({"MISSING_SCOPES", "USER_DOES_NOT_HAVE_PERMISSIONS"})
_TOO_LARGE: Final = frozenset({413, 414})


def fate(reply: Reply) -> Fate:
    """The reply's fate, from its status and, for a refusal, whether the body is one of HubSpot's."""
    if isinstance(reply, Failure):
        return Fate.AWAY if reply.sent else Fate.UNREACHED
    status = reply.status
    if 200 <= status < 300:
        return Fate.ANSWERED
    if status in LIMITED_STATUSES:
        return Fate.LIMITED
    if status >= 500 or status == 408:
        return Fate.AWAY
    if status in {401, 403}:
        return Fate.REFUSED if _names_rights(reply.body) else Fate.CREDENTIAL
    return Fate.REFUSED if status in _TOO_LARGE or is_error(reply.body, status) else Fate.STRANGE


def is_error(body: Any, status: int) -> bool:
    """Whether the body is an error of HubSpot's that speaks of what was sent.

    A plain 404 without a category speaks of the path, not of a record in the batch.
    """
    if not isinstance(body, dict) or not (300 < status < 500):
        return False
    spoken = isinstance(body.get("message"), str) or isinstance(body.get("errors"), list)
    return spoken and (status != 404 or "category" in body)


def words(reply: Reply) -> str:
    """The reply in one line for a log or an operator."""
    if isinstance(reply, Failure):
        return reply.details
    message = reply.body.get("message") if isinstance(reply.body, dict) else None
    return f"HTTP {reply.status}: {str(message)[:500]}" if message else f"HTTP {reply.status}"


def _names_rights(body: Any) -> bool:
    named = body.get("category") if isinstance(body, dict) else None
    return isinstance(named, str) and named in RIGHTS_OF_ONE_TYPE
