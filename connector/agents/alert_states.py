"""What is told of alerts, and when: one word for each change of state. Pure.

A rule's finding is told once it has been there for the rule's `after_s`, and told to be over once it has been gone for
`calm_s`. Between two tellings of one alert lies at least the interval that is set, so that one that flaps calls nobody
more often; what it comes to in the meantime is told afterwards, unless it was told last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from connector.agents.alert_facts import Bounds, Facts, Finding, Labels
from connector.agents.alert_rules import RULES, Rule

Key = tuple[str, Labels]
"""A rule, and which of the things that it looks at."""

FIRING: Final = "firing"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class AlertState:
    """What is remembered of one alert; times in seconds since 1970.

    `turning_since`: since when the facts differ from what was told last at `told_at` (None: never). `since`: when what
    is told began.
    """

    firing: bool = False
    since: float = 0.0
    turning_since: float | None = None
    told_at: float | None = None
    summary: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A change of state to be told once. `since`: when the trouble began."""

    alert: str
    state: str
    summary: str
    remedy: str
    since: float
    at: float
    labels: Mapping[str, str] = field(default_factory=dict)


States = Mapping[Key, AlertState]


def judge(facts: Facts, states: States, bounds: Bounds) -> tuple[dict[Key, AlertState], tuple[Notice, ...]]:
    """The states after these facts, and what is to be told now."""
    after: dict[Key, AlertState] = {}
    notices: list[Notice] = []
    for rule in RULES:
        known = {labels: state for (name, labels), state in states.items() if name == rule.name}
        for labels, finding in _findings(rule, facts, bounds, known).items():
            state, told = _turned(rule, labels, known.get(labels, AlertState()), finding, facts.at, bounds.interval_s)
            notices += told
            if not _is_forgotten(state, facts.at, bounds.interval_s):
                after[rule.name, labels] = state
    return after, tuple(notices)


def _findings(
    rule: Rule, facts: Facts, bounds: Bounds, known: Mapping[Labels, AlertState]
) -> dict[Labels, Finding | None]:
    """What the rule finds, and None for whatever is known of and well by now."""
    firing = frozenset(labels for labels, state in known.items() if state.firing)
    found = rule.look(facts, bounds, firing.__contains__)
    if found is None:
        return dict.fromkeys(known, Finding(unsure=True))
    return {**dict.fromkeys(known), **{each.labels: each for each in found}}


def _turned(
    rule: Rule, labels: Labels, state: AlertState, finding: Finding | None, at: float, interval_s: float
) -> tuple[AlertState, list[Notice]]:
    """One alert after another look, and what is to be told of it."""
    if finding is not None and finding.unsure:
        return state, []
    if finding is not None:
        state = replace(state, summary=finding.summary, remedy=finding.remedy)
    if (finding is not None) is state.firing:
        return replace(state, turning_since=None), []
    began = at if state.turning_since is None else state.turning_since
    waited = at - began >= (rule.calm_s if state.firing else rule.after_s)
    told_at = state.told_at
    if not waited or (told_at is not None and at - told_at < interval_s):
        return replace(state, turning_since=began), []
    since = state.since if state.firing else began
    state = replace(state, firing=not state.firing, since=since, turning_since=None, told_at=at)
    return state, [_notice(rule, labels, state, at)]


def _notice(rule: Rule, labels: Labels, state: AlertState, at: float) -> Notice:
    word = FIRING if state.firing else RESOLVED
    return Notice(rule.name, word, state.summary, state.remedy, state.since, at, dict(labels))


def _is_forgotten(state: AlertState, at: float, interval_s: float) -> bool:
    """Whether nothing follows from it any more."""
    is_old = state.told_at is None or at - state.told_at >= interval_s
    return not state.firing and state.turning_since is None and is_old
