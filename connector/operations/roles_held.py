"""Which roles of a worker are taken, by which process and since when: asked of the operating system alone.

The locks are not touched: whoever takes one to see whether it is free could turn away a worker that starts just then.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

LOCKS: Final = Path("/proc/locks")
"""Linux's list of all locks."""
PROCESSES: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that has a role; `since` is when it was started, None where the system does not tell."""

    pid: int
    since: datetime | None


def workers(files: Mapping[str, Path]) -> Mapping[str, Worker | None] | None:
    """Role → the worker that has it, None where nobody has; None for all where the system does not tell."""
    held = roles_held(files)
    if held is None:
        return None
    return {role: None if pid is None else Worker(pid, started_at(pid)) for role, pid in held.items()}


def started_at(pid: int, processes: Path = PROCESSES) -> datetime | None:
    """When a process was started: its ticks after the machine's start (proc(5), `starttime` and `btime`)."""
    try:
        ticks = int((processes / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])
        lines = (processes / "stat").read_text().splitlines()
        boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return datetime.fromtimestamp(boot + ticks / os.sysconf("SC_CLK_TCK"), UTC)


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
