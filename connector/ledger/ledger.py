"""The ledger's one thread: every write goes through its queue and is committed in groups."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from connector.errors import ConfigurationError

T = TypeVar("T")
Unit = Callable[[Connection], T]

GROUP_UNITS: Final = 64
"""At most so many units share a commit, which costs one fsync; each is itself a batch of up to 500 messages."""


@dataclass(slots=True)
class _Job:
    unit: Unit[Any]
    done: Future[Any]


class Ledger:
    """Owns the connection and the thread. Units of work are functions of a connection; they must not keep it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._commit_listeners: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open the file, making it and bringing its schema up to date; ConfigurationError if it cannot be."""
        if not path.parent.is_dir():
            raise ConfigurationError(f"ledger: there is no folder {path.parent}: make it, or set SHOPBRIDGE_LEDGER")
        engine = connect(path)
        with engine.connect() as connection:
            upgrade(connection)
        return cls(engine)

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` (on the ledger's thread) after each group commit that changed something."""
        self._commit_listeners.append(listener)

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a savepoint of the next group commit; its result once committed, its exception once undone."""
        job = _Job(unit, Future())
        self._jobs.put(job)
        result: T = await asyncio.wrap_future(job.done)
        return result

    @property
    def queued(self) -> int:
        """How many units of work wait for their group."""
        return self._jobs.qsize()

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit`, which writes nothing, after all writes queued before it."""
        return await self.write(unit)

    async def close(self) -> None:
        """Finish what is queued and stop the thread."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._engine.dispose()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while (job := self._jobs.get()) is not None:
                if self._group(connection, job):
                    return

    def _group(self, connection: Connection, first: _Job) -> bool:
        """Run and commit one group; True if the end of the queue was met."""
        jobs, closing = self._gather(first)
        results: list[tuple[Future[Any], Any]] = []
        changes = _changes(connection)
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for job in jobs:
                _in_savepoint(connection, job, results)
            connection.exec_driver_sql("COMMIT")
        except Exception as error:  # noqa: BLE001 - a full or lost disk, say: handed to all who shared the group
            _undo(connection)
            for job in jobs:
                if not job.done.done():
                    job.done.set_exception(error)
            return closing
        for done, result in results:
            done.set_result(result)
        if _changes(connection) != changes:
            for listener in self._commit_listeners:
                listener()
        return closing

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """The jobs that wait by now, the first among them, and whether the end of the queue is behind them."""
        jobs = [first]
        while len(jobs) < GROUP_UNITS:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False


def _in_savepoint(connection: Connection, job: _Job, results: list[tuple[Future[Any], Any]]) -> None:
    if not job.done.set_running_or_notify_cancel():
        return
    connection.exec_driver_sql("SAVEPOINT unit")
    try:
        results.append((job.done, job.unit(connection)))
    except Exception as error:  # noqa: BLE001 - handed to whoever asked for the unit
        connection.exec_driver_sql("ROLLBACK TO unit")
        job.done.set_exception(error)
    connection.exec_driver_sql("RELEASE unit")


def _undo(connection: Connection) -> None:
    """Roll back, unless SQLite has done so by itself, as it does on a full disk (SQLite docs, ROLLBACK)."""
    if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]  # sqlite3's own attribute
        connection.exec_driver_sql("ROLLBACK")


def _changes(connection: Connection) -> int:
    """How many rows the connection has changed so far."""
    return int(connection.connection.dbapi_connection.total_changes)  # type: ignore[union-attr]  # as above


def connect(path: Path, *, read_only: bool = False) -> Engine:
    """An engine for the file: write-ahead log, every commit on disk before it counts."""
    uri = f"file:{path}?mode=ro&uri=true" if read_only else str(path)
    engine = create_engine(f"sqlite:///{uri}", isolation_level="AUTOCOMMIT", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
        for pragma in ("synchronous=FULL", "busy_timeout=30000", "cache_size=-65536", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the schema to this release's version (Alembic), whole or not at all, whenever the process is killed.

    `to` may be an earlier version.
    """
    from alembic import command  # noqa: PLC0415 - heavy, and whoever only looks at a ledger does without it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        command.upgrade(config, to)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
