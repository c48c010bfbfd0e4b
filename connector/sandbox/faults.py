"""Faults on demand: which calls they hit, what they do, how often and how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from connector.sandbox.answers import Answer, Refusal
from connector.sandbox.clock import Clock
from connector.sandbox.limits import too_many
from connector.sandbox.texts import Pattern, TypeName

Effect = Literal[
    "423",
    "429",
    "477",
    "500",
    "502",
    "503",
    "504",
    "520",
    "521",
    "523",
    "unauthorized",
    "expired",
    "missing_scopes",
    "empty_200",
    "conflict_409_batch",
    "reset_before",
    "slow",
    "slow_answer",
    "524_after_commit",
    "empty_200_after_commit",
    "missing_outcomes",
    "reset_after_commit",
]

AFTER_COMMIT = frozenset(
    {"slow_answer", "524_after_commit", "empty_200_after_commit", "missing_outcomes", "reset_after_commit"}
)
"""Effects on calls whose writes have happened; the others come before the call is handled."""


class Match(BaseModel):
    """Which calls a rule hits: all that is given must hold.

    `path_regex` is searched in the path; `object_type` may be any name of the type; `contains` must occur in the body.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str | None = None
    path_regex: Pattern | None = None
    object_type: TypeName | None = None
    contains: str | None = None

    def hits(self, seen: Seen) -> bool:
        return (
            (self.method is None or self.method.upper() == seen.method)
            and (self.path_regex is None or re.search(self.path_regex, seen.path) is not None)
            and (self.object_type is None or self.object_type == seen.object_type)
            and (self.contains is None or self.contains.encode() in seen.content)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule can see of a call."""

    method: str
    path: str
    object_type: str | None
    content: bytes
    inputs: int


class FaultRule(BaseModel):
    """One rule. It ends after `times` hits or `seconds`; the first `skip` matching calls are spared.

    `delay_s` waits before the effect (for slow_answer: between commit and answer). `policy` is that of a 429,
    `retry_after` a header in seconds, `more_than` the inputs above which conflict_409_batch strikes, `drop` how many
    outcomes are missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect: Effect
    match: Match = Match()
    times: int | None = Field(None, ge=1)
    seconds: float | None = Field(None, gt=0)
    skip: int = Field(0, ge=0)
    delay_s: float = Field(0, ge=0)
    policy: Literal["DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY"] = "TEN_SECONDLY_ROLLING"
    retry_after: int | None = Field(None, ge=0)
    more_than: int = Field(1, ge=0)
    drop: int = Field(1, ge=1)


@dataclass(slots=True)
class Active:
    """A rule with what is left of it."""

    rule: FaultRule
    ends_at: float | None
    seen: int = 0
    hits: int = 0


class Faults:
    """The rules in force; the first that matches a call strikes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rules: list[Active] = []

    def add(self, rules: Sequence[FaultRule]) -> None:
        now = self._clock.monotonic()
        self.rules += [Active(rule, None if rule.seconds is None else now + rule.seconds) for rule in rules]

    def clear(self) -> None:
        self.rules.clear()

    def strike(self, seen: Seen) -> FaultRule | None:
        """Find the rule that hits a call, and count the hit."""
        now = self._clock.monotonic()
        for active in self.rules:
            if active.ends_at is not None and now >= active.ends_at:
                continue
            if active.rule.times is not None and active.hits >= active.rule.times:
                continue
            if active.rule.effect == "conflict_409_batch" and seen.inputs <= active.rule.more_than:
                continue
            if not active.rule.match.hits(seen):
                continue
            active.seen += 1
            if active.seen > active.rule.skip:
                active.hits += 1
                return active.rule
        return None


def refusal_of(rule: FaultRule, correlation_id: str) -> Answer | None:
    """Give the answer of an effect that strikes before the call is handled; None if it only delays or cuts off."""
    retry = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    match rule.effect:
        case "502" | "503" | "504" | "520" | "521" | "523":
            return html_page(int(rule.effect), retry)
        case "477":
            headers = {"Retry-After": str(60 if rule.retry_after is None else rule.retry_after)}
            return _refused(
                Refusal(477, "The account is being migrated between data centers."), correlation_id, headers
            )
        case "429":
            return _refused(too_many(rule.policy), correlation_id, retry)
        case _ if rule.effect in _REFUSALS:
            return _refused(_REFUSALS[rule.effect], correlation_id, retry)
        case _:
            return None


def _refused(refusal: Refusal, correlation_id: str, headers: dict[str, str]) -> Answer:
    return Answer(refusal.status, refusal.body(correlation_id), headers)


def html_page(status: int, headers: dict[str, str] | None = None) -> Answer:
    """Give what a proxy in front of HubSpot answers: a page, no JSON."""
    text = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\n"
    return Answer(status, text, headers or {}, "text/html; charset=UTF-8")


NOT_AUTHENTICATED = Refusal(
    401,
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at"
    " https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    category="INVALID_AUTHENTICATION",
)
_REFUSALS = {
    "423": Refusal(423, "The resource is locked by another operation. Please try again in a moment."),
    "500": Refusal(500, "internal error"),
    "unauthorized": NOT_AUTHENTICATED,
    "expired": Refusal(
        401,
        "The OAuth token used to make this call expired 7 second(s) ago.",
        category="EXPIRED_AUTHENTICATION",
    ),
    "missing_scopes": Refusal(
        403,
        "One or more of the following scopes are required.",
        category="MISSING_SCOPES",
        context={
            "requiredGranularScopes": ["crm.objects.contacts.write"],
            "links": ["https://developers.hubspot.com/scopes"],
        },
    ),
    "conflict_409_batch": Refusal(409, "One or more records of the batch already exist.", category="CONFLICT"),
}
