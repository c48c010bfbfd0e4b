"""Schemas by id, over the Confluent REST API that Confluent's, Apicurio's and other registries speak.

A schema never changes under its id, so it is fetched once and kept for ever. A registry that is away is waited for:
without it nothing can be read, and waiting loses nothing. An id that it does not know may be younger than what this
replica of the registry has seen, so it is asked for again before it counts as unknown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.errors import ConfigurationError, FatalError, RetriableError
from connector.http import Answer, Asking

UNKNOWN_FOR_S: Final = 60.0
"""How long an id counts as unknown before the registry is asked again."""

LAG_DELAYS_S: Final = (0.1, 0.3, 0.6, 1.0, 2.0)
"""Waits between tries for an id that the registry does not know: replicas lag by a second or two."""

FULL_TRANSITIVE: Final = "FULL_TRANSITIVE"


@dataclass(frozen=True, slots=True)
class Schema:
    """A registered Avro schema. `text` is its JSON, attributes of Kafka Connect included."""

    id: int
    text: str


class Registry:
    """A client that remembers.

    `patience_s` bounds how long a registry that is away is waited for (None: for ever); then RetriableError is raised.
    `sleep` and `clock` (monotonic seconds) can be replaced where time must not pass.
    """

    def __init__(
        self,
        http: Asking,
        *,
        patience_s: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._patience_s = patience_s
        self._sleep = sleep
        self._clock = clock
        self._schemas: dict[int, Schema] = {}
        self._unknown_until: dict[int, float] = {}
        self._loading = asyncio.Lock()

    def schema(self, schema_id: int) -> Schema | None:
        """From memory alone; None for an id that was never loaded or is unknown."""
        return self._schemas.get(schema_id)

    async def load(self, ids: Iterable[int]) -> None:
        """Fetch what is not known yet. Waits for a registry that is away; raises FatalError when it refuses us."""
        if not (missing := set(ids) - self._schemas.keys()):
            return
        async with self._loading:
            now = self._clock()
            wanted = sorted(missing - self._schemas.keys())
            await self._fetch_all([number for number in wanted if self._unknown_until.get(number, now) <= now])

    async def register(self, subject: str, avsc: str) -> int:
        """The id of the schema under the subject, registered when it is new.

        Raises ConfigurationError when the registry refuses it as invalid or incompatible.
        """
        path = f"/subjects/{quote(subject, safe='')}/versions"
        answer = await self._ask("POST", path, {"schema": avsc, "schemaType": "AVRO"})
        if answer.status in {409, 422}:
            raise ConfigurationError(
                f"the registry refuses the schema for {subject}: {answer.text[:500]}\n"
                f"Compare it with the versions that the registry holds: shopbridge schemas check"
            )
        _require_success(answer, f"register {subject}")
        return int(answer.body["id"])

    async def set_compatibility(self, subject: str, level: str) -> None:
        """Raises FatalError when the registry does not allow it. The subject must exist."""
        answer = await self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level})
        _require_success(answer, f"set the compatibility of {subject}")

    async def versions(self, subject: str) -> Mapping[int, Schema]:
        """All registered versions of a subject by number; none when there is no such subject."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        answer = await self._ask("GET", path)
        if answer.status == 404:
            return {}
        _require_success(answer, f"list the versions of {subject}")
        return {int(number): await self._version(f"{path}/{number}") for number in answer.body}

    async def _version(self, path: str) -> Schema:
        answer = await self._ask("GET", path)
        _require_success(answer, f"read {path}")
        return Schema(int(answer.body["id"]), str(answer.body["schema"]))

    async def _fetch_all(self, ids: list[int]) -> None:
        """Fetch in rounds, so that many unknown ids (garbage in the topic) wait no longer than one."""
        for delay_s in (*LAG_DELAYS_S, None):
            ids = [schema_id for schema_id in ids if not await self._fetch(schema_id)]
            if not ids:
                return
            if delay_s is not None:
                await self._sleep(delay_s)
        now = self._clock()
        resting = {schema_id: until for schema_id, until in self._unknown_until.items() if until > now}
        self._unknown_until = resting | dict.fromkeys(ids, now + UNKNOWN_FOR_S)

    async def _fetch(self, schema_id: int) -> bool:
        answer = await self._ask("GET", f"/schemas/ids/{schema_id}", alive_is_enough=True)
        if answer.status == 200:
            self._schemas[schema_id] = Schema(schema_id, str(answer.body["schema"]))
        return answer.status == 200

    async def _ask(self, method: str, path: str, body: object = None, *, alive_is_enough: bool = False) -> Answer:
        """Ask until there is an answer other than "busy".

        With `alive_is_enough` a server error is an answer too as long as the registry answers other questions: one
        record with an odd id must not hold up all others.
        """
        started = self._clock()
        for delay_s in _backoff():
            answer = await self._try(method, path, body)
            if isinstance(answer, RetriableError):
                trouble = str(answer)
            elif answer.status == 429 or answer.status >= 500:
                if alive_is_enough and answer.status >= 500 and await self._is_alive():
                    return answer
                trouble = f"the registry answers {answer.status} to {method} {path}: {answer.text[:200]}"
            else:
                _require_welcome(answer)
                return answer
            if self._patience_s is not None and self._clock() + delay_s - started > self._patience_s:
                raise RetriableError(f"{trouble}\nIs the registry running, and SHOPBRIDGE_REGISTRY_URL its address?")
            await self._sleep(delay_s)
        raise AssertionError("the backoff never ends")

    async def _try(self, method: str, path: str, body: object) -> Answer | RetriableError:
        try:
            return await self._http.request(method, path, json=body)
        except RetriableError as error:
            return error

    async def _is_alive(self) -> bool:
        answer = await self._try("GET", "/config", None)
        return not isinstance(answer, RetriableError) and answer.status < 500


def _backoff() -> Iterator[float]:
    delay_s = 0.1
    while True:
        yield delay_s
        delay_s = min(delay_s * 2, 5.0)


def _require_welcome(answer: Answer) -> None:
    if answer.status in {401, 403}:
        raise FatalError(f"the registry refuses our credentials with {answer.status}: {answer.text[:200]}")


def _require_success(answer: Answer, what: str) -> None:
    if not 200 <= answer.status < 300:
        raise FatalError(f"the registry answers {answer.status} when asked to {what}: {answer.text[:300]}")
