"""A connection to the shop's database, as far as all kinds of databases are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from connector.capture import binlog_catalogue, catalogue
from connector.capture.plan import reads_binlog


class Quoting(Protocol):
    """How names and texts are written."""

    def quoted(self, *names: str) -> str:
        """A qualified name as SQL text."""

    def literal(self, text: str) -> str:
        """A text as SQL text."""


class Session(Quoting, Protocol):
    """One transaction after another. Parameters stand as %s in a statement."""

    def execute(self, statement: str, *parameters: object) -> Sequence[Sequence[Any]]:
        """The statement's rows, none for one that has none. Raises CaptureError when the database refuses it."""

    def commit(self) -> None:
        """Make what was done last."""


@contextmanager
def session_of(kind: str, url: str) -> Iterator[Session]:
    """A session at the database; what is not committed at its end is undone.

    Raises RetriableError when the server does not answer, CaptureError when it refuses us.
    """
    if reads_binlog(kind):
        with binlog_catalogue.session(url) as mysql:
            yield mysql
    else:
        with catalogue.session(url) as postgres:
            yield postgres
