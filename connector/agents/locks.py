"""One process per role and ledger, held by the operating system: a lock that dies with its holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from connector.errors import ConfigurationError


class LockTakenError(ConfigurationError):
    """Another process holds the lock."""


def lock_path(ledger: Path, role: str) -> Path:
    """The lock has a file of its own: the database's locks belong to the database."""
    return ledger.with_name(f"{ledger.name}.{role}.lock")


@contextmanager
def roles_held(ledger: Path, roles: Iterable[str]) -> Iterator[None]:
    """Hold the locks of all roles; raises LockTakenError naming who holds one already."""
    with ExitStack() as held:
        for role in sorted(roles):
            held.enter_context(held_lock(ledger, role))
        yield


@contextmanager
def held_lock(ledger: Path, role: str) -> Iterator[None]:
    """Hold one lock; raises LockTakenError if another process does."""
    path = lock_path(ledger, role)
    if not path.parent.is_dir():
        raise ConfigurationError(f"the ledger's folder {path.parent} is not there: make it or set SHOPBRIDGE_LEDGER")
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LockTakenError(
                f"another worker (process {holder}) already has the role {role} with the ledger {ledger}: "
                f"stop it, or give this one other roles or another ledger"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
