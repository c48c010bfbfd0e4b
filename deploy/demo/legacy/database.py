"""The legacy shop's server: connections, and SQL files for a database of any name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.cursors import DictCursor

Connection: TypeAlias = "pymysql.Connection[DictCursor]"

HERE = Path(__file__).parent
SHOP = "legacy"
"""The shop's database, unless a test takes another."""


def connect(url: str) -> Connection:
    """A connection in autocommit that writes zero dates, in UTC. Raises pymysql.Error."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=shop_name(url),
        charset="utf8mb4",
        autocommit=True,
        init_command="SET time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'",
        cursorclass=DictCursor,
    )


def shop_name(url: str) -> str:
    return urlsplit(url).path.strip("/") or SHOP


def demo_name(shop: str) -> str:
    """The database of what the demo knows; a shop of another name has one of its own."""
    return "demo" if shop == SHOP else f"{shop}_demo"


def rows(connection: Connection, query: str, *values: object) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_named(connection, query), values or None)
        return list(cursor.fetchall())


def execute(connection: Connection, statement: str, *values: object) -> int:
    """How many rows were changed; `demo.` stands for the demo's own database."""
    with connection.cursor() as cursor:
        return int(cursor.execute(_named(connection, statement), values or None))


def execute_many(connection: Connection, statement: str, values: Sequence[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_named(connection, statement), values)


def script(connection: Connection, name: str) -> None:
    """Run one of this folder's SQL files, statement by statement."""
    text = re.sub(r"^--.*$", "", (HERE / name).read_text(), flags=re.MULTILINE)
    for statement in re.split(r";\s*\n", text):
        if statement.strip():
            execute(connection, statement.replace("CREATE DATABASE demo", f"CREATE DATABASE `{_demo(connection)}`"))


def _named(connection: Connection, text: str) -> str:
    return re.sub(r"\bdemo\.", f"`{_demo(connection)}`.", text)


def _demo(connection: Connection) -> str:
    return demo_name(shop if isinstance(shop := connection.db or "", str) else shop.decode())
