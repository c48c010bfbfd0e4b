"""The HubSpot sandbox: the product's own stand-in for HubSpot's API."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from deploy.local import probe
from deploy.local.errors import MissingPackageError
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch
from deploy.local.stack import LOOPBACK, REPOSITORY, Stack, environment


def part(stack: Stack) -> Part:
    port = stack.port("sandbox")
    return Part(
        name="sandbox",
        ports=(port,),
        prepare=partial(prepare, stack),
        probe=lambda: check(port),
        deadline=60,
        patience=10,
    )


def prepare(stack: Stack, _say: Say) -> Launch:
    python = Path(os.environ.get("UV_PROJECT_ENVIRONMENT", REPOSITORY / ".venv")) / "bin" / "python"
    if not python.exists():
        raise MissingPackageError(f"the sandbox needs {python}, which is not there. Run: uv sync")
    database = environment(stack)["SHOPBRIDGE_SANDBOX_DATABASE"]
    address = ("--host", LOOPBACK, "--port", str(stack.port("sandbox")))
    return Launch((str(python), "-m", "connector.sandbox", *address, "--database", database), folder=REPOSITORY)


def check(port: int) -> None:
    probe.http(f"http://{LOOPBACK}:{port}/sandbox/health")
