"""The agents on a real Kafka: what is written to a change topic reaches the ledger, whatever happens on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.change_log import ChangeLog, wait_until

pytestmark = pytest.mark.end_to_end

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stack() -> dict[str, str]:
    """Addresses of a running Kafka and registry; a stack of the tests' own is started if it is not up."""
    home = os.environ.get("SHOPBRIDGE_TEST_HOME", str(REPOSITORY / ".local" / "agents"))
    base = os.environ.get("SHOPBRIDGE_TEST_PORT_BASE", "23600")
    command = [sys.executable, "-m", "deploy.local"]
    up = [*command, "up", "--home", home, "--port-base", base, "--only", "kafka,registry"]
    subprocess.run(up, cwd=REPOSITORY, check=True)
    lines = subprocess.run(
        [*command, "env", "--home", home], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    return dict(line.split("=", 1) for line in lines.stdout.splitlines())


@pytest.fixture
def change_log(stack: dict[str, str], tmp_path: Path) -> ChangeLog:
    """A change log with topics of its own."""
    name = f"t{uuid.uuid4().hex[:8]}"
    return ChangeLog(tmp_path, name, stack["SHOPBRIDGE_KAFKA_BOOTSTRAP"], stack["SHOPBRIDGE_REGISTRY_URL"])


def test_every_change_becomes_a_contribution(change_log: ChangeLog) -> None:
    """Two sections read one topic; every record is mapped by both and merged, and the counts equal the offsets."""
    change_log.write([change_log.change(n, f"name {n}", "c") for n in range(300)])
    with change_log.worker() as worker:
        wait_until(lambda: change_log.settings.ledger.exists(), "the ledger is made")
        wait_until(lambda: len(change_log.said("DEAL")) == 300, "all orders are merged")
        wait_until(lambda: len(change_log.said("CONTACT")) == 300, "all customers are merged")
        assert 0 == worker.stop()
    assert (300, {"mapped": 300, "messages": 300}) == change_log.progress("map:customers")
    assert (300, {"merged": 300}) == change_log.progress("apply:deals")
