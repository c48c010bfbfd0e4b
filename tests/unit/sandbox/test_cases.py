"""What HubSpot answers to one call in one situation: a file each, under tests/cases/sandbox/.

A file has `setup` steps, one `request`, what to `expect`, and steps `after` it. A step is `call: METHOD path` with
`body`, `headers`, `expect`, and `save` {name: path in the answer}; or `advance: seconds` for the clock. In the place of
a `body` stand `raw` text, `generate` {count, input} for many inputs, `generate_text` {name, length} for a long value.
`${name}` stands for what was saved, `${n}` for the number of a generated input. In an expectation, members that are not
named do not matter unless `only: true`; the order of `results` and `errors` never does; `~` begins a regular expression
and `absent` says that a member is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

CASES = Path(__file__).parents[2] / "cases" / "sandbox"
FILES = sorted(CASES.rglob("*.yaml"))
UNORDERED = frozenset({"results", "errors"})


def filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """Put what was saved in the place of `${name}`."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: str(saved.get(found[1], found[0])), value)
    if isinstance(value, dict):
        return {name: filled(member, saved) for name, member in value.items()}
    return [filled(member, saved) for member in value] if isinstance(value, list) else value


def difference(expected: Any, actual: Any, where: str = "body") -> str | None:
    """Say where an answer is not as expected; None if it is."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _difference_of_members(expected, actual, where)
    if isinstance(expected, list) and isinstance(actual, list):
        return _difference_of_lists(expected, actual, where)
    if isinstance(expected, str) and expected.startswith("~"):
        return None if re.fullmatch(expected[1:], str(actual), re.DOTALL) else f"{where}: {actual!r} is not {expected}"
    return None if expected == actual else f"{where}: expected {expected!r}, got {actual!r}"


def _difference_of_members(expected: Mapping[str, Any], actual: Mapping[str, Any], where: str) -> str | None:
    for name, member in expected.items():
        if member == "absent":
            if name in actual:
                return f"{where}.{name}: should be absent"
        elif name not in actual:
            return f"{where}.{name}: is absent, in {actual}"
        else:
            found = difference(member, actual[name], f"{where}.{name}")
            if found:
                return found
    return None


def _difference_of_lists(expected: list[Any], actual: list[Any], where: str) -> str | None:
    if len(expected) != len(actual):
        return f"{where}: expected {len(expected)} items, got {actual}"
    left = list(actual)
    for position, item in enumerate(expected):
        candidates = left if where.rsplit(".", 1)[-1] in UNORDERED else [left[0]]
        found = [difference(item, candidate, f"{where}[{position}]") for candidate in candidates]
        if None not in found:
            return found[0]
        left.pop(found.index(None))
    return None


async def perform(client: httpx.AsyncClient, step: Mapping[str, Any], saved: dict[str, Any]) -> httpx.Response:
    """Make the call of a step and save what it wants saved."""
    method, path = filled(step["call"], saved).split(" ", 1)
    body = filled(step.get("body"), saved)
    if "generate" in step:
        numbered = range(1, step["generate"]["count"] + 1)
        body = {"inputs": [filled(step["generate"]["input"], {**saved, "n": n}) for n in numbered]}
    if "generate_text" in step:
        body = {"properties": {step["generate_text"]["name"]: "x" * step["generate_text"]["length"]}}
    content = step["raw"].encode() if "raw" in step else b"" if body is None else json.dumps(body).encode()
    answer = await client.request(method, path, content=content, headers=filled(step.get("headers"), saved))
    for name, wanted in (step.get("save") or {}).items():
        value: Any = answer.json()
        for part in wanted.split("."):
            value = value[int(part)] if part.isdigit() else value[part]
        saved[name] = value
    return answer


def check(answer: httpx.Response, expect: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    assert expect["status"] == answer.status_code, answer.text
    for name, value in filled(expect.get("headers") or {}, saved).items():
        assert difference(value, answer.headers.get(name, "absent"), name) is None, dict(answer.headers)
    if "text" in expect:
        assert expect["text"] == answer.text
    if "body" in expect:
        assert difference(filled(expect["body"], saved), answer.json()) is None, difference(
            filled(expect["body"], saved), answer.json()
        )
    if expect.get("only"):
        assert set(expect["body"]) == set(answer.json())


async def run(client: httpx.AsyncClient, clock: Any, step: Mapping[str, Any], saved: dict[str, Any]) -> None:
    """Do a step of the setup or aftermath; calls without an expectation must succeed."""
    if "advance" in step:
        clock.advance(step["advance"])
        return
    for _ in range(step.get("repeat", 1)):
        answer = await perform(client, step, saved)
        if "expect" in step:
            check(answer, step["expect"], saved)
        else:
            assert answer.is_success, answer.text


@pytest.fixture(params=FILES, ids=[str(file.relative_to(CASES).with_suffix("")) for file in FILES])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return loaded


async def test_case(case: dict[str, Any], sandbox: Any, clock: Any) -> None:
    """The sandbox answers the request of each case file as the file says."""
    client, saved = sandbox(**(case.get("settings") or {})), dict[str, Any]()
    (await client.put("/sandbox/switches", json=case.get("switches") or {})).raise_for_status()
    for step in case.get("setup") or ():
        await run(client, clock, step, saved)

    check(await perform(client, case["request"], saved), case["expect"], saved)

    for step in case.get("after") or ():
        await run(client, clock, step, saved)
