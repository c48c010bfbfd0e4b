"""Which roles of a worker are taken, by which process: asked of the operating system, without touching the locks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

LOCKS: Final = Path("/proc/locks")
"""Linux's list of all locks; taking one to see whether it is free could turn away a worker that starts just then."""


def roles_held(files: Mapping[str, Path], locks: Path = LOCKS) -> Mapping[str, int | None] | None:
    """Role → pid of the process that has it, None where nobody has; `files` are the lock files by role.

    None where the system does not tell.
    """
    try:
        holders = dict(map(_holder, _flocks(locks.read_text())))
    except OSError:
        return None
    inodes = {role: _inode(file) for role, file in files.items()}
    return {role: None if inode is None else holders.get(inode) for role, inode in inodes.items()}


def _flocks(text: str) -> list[list[str]]:
    """The fields of each line like `1: FLOCK  ADVISORY  WRITE 812 08:01:2621 0 EOF`, waiting ones left out."""
    lines = (line.split() for line in text.splitlines())
    return [fields for fields in lines if len(fields) > 5 and fields[1] == "FLOCK"]


def _holder(fields: list[str]) -> tuple[int, int]:
    return int(fields[5].rpartition(":")[2]), int(fields[4])


def _inode(path: Path) -> int | None:
    """A lock file's inode; the device is left out, since some file systems show another one than `stat` does."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
