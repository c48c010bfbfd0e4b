"""Kafka Connect's REST interface, as far as one connector needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from connector.capture.config import unknown_keys
from connector.capture.errors import CaptureError
from connector.errors import RetriableError
from connector.http import Answer, Asking

PATIENCE_S: Final = 60.0
PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task; `trace` is the Java stack trace of a failure."""

    id: int
    state: str
    worker: str
    trace: str = ""

    @property
    def cause(self) -> str:
        """The lines of the trace that say what went wrong."""
        lines = [line.strip() for line in self.trace.splitlines()]
        return "\n    ".join(line for line in lines if line and not line.startswith(("at ", "...")))


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """The connector and its tasks; a connector that runs says nothing about its tasks."""

    state: str
    tasks: tuple[TaskStatus, ...]

    @property
    def runs(self) -> bool:
        return self.state == "RUNNING" and bool(self.tasks) and all(task.state == "RUNNING" for task in self.tasks)

    @property
    def failed(self) -> TaskStatus | None:
        return next((task for task in self.tasks if task.state == "FAILED"), None)


class Connect:
    """One Connect cluster. Every call waits up to `patience_s` for one that is away or rebalances (409).

    Then it raises RetriableError; a request that Connect refuses raises CaptureError.
    """

    def __init__(self, http: Asking, *, patience_s: float = PATIENCE_S) -> None:
        self._http = http
        self._patience_s = patience_s

    async def validate(self, name: str, config: Mapping[str, str]) -> None:
        """Let the plugin judge the configuration, which it does against the live database.

        Raises CaptureError naming every setting that is refused, and every one that nobody would read.
        """
        plugin = config["connector.class"].rpartition(".")[2]
        answer = await self._ask("PUT", f"/connector-plugins/{plugin}/config/validate", {**config, "name": name})
        if answer.status != 200:
            raise CaptureError(
                f"Connect cannot validate the configuration ({answer.status}): {_message(answer)}\n"
                f"Is the plugin {config['connector.class']} installed on its plugin.path?"
            )
        found = [each for each in answer.body["configs"] if each["value"] is not None]
        faults = [f"{c['value']['name']}: {error}" for c in found for error in c["value"]["errors"]]
        unread = unknown_keys(config, [c["definition"]["name"] for c in answer.body["configs"]])
        faults += [f"{key}: no such setting" for key in unread]
        if faults:
            raise CaptureError("the connector's configuration is refused:\n    " + "\n    ".join(faults))

    async def config(self, name: str) -> Mapping[str, str] | None:
        """The configuration in force, None without such a connector."""
        answer = await self._ask("GET", f"{_path(name)}/config")
        return None if answer.status == 404 else _require(answer, f"the configuration of {name}").body

    async def put(self, name: str, config: Mapping[str, str]) -> None:
        _require(await self._ask("PUT", f"{_path(name)}/config", dict(config)), f"the configuration of {name}")

    async def create_stopped(self, name: str, config: Mapping[str, str]) -> None:
        """Make a connector that does nothing yet, but whose offsets of an earlier life can be seen."""
        body = {"name": name, "config": dict(config), "initial_state": "STOPPED"}
        _require(await self._ask("POST", "/connectors", body), f"making {name}")
        await self.until(lambda: self._is_stopped(name), f"the connector {name} is not made")

    async def plugins(self) -> frozenset[str]:
        """Classes of all plugins, transforms and converters too."""
        answer = await self._ask("GET", "/connector-plugins?connectorsOnly=false")
        return frozenset(each["class"] for each in _require(answer, "the list of plugins").body)

    async def configs(self) -> Mapping[str, Mapping[str, str]]:
        """The configurations of all connectors, by name."""
        answer = await self._ask("GET", "/connectors?expand=info")
        return {name: each["info"]["config"] for name, each in _require(answer, "the list of connectors").body.items()}

    async def offsets(self, name: str) -> Sequence[Mapping[str, Any]]:
        """How far the connector has come, as it says it to Connect: `{"partition": ..., "offset": ...}`; [] without."""
        answer = await self._ask("GET", f"{_path(name)}/offsets")
        found: list[Mapping[str, Any]] = [] if answer.status == 404 else _require(answer, name).body["offsets"]
        return found

    async def status(self, name: str) -> ConnectorStatus | None:
        """None without such a connector, or while Connect has not heard of its state yet."""
        answer = await self._ask("GET", f"{_path(name)}/status")
        if answer.status == 404:
            return None
        body = _require(answer, f"the status of {name}").body
        tasks = tuple(TaskStatus(t["id"], t["state"], t["worker_id"], t.get("trace", "")) for t in body["tasks"])
        return ConnectorStatus(body["connector"]["state"], tasks)

    async def stop(self, name: str) -> None:
        """Stop the connector and wait until its tasks are gone."""
        _require(await self._ask("PUT", f"{_path(name)}/stop"), f"stopping {name}")
        await self.until(lambda: self._is_stopped(name), f"the connector {name} does not stop")

    async def resume(self, name: str) -> None:
        _require(await self._ask("PUT", f"{_path(name)}/resume"), f"resuming {name}")

    async def forget(self, name: str) -> None:
        """Stop the connector and delete its offsets, so that it starts anew."""
        await self.stop(name)
        _require(await self._ask("DELETE", f"{_path(name)}/offsets"), f"deleting the offsets of {name}")

    async def delete(self, name: str) -> bool:
        """Delete the connector with its offsets, without which a new one of its name starts anew; False without it."""
        if await self.config(name) is None:
            return False
        await self.forget(name)
        _require(await self._ask("DELETE", _path(name)), f"deleting {name}")
        return True

    async def wait_running(self, name: str, streams: Callable[[], Awaitable[bool]]) -> None:
        """Wait until the tasks run and `streams` says that they do their work.

        Raises CaptureError with the task's own words when it fails, RetriableError when the time is up.
        """

        async def running() -> bool:
            status = await self.status(name)
            if status is not None and status.failed is not None:
                raise CaptureError(f"the connector's task failed:\n    {status.failed.cause}")
            return status is not None and status.runs and await streams()

        await self.until(running, f"the connector {name} does not run")

    async def _is_stopped(self, name: str) -> bool:
        status = await self.status(name)
        return status is not None and status.state == "STOPPED" and not status.tasks

    async def until(
        self, condition: Callable[[], Awaitable[bool]], complaint: str, *, patience_s: float | None = None
    ) -> None:
        """Wait for the condition; raises RetriableError with the complaint when the time is up."""
        patience_s = self._patience_s if patience_s is None else patience_s
        deadline = time.monotonic() + patience_s
        while not await condition():
            if time.monotonic() > deadline:
                raise RetriableError(f"{complaint} after {patience_s:g} s")
            await asyncio.sleep(PAUSE_S)

    async def _ask(self, method: str, path: str, body: object = None) -> Answer:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                answer = await self._http.request(method, path, json=body)
                if answer.status not in {409, 503}:
                    return answer
                trouble = f"Connect is busy: {_message(answer)}"
            except RetriableError as error:
                trouble = (
                    f"Kafka Connect does not answer: {error}\nIs it running, and SHOPBRIDGE_CONNECT_URL its address?"
                )
            if time.monotonic() > deadline:
                raise RetriableError(trouble)
            await asyncio.sleep(PAUSE_S)


def _path(name: str) -> str:
    return f"/connectors/{quote(name, safe='')}"


def _message(answer: Answer) -> str:
    body = answer.body
    return str(body["message"]) if isinstance(body, dict) and "message" in body else answer.text[:500]


def _require(answer: Answer, what: str) -> Answer:
    if not 200 <= answer.status < 300:
        raise CaptureError(f"Connect answers {answer.status} to {what}: {_message(answer)}")
    return answer
