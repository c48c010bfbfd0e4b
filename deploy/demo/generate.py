"""Makes the demo shop: its schema, its rows, and the views that say what HubSpot must hold.

    python -m deploy.demo.generate --shop postgresql://… [--seed 42] [--scale 1.0]

Run again with the same seed and scale it only renews the views; with others it refuses.
Exit codes: 0 made or already there, 1 the database holds something else, 2 wrong arguments or no connection.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.demo.modern.rows import COLUMNS, Planted, Row, ShopRows, build

HERE = Path(__file__).parent
SERIAL_TABLES = ("products", "orders")


class WrongShopError(Exception):
    """The database holds another shop than the one asked for."""


def make_shop(connection: psycopg.Connection, seed: int, scale: float) -> bool:
    """Fills an empty database; False: it held this very shop already. Raises WrongShopError if it holds another one."""
    with connection.transaction():
        found = _found(connection)
        if found is None:
            _script(connection, "shop.sql")
            _load(connection, build(seed, scale))
            connection.execute("INSERT INTO demo.generated VALUES (%s, %s, now())", (seed, scale))
        elif found != (seed, scale):
            raise WrongShopError(
                f"the database holds a demo shop of seed {found[0]} and scale {found[1]}: "
                "ask for that one, or give the address of an empty database"
            )
        _script(connection, "expected.sql")
    return found is None


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
    connection.execute((HERE / "modern" / name).read_bytes())


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


def summary(planted: list[Planted]) -> str:
    """How many objects must fail, by cause."""
    causes = Counter(f"{item.object_type} {item.cause}" for item in planted)
    return ", ".join(f"{cause}: {count}" for cause, count in sorted(causes.items()))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="generate", description="Makes the demo shop.")
    parser.add_argument("--shop", default=os.environ.get("SHOP_DATABASE_URL"), help="default: $SHOP_DATABASE_URL")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: 2,000 customers, 5,000 orders")
    options = parser.parse_args(arguments)
    if not options.shop:
        parser.error("no database: give --shop or set SHOP_DATABASE_URL")
    try:
        with psycopg.connect(options.shop) as connection:
            made = make_shop(connection, options.seed, options.scale)
    except WrongShopError as error:
        sys.stderr.write(f"generate: {error}\n")
        return 1
    except psycopg.Error as error:
        sys.stderr.write(f"generate: the database does not answer or refuses: {error}\n")
        return 2
    rows = build(options.seed, options.scale)
    sizes = ", ".join(f"{len(rows.tables[table])} {table}" for table in COLUMNS)
    print(f"{'made' if made else 'already there'}: {sizes}")
    print(f"must fail: {len(rows.planted)} ({summary(rows.planted)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
