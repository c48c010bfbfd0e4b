"""The ledger's file, opened beside a running worker: never for writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from connector.errors import ConfigurationError
from connector.ledger.ledger import connect


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """One read transaction over the ledger. Raises ConfigurationError where there is none, or an older release's."""
    if not path.exists():
        raise ConfigurationError(
            f"There is no ledger at {path}. A worker makes it; SHOPBRIDGE_LEDGER says where it is."
        )
    engine = connect(path, read_only=True)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.exec_driver_sql("COMMIT")
    except DatabaseError as error:
        raise ConfigurationError(
            f"The ledger {path} cannot be read: {error.orig}. Is it a ledger, and was a worker of this release started?"
        ) from error
    finally:
        engine.dispose()
