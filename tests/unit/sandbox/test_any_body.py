"""Whatever is sent, the sandbox answers as HubSpot would: refused or done, never an error of its own."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sandbox.app import create_app
from connector.sandbox.routes import Route, all_routes
from connector.sandbox.settings import SandboxSettings

ROUTES = [route for route in all_routes() if route.family in {"v4", "2026-09"}]
HEADERS = {"Authorization": "Bearer pat"}

NAME_WORDS = """
inputs id idProperty properties associations objectWriteTraceId email name label type fieldType groupName options
value values displayOrder hidden hasUniqueValue stages metadata probability pipelineId stageId archived after limit
filterGroups filters propertyName operator highValue sorts direction query from to types associationCategory
associationTypeId primaryObjectId objectIdToMerge objectId propertiesWithHistory dealstage price lifecyclestage
closedate hs_additional_emails hs_recurring_billing_start_date
"""
TEXT_WORDS = """
1 -1 ² ٣ 500000000001 a@example.com email dealname EQ BETWEEN HAS_PROPERTY IN string number enumeration text select
dealinformation HUBSPOT_DEFINED 3 4 default closedwon ; ;; 1e400 NaN 2026-02-30 99999999999999999999
"""
SEGMENT_WORDS = "contacts deals 0-7 line_item orders carts 500000000001 ² x email"
QUERY_WORDS = "limit after properties idProperty archived"
NAMES = st.sampled_from(NAME_WORDS.split())
TEXTS = st.sampled_from(TEXT_WORDS.split()) | st.text(max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | TEXTS
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)
MEMBERS = st.dictionaries(NAMES, BODIES, max_size=6)
SEGMENTS = st.sampled_from(SEGMENT_WORDS.split())
QUERIES = st.dictionaries(st.sampled_from(QUERY_WORDS.split()), TEXTS, max_size=2)


def path_of(route: Route, segments: list[str]) -> str:
    values = iter(segments)
    return "/" + "/".join(next(values) if part.startswith("{") else part for part in route.segments)


@pytest.fixture
def client(tmp_path: Path) -> Any:
    app = create_app(SandboxSettings(tmp_path / "sandbox.db", plan="unlimited"))
    yield httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.invalid", headers=HEADERS)
    app.state.portal.database.close()


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    route=st.sampled_from(ROUTES),
    segments=st.lists(SEGMENTS, min_size=5, max_size=5),
    query=QUERIES,
    body=MEMBERS | st.builds(lambda rows: {"inputs": rows}, st.lists(MEMBERS, max_size=3)) | BODIES,
)
async def test_every_answer_is_hubspots(
    client: httpx.AsyncClient, route: Route, segments: list[str], query: dict[str, str], body: Any
) -> None:
    """Any body at any endpoint is done or refused with a reason."""
    content = json.dumps(body).encode()
    answer = await client.request(route.method, path_of(route, segments), params=query, content=content)

    assert answer.status_code in {200, 201, 204, 207, 400, 404, 405, 409}
    if answer.status_code >= 400:
        assert answer.json()["message"]


CASES = sorted((Path(__file__).parents[2] / "cases" / "sandbox").rglob("*.yaml"))
WRONG: list[Any] = [None, True, -1, 10**25, "", ";", "²", "\0", [], {}, [{}], [[]], {"id": {}}, "1e400", "500000000001"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk the paths to everything in a JSON value, itself first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in inner:
        yield from places(member, (*path, name))


def spoiled(body: Any, chance: random.Random) -> Any:
    """Put something wrong in one place of a body."""
    path, wrong = chance.choice(list(places(body))), chance.choice(WRONG)
    if not path:
        return wrong
    body = copy.deepcopy(body)
    parent = body
    for name in path[:-1]:
        parent = parent[name]
    parent[path[-1]] = wrong
    return body


@pytest.mark.parametrize("seed", range(3))
async def test_one_thing_wrong_in_a_good_call(client: httpx.AsyncClient, seed: int) -> None:
    """The calls of the case files, each with one thing wrong, are done or refused too."""
    chance = random.Random(seed)
    for file in CASES:
        case = yaml.safe_load(file.read_text(encoding="utf-8"))
        for step in [*(case.get("setup") or ()), case["request"]]:
            if step.get("body") is None or "/sandbox/" in step["call"]:
                continue
            body = json.loads(re.sub(r"\$\{\w+\}", "500000000001", json.dumps(step["body"])))
            method, path = step["call"].split(" ", 1)
            sent = spoiled(body, chance) if chance.random() < 0.7 else body
            answer = await client.request(method, path, content=json.dumps(sent).encode())

            assert answer.status_code < 500, (path, sent)
