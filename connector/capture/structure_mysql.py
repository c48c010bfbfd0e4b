"""The catalogue of MariaDB and MySQL → Structure. `information_schema` shows only what our role has a right to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.capture.binlog_catalogue import MySqlSession, session
from connector.capture.errors import CaptureError
from connector.capture.structure_model import ForeignKey, Structure, Table, TableColumn

Rows = Sequence[Sequence[Any]]


def read(url: str, schema: str) -> Structure:
    """All base tables of the database; see `structure.read_structure` for what it raises."""
    with session(url) as asked:
        return _read(asked, schema)


def _read(asked: MySqlSession, schema: str) -> Structure:
    version = str(asked.one("SELECT VERSION()"))
    tables = asked.execute(_TABLES, schema)
    if not tables:
        others = [name for (name,) in asked.execute(_DATABASES)]
        raise CaptureError(_empty(schema, others))
    columns = _grouped(asked.execute(_COLUMNS, schema))
    keys, foreign = _grouped(asked.execute(_KEYS, schema)), _grouped(asked.execute(_FOREIGN_KEYS, schema))
    is_mariadb = "mariadb" in version.lower()
    found = tuple(
        _table(name, rows, columns[name], _grouped(keys[name]), _grouped(foreign[name]), plain=not is_mariadb)
        for name, rows in tables
    )
    return Structure("mariadb" if is_mariadb else "mysql", schema, found, version)


def _empty(schema: str, others: Sequence[str]) -> str:
    """A database that is not there and one that we may not see look the same to us."""
    told = f"the database {schema} has no table that our role can see."
    if not others:
        return f"{told}\nLet an administrator run: GRANT SELECT ON `{schema}`.* TO our user."
    return f"{told}\nName one that has: {', '.join(others)}; or let an administrator grant SELECT on it."


def _grouped(rows: Rows) -> Mapping[str, list[Sequence[Any]]]:
    """Rows without their first column, by it."""
    found: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for first, *rest in rows:
        found[first].append(rest)
    return found


def _table(
    name: str,
    rows: int | None,
    columns: Rows,
    keys: Mapping[str, list[Sequence[Any]]],
    foreign: Mapping[str, list[Sequence[Any]]],
    *,
    plain: bool,
) -> Table:
    named = {index: tuple(column for column, *_ in parts) for index, parts in keys.items()}
    return Table(
        name=name,
        columns=tuple(_column(row, plain=plain) for row in columns),
        key=named.get("PRIMARY", ()),
        unique=tuple(
            columns
            for index, columns in named.items()
            if index != "PRIMARY" and all(column is not None and cut is None for column, cut in keys[index])
        ),
        foreign_keys=tuple(_foreign_key(parts) for parts in foreign.values()),
        rows=None if rows is None else int(rows),
    )


def _column(row: Sequence[Any], *, plain: bool) -> TableColumn:
    name, type_, nullable, default, extra, comment = row
    computed = bool(re.search(r"\b(?:VIRTUAL|STORED|PERSISTENT)\b", extra.upper()))
    return TableColumn(
        name=name,
        type=type_,
        nullable=nullable == "YES",
        default=None if computed else _default(default, plain=plain),
        auto="auto_increment" in extra.lower(),
        touched="on update" in extra.lower(),
        computed=computed,
        choices=_choices(type_),
        comment=comment,
    )


def _default(default: str | None, *, plain: bool) -> str | None:
    """MariaDB writes defaults as SQL, NULL among them; MySQL (`plain`) writes the value itself."""
    return None if default is None or (not plain and default.upper() == "NULL") else default


def _choices(type_: str) -> tuple[str, ...]:
    if not type_.lower().startswith(("enum(", "set(")):
        return ()
    return tuple(label.replace("''", "'") for label in re.findall(r"'((?:[^']|'')*)'", type_))


def _foreign_key(parts: Rows) -> ForeignKey:
    """`parts`: column, to schema, to table, to column, rule; a row for each pair, in order."""
    _, to_schema, to_table, _, rule = parts[0]
    return ForeignKey(
        columns=tuple(part[0] for part in parts),
        to_table=to_table,
        to_columns=tuple(part[3] for part in parts),
        on_delete=rule,
        to_schema=to_schema,
    )


_DATABASES: Final = """
SELECT DISTINCT TABLE_SCHEMA FROM information_schema.TABLES
WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
  AND TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys', 'shopbridge') ORDER BY 1
"""

_TABLES: Final = """
SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES
WHERE TABLE_SCHEMA = %s AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME
"""

_COLUMNS: Final = """
SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLUMN_COMMENT
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, ORDINAL_POSITION
"""

_KEYS: Final = """
SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = %s AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""

_FOREIGN_KEYS: Final = """
SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME,
       IF(k.REFERENCED_TABLE_SCHEMA = k.TABLE_SCHEMA, '', k.REFERENCED_TABLE_SCHEMA), k.REFERENCED_TABLE_NAME,
       k.REFERENCED_COLUMN_NAME, r.DELETE_RULE
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
  AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = %s AND k.REFERENCED_TABLE_NAME IS NOT NULL
ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""
