"""Where the end-to-end tests' stack lives: each process of a parallel run has one of its own."""

from __future__ import annotations

import os
from typing import Final

APART: Final = 1000
"""Ports between the stacks of two processes."""


def _process() -> int:
    """The number of this process in a parallel run; pytest-xdist names them gw0, gw1 and so on."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


HOME: Final = os.environ.get("E2E_HOME", ".local/test") + (f"-{_process()}" if _process() else "")
PORT_BASE: Final = int(os.environ.get("E2E_PORT_BASE", "21000")) + APART * _process()
