"""Fills a database with the legacy shop."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from deploy.demo.legacy import database
from deploy.demo.legacy.database import Connection
from deploy.demo.legacy.fill import build
from deploy.demo.legacy.rows import TABLES, Row
from deploy.demo.made import Made, WrongShopError

BATCH = 500


def make(url: str, seed: int, scale: float) -> Made:
    """Make the shop unless it is there. Raises WrongShopError if another one is, pymysql.Error."""
    with database.connect(url) as connection:
        # What the demo does to its own database stays out of the shop's change log.
        found = _found(connection)
        if found is None:
            _fill(connection, seed, scale)
        elif found != (seed, scale):
            raise WrongShopError.of(*found)
        database.execute(connection, "SET SESSION sql_log_bin = 0")
        database.script(connection, "expected.sql")
    rows = build(seed, scale)
    causes = Counter(f"{item.object_type} {item.cause}" for item in rows.planted)
    return Made(found is None, {table: len(rows.tables[table]) for table in TABLES}, causes)


def _found(connection: Connection) -> tuple[int, float] | None:
    """Seed and scale of the shop that is there; None for an empty database."""
    names = {str(value) for row in database.rows(connection, "SHOW TABLES") for value in row.values()}
    if not names:
        return None
    if "ws_customer" not in names:
        raise WrongShopError("the database holds tables that are not the demo shop's: give an empty database")
    [row] = database.rows(connection, "SELECT seed, scale FROM demo.generated")
    return int(row["seed"]), float(row["scale"])


def _fill(connection: Connection, seed: int, scale: float) -> None:
    database.script(connection, "shop.sql")
    database.execute(connection, "SET SESSION sql_log_bin = 0")
    database.script(connection, "demo.sql")
    database.execute(connection, "SET SESSION sql_log_bin = 1")
    rows = build(seed, scale)
    # Lines of orders that never came: from before the foreign key.
    database.execute(connection, "SET SESSION foreign_key_checks = 0")
    for table in TABLES:
        _insert(connection, table, rows.tables[table])
    database.execute(connection, "SET SESSION foreign_key_checks = 1")
    planted = [(item.table, item.row_key, item.object_type, item.external_id, item.cause) for item in rows.planted]
    for values in planted:
        database.execute(connection, "INSERT INTO demo.planted VALUES (%s, %s, %s, %s, %s)", *values)
    now = datetime.now(UTC).replace(tzinfo=None)
    database.execute(connection, "INSERT INTO demo.generated VALUES (%s, %s, %s)", seed, scale, now)


def _insert(connection: Connection, table: str, rows: list[Row]) -> None:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        columns = ", ".join(f"`{name}`" for name in batch[0])
        marks = ", ".join(["%s"] * len(batch[0]))
        statement = f"INSERT INTO `{table}` ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own
        with connection.cursor() as cursor:
            cursor.executemany(statement, [tuple(row.values()) for row in batch])
