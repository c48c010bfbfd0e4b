"""Commands as a person types them."""

from __future__ import annotations

import subprocess

from tests.support.world import BIN, ROOT, World


def typed(world: World, *arguments: str) -> tuple[int, str]:
    """Type a `shopbridge` command in this world; its exit code, and all that it printed, in its order."""
    done = subprocess.run(
        [str(BIN / "shopbridge"), *arguments],
        env=world.environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout
