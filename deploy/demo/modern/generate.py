"""Fills a database with the modern shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.demo.made import Made, WrongShopError
from deploy.demo.modern.fill import build
from deploy.demo.modern.rows import COLUMNS, Row, ShopRows

HERE = Path(__file__).parent
SERIAL_TABLES = ("products", "orders")


def make(url: str, seed: int, scale: float) -> Made:
    """Make the shop unless it is there. Raises WrongShopError if another one is, psycopg.Error."""
    rows = build(seed, scale)
    with psycopg.connect(url) as connection:
        found = _found(connection)
        if found is None:
            _script(connection, "shop.sql")
            _load(connection, rows)
            connection.execute("INSERT INTO demo.generated VALUES (%s, %s, now())", (seed, scale))
        elif found != (seed, scale):
            raise WrongShopError.of(*found)
        _script(connection, "expected.sql")
    causes = Counter(f"{item.object_type} {item.cause}" for item in rows.planted)
    return Made(found is None, {table: len(rows.tables[table]) for table in COLUMNS}, causes)


def _found(connection: psycopg.Connection) -> tuple[int, float] | None:
    """Seed and scale of the shop that is there; None for an empty database."""
    exists = connection.execute("SELECT to_regclass('demo.generated'), to_regclass('public.customers')").fetchone()
    if exists == (None, None):
        return None
    if exists is None or exists[0] is None:
        raise WrongShopError("the database has a table `customers` that is not the demo shop's: give an empty database")
    row = connection.execute("SELECT seed, scale FROM demo.generated").fetchone()
    return (int(row[0]), float(row[1])) if row else None


def _script(connection: psycopg.Connection, name: str) -> None:
    connection.execute((HERE / name).read_bytes())


def _load(connection: psycopg.Connection, rows: ShopRows) -> None:
    for table, columns in COLUMNS.items():
        _copy(connection, sql.Identifier(table), columns, rows.tables[table])
    planted = [(item.table, item.row_key, item.object_type, item.external_id, item.cause) for item in rows.planted]
    columns = ("table_name", "row_key", "object_type", "external_id", "cause")
    _copy(connection, sql.Identifier("demo", "planted"), columns, planted)
    for table in SERIAL_TABLES:
        query = "SELECT setval(pg_get_serial_sequence({name}, 'id'), (SELECT max(id) FROM {table}))"
        connection.execute(sql.SQL(query).format(name=sql.Literal(table), table=sql.Identifier(table)))


def _copy(connection: psycopg.Connection, table: sql.Identifier, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
        for row in rows:
            copy.write_row(row)
