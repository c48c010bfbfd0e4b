"""What capture asks of a shop's database, whichever kind it is.

Each call opens and closes a connection. All raise RetriableError when the server does not answer and CaptureError when
it refuses us; `url` is the database by a user who may do what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from connector.capture import binlog, binlog_catalogue, catalogue, postgres
from connector.capture.binlog_rights import read_rights
from connector.capture.binlog_server import require_binlog, server_of
from connector.capture.plan import CapturePlan, TableFacts, reads_binlog


class Database(Protocol):
    """One kind of database."""

    def facts(self, url: str, schema: str, tables: Sequence[str]) -> dict[str, TableFacts]:
        """The facts of those tables that exist."""

    def require_log(self, plan: CapturePlan, url: str) -> None:
        """Raises CaptureError naming every setting of the server that forbids capture."""

    def kept_seconds(self, url: str) -> float | None:
        """After how long the server deletes its log whether or not it was read; None: never."""

    def apply(self, plan: CapturePlan, url: str) -> list[str]:
        """Make what is missing; the statements that ran."""

    def missing(self, plan: CapturePlan, url: str) -> list[str]:
        """The statements that `apply` would run."""

    def script(self, plan: CapturePlan, url: str) -> str:
        """What is missing, as a script for an administrator."""

    def remove(self, plan: CapturePlan, url: str) -> list[str]:
        """Take away what `apply` made; the statements that ran."""

    def last_beat(self, plan: CapturePlan, url: str) -> datetime | None:
        """When the connector last wrote its heartbeat, by the database's clock."""

    def reader(self, plan: CapturePlan, url: str) -> int | None:
        """Which process or connection of the server the connector reads by, None when it does not read.

        Raises NotAllowedError where our role may not see that.
        """


class Postgres:
    """PostgreSQL."""

    def facts(self, url: str, schema: str, tables: Sequence[str]) -> dict[str, TableFacts]:
        with catalogue.connect(url) as connection:
            return catalogue.table_facts(connection, schema, tables)

    def require_log(self, plan: CapturePlan, url: str) -> None:
        with catalogue.connect(url) as connection:
            catalogue.require_logical(connection, plan)

    def kept_seconds(self, url: str) -> float | None:  # noqa: ARG002 - a slot keeps its log
        return None

    def apply(self, plan: CapturePlan, url: str) -> list[str]:
        return postgres.apply(plan, url)

    def missing(self, plan: CapturePlan, url: str) -> list[str]:
        with catalogue.connect(url) as connection:
            return postgres.statements(plan, catalogue.read(connection, plan, postgres.grants(plan)))

    def script(self, plan: CapturePlan, url: str) -> str:
        with catalogue.connect(url) as connection:
            there = catalogue.read(connection, plan, postgres.grants(plan))
        return postgres.sql_script(plan, there)

    def remove(self, plan: CapturePlan, url: str) -> list[str]:
        return postgres.remove(plan, url)

    def last_beat(self, plan: CapturePlan, url: str) -> datetime | None:
        with catalogue.connect(url) as connection:
            return catalogue.last_beat(connection, plan)

    def reader(self, plan: CapturePlan, url: str) -> int | None:
        with catalogue.connect(url) as connection:
            return catalogue.server_of(connection, plan.slot)


class Binlog:
    """MariaDB and MySQL."""

    def facts(self, url: str, schema: str, tables: Sequence[str]) -> dict[str, TableFacts]:
        with binlog_catalogue.session(url) as session:
            return binlog_catalogue.table_facts(session, schema, tables)

    def require_log(self, plan: CapturePlan, url: str) -> None:
        with binlog_catalogue.session(url) as session:
            require_binlog(server_of(session), plan)

    def kept_seconds(self, url: str) -> float | None:
        with binlog_catalogue.session(url) as session:
            return server_of(session).kept_seconds

    def apply(self, plan: CapturePlan, url: str) -> list[str]:
        return binlog.apply(plan, url)

    def missing(self, plan: CapturePlan, url: str) -> list[str]:
        with binlog_catalogue.session(url) as session:
            return binlog.statements(plan, server_of(session), read_rights(session, plan, url))

    def script(self, plan: CapturePlan, url: str) -> str:
        with binlog_catalogue.session(url) as session:
            there = read_rights(session, plan, url)
            seen = replace(there, is_blind=False) if there.is_blind else there
            return binlog.sql_script(plan, server_of(session), seen)

    def remove(self, plan: CapturePlan, url: str) -> list[str]:
        return binlog.remove(plan, url)

    def last_beat(self, plan: CapturePlan, url: str) -> datetime | None:
        with binlog_catalogue.session(url) as session:
            return binlog_catalogue.last_beat(session, plan)

    def reader(self, plan: CapturePlan, url: str) -> int | None:
        with binlog_catalogue.session(url) as session:
            return binlog_catalogue.reader(session, plan)


def database_of(kind: str) -> Database:
    """The database of a kind: postgres, mariadb or mysql."""
    return Binlog() if reads_binlog(kind) else Postgres()
