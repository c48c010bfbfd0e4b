"""Who holds a port of this machine."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import PortTakenError
from deploy.local.stack import LOOPBACK

LISTEN = "0A"


def is_free(port: int) -> bool:
    """Whether a server could listen here: connections of a dead server that still wind down do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def require_free(part: str, ports: tuple[int, ...]) -> None:
    """Raises PortTakenError that names the port and, where the system lets us see it, its holder."""
    for port in ports:
        if not is_free(port):
            raise PortTakenError(taken_message(part, port, holder(port)))


def taken_message(part: str, port: int, holding: str | None) -> str:
    who = f"by {holding}" if holding else "by a process that this user may not look at"
    return (
        f"{part} needs port {port} on {LOOPBACK}, which is taken {who}.\n"
        f"Stop that process, or choose other ports with --port-base."
    )


def holder(port: int) -> str | None:
    """The process that listens on the port, as `pid 812 (java -Xmx512m ...)`; None when it cannot be seen."""
    inodes = listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & set(socket_inodes(process)):
            return f"pid {process.name} ({command_line(process)})"
    return None


def listening_inodes(port: int) -> set[str]:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    lines = [line for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    return {inode for local, state, inode in map(socket_line, lines) if state == LISTEN and local == port}


def socket_line(line: str) -> tuple[int, str, str]:
    """Local port, state and inode of one line of /proc/net/tcp."""
    fields = line.split()
    return int(fields[1].rsplit(":", 1)[1], 16), fields[3], fields[9]


def socket_inodes(process: Path) -> Iterator[str]:
    try:
        for descriptor in (process / "fd").iterdir():
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]
    except OSError:
        return  # the process ended meanwhile, or belongs to somebody else


def command_line(process: Path, limit: int = 100) -> str:
    try:
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "ended meanwhile"
    return words if len(words) <= limit else words[: limit - 3] + "..."
