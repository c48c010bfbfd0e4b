"""Units of work over the shadow's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

CHUNK: Final = 500


@contextmanager
def transaction(tx: Connection) -> Iterator[None]:
    """All of it or nothing."""
    tx.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        tx.exec_driver_sql("ROLLBACK")
        raise
    tx.exec_driver_sql("COMMIT")


def chunks(every: Iterable[T]) -> Iterator[list[T]]:
    """In parts that one transaction takes."""
    rest = iter(every)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
