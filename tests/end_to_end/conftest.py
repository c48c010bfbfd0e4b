"""The stack that all end-to-end tests share, beside a demo that may be running."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.place import HOME, PORT_BASE
from tests.support.world import ROOT, World

KEEP = "E2E_KEEP" in os.environ
"""Whether the stack is left running for the next run of tests."""


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, str]]:
    """The shared stack's addresses; the stack is started once and stopped at the end."""
    command = [sys.executable, "-m", "deploy.local"]
    where = ["--home", HOME, "--port-base", str(PORT_BASE)]
    subprocess.run([*command, "up", *where], cwd=ROOT, check=True)
    lines = (ROOT / HOME / "env").read_text().splitlines()
    yield dict(line.split("=", 1) for line in lines if "=" in line)
    if not KEEP:
        subprocess.run([*command, "down", *where], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def make_world(stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., World]]:
    """Makes worlds; they are taken down after the module."""
    worlds: list[World] = []

    def make(name: str, **settings: str) -> World:
        unique = f"{name}_{uuid.uuid4().hex[:6]}"
        folder: Path = tmp_path_factory.mktemp(name)
        world = World(unique, folder, stack, **settings)
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()
