"""The catalogue of PostgreSQL → Structure. `pg_catalog` may be read by every role, whatever its rights to tables."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from connector.capture import catalogue
from connector.capture.errors import CaptureError
from connector.capture.structure_model import ForeignKey, Structure, Table, TableColumn

Row = dict[str, Any]


def read(url: str, schema: str) -> Structure:
    """All base tables of the schema; see `structure.read_structure` for what it raises."""
    with catalogue.connect(url) as connection:
        try:
            return _read(connection, schema)
        except psycopg.Error as error:
            raise CaptureError(f"the database's catalogue cannot be read: {str(error).strip()}") from error


def _read(connection: catalogue.Connection, schema: str) -> Structure:
    cursor = connection.cursor(row_factory=dict_row)
    tables = cursor.execute(_TABLES, {"schema": schema}).fetchall()
    if not tables:
        others = [row["nspname"] for row in cursor.execute(_SCHEMAS).fetchall()]
        raise CaptureError(_empty(schema, others))
    columns = cursor.execute(_COLUMNS, {"schema": schema}).fetchall()
    constraints = cursor.execute(_CONSTRAINTS, {"schema": schema}).fetchall()
    version = str(connection.info.parameter_status("server_version") or "")
    return Structure("postgres", schema, tuple(_table(row, columns, constraints) for row in tables), version)


def _empty(schema: str, others: list[str]) -> str:
    if not others:
        return f"the schema {schema} has no tables, and no other schema of this database has.\nCheck its address."
    return f"the schema {schema} has no tables.\nName one that has: {', '.join(others)}."


def _table(row: Row, columns: list[Row], constraints: list[Row]) -> Table:
    own = [each for each in constraints if each["table"] == row["oid"]]
    return Table(
        name=row["name"],
        columns=tuple(_column(each) for each in columns if each["table"] == row["oid"]),
        key=next((tuple(each["columns"]) for each in own if each["kind"] == "p"), ()),
        unique=tuple(tuple(each["columns"]) for each in own if each["kind"] == "u"),
        foreign_keys=tuple(_foreign_key(each) for each in own if each["kind"] == "f"),
        rows=None if row["rows"] is None else int(row["rows"]),
        readable=bool(row["readable"]),
    )


def _column(row: Row) -> TableColumn:
    default = row["default"]
    return TableColumn(
        name=row["name"],
        type=row["type"],
        nullable=bool(row["nullable"]),
        default=None if row["computed"] or _is_null(default) else default,
        auto=bool(row["auto"]) or str(default or "").startswith("nextval("),
        computed=bool(row["computed"]),
        choices=tuple(row["choices"] or ()),
        comment=row["comment"] or "",
    )


def _is_null(default: str | None) -> bool:
    return default is None or default.split("::")[0].strip("() ").upper() == "NULL"


def _foreign_key(row: Row) -> ForeignKey:
    return ForeignKey(
        columns=tuple(row["columns"]),
        to_table=row["to_table"],
        to_columns=tuple(row["to_columns"]),
        on_delete=_RULES[row["rule"]],
        to_schema=row["to_schema"] or "",
    )


_RULES: Final = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

_SCHEMAS: Final = """
SELECT DISTINCT n.nspname::text AS nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'shopbridge')
  AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1
"""

_TABLES: Final = """
SELECT c.oid, c.relname::text AS name,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
       CASE WHEN c.relkind = 'r' THEN nullif(c.reltuples, -1)
            ELSE (SELECT sum(nullif(p.reltuples, -1)) FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid
                  WHERE t.isleaf) END AS rows
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""
"""Partitions belong to their table; what an extension made (as PostGIS does) is none of the shop's."""

_COLUMNS: Final = """
SELECT a.attrelid AS table, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable, a.attidentity <> '' AS auto, a.attgenerated <> '' AS computed,
       pg_get_expr(d.adbin, d.adrelid) AS default, col_description(a.attrelid, a.attnum) AS comment,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid)
         AS choices
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_CONSTRAINTS: Final = """
SELECT k.conrelid AS table, 'f' AS kind, k.confdeltype::text AS rule, f.relname::text AS to_table,
       CASE WHEN fn.oid = n.oid THEN '' ELSE fn.nspname::text END AS to_schema,
       (SELECT array_agg(a.attname::text ORDER BY o.place) FROM unnest(k.conkey) WITH ORDINALITY AS o(number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.number) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY o.place) FROM unnest(k.confkey) WITH ORDINALITY AS o(number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.number) AS to_columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE n.nspname = %(schema)s AND k.contype = 'f'
  AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
UNION ALL
SELECT i.indrelid, CASE WHEN i.indisprimary THEN 'p' ELSE 'u' END, NULL, NULL, NULL,
       (SELECT array_agg(a.attname::text ORDER BY o.place)
        FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS o(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = o.number WHERE o.place <= i.indnkeyatts), NULL
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY 1, 2, 6
"""
"""A foreign key to a partitioned table has a copy for each partition; a partial or computed index is no unique key."""
