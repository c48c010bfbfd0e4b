"""The registry's client: it remembers, waits, and does not take lag for absence."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from connector.errors import ConfigurationError, FatalError, RetriableError
from connector.registry import LAG_DELAYS_S, UNKNOWN_FOR_S, Registry


@dataclass
class Reply:
    """One answer of the registry."""

    status: int
    body: Any = None
    text: str = "words"


SCHEMA = Reply(200, {"schema": '"string"'})
UNKNOWN = Reply(404, {"error_code": 40403})


@dataclass
class Server:
    """Answers a path by its list of replies, the last one for ever; an exception in the list is raised."""

    replies: dict[str, list[Reply | RetriableError]]
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def request(self, method: str, path: str, *, json: Any = None) -> Reply:
        self.asked.append(f"{method} {path}")
        self.bodies.append(json)
        replies = self.replies[path]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, RetriableError):
            raise reply
        return reply


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    now: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def __call__(self) -> float:
        return self.now


def registry(server: Server, clock: Clock | None = None, patience_s: float | None = None) -> Registry:
    clock = clock or Clock()
    return Registry(server, patience_s=patience_s, sleep=clock.sleep, clock=clock)


async def test_a_schema_is_fetched_once() -> None:
    """A schema never changes under its id."""
    server = Server({"/schemas/ids/7": [SCHEMA]})
    client = registry(server)
    await client.load([7, 7])
    await client.load([7])

    found = client.schema(7)
    assert found is not None
    assert '"string"' == found.text
    assert ["GET /schemas/ids/7"] == server.asked


async def test_many_who_need_a_schema_fetch_it_once() -> None:
    """Agents that meet a new schema together do not ask each for itself."""
    server = Server({"/schemas/ids/7": [SCHEMA]})
    client = registry(server)
    await asyncio.gather(*(client.load([7]) for _ in range(10)))

    assert ["GET /schemas/ids/7"] == server.asked


async def test_a_fresh_id_may_lag() -> None:
    """An id that this replica of the registry has not heard of yet is asked for again."""
    client = registry(Server({"/schemas/ids/7": [UNKNOWN, UNKNOWN, SCHEMA]}))
    await client.load([7])

    assert client.schema(7) is not None


async def test_an_unknown_id_rests_for_a_minute() -> None:
    """A topic full of records with an odd id does not become a storm of requests."""
    server, clock = Server({"/schemas/ids/7": [UNKNOWN]}), Clock()
    client = registry(server, clock)
    await client.load([7])
    tries = len(LAG_DELAYS_S) + 1
    assert tries == len(server.asked)
    assert client.schema(7) is None

    await client.load([7])
    assert tries == len(server.asked)

    clock.now += UNKNOWN_FOR_S
    await client.load([7])
    assert 2 * tries == len(server.asked)


async def test_many_unknown_ids_wait_no_longer_than_one() -> None:
    """Garbage may name any number of schemas; the good records beside it come through all the same."""
    replies: dict[str, list[Reply | RetriableError]] = {f"/schemas/ids/{n}": [UNKNOWN] for n in range(100)}
    clock = Clock()
    client = registry(Server({**replies, "/schemas/ids/100": [SCHEMA]}), clock)
    await client.load(range(101))

    assert sum(LAG_DELAYS_S) == pytest.approx(clock.now)
    assert client.schema(100) is not None


@pytest.mark.parametrize("trouble", [RetriableError("connection refused"), Reply(503), Reply(429)])
async def test_a_registry_that_is_away_is_waited_for(trouble: Reply | RetriableError) -> None:
    """Without schemas nothing can be read, and waiting loses nothing."""
    away: list[Reply | RetriableError] = [trouble] * 50
    clock = Clock()
    client = registry(Server({"/schemas/ids/7": [*away, SCHEMA], "/config": [*away, Reply(200)]}), clock)
    await client.load([7])

    assert client.schema(7) is not None
    assert clock.now > 50


async def test_an_id_that_breaks_the_registry_counts_as_unknown() -> None:
    """A server error for one odd id, while other questions are answered, must not hold up everything."""
    client = registry(Server({"/schemas/ids/7": [Reply(500)], "/config": [Reply(200)]}))
    await client.load([7])

    assert client.schema(7) is None


async def test_patience_ends_with_what_to_do() -> None:
    """A command does not wait for ever."""
    client = registry(Server({"/schemas/ids/7": [RetriableError("connection refused")]}), patience_s=10)

    with pytest.raises(RetriableError, match=r"connection refused[\s\S]*SHOPBRIDGE_REGISTRY_URL"):
        await client.load([7])


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_stop_the_worker(status: int) -> None:
    """To go on would turn every record into an error."""
    client = registry(Server({"/schemas/ids/7": [Reply(status)]}))

    with pytest.raises(FatalError, match="credentials"):
        await client.load([7])


async def test_a_schema_is_registered_under_its_subject() -> None:
    """Characters that a path cannot hold are escaped."""
    server = Server({"/subjects/a%2Fb-value/versions": [Reply(200, {"id": 7})]})

    assert await registry(server).register("a/b-value", '"string"') == 7
    assert [{"schema": '"string"', "schemaType": "AVRO"}] == server.bodies


@pytest.mark.parametrize("status", [409, 422])
async def test_an_incompatible_schema_is_a_mistake_of_ours(status: int) -> None:
    """The registry's words and the command that shows more."""
    server = Server({"/subjects/s/versions": [Reply(status, text="incompatible: name")]})

    with pytest.raises(ConfigurationError, match=r"incompatible: name[\s\S]*schemas check"):
        await registry(server).register("s", '"string"')


async def test_a_subject_without_versions_has_none() -> None:
    """Before the first registration there is no subject."""
    assert await registry(Server({"/subjects/s/versions": [UNKNOWN]})).versions("s") == {}


async def test_versions_are_listed_with_their_schemas() -> None:
    """By number, each with its id and its text."""
    replies: dict[str, list[Reply | RetriableError]] = {
        "/subjects/s/versions": [Reply(200, [1, 3])],
        "/subjects/s/versions/1": [Reply(200, {"id": 4, "schema": '"int"'})],
        "/subjects/s/versions/3": [Reply(200, {"id": 9, "schema": '"long"'})],
    }
    found = await registry(Server(replies)).versions("s")

    assert {1: (4, '"int"'), 3: (9, '"long"')} == {number: (s.id, s.text) for number, s in found.items()}


async def test_compatibility_is_set_on_the_subject() -> None:
    """FULL_TRANSITIVE is a property of each subject."""
    server = Server({"/config/s": [Reply(200, {})]})
    await registry(server).set_compatibility("s", "FULL_TRANSITIVE")

    assert ["PUT /config/s"] == server.asked
    assert [{"compatibility": "FULL_TRANSITIVE"}] == server.bodies


async def test_a_refused_setting_stops() -> None:
    """A registry that does not let us set what keeps the topics readable."""
    with pytest.raises(FatalError, match="405"):
        await registry(Server({"/config/s": [Reply(405)]})).set_compatibility("s", "FULL_TRANSITIVE")
