"""The switches as they are told: to programs, on the page, in the help; and a case for each position."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from connector.sandbox.__main__ import main
from connector.sandbox.settings import Switches
from connector.sandbox.switchboard import QUESTIONS, described

CASES = Path(__file__).parents[2] / "cases" / "sandbox" / "switches"
POSITIONS = [
    (switch.name, value) for switch in described(Switches()) if switch.question is not None for value in switch.allowed
]


async def test_each_switch_is_described(sandbox: Any) -> None:
    """The list gives value, default and allowed values, and together the switches answer the eight questions."""
    client = sandbox()
    await client.put("/sandbox/switches", json={"archived_key": "restore"})

    shown = (await client.get("/sandbox/switches")).json()
    archived = {name: shown["archived_key"][name] for name in ("value", "default", "allowed", "question")}
    values = ["create", "refuse", "conflict", "restore"]
    assert {"value": "restore", "default": "create", "allowed": values, "question": 7} == archived
    assert set(QUESTIONS) == {switch["question"] for switch in shown.values()} - {None}
    assert all(switch["about"] and switch["allowed"] for switch in shown.values())
    assert all(s["default"] in s["allowed"] for s in shown.values() if isinstance(s["allowed"], list))


@pytest.mark.parametrize(("name", "value"), POSITIONS, ids=lambda part: str(part).lower())
def test_each_position_has_a_case(name: str, value: Any) -> None:
    """What a switch does in each of its positions stands in a case file of that name."""
    file = CASES / f"{name}-{str(value).lower()}.yaml"

    assert {name: value} == yaml.safe_load(file.read_text(encoding="utf-8"))["switches"]


async def test_the_page_shows_what_is_flipped(sandbox: Any) -> None:
    """The overview lists every switch, and marks those that do not stand at their default."""
    client = sandbox()
    await client.put("/sandbox/switches", json={"upsert_conflict": "item"})

    page = (await client.get("/")).text
    assert all(name in page for name in Switches.model_fields)
    assert '<span class="pill">"item"</span>' in page
    assert '<span class="pill">true</span>' not in page


def test_the_help_lists_the_open_questions() -> None:
    """The command's help names each question's switches with their values."""
    told = CliRunner().invoke(main, ["--help"]).output

    assert all(question in told for question in QUESTIONS.values())
    assert all(name in told for name, _ in POSITIONS)
