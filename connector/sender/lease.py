"""One sender per ledger: a lock of the operating system on a file beside the ledger, never on the database file."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from connector.errors import FatalError, ShopbridgeError


class LeaseHeldError(ShopbridgeError):
    """Another process sends for this ledger."""


class LeaseLostError(FatalError):
    """The lease's file is not the locked one any more, so that another process may be sending."""


class Lease:
    """The lock, held from the making of this object until `release` or the end of the process.

    Raises LeaseHeldError, naming the process, where another one holds it.
    """

    def __init__(self, ledger: Path) -> None:
        self.path = ledger.with_name(f"{ledger.name}.sender.lock")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise LeaseHeldError(
                f"another worker (process {holder}) already sends for {ledger}; "
                f"stop it first, or give this worker a ledger of its own (SHOPBRIDGE_LEDGER)"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def still_ours(self) -> bool:
        """Whether the locked file is still the one at this path: a removed file's lock keeps nobody out."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        ours = os.fstat(self._file)
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def release(self) -> None:
        """Let the next worker have it. The file stays: removing it would race with whoever opens it."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
