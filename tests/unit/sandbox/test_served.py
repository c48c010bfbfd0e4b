"""The sandbox as a process of its own: over a real socket, killed and started again."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

V = "2026-09"
DEADLINE_S = 30.0


def create(served: Any, email: str) -> httpx.Response:
    answer: httpx.Response = served.client.post(f"/crm/objects/{V}/contacts", json={"properties": {"email": email}})
    return answer


def test_connections_are_really_cut(served: Any) -> None:
    """A cut connection has no answer; the write is there only if the cut came after it."""
    served.client.put("/sandbox/faults", json=[{"effect": "reset_before", "times": 1}])
    with pytest.raises(httpx.TransportError):
        create(served, "before@example.com")

    served.client.put("/sandbox/faults", json=[{"effect": "reset_after_commit", "times": 1}])
    with pytest.raises(httpx.TransportError):
        create(served, "after@example.com")

    assert ["after@example.com"] == [properties["email"] for properties in served.held()]


def test_a_slow_answer_comes_after_the_write(served: Any) -> None:
    """While an answer is held back its write can be read, and other calls are answered."""
    served.client.put("/sandbox/faults", json=[{"effect": "slow_answer", "delay_s": 600, "times": 1}])
    with pytest.raises(httpx.ReadTimeout):
        served.client.post(
            f"/crm/objects/{V}/contacts", json={"properties": {"email": "slow@example.com"}}, timeout=1.0
        )

    assert ["slow@example.com"] == [properties["email"] for properties in served.held()]
    assert 409 == create(served, "slow@example.com").status_code


def test_what_was_answered_survives_a_kill(served: Any) -> None:
    """Every answered write is there after kill -9 in the middle of others, and the next process goes on."""
    answered: list[str] = []

    def write() -> None:
        with httpx.Client(base_url=served.client.base_url, headers=served.client.headers) as client:
            for n in range(10_000):
                rows = [{"properties": {"email": f"c{n}-{m}@example.com"}} for m in range(10)]
                try:
                    client.post(f"/crm/objects/{V}/contacts/batch/create", json={"inputs": rows}).raise_for_status()
                except httpx.TransportError:
                    return
                answered.extend(row["properties"]["email"] for row in rows)

    writer = threading.Thread(target=write)
    writer.start()
    served.until(lambda: len(answered) >= 200, "some batches are answered")
    served.kill()
    writer.join(DEADLINE_S)
    served.start()

    held = {properties["email"] for properties in served.held()}
    assert set(answered) <= held
    assert len(held) - len(answered) in {0, 10}
    assert len(held) == served.client.get("/sandbox/health").json()["records"]["contact"]
    assert 409 == create(served, answered[-1]).status_code
