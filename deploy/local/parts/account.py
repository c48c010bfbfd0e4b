"""Servers that refuse to run as root: under root their programs run as the user that Debian's package made.

When that user may not enter the folders above the stack's (as under /root, mode 700), the server's folder is mounted,
for its processes alone, over a folder that it may enter.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

MOUNT = 'mount --bind "$0" "$1" && shift && exec "$@"'


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system, and a folder of Debian's package that it may enter."""

    user: str
    mount_point: Path

    def sees(self, place: Path) -> Path:
        """Where the server's processes find the folder `place`."""
        return self.mount_point if needs_mount(place) else place

    def command(self, place: Path, *words: str) -> tuple[str, ...]:
        """The command as this user, with its view of `place`; as it is where we are not root."""
        if os.geteuid() != 0:
            return words
        words = ("setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", "--", *words)
        if not needs_mount(place):
            return words
        seen = str(self.mount_point)
        return ("unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, str(place), seen, *words)

    def take(self, place: Path) -> None:
        """Make the folder, this user's own.

        Raises StackError where its mount is needed and the system (a container, say) forbids it.
        """
        place.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and place.owner() != self.user:
            shutil.chown(place, self.user, self.user)
        if needs_mount(place) and not may_mount():
            raise StackError(
                f"{place.name} runs as the user {self.user}, who may not enter the folders above {place}, and mounting "
                f"is forbidden here. Choose a folder that everybody may enter, as --home /var/tmp/shopbridge"
            )


def needs_mount(place: Path) -> bool:
    """Whether another user than root is kept out of the folder by one above it."""
    return os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in place.parents)


def may_mount() -> bool:
    return subprocess.run(("unshare", "--mount", "true"), capture_output=True, check=False).returncode == 0
