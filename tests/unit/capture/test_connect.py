"""Connect's REST interface: waited for, asked again, and never believed without its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from connector.capture.connect import Connect
from connector.capture.errors import CaptureError
from connector.errors import RetriableError

TRACE = """java.lang.RuntimeException: slot is active
\tat a.b.C.d(C.java:1)
Caused by: org.postgresql.util.PSQLException: ERROR: replication slot "x" is active for PID 7
\t... 5 more
"""


@dataclass
class Reply:
    """One answer."""

    status: int = 200
    body: Any = None
    text: str = "words"


@dataclass
class Server:
    """Answers `METHOD path` by its list of replies, the last one for ever; an exception in it is raised."""

    replies: Mapping[str, list[Reply | RetriableError]]
    asked: list[str] = field(default_factory=list)

    async def request(self, method: str, path: str, *, json: Any = None) -> Reply:
        assert json is None or isinstance(json, dict)
        question = f"{method} {path}"
        self.asked.append(question)
        replies = self.replies.get(question, [Reply(404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, RetriableError):
            raise reply
        return reply


def status(connector: str, *tasks: str) -> Reply:
    body = {
        "connector": {"state": connector},
        "tasks": [
            {"id": i, "state": s, "worker_id": "w", **({"trace": TRACE} if s == "FAILED" else {})}
            for i, s in enumerate(tasks)
        ],
    }
    return Reply(200, body)


def connect(replies: Mapping[str, list[Reply | RetriableError]], patience_s: float = 5.0) -> Connect:
    return Connect(Server(replies), patience_s=patience_s)


async def always() -> bool:
    return True


async def test_a_running_connector_with_a_failed_task_has_failed() -> None:
    """The normal picture of trouble: the connector says RUNNING. The trace's causes are told, not its frames."""
    with pytest.raises(CaptureError) as caught:
        await connect({"GET /connectors/c/status": [status("RUNNING", "FAILED")]}).wait_running("c", always)

    assert 'replication slot "x" is active for PID 7' in str(caught.value)
    assert "C.java" not in str(caught.value)


async def test_a_running_connector_without_tasks_is_waited_for() -> None:
    """Until a task runs, nothing is captured."""
    replies: dict[str, list[Reply | RetriableError]] = {
        "GET /connectors/c/status": [
            Reply(404),
            status("RUNNING"),
            status("RUNNING", "UNASSIGNED"),
            status("RUNNING", "RUNNING"),
        ]
    }
    server = Server(replies)
    await Connect(server, patience_s=5).wait_running("c", always)

    assert ["GET /connectors/c/status"] * 4 == server.asked


async def test_waiting_ends() -> None:
    """With what was waited for."""
    with pytest.raises(RetriableError, match="the connector c does not run after 0"):
        await connect({"GET /connectors/c/status": [status("RUNNING")]}, 0.0).wait_running("c", always)


@pytest.mark.parametrize("trouble", [RetriableError("connection refused"), Reply(409), Reply(503)])
async def test_a_rebalance_is_waited_for(trouble: Reply | RetriableError) -> None:
    """Connect answers 409 while its workers share out their work."""
    found = await connect({"GET /connectors/c/config": [trouble, trouble, Reply(200, {"a": "b"})]}).config("c")

    assert {"a": "b"} == found


async def test_a_connect_that_stays_away_is_told() -> None:
    """With the setting that names its address."""
    with pytest.raises(RetriableError, match=r"connection refused[\s\S]*SHOPBRIDGE_CONNECT_URL"):
        await connect({"GET /connectors/c/config": [RetriableError("connection refused")]}, 0.0).config("c")


async def test_refused_settings_are_told_all_at_once() -> None:
    """Those that the plugin refuses, and those that nobody would read."""
    configs = [
        {"definition": {"name": "slot.name"}, "value": {"name": "slot.name", "errors": ["too long"]}},
        {"definition": {"name": "connector.class"}, "value": {"name": "connector.class", "errors": []}},
        {"definition": {"name": "name"}, "value": {"name": "name", "errors": []}},
    ]
    client = connect({"PUT /connector-plugins/P/config/validate": [Reply(200, {"configs": configs})]})

    with pytest.raises(CaptureError) as caught:
        await client.validate("c", {"connector.class": "a.P", "slot.name": "x", "slot.nmae": "x"})
    assert "slot.name: too long" in str(caught.value)
    assert "slot.nmae (did you mean slot.name?): no such setting" in str(caught.value)


async def test_a_missing_plugin_is_told() -> None:
    """The plugin's name, and where it belongs."""
    client = connect({"PUT /connector-plugins/P/config/validate": [Reply(404, {"message": "no plugin"})]})

    with pytest.raises(CaptureError, match=r"no plugin[\s\S]*a\.P installed on its plugin\.path"):
        await client.validate("c", {"connector.class": "a.P"})


async def test_deleting_forgets_the_offsets() -> None:
    """Offsets can be deleted of a stopped connector alone, and outlive one that is only deleted."""
    done = Reply(204)
    server = Server(
        {
            "GET /connectors/c/config": [Reply(200, {})],
            "PUT /connectors/c/stop": [done],
            "GET /connectors/c/status": [status("RUNNING", "RUNNING"), status("STOPPED")],
            "DELETE /connectors/c/offsets": [done],
            "DELETE /connectors/c": [done],
        }
    )

    assert await Connect(server, patience_s=5).delete("c")
    assert ["DELETE /connectors/c/offsets", "DELETE /connectors/c"] == server.asked[-2:]


async def test_deleting_what_is_not_there_does_nothing() -> None:
    """Removing capture twice is harmless."""
    server = Server({})

    assert not await Connect(server).delete("c")
    assert ["GET /connectors/c/config"] == server.asked


async def test_a_refused_request_is_told() -> None:
    """What was asked, and Connect's words."""
    with pytest.raises(CaptureError, match="400 to the configuration of c: bad"):
        await connect({"PUT /connectors/c/config": [Reply(400, {"message": "bad"})]}).put("c", {})
